"""Generation: start, watch, cancel, frames and downloads."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Request, Response

from echo_studio.errors import BusyError, EchoStudioError
from echo_studio.studio.downloads import MEDIA_TYPES, download, file_name
from echo_studio.studio.jobs import Job
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Made, Order, Studio
from echo_studio.types import Json
from echo_studio.web.wire.wire import map_response, png, session_getter

WATCH_SECONDS = 10.0
POLL_SECONDS = 0.02
# NFE are counted for the page ten times a second; a picture or an end is told at once.
COUNT_SECONDS = 0.1
# What is told of a live job that never was, since a newer edit came before it.
OVERTAKEN: Json = {"job": 0, "state": "cancelled", "nfe": 0, "total": 0, "message": ""}


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token

    def job_of(number: int, session: Annotated[Session, Depends(session_of)]) -> Job[Order, Made]:
        job = studio.jobs.find(session.token, number)
        if job is None:
            raise HTTPException(404, f"Job {number} is not kept: only the newest result is. Generate it again.")
        return job

    def made_of(job: Annotated[Job[Order, Made], Depends(job_of)]) -> Made:
        if job.outcome is None:
            raise HTTPException(409, f"Job {job.number} has no frame yet. Wait until it is done.")
        return job.outcome

    @router.post("/jobs")
    def start(session: Annotated[Session, Depends(session_of)], order: Annotated[dict[str, Any], Body()]) -> Json:
        try:
            job = studio.start(session, order)
        except EchoStudioError as error:
            raise HTTPException(503 if isinstance(error, BusyError) else 422, str(error)) from error
        return OVERTAKEN if job is None else studio.describe(job)

    @router.get("/jobs/{number}")
    async def watch(request: Request, job: Annotated[Job[Order, Made], Depends(job_of)], seen: int = -1) -> Json:
        """The job's progress once it is newer than `seen`: news at once, NFE after `COUNT_SECONDS`.

        Where nothing happens it answers after `WATCH_SECONDS` all the same.
        """
        asked = time.monotonic()
        while job.news <= seen and not await request.is_disconnected():
            waited = time.monotonic() - asked
            if waited >= WATCH_SECONDS or (job.stamp > seen and waited >= COUNT_SECONDS):
                break
            await asyncio.sleep(POLL_SECONDS)
        return studio.describe(job)

    @router.post("/cancel")
    def cancel(session: Annotated[Session, Depends(session_of)]) -> dict[str, bool]:
        job = studio.jobs.current(session.token)
        if job is not None:
            job.cancel()
        return {"cancelled": job is not None}

    @router.get("/jobs/{number}/label-map")
    def job_map(job: Annotated[Job[Order, Made], Depends(job_of)]) -> Response:
        return map_response(job.request.request.label_map)

    @router.get("/jobs/{number}/frame")
    def frame(job: Annotated[Job[Order, Made], Depends(job_of)], final: bool = True) -> Response:
        image = made_of(job).generated.image if final else job.preview
        if image is None:
            raise HTTPException(409, f"Job {job.number} has no preview yet.")
        return Response(png(image), media_type="image/png")

    @router.get("/jobs/{number}/download/{name}")
    def files(made: Annotated[Made, Depends(made_of)], name: str) -> Response:
        try:
            content = download(made, name)
        except EchoStudioError as error:
            raise HTTPException(404, str(error)) from error
        media_type = MEDIA_TYPES[name[name.rindex(".") :]]
        disposition = {"Content-Disposition": f'attachment; filename="{file_name(made, name)}"'}
        return Response(content, media_type=media_type, headers=disposition)

    return router
