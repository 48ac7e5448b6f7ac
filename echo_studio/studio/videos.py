"""The videos of the Video tab: one job a project, kept in memory and shown again when its page is reloaded."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TypeAlias, get_args

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.landmarks.segments import SEGMENTS
from echo_studio.anatomy.motion.cycle import LabelCycle, label_cycle
from echo_studio.anatomy.motion.motion import LIMITS, Motion, RegionalKind, end_systole, usual_motion
from echo_studio.data.clips.export import FORMATS, Clip, ClipDownload, clip_download
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.generate.video.real_beat import RealBeat
from echo_studio.generate.video.request import MAX_FRAMES, MIN_FRAMES, GeneratedVideo, GrayClip, VideoRequest
from echo_studio.studio.engine.engine import Engine
from echo_studio.studio.jobs.job import Job, JobState
from echo_studio.studio.jobs.service import JobService
from echo_studio.studio.sessions import Session
from echo_studio.types import GrayImage, Json, View

MAX_PIXELS = 32 * 1024 * 1024  # of all frames together: they stay in memory, beside as many labels
PREVIEW_SIDE = 160  # pixels: a cycle of this size follows a slider
USUAL_EF = 55.0  # percent: where the sliders begin


@dataclass(frozen=True)
class VideoJobRequest:
    """A request, and the body that the page sent: a reload shows its settings again."""

    video: VideoRequest
    body: Json


@dataclass
class Video:
    """A clip, and once that was asked for, the ventricle in its frames (`evaluate.video.lv_curve.LvCurve.to_json`)."""

    generated: GeneratedVideo
    curve: Json | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self) -> Json:
        """The generation record with figures of this clip; the hash says whether another run gave the same pixels."""
        pixels = hashlib.sha256(self.generated.clip.tobytes()).hexdigest()
        measured = {"seconds": self.generated.seconds, "clip_sha256": pixels, "lv_curve": self.curve}
        return {**self.generated.record.to_json(), "measured": measured}

    def download(self, name: str) -> ClipDownload:
        """The clip in one of `data.clips.export.FORMATS`.

        Raises:
            UnknownNameError: no such format.
            EchoStudioError: the clip cannot be written so.
        """
        if name not in FORMATS:
            raise UnknownNameError("download", name, FORMATS)
        made, cycle = self.generated, self.generated.cycle
        what = "echo-video" if made.record.source is None else "edited-real-frame"
        stem = f"{what}-{made.record.sampling.generator}-seed{made.record.seed}"
        if FORMATS[name].labels:  # two formats may come as a zip
            stem = f"{stem}-{name}"
        clip = Clip(made.clip, len(cycle) * cycle.heart_rate / 60, cycle.ids, cycle.spacing_mm, self.record())
        return clip_download(name, clip, stem)


@dataclass(frozen=True, eq=False)
class VideoPart:
    """Frames that will not change any more, uint8 (k, h, w), and where in the beat they are."""

    places: tuple[int, ...]
    frames: GrayClip


VideoJob: TypeAlias = Job[VideoJobRequest, Video]


class Videos:
    """Args:
    engine: generates and measures clips.
    jobs: runs them; a project has one at a time.
    """

    def __init__(self, engine: Engine, jobs: JobService) -> None:
        self._engine, self._jobs = engine, jobs

    def catalog(self) -> Json:
        """What can be chosen in the tab, JSON-able; `usual` is the motion that hearts show at each whole EF."""
        low, high, _ = LIMITS["ef"]
        return {
            "generators": [{**asdict(entry), "starts": entry.starts} for entry in self._engine.videos.entries()],
            "solvers": [{"name": name, "title": title} for title, name in self._engine.solvers()],
            "motion": usual_motion(USUAL_EF).to_json(),
            "usual": [usual_motion(float(ef)).to_json() for ef in range(int(low), int(high) + 1)],
            "limits": {name: [low, high] for name, (low, high, _) in LIMITS.items()},
            "frames": [MIN_FRAMES, MAX_FRAMES],
            "segments": {view: list(names) for view, names in SEGMENTS.items()},
            "kinds": list(get_args(RegionalKind)),
            "formats": [{"name": name, "title": one.title, "labels": one.labels} for name, one in FORMATS.items()],
        }

    def start(self, session: Session, request: VideoJobRequest, *, drawn: bool = False) -> VideoJob:
        """Start a video; the project's older job is cancelled, its clip is kept until this one is there.

        Args:
            drawn: of the heart that is being drawn in the Edit tab: a job beside the Video tab's.

        Raises:
            RequestError: more pixels than memory is given for.
            UnknownNameError: no such generator.
            BusyError: too many videos wait.
        """
        self._check(request.video)
        # A real frame that beats is this page's alone, and not of the others that have its project open.
        key = session.project.id if request.video.source is None else session.token
        return self._jobs.start("beat" if drawn else "video", key, request, self._work, owner=session.owner)

    def newest(self, session: Session) -> VideoJob | None:
        """The newest job of the session's project; if that gave no clip, the one before it that did."""
        job: VideoJob | None = self._jobs.current("video", session.project.id)
        if job is None or not job.progress().ended or job.outcome is not None:
            return job
        return self._jobs.done("video", session.project.id) or job

    def find(self, session: Session, number: int) -> VideoJob | None:
        """A job of the session or its project: the newest, the one before it or the one that was done last."""
        kinds = ("video", "beat")
        keys = (session.project.id, session.token)
        return next((job for kind in kinds for key in keys if (job := self._jobs.find(kind, key, number))), None)

    def describe(self, job: VideoJob) -> Json:
        """How far a video is, JSON-able."""
        message = {**self._jobs.describe(job), "video": job.number, "order": job.request.body}
        if message["state"] == JobState.DONE and job.outcome is not None:
            made = job.outcome.generated
            message |= {"seconds": made.seconds, "ef_drawn": made.record.ef_drawn, "nfe_run": made.record.nfe_run}
        return message

    def starting_frame(self, request: VideoRequest) -> GrayImage:
        """uint8 (h, w): the middle frame of what the sampler starts from, without its noise.

        Raises:
            RequestError, UnknownNameError: as `start`; or the generator starts from noise alone.
        """
        self._check(request)
        return self._engine.videos.starting_frame(request)

    def curve(self, video: Video) -> Json:
        """The ventricle as the judge finds it in each frame; measured once."""
        with video.lock:
            if video.curve is None:
                video.curve = self._engine.videos.lv_curve(video.generated)
            return video.curve

    def _check(self, request: VideoRequest) -> None:
        self._engine.videos.entry(request.sampling.generator)
        if request.frames * request.label_map.ids.size > MAX_PIXELS:
            height, width = request.label_map.shape
            raise RequestError(
                expected=f"at most {MAX_PIXELS // 2**20} million pixels in all frames together",
                got=f"{request.frames} of {width} x {height}",
                remedy="ask for fewer frames or use a smaller label map",
            )

    def _work(self, job: VideoJob) -> Video:
        def on_frames(places: Sequence[int], frames: GrayClip) -> None:
            job.add_part(VideoPart(tuple(places), frames))

        return Video(self._engine.videos.generate(job.request.video, job.on_step, on_frames))


