"""The videos of the Video tab: one job a project, kept in memory and shown again when its page is reloaded."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.errors import Cancelled
from echo_studio.studio.jobs import Job, JobQueue, JobState, OnStep
from echo_studio.studio.sessions import Session
from echo_studio.studio.sharing import choose_evictions
from echo_studio.studio.video_request import Keyframes, preview_cycle, settings_of
from echo_studio.types import GrayImage, Json

if TYPE_CHECKING:
    from echo_studio.generate.video.generator import VideoEntry
    from echo_studio.generate.video.request import GeneratedVideo, VideoRequest

MAX_KEPT = 4  # and those that wait or run
AT_ONCE = 2  # they share the device, NFE by NFE: a long one holds up nobody else's
# A video that nobody looks at any more is not finished; a page that is reloaded is back long before.
ALONE_SECONDS = 30.0


class Engine(Protocol):
    """What the tab needs of `studio.video_engine.VideoEngine`: a test hands in one that needs no torch."""

    def entries(self) -> Sequence[VideoEntry]: ...

    def request(self, **settings: Any) -> VideoRequest: ...

    def generate(self, request: VideoRequest, on_step: OnStep) -> GeneratedVideo: ...

    def starting_frame(self, request: VideoRequest) -> GrayImage: ...

    def lv_curve(self, made: GeneratedVideo) -> Json: ...


@dataclass(frozen=True)
class VideoJobRequest:
    """A request, and what the page asked for in its own words."""

    request: VideoRequest
    told: Json


@dataclass
class MadeVideo:
    """A clip, and once that was asked for, the ventricle in its frames (`evaluate.video.lv_curve.LvCurve.to_json`)."""

    generated: GeneratedVideo
    curve: Json | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self) -> Json:
        """The generation record with figures of this clip; the hash tells whether another run gave the same pixels."""
        pixels = hashlib.sha256(self.generated.clip.tobytes()).hexdigest()
        measured = {"seconds": self.generated.seconds, "clip_sha256": pixels, "lv_curve": self.curve}
        return {**self.generated.record.to_json(), "measured": measured}


VideoJob: TypeAlias = Job[VideoJobRequest, MadeVideo]


class Videos:
    """Args:
    engine: makes and measures clips.
    is_open: whether any page has the project of this id open.
    """

    def __init__(self, engine: Engine, is_open: Callable[[str], bool]) -> None:
        self.engine = engine
        self._is_open = is_open
        self._queue: JobQueue[VideoJobRequest, MadeVideo] = JobQueue(self._work, workers=AT_ONCE)
        self._lock = threading.Lock()
        self._kept: dict[str, VideoJob] = {}  # by project, the newest last

    def start(self, session: Session, keyframes: Keyframes, order: Mapping[str, Any]) -> VideoJob:
        """Start a video; the project's older job is cancelled, its clip is kept until this one is there.

        Raises:
            RequestError, UnknownNameError: an impossible order; see `studio.video_request.settings_of`.
            BusyError: too many videos wait.
        """
        request = self.engine.request(**settings_of(keyframes, order))
        job = self._queue.submit(session.project.id, VideoJobRequest(request, dict(order)), owner=session.owner)
        with self._lock:
            self._kept.pop(session.project.id, None)
            self._kept[session.project.id] = job
            owners = {project: kept.owner for project, kept in self._kept.items()}
            excess = choose_evictions(owners, MAX_KEPT, lambda project: self._kept[project].progress().ended)
            for project in excess:
                del self._kept[project]
        for project in excess:
            self._queue.forget(project)
        return job

    def newest(self, session: Session) -> VideoJob | None:
        """The newest job of the session's project; where that gave no clip, the one before it that did."""
        job = self._queue.current(session.project.id)
        if job is None or not job.progress().ended or job.outcome is not None:
            return job
        return self._queue.done(session.project.id) or job

    def find(self, session: Session, number: int) -> VideoJob | None:
        """A job of the session's project: its newest or the one that was done last."""
        return self._queue.find(session.project.id, number)

    def describe(self, job: VideoJob) -> Json:
        """How far a video is, JSON-able."""
        stamp = job.stamp  # before the rest is read: what changes meanwhile is told again
        progress = self._queue.progress(job)
        told: Json = {
            "video": job.number,
            "stamp": stamp,
            "state": progress.state.value,
            "nfe": progress.nfe,
            "total": progress.total,
            "preview": progress.preview,
            "ahead": progress.ahead,
            "stopping": progress.stopping,
            "message": progress.message,
            "elapsed": progress.seconds,
            "order": job.request.told,
        }
        if progress.state is JobState.DONE and job.outcome is not None:
            made = job.outcome.generated
            told |= {"seconds": made.seconds, "ef_drawn": made.record.ef_drawn, "nfe_run": made.record.nfe_run}
        return told

    def cycle(self, keyframes: Keyframes, order: Mapping[str, Any]) -> LabelCycle:
        """See `studio.video_request.preview_cycle`."""
        return preview_cycle(keyframes, order)

    def starting_frame(self, keyframes: Keyframes, order: Mapping[str, Any]) -> GrayImage:
        """uint8 (h, w): the middle frame of what the sampler starts from, without its noise.

        Raises:
            RequestError, UnknownNameError: as `start`; or the generator starts from noise alone.
        """
        return self.engine.starting_frame(self.engine.request(**settings_of(keyframes, order)))

    def curve(self, made: MadeVideo) -> Json:
        """The ventricle as the segmenter finds it in each frame; measured once."""
        with made.lock:
            if made.curve is None:
                made.curve = self.engine.lv_curve(made.generated)
            return made.curve

    def close(self) -> None:
        """Cancel everything: the server stops."""
        self._queue.close()

    def _work(self, job: VideoJob) -> MadeVideo:
        seen = time.monotonic()

        def on_step(done: int, total: int, preview: Callable[[], GrayImage]) -> None:
            nonlocal seen
            if self._is_open(job.session):
                seen = time.monotonic()
            elif time.monotonic() - seen > ALONE_SECONDS:
                raise Cancelled
            job.on_step(done, total, preview)

        return MadeVideo(self.engine.generate(job.request.request, on_step))
