"""Generation: start, watch, cancel, frames and downloads."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.studio.frames import Frame, FrameJob
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.wire.bodies import DraftBody, FrameBody
from echo_studio.web.wire.wire import (
    MAX_SETTINGS_BYTES,
    Measures,
    attachment,
    map_from,
    map_response,
    measures,
    parsed_settings,
    png,
    read_body,
    session_getter,
)

MEDIA_TYPES = {".zip": "application/zip", ".json": "application/json"}
# The answer for a live job that never was, since a newer edit came before it.
OVERTAKEN: Json = {"job": 0, "state": "cancelled", "nfe": 0, "total": 0, "message": ""}


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token
    Mine = Annotated[Session, Depends(session_of)]
    frames = studio.frames

    def job_of(number: int, session: Mine) -> FrameJob:
        job = frames.find(session, number)
        if job is None:
            raise HTTPException(404, f"Job {number} is not kept: only the newest result is. Generate it again.")
        return job

    FoundJob = Annotated[FrameJob, Depends(job_of)]

    def frame_of(job: FoundJob) -> Frame:
        if job.outcome is None:
            raise HTTPException(409, f"Job {job.number} has no frame yet. Wait until it is done.")
        return job.outcome

    @router.post("/jobs")
    def start(session: Mine, body: FrameBody) -> Json:
        if body.live and session.at(body.revision) is None:
            return OVERTAKEN  # the newer edit asks for its own
        label_map = session.require(body.revision, "press Generate again")
        return frames.describe(frames.start(session, body.request(label_map)))

    @router.post("/drafts")
    async def draft(request: Request, session: Mine, layout: Annotated[Measures, Depends(measures)]) -> Response:
        """A picture of the labels in the body, which a hand moves at this moment; the settings stand behind them."""
        size = layout.width * layout.height
        body = await read_body(request, size, size + MAX_SETTINGS_BYTES, "the labels and settings")
        wanted = DraftBody.model_validate(parsed_settings(body[size:])).generation(map_from(body[:size], layout))
        image = await run_in_threadpool(frames.draft, session, wanted)
        if image is None:
            return Response(status_code=204)
        return Response(await run_in_threadpool(png, image), media_type="image/png")

    @router.get("/jobs/{number}")
    def progress(job: FoundJob) -> Json:
        return frames.describe(job)

    @router.post("/cancel")
    def cancel(session: Mine) -> dict[str, bool]:
        return {"cancelled": frames.cancel(session)}

    @router.get("/jobs/{number}/label-map")
    def job_map(job: FoundJob) -> Response:
        return map_response(job.request.generation.label_map)

    @router.get("/jobs/{number}/frame")
    def frame(job: FoundJob, final: bool = True) -> Response:
        image = frame_of(job).generated.image if final else job.preview
        if image is None:
            raise HTTPException(409, f"Job {job.number} has no preview yet.")
        return Response(png(image), media_type="image/png")

    @router.get("/jobs/{number}/download/{name}")
    def files(made: Annotated[Frame, Depends(frame_of)], name: str) -> Response:
        content = made.download(name)
        return attachment(content, MEDIA_TYPES[name[name.rindex(".") :]], made.file_name(name))

    return router
