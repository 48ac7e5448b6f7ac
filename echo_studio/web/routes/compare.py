"""Comparisons: start, watch, cancel, frames, label maps and downloads."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.anatomy.sector.region import sector_region
from echo_studio.errors import BusyError, EchoStudioError
from echo_studio.studio.compare.comparisons import ComparisonJob
from echo_studio.studio.compare.figures import figures_csv
from echo_studio.studio.compare.files import everything_zip
from echo_studio.studio.compare.sheet import contact_sheet
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.wire.wire import map_response, png, session_getter

WATCH_SECONDS = 10.0
POLL_SECONDS = 0.05
COUNT_SECONDS = 0.2  # NFE are told so often, states as well

MEDIA_TYPES = {"sheet.png": "image/png", "figures.csv": "text/csv; charset=utf-8", "all.zip": "application/zip"}


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token
    comparisons = studio.comparisons

    def job_of(number: int, session: Annotated[Session, Depends(session_of)]) -> ComparisonJob:
        job = comparisons.current(session)
        if job is None or job.number != number:
            raise HTTPException(404, f"Comparison {number} is not kept: only the newest one is. Run it again.")
        return job

    def cell_of(cell: int, job: Annotated[ComparisonJob, Depends(job_of)]) -> int:
        if not 0 <= cell < len(job.request.plan.cells):
            raise HTTPException(404, f"The comparison has cells 0 to {len(job.request.plan.cells) - 1}.")
        return cell

    def told(job: ComparisonJob, reference: int) -> Json:
        try:
            return comparisons.describe(job, reference)
        except EchoStudioError as error:
            raise HTTPException(422, str(error)) from error

    @router.post("/comparisons")
    def start(session: Annotated[Session, Depends(session_of)], order: Annotated[dict[str, Any], Body()]) -> Json:
        try:
            return comparisons.describe(comparisons.start(session, order), 0)
        except EchoStudioError as error:
            raise HTTPException(503 if isinstance(error, BusyError) else 422, str(error)) from error

    @router.get("/comparisons")
    def newest(session: Annotated[Session, Depends(session_of)]) -> Json:
        """The comparison of this project, or nothing in it where there is none."""
        job = comparisons.current(session)
        return {} if job is None else comparisons.describe(job, 0)

    @router.get("/comparisons/{number}")
    async def watch(
        request: Request, job: Annotated[ComparisonJob, Depends(job_of)], seen: int = -1, reference: int = 0
    ) -> Json:
        """How far it is once that is newer than `seen`; after `WATCH_SECONDS` all the same."""
        asked = time.monotonic()
        while not await request.is_disconnected():
            waited = time.monotonic() - asked
            newer = comparisons.stamp(job) > seen
            if waited >= WATCH_SECONDS or (newer and (seen < 0 or waited >= COUNT_SECONDS)):
                break
            await asyncio.sleep(POLL_SECONDS)
        return await run_in_threadpool(told, job, reference)

    @router.post("/comparisons/{number}/cancel")
    def cancel(job: Annotated[ComparisonJob, Depends(job_of)]) -> Json:
        comparisons.cancel(job)
        return {}

    @router.get("/comparisons/{number}/cells/{cell}/frame")
    def frame(job: Annotated[ComparisonJob, Depends(job_of)], cell: Annotated[int, Depends(cell_of)]) -> Response:
        image = job.request.images()[cell]
        if image is None:
            raise HTTPException(409, "This cell has no frame.")
        return Response(png(image), media_type="image/png")

    @router.get("/comparisons/{number}/cells/{cell}/label-map")
    def label_map(job: Annotated[ComparisonJob, Depends(job_of)], cell: Annotated[int, Depends(cell_of)]) -> Response:
        found = job.request.plan.cells[cell].request.label_map
        return map_response(found, sector_region(found))

    @router.get("/comparisons/{number}/download/{name}")
    def download(job: Annotated[ComparisonJob, Depends(job_of)], name: str, reference: int = 0) -> Response:
        writers = {"sheet.png": contact_sheet, "all.zip": everything_zip}
        if name not in MEDIA_TYPES:
            raise HTTPException(404, f"Choose one of: {', '.join(MEDIA_TYPES)}.")
        try:
            make = writers.get(name)
            content = make(job.request, reference) if make else figures_csv(job.request, reference).encode()
        except EchoStudioError as error:
            raise HTTPException(422, str(error)) from error
        disposition = {"Content-Disposition": f'attachment; filename="echo-comparison-{name}"'}
        return Response(content, media_type=MEDIA_TYPES[name], headers=disposition)

    return router
