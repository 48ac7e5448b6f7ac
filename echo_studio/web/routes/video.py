"""Videos: the label cycle while it is shaped, start, watch, cancel, clips, what is measured on them, files."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import Motion
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.studio.videos import Video, VideoJob, VideoJobRequest, preview_cycle
from echo_studio.types import Json
from echo_studio.web.wire.bodies import CycleBody, VideoBody
from echo_studio.web.wire.video_pack import packed_clip, packed_cycle
from echo_studio.web.wire.wire import (
    MAX_SETTINGS_BYTES,
    RAW,
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


@dataclass(frozen=True)
class PostedHeart:
    """What a page sends with every request: the keyframes on the tab and the settings."""

    end_diastole: LabelMap
    end_systole: LabelMap | None
    settings: Json


async def posted_heart(
    request: Request,
    layout: Annotated[Measures, Depends(measures)],
    es_width: Annotated[int, Query(ge=0)] = 0,
    es_height: Annotated[int, Query(ge=0)] = 0,
) -> PostedHeart:
    """The labels at end diastole, those at end systole if they have a size, and settings as JSON, in one body."""
    last = measures(es_width, es_height, "") if es_width or es_height else None
    first_size, last_size = layout.width * layout.height, es_width * es_height
    size = first_size + last_size
    body = await read_body(request, size, size + MAX_SETTINGS_BYTES, "the keyframes and settings")
    end_systole = None
    if last is not None:
        end_systole = map_from(body[first_size:size], Measures(es_width, es_height, layout.spacing))
    return PostedHeart(map_from(body[:first_size], layout), end_systole, parsed_settings(body[size:]))


def routes(studio: Studio) -> APIRouter:
    session_of = session_getter(studio)
    router = APIRouter(prefix="/videos", dependencies=[Depends(session_of)])  # no route opens without a token
    Mine = Annotated[Session, Depends(session_of)]
    Posted = Annotated[PostedHeart, Depends(posted_heart)]
    videos = studio.videos

    def job_of(number: int, session: Mine) -> VideoJob:
        job = videos.find(session, number)
        if job is None:
            raise HTTPException(404, f"Video {number} is not kept: only the newest one is. Generate it again.")
        return job

    FoundJob = Annotated[VideoJob, Depends(job_of)]

    def video_of(job: FoundJob) -> Video:
        if job.outcome is None:
            raise HTTPException(409, f"Video {job.number} has no frames. Wait until it is done.")
        return job.outcome

    Done = Annotated[Video, Depends(video_of)]

    @router.get("/catalog")
    def catalog() -> Json:
        return videos.catalog()

    @router.post("/cycle")
    def cycle(posted: Posted) -> Response:
        """The label cycle, small, while its sliders are moved."""
        body = CycleBody.model_validate(posted.settings)
        motion = Motion.from_json(body.motion)
        found = preview_cycle(posted.end_diastole, posted.end_systole, body.view, motion, body.frames)
        return Response(packed_cycle(found), media_type=RAW)

    @router.post("/starting-frame")
    def starting_frame(posted: Posted) -> Response:
        """The middle frame of what a generator with a start step starts from."""
        request = VideoBody.model_validate(posted.settings).request(posted.end_diastole, posted.end_systole)
        return Response(png(videos.starting_frame(request)), media_type="image/png")

    @router.post("")
    def start(session: Mine, posted: Posted) -> Json:
        request = VideoBody.model_validate(posted.settings).request(posted.end_diastole, posted.end_systole)
        return videos.describe(videos.start(session, VideoJobRequest(request, posted.settings)))

    @router.get("")
    def newest(session: Mine) -> Json:
        """The video of this project, or nothing in it if there is none."""
        job = videos.newest(session)
        return {} if job is None else videos.describe(job)

    @router.get("/{number}")
    def progress(job: FoundJob) -> Json:
        return videos.describe(job)

    @router.post("/{number}/cancel")
    def cancel(job: FoundJob) -> Json:
        job.cancel()
        return videos.describe(job)

    @router.get("/{number}/preview")
    def preview(job: FoundJob) -> Response:
        """The middle frame as it is on the way."""
        if job.preview is None:
            raise HTTPException(409, f"Video {job.number} has no preview yet.")
        return Response(png(job.preview), media_type="image/png")

    @router.get("/{number}/end-diastole")
    def first_keyframe(job: FoundJob) -> Response:
        return map_response(job.request.video.label_map)

    @router.get("/{number}/end-systole")
    def last_keyframe(job: FoundJob) -> Response:
        """The label map that was given for end systole."""
        label_map = job.request.video.end_systole
        if label_map is None:
            raise HTTPException(404, "The motion shaped the end systole of this video.")
        return map_response(label_map)

    @router.get("/{number}/clip")
    def clip(video: Done) -> Response:
        return Response(packed_clip(video.generated), media_type=RAW)

    @router.get("/{number}/curve")
    def curve(video: Done) -> Json:
        """Areas, volumes and EF of the ventricle that the segmenter finds on the frames."""
        return videos.curve(video)

    @router.get("/{number}/download/{name}")
    def download(video: Done, name: str) -> Response:
        file = video.download(name)
        return attachment(file.content, file.media_type, file.name)

    return router
