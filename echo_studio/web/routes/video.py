"""Videos: the label cycle while it is shaped, start, watch, cancel, clips, what is measured on them, files."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from echo_studio.data.clips.export import FORMATS, Clip, clip_download
from echo_studio.errors import BusyError, EchoStudioError
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.studio.video_request import Keyframes, view_of
from echo_studio.studio.videos import MadeVideo, VideoJob
from echo_studio.types import Json
from echo_studio.web.tabs.video import video_catalog
from echo_studio.web.wire.video_pack import packed_clip, packed_cycle
from echo_studio.web.wire.wire import RAW, Measures, map_from, map_response, measures, png, read_body, session_getter

WATCH_SECONDS = 10.0
POLL_SECONDS = 0.03
COUNT_SECONDS = 0.1  # NFE are told so often; a picture or an end is told at once
MAX_ORDER_BYTES = 16_384


@dataclass(frozen=True)
class Posted:
    """What a page sends with every wish: the keyframes on the tab and the order."""

    keyframes: Keyframes
    order: Json


async def posted(
    request: Request,
    layout: Annotated[Measures, Depends(measures)],
    es_width: Annotated[int, Query(ge=0)] = 0,
    es_height: Annotated[int, Query(ge=0)] = 0,
) -> Posted:
    """The labels at end diastole, those at end systole where they have a size, and the order as JSON, in one body."""
    last = measures(es_width, es_height, "") if es_width or es_height else None
    first_size, last_size = layout.width * layout.height, es_width * es_height
    size = first_size + last_size
    body = await read_body(request, size, size + MAX_ORDER_BYTES, "the keyframes and an order")
    try:
        order = json.loads(body[size:])
    except (ValueError, RecursionError):
        order = None
    if not isinstance(order, dict):
        raise HTTPException(422, "Expected an order as a JSON object after the labels.")
    end_systole = None
    if last is not None:
        end_systole = map_from(body[first_size:size], Measures(es_width, es_height, layout.spacing))
    try:
        return Posted(Keyframes(map_from(body[:first_size], layout), end_systole, view_of(order)), order)
    except EchoStudioError as error:
        raise HTTPException(422, str(error)) from error


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(prefix="/videos", dependencies=[Depends(session_of)])  # no route opens without a token
    videos = studio.videos

    def job_of(number: int, session: Annotated[Session, Depends(session_of)]) -> VideoJob:
        job = videos.find(session, number)
        if job is None:
            raise HTTPException(404, f"Video {number} is not kept: only the newest one is. Generate it again.")
        return job

    def made_of(job: Annotated[VideoJob, Depends(job_of)]) -> MadeVideo:
        if job.outcome is None:
            raise HTTPException(409, f"Video {job.number} has no frames. Wait until it is done.")
        return job.outcome

    @router.get("/catalog")
    def catalog() -> Json:
        return video_catalog(studio)

    @router.post("/cycle")
    def cycle(told: Annotated[Posted, Depends(posted)]) -> Response:
        """The label cycle, small, while its sliders are moved."""
        try:
            return Response(packed_cycle(videos.cycle(told.keyframes, told.order)), media_type=RAW)
        except EchoStudioError as error:
            raise HTTPException(422, str(error)) from error

    @router.post("/starting-frame")
    def starting_frame(told: Annotated[Posted, Depends(posted)]) -> Response:
        """The middle frame of what a generator with a start step starts from."""
        try:
            return Response(png(videos.starting_frame(told.keyframes, told.order)), media_type="image/png")
        except EchoStudioError as error:
            raise HTTPException(422, str(error)) from error

    @router.post("")
    def start(session: Annotated[Session, Depends(session_of)], told: Annotated[Posted, Depends(posted)]) -> Json:
        try:
            return videos.describe(videos.start(session, told.keyframes, told.order))
        except EchoStudioError as error:
            raise HTTPException(503 if isinstance(error, BusyError) else 422, str(error)) from error

    @router.get("")
    def newest(session: Annotated[Session, Depends(session_of)]) -> Json:
        """The video of this project, or nothing in it where there is none."""
        job = videos.newest(session)
        return {} if job is None else videos.describe(job)

    @router.get("/{number}")
    async def watch(request: Request, job: Annotated[VideoJob, Depends(job_of)], seen: int = -1) -> Json:
        """How far it is once that is newer than `seen`: news at once, NFE after `COUNT_SECONDS`.

        Where nothing happens it answers after `WATCH_SECONDS` all the same.
        """
        asked = time.monotonic()
        while job.news <= seen and not await request.is_disconnected():
            waited = time.monotonic() - asked
            if waited >= WATCH_SECONDS or (job.stamp > seen and waited >= COUNT_SECONDS):
                break
            await asyncio.sleep(POLL_SECONDS)
        return await run_in_threadpool(videos.describe, job)

    @router.post("/{number}/cancel")
    def cancel(job: Annotated[VideoJob, Depends(job_of)]) -> Json:
        job.cancel()
        return videos.describe(job)

    @router.get("/{number}/preview")
    def preview(job: Annotated[VideoJob, Depends(job_of)]) -> Response:
        """The middle frame as it is on the way."""
        if job.preview is None:
            raise HTTPException(409, f"Video {job.number} has no preview yet.")
        return Response(png(job.preview), media_type="image/png")

    @router.get("/{number}/end-diastole")
    def first_keyframe(job: Annotated[VideoJob, Depends(job_of)]) -> Response:
        return map_response(job.request.request.label_map)

    @router.get("/{number}/end-systole")
    def last_keyframe(job: Annotated[VideoJob, Depends(job_of)]) -> Response:
        """The label map that was given for end systole."""
        label_map = job.request.request.end_systole
        if label_map is None:
            raise HTTPException(404, "The motion shaped the end systole of this video.")
        return map_response(label_map)

    @router.get("/{number}/clip")
    def clip(made: Annotated[MadeVideo, Depends(made_of)]) -> Response:
        return Response(packed_clip(made.generated), media_type=RAW)

    @router.get("/{number}/curve")
    def curve(made: Annotated[MadeVideo, Depends(made_of)]) -> Json:
        """Areas, volumes and EF of the ventricle that the segmenter finds on the frames."""
        try:
            return videos.curve(made)
        except EchoStudioError as error:
            raise HTTPException(422, str(error)) from error

    @router.get("/{number}/download/{name}")
    def download(made: Annotated[MadeVideo, Depends(made_of)], name: str) -> Response:
        video, cycle = made.generated, made.generated.cycle
        if name not in FORMATS:
            raise HTTPException(404, f"Choose one of: {', '.join(FORMATS)}.")
        stem = f"echo-video-{video.record.sampling.generator}-seed{video.record.seed}"
        if FORMATS[name].labels:  # two formats may come as a zip
            stem = f"{stem}-{name}"
        try:
            clip = Clip(video.clip, len(cycle) * cycle.heart_rate / 60, cycle.ids, cycle.spacing_mm, made.record())
            file = clip_download(name, clip, stem)
        except EchoStudioError as error:
            raise HTTPException(422, str(error)) from error
        disposition = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type=file.media_type, headers=disposition)

    return router
