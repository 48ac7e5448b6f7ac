"""Pages that close, and pages that outlive the server."""

from fastapi import APIRouter, HTTPException, Request

from echo_studio.studio.studio import Studio
from echo_studio.web.wire.wire import read_body, user_of

MAX_TOKEN = 200


def routes(studio: Studio) -> APIRouter:
    router = APIRouter()

    @router.post("/leave")
    async def leave(request: Request) -> None:
        """A page closes, and its project is free for another one at once.

        The token is in the body, because a browser's last message carries no headers of ours.
        """
        token = (await read_body(request, 0, MAX_TOKEN, "a session's token")).decode(errors="replace")
        if studio.sessions.get(token, user_of(request)) is not None:
            studio.sessions.close(token)

    @router.post("/sessions")
    def reopen(request: Request, project: str, user: str = "") -> dict[str, str]:
        """A page whose session ended with the server goes on with the project that it has open, for `user` alone."""
        if user != user_of(request):
            raise HTTPException(403, f"This page is of {user[:40]!r}: log in as that user, or reload it.")
        return {"token": studio.open_session(project, user_of(request)).token}

    return router
