"""Generation: start, watch, cancel, frames and downloads."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.studio.frames import Frame, FrameJob
from echo_studio.types import Json
from echo_studio.web.wire.bodies import DraftBody, FrameBody
from echo_studio.web.wire.wire import (
    Layout,
    Mine,
    TheStudio,
    attachment,
    found,
    map_response,
    png_response,
    posted_settings,
    session_of,
)

MEDIA_TYPES = {".zip": "application/zip", ".json": "application/json"}
# The answer for a live job that never was, since a newer edit came before it.
OVERTAKEN: Json = {"job": 0, "state": "cancelled", "nfe": 0, "total": 0, "message": ""}


router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token


def job_of(studio: TheStudio, number: int, session: Mine) -> FrameJob:
    job = studio.frames.find(session, number)
    return found(job, f"Job {number} is not kept: only the newest result is. Generate it again.")


FoundJob = Annotated[FrameJob, Depends(job_of)]


def frame_of(job: FoundJob) -> Frame:
    return found(job.outcome, f"Job {job.number} has no frame yet. Wait until it is done.", 409)


@router.post("/jobs")
def start(studio: TheStudio, session: Mine, body: FrameBody) -> Json:
    if body.live and session.at(body.revision) is None:
        return OVERTAKEN  # the newer edit asks for its own
    label_map = session.require(body.revision, "press Generate again")
    return studio.frames.describe(
        studio.frames.start(session, body.request(label_map, studio.engine.quickest_precision(), session.real_frame))
    )


@router.post("/drafts")
async def draft(studio: TheStudio, request: Request, session: Mine, layout: Layout) -> Response:
    """A picture of the labels in the body, which a hand moves at this moment; the settings stand behind them."""
    label_map, settings = await posted_settings(request, layout)
    wanted = DraftBody.model_validate(settings).generation(
        label_map, studio.engine.quickest_precision(), session.real_frame
    )
    image = await run_in_threadpool(studio.frames.draft, session, wanted)
    if image is None:
        return Response(status_code=204)
    return await run_in_threadpool(png_response, image, wanted.notice)


@router.get("/jobs/{number}")
def progress(studio: TheStudio, job: FoundJob) -> Json:
    return studio.frames.describe(job)


@router.post("/cancel")
def cancel(studio: TheStudio, session: Mine) -> dict[str, bool]:
    return {"cancelled": studio.frames.cancel(session)}


@router.get("/jobs/{number}/label-map")
def job_map(job: FoundJob) -> Response:
    return map_response(job.request.generation.label_map)


@router.get("/jobs/{number}/frame")
def frame(job: FoundJob, final: bool = True) -> Response:
    image = frame_of(job).generated.image if final else job.preview
    return png_response(found(image, f"Job {job.number} has no preview yet.", 409), job.request.generation.notice)


@router.get("/jobs/{number}/download/{name}")
def files(made: Annotated[Frame, Depends(frame_of)], name: str) -> Response:
    content = made.download(name)
    return attachment(content, MEDIA_TYPES[name[name.rindex(".") :]], made.file_name(name))
