"""Video generators without torch: speckle over the label cycle, always the same for the same request."""

import threading
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.motion.cycle import LabelCycle, cycle_volumes, label_cycle
from echo_studio.anatomy.motion.motion import end_systole
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.generate.video.generator import OnFrames, VideoEntry
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest, video_record
from echo_studio.studio.jobs.job import OnStep
from echo_studio.types import GrayImage, Json


def _advised(nfe: int, solver: str, start_step: int = 0) -> Json:
    return {"advised_nfe": nfe, "advised_solver": solver, "advised_start_step": start_step}


def _entry(name: str, title: str, description: str, **entries: Any) -> VideoEntry:
    about = {"checkpoint": name, "pseudo": "", "conditional": True, "guidance": False, "weights": {}}
    return VideoEntry(name=name, title=title, description=description, **{**about, **entries})


ENTRIES = {
    entry.name: entry
    for entry in (
        _entry("video-spade", "SPADE video", "Labels steer every layer.", guidance=True, **_advised(4, "heun")),
        _entry("beat-tiny", "Beat", "Frame by frame.", frame_by_frame=True, refined_nfe=3, **_advised(2, "heun")),
        _entry(
            "free-echo", "Free-Echo", "Starts from a pseudo-video.", pseudo="transported", **_advised(6, "euler", 35)
        ),
    )
}


class FakeVideos:
    """`gate`, where there is one, lets an NFE happen for each release: a test says when."""

    def __init__(self) -> None:
        self.gate: threading.Semaphore | None = None
        self.seconds_per_nfe = 0.0
        self.evaluations = 0
        self.failure: Exception | None = None
        self.measured = 0

    def entries(self) -> list[VideoEntry]:
        return list(ENTRIES.values())

    def entry(self, name: str) -> VideoEntry:
        if name not in ENTRIES:
            raise UnknownNameError("video generator", name, ENTRIES)
        return ENTRIES[name]

    def generate(self, request: VideoRequest, on_step: OnStep, on_frames: OnFrames | None = None) -> GeneratedVideo:
        started = time.monotonic()
        cycle = cycle_of(request)
        clip = speckled(cycle, request.seed)
        middle = clip[len(clip) // 2]
        for nfe in range(1, request.sampling.nfe + 1):
            if self.gate is not None:
                assert self.gate.acquire(timeout=120)
            time.sleep(self.seconds_per_nfe)
            self.evaluations += 1
            if self.failure is not None:
                raise self.failure
            on_step(nfe, request.sampling.nfe, lambda: middle)
            if on_frames is not None and self.entry(request.sampling.generator).frame_by_frame:
                places = range(nfe - 1, len(clip), request.sampling.nfe)
                on_frames(places, clip[list(places)])
        ef = cycle_volumes(cycle)[1]
        record = video_record(request, request.sampling.nfe, ef, {request.sampling.generator: "0" * 64}, "2.10", "cpu")
        return GeneratedVideo(clip, cycle, record, time.monotonic() - started)

    def starting_frame(self, request: VideoRequest) -> GrayImage:
        if not self.entry(request.sampling.generator).starts:
            raise RequestError(
                expected="a generator with a start step", got=request.sampling.generator, remedy="use free-echo"
            )
        cycle = cycle_of(request)
        return speckled(cycle, request.start_step)[len(cycle) // 2]

    def lv_curve(self, made: GeneratedVideo) -> Json:
        """A segmenter that misses a twentieth everywhere."""
        self.measured += 1
        areas = [float(np.sum(ids == 1)) * 0.95 for ids in made.cycle.ids]
        return {"areas_px": areas, "volumes": areas, "es": made.cycle.es, "ef_percent": 50.0}


def cycle_of(request: VideoRequest) -> LabelCycle:
    last = request.end_systole or end_systole(request.label_map, request.motion, request.view)
    return label_cycle(request.label_map, last, request.frames, request.motion, request.view)


def speckled(cycle: LabelCycle, seed: int) -> npt.NDArray[np.uint8]:
    """uint8 (t, h, w): brighter in the wall, dark in the cavities, 0 outside the sector; the speckle stands still."""
    level = np.array([0, 30, 150, 35, 80])
    noise = np.random.default_rng(seed).gamma(2.0, 0.5, cycle.ids.shape[1:])
    return np.clip(level[cycle.ids] * noise, 0, 255).astype(np.uint8)