def preview_cycle(
    first: LabelMap, last: LabelMap | None, view: View, motion: Motion, frames: int, beat: RealBeat | None = None
) -> LabelCycle:
    """A label cycle of at most `PREVIEW_SIDE` pixels a side; volumes and EF are those of the small one.

    Args:
        first, last: the heart at end diastole, and at end systole or None if the motion shapes it.
        beat: of a recording, whose frames keep what they have of their own; None for a label cycle alone.

    Raises:
        EchoStudioError: another count of frames, or the heart cannot move so; see `anatomy.motion.cycle.label_cycle`.
    """
    if not MIN_FRAMES <= frames <= MAX_FRAMES:
        raise RequestError(expected=f"frames from {MIN_FRAMES} to {MAX_FRAMES}", got=str(frames), remedy="try 24")
    small = smaller(first)
    if beat is not None:
        return replace(beat, labels=tuple(smaller(one) for one in beat.labels)).cycle(small, motion, view)
    return label_cycle(small, smaller(last) if last else end_systole(small, motion, view), frames, motion, view)


def smaller(label_map: LabelMap) -> LabelMap:
    """The map with at most `PREVIEW_SIDE` pixels a side, its proportions kept."""
    height, width = label_map.shape
    scale = min(1.0, PREVIEW_SIDE / max(height, width))
    return label_map.resized(max(1, round(height * scale)), max(1, round(width * scale)))
