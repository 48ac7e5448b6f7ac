"""The routes of the canvas. They bypass Gradio's queue and login, so each one asks for the session's token."""

import io
import math
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from starlette.concurrency import run_in_threadpool

from echo_studio.anatomy.label_map import MAX_SIDE, LabelMap
from echo_studio.data.media import NOTICE
from echo_studio.errors import EchoStudioError
from echo_studio.service.jobs import Job
from echo_studio.types import GrayImage
from echo_studio.ui.downloads import MEDIA_TYPES, download, file_name
from echo_studio.ui.sessions import Session
from echo_studio.ui.studio import Made, Order, Studio

PREFIX = "/studio"


def studio_routes(studio: Studio) -> APIRouter:
    """The routes under `/studio`: label maps and frames as bytes, cancel, downloads."""
    router = APIRouter(prefix=PREFIX)

    def session_of(token: Annotated[str | None, Header(alias="X-Studio-Session")] = None) -> Session:
        session = studio.sessions.get(token)
        if session is None:
            raise HTTPException(401, "This page's session has ended. Reload the page to go on.")
        return session

    def job_of(number: int, session: Annotated[Session, Depends(session_of)]) -> Job[Order, Made]:
        job = studio.jobs.find(session.token, number)
        if job is None:
            raise HTTPException(404, f"Job {number} is not kept: only the newest result is. Generate it again.")
        return job

    def made_of(job: Annotated[Job[Order, Made], Depends(job_of)]) -> Made:
        if job.outcome is None:
            raise HTTPException(409, f"Job {job.number} has no frame yet. Wait until it is done.")
        return job.outcome

    @router.get("/label-map")
    def current_map(session: Annotated[Session, Depends(session_of)]) -> Response:
        doc, label_map = session.newest()
        return _map_response(label_map, doc)

    @router.put("/label-map")
    async def replace_map(
        request: Request,
        session: Annotated[Session, Depends(session_of)],
        doc: int,
        revision: int,
        width: int,
        height: int,
        spacing: str = "",
    ) -> dict[str, int]:
        body = await _bounded_body(request, width, height)
        label_map = await run_in_threadpool(_map_from, body, width, height, spacing)
        if not session.update(doc, revision, label_map):
            raise HTTPException(409, "A newer label map has arrived already.")
        return {"doc": doc, "revision": revision}

    @router.post("/cancel")
    def cancel(session: Annotated[Session, Depends(session_of)]) -> dict[str, bool]:
        job = studio.jobs.current(session.token)
        if job is not None:
            job.cancel()
        return {"cancelled": job is not None}

    @router.get("/jobs/{number}/label-map")
    def job_map(job: Annotated[Job[Order, Made], Depends(job_of)]) -> Response:
        return _map_response(job.request.request.label_map, job.request.doc)

    @router.get("/jobs/{number}/frame")
    def frame(job: Annotated[Job[Order, Made], Depends(job_of)], final: bool = True) -> Response:
        image = made_of(job).generated.image if final else job.preview
        if image is None:
            raise HTTPException(409, f"Job {job.number} has no preview yet.")
        return Response(_png(image), media_type="image/png")

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


async def _bounded_body(request: Request, width: int, height: int) -> bytes:
    """Exactly width x height bytes; reading stops as soon as more arrive."""
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise HTTPException(422, f"Expected 1 to {MAX_SIDE} pixels a side, got {width} x {height}.")
    wanted = width * height
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > wanted:
            raise HTTPException(413, f"Expected {wanted} bytes for {width} x {height} labels, got more.")
    if len(body) != wanted:
        raise HTTPException(422, f"Expected {wanted} bytes for {width} x {height} labels, got {len(body)}.")
    return bytes(body)


def _map_from(body: bytes, width: int, height: int, spacing: str) -> LabelMap:
    try:
        ids = np.frombuffer(body, np.uint8).reshape(height, width)
        return LabelMap(ids, _spacing(spacing))
    except EchoStudioError as error:
        raise HTTPException(422, str(error)) from error


def _spacing(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        y, x = (float(part) for part in text.split(","))
    except ValueError:
        y = x = math.nan  # LabelMap says what a spacing has to be
    return y, x


def _map_response(label_map: LabelMap, doc: int) -> Response:
    height, width = label_map.shape
    spacing = label_map.spacing_mm
    headers: dict[str, Any] = {
        "X-Width": str(width),
        "X-Height": str(height),
        "X-Document": str(doc),
        "X-Spacing": "" if spacing is None else f"{spacing[0]!r},{spacing[1]!r}",
    }
    return Response(label_map.ids.tobytes(), media_type="application/octet-stream", headers=headers)


def _png(image: GrayImage) -> bytes:
    packed = io.BytesIO()
    notice = PngInfo()
    notice.add_text("Comment", NOTICE)
    Image.fromarray(image).save(packed, "PNG", compress_level=1, pnginfo=notice)
    return packed.getvalue()
