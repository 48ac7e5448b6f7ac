"""The label map on the canvas: the page is the truth, the server mirrors every settled change."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.anatomy.sector.region import sector_region
from echo_studio.errors import EchoStudioError
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.routes.projects import TAKEN
from echo_studio.web.wire.wire import Measures, map_response, measures, posted_edit, session_getter


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token

    @router.get("/catalog")
    def catalog() -> Json:
        return studio.catalog()

    @router.put("/label-map")
    async def mirror(
        request: Request,
        session: Annotated[Session, Depends(session_of)],
        layout: Annotated[Measures, Depends(measures)],
        revision: int,
        position: int,
    ) -> dict[str, int]:
        """A settled change: with an edit in the body a new step of the history, without one a move along it."""
        label_map, sector, op = await posted_edit(request, layout)
        if not session.projects.owns(session.token, session.project):
            raise HTTPException(423, TAKEN)
        try:
            taken = await run_in_threadpool(session.update, revision, position, label_map, sector, op)
        except EchoStudioError as error:
            raise HTTPException(507, str(error)) from error
        if not taken:
            raise HTTPException(409, "A newer label map has arrived already.")
        return {"revision": revision}

    @router.get("/templates/{name}")
    def template(name: str) -> Response:
        try:
            label_map = studio.template(name)
        except EchoStudioError as error:
            raise HTTPException(404, str(error)) from error
        return map_response(label_map, sector_region(label_map))

    return router
