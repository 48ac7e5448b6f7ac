"""Results that are kept with the project: the newest one and those that were pinned."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from echo_studio.project.project import Kept
from echo_studio.types import Json
from echo_studio.web.wire.wire import Mine, TheStudio, Writing, found, map_response, session_of

router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token


def kept_of(number: int, session: Mine) -> Kept:
    result = next((kept for kept in session.project.results() if kept.id == number), None)
    return found(result, f"Result {number} is not kept with this project.")


Found = Annotated[Kept, Depends(kept_of)]


@router.get("/results")
def results(session: Mine) -> list[Json]:
    return [_to_json(kept) for kept in session.project.results()]


@router.post("/jobs/{number}/pin")
def pin(studio: TheStudio, session: Writing, number: int) -> Json:
    """Keep the frame of a job."""
    job = studio.frames.find(session, number)
    made = job.outcome if job is not None else None
    frame = found(made, f"The frame of job {number} is not there any more. Generate it again.")
    return _to_json(studio.frames.keep(session, frame, "pinned"))


@router.post("/results/{number}/pin")
def pin_kept(session: Writing, kept: Found) -> Json:
    """Keep the frame that the project was left with."""
    return _to_json(session.project.pin(kept.id))


@router.delete("/results/{number}")
def remove(session: Writing, kept: Found) -> Json:
    session.project.remove(kept.id)
    return {}


@router.get("/results/{number}/frame")
def frame(session: Mine, kept: Found) -> Response:
    return Response(session.project.image_png(kept.id), media_type="image/png")


@router.get("/results/{number}/label-map")
def label_map(session: Mine, kept: Found) -> Response:
    return map_response(session.project.label_map(kept.id))


def _to_json(kept: Kept) -> Json:
    record = {**kept.record, "seed": str(kept.record.get("seed", ""))}  # above 2^53 a number would lose digits
    return {"id": kept.id, "kind": kept.kind, "at": kept.at, "record": record, "measured": kept.measured}
