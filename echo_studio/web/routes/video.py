"""Videos: the label cycle while it is shaped, start, watch, cancel, clips, what is measured on them, files."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import Motion
from echo_studio.generate.video.request import VideoRequest
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.studio.videos import Video, VideoJob, VideoJobRequest, preview_cycle
from echo_studio.types import Json
from echo_studio.web.wire.bodies import CycleBody, VideoBody
from echo_studio.web.wire.video_pack import packed_clip, packed_cycle, packed_parts
from echo_studio.web.wire.wire import (
    JSON_OBJECT,
    MAX_SETTINGS_BYTES,
    RAW,
    Measures,
    Mine,
    TheStudio,
    attachment,
    found,
    map_from,
    map_response,
    measures,
    png_response,
    read_body,
    session_of,
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
    settings = JSON_OBJECT.validate_json(body[size:])
    end_systole = None
    if last is not None:
        end_systole = map_from(body[first_size:size], Measures(es_width, es_height, layout.spacing))
    return PostedHeart(map_from(body[:first_size], layout), end_systole, settings)


router = APIRouter(prefix="/videos", dependencies=[Depends(session_of)])  # no route opens without a token
Posted = Annotated[PostedHeart, Depends(posted_heart)]


def job_of(studio: TheStudio, number: int, session: Mine) -> VideoJob:
    job = studio.videos.find(session, number)
    return found(job, f"Video {number} is not kept: only the newest one is. Generate it again.")


FoundJob = Annotated[VideoJob, Depends(job_of)]


def video_of(job: FoundJob) -> Video:
    return found(job.outcome, f"Video {job.number} has no frames. Wait until it is done.", 409)


Done = Annotated[Video, Depends(video_of)]


@router.get("/catalog")
def catalog(studio: TheStudio) -> Json:
    return studio.videos.catalog()


@router.post("/cycle")
def cycle(session: Mine, posted: Posted) -> Response:
    """The label cycle, small, while its sliders are moved."""
    body = CycleBody.model_validate(posted.settings)
    motion, beat = Motion.from_json(body.motion), body.beat(session.real_loop)
    small = preview_cycle(posted.end_diastole, posted.end_systole, body.view, motion, body.frames, beat)
    return Response(packed_cycle(small), media_type=RAW)


def _request(studio: Studio, session: Session, posted: PostedHeart) -> VideoRequest:
    body = VideoBody.model_validate(posted.settings)
    quickest = studio.engine.quickest_precision()
    return body.request(posted.end_diastole, posted.end_systole, quickest, session.real_frame, session.real_loop)


@router.post("/starting-frame")
def starting_frame(studio: TheStudio, session: Mine, posted: Posted) -> Response:
    """The middle frame of what a generator with a start step starts from."""
    request = _request(studio, session, posted)
    return png_response(studio.videos.starting_frame(request))


@router.post("")
def start(studio: TheStudio, session: Mine, posted: Posted, drawn: bool = False) -> Json:
    """Start a video; `drawn` is for the heart that is being drawn in the Edit tab."""
    request = VideoJobRequest(_request(studio, session, posted), posted.settings)
    return studio.videos.describe(studio.videos.start(session, request, drawn=drawn))


@router.get("")
def newest(studio: TheStudio, session: Mine) -> Json:
    """The video of this project, or nothing in it if there is none."""
    job = studio.videos.newest(session)
    return {} if job is None else studio.videos.describe(job)


@router.get("/{number}")
def progress(studio: TheStudio, job: FoundJob) -> Json:
    return studio.videos.describe(job)


@router.post("/{number}/cancel")
def cancel(studio: TheStudio, job: FoundJob) -> Json:
    job.cancel()
    return studio.videos.describe(job)


@router.get("/{number}/preview")
def preview(job: FoundJob) -> Response:
    """The middle frame as it is on the way."""
    image = found(job.preview, f"Video {job.number} has no preview yet.", 409)
    video = job.request.video
    return png_response(image, video.notice, video.label_map.spacing_mm)


@router.get("/{number}/frames")
def frames(job: FoundJob, since: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The frames that are ready while the video is made, without the first `since` parts of them."""
    parts = job.parts
    return Response(packed_parts(job.request.video, parts[since:], len(parts)), media_type=RAW)  # type: ignore[arg-type]


@router.get("/{number}/end-diastole")
def first_keyframe(job: FoundJob) -> Response:
    return map_response(job.request.video.label_map)


@router.get("/{number}/end-systole")
def last_keyframe(job: FoundJob) -> Response:
    """The label map that was given for end systole."""
    end_systole = job.request.video.end_systole
    return map_response(found(end_systole, "The motion shaped the end systole of this video."))


@router.get("/{number}/clip")
def clip(video: Done) -> Response:
    return Response(packed_clip(video.generated), media_type=RAW)


@router.get("/{number}/curve")
def curve(studio: TheStudio, video: Done) -> Json:
    """Areas, volumes and EF of the ventricle that the judge finds on the frames."""
    return studio.videos.curve(video)


@router.get("/{number}/download/{name}")
def download(video: Done, name: str) -> Response:
    file = video.download(name)
    return attachment(file.content, file.media_type, file.name)
