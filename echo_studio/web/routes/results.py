"""Results that are kept with the project: the newest one and those that were pinned."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response

from echo_studio.errors import EchoStudioError
from echo_studio.project.project import Kept
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.wire.wire import map_response, session_getter


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token

    def kept_of(number: int, session: Annotated[Session, Depends(session_of)]) -> Kept:
        found = next((kept for kept in session.project.results() if kept.id == number), None)
        if found is None:
            raise HTTPException(404, f"Result {number} is not kept with this project.")
        return found

    @router.get("/results")
    def results(session: Annotated[Session, Depends(session_of)]) -> list[Json]:
        return [_told(kept) for kept in session.project.results()]

    def owner_of(session: Annotated[Session, Depends(session_of)]) -> Session:
        if not session.projects.owns(session.token, session.project):
            raise HTTPException(423, "Another tab saves this project: change its tray there.")
        return session

    @router.post("/jobs/{number}/pin")
    def pin(session: Annotated[Session, Depends(owner_of)], number: int) -> Json:
        """Keep the frame of a job."""
        job = studio.jobs.find(session.token, number)
        if job is None or job.outcome is None:
            raise HTTPException(404, f"The frame of job {number} is not there any more. Generate it again.")
        try:
            return _told(studio.keep(session, job.outcome, "pinned"))
        except EchoStudioError as error:
            raise HTTPException(422, str(error)) from error

    @router.post("/results/{number}/pin")
    def pin_kept(session: Annotated[Session, Depends(owner_of)], kept: Annotated[Kept, Depends(kept_of)]) -> Json:
        """Keep the frame that the project was left with."""
        return _told(session.project.pin(kept.id))

    @router.delete("/results/{number}")
    def remove(session: Annotated[Session, Depends(owner_of)], kept: Annotated[Kept, Depends(kept_of)]) -> Json:
        session.project.remove(kept.id)
        return {}

    @router.get("/results/{number}/frame")
    def frame(session: Annotated[Session, Depends(session_of)], kept: Annotated[Kept, Depends(kept_of)]) -> Response:
        return Response(session.project.image_png(kept.id), media_type="image/png")

    @router.get("/results/{number}/label-map")
    def drawn(session: Annotated[Session, Depends(session_of)], kept: Annotated[Kept, Depends(kept_of)]) -> Response:
        return map_response(session.project.label_map(kept.id))

    return router


def _told(kept: Kept) -> Json:
    record = {**kept.record, "seed": str(kept.record.get("seed", ""))}  # above 2^53 a number would lose digits
    return {"id": kept.id, "kind": kept.kind, "at": kept.at, "record": record, "measured": kept.measured}
