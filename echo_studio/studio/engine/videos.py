"""Generators of clips, shared by all sessions; their runs are background runs on the device of the frames."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import UnknownNameError
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.evaluate.video.lv_curve import BATCH, clip_labels, lv_curve
from echo_studio.generate.video.catalog import load_video_generator, video_generators
from echo_studio.generate.video.generator import OnFrames, VideoEntry, VideoGenerator
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest
from echo_studio.studio.engine.device_lock import DeviceLock
from echo_studio.studio.engine.model_cache import ModelCache
from echo_studio.studio.jobs.job import OnStep
from echo_studio.types import GrayImage, Json


class VideoEngine:
    """Args:
    folder: the only folder of checkpoints; None for the bundled ones and the person's own.
    device: torch's name of a device.
    device_lock: whose turn it is there; live previews of frames go before a clip, also between two of its NFE.
    judge: gives the judge of frames.
    """

    def __init__(
        self, folder: Path | None, device: str, device_lock: DeviceLock, judge: Callable[[], FrameSegmenter]
    ) -> None:
        self._folder, self._device, self._device_lock, self._judge = folder, device, device_lock, judge
        self._model_cache: ModelCache[VideoGenerator] = ModelCache(
            lambda name: load_video_generator(name, folder, device)
        )

    def entries(self) -> list[VideoEntry]:
        """The generators that can be asked for; those that were imported meanwhile too."""
        return list(video_generators(self._folder).values())

    def entry(self, name: str) -> VideoEntry:
        """The generator of a name.

        Raises:
            UnknownNameError: there is none; lists the choices.
        """
        known = video_generators(self._folder)
        if name not in known:
            raise UnknownNameError("video generator", name, known)
        return known[name]

    def generate(self, request: VideoRequest, on_step: OnStep, on_frames: OnFrames | None = None) -> GeneratedVideo:
        """See `VideoGenerator.generate`. Time on the device that others had is not counted in its seconds.

        Raises:
            RequestError, UnknownNameError, CheckpointError: see there and `load_video_generator`.
            Cancelled: raised from on_step.
        """
        away = 0.0

        def step(done: int, total: int, preview: Callable[[], GrayImage]) -> None:
            nonlocal away
            away += self._device_lock.yield_device()
            on_step(done, total, preview)

        name = request.sampling.generator
        with (
            self._model_cache.use(name, self._version(name)) as generator,
            self._device_lock.take(background=True),
        ):
            made = generator.generate(request, step, on_frames)
        return dataclasses.replace(made, seconds=made.seconds - away)

    def starting_frame(self, request: VideoRequest) -> GrayImage:
        """uint8 (side, side): the middle frame of the pseudo-video, without noise.

        Raises:
            RequestError: a generator that starts from noise alone; a heart that cannot move as asked.
        """
        name = request.sampling.generator
        with self._model_cache.use(name, self._version(name)) as generator:
            clip = generator.pseudo_clip(request)
        return np.asarray(clip[len(clip) // 2])

    def lv_curve(self, made: GeneratedVideo) -> Json:
        """The ventricle as the judge finds it on the frames; see `evaluate.video.lv_curve.LvCurve.to_json`."""
        judge, cycle = self._judge(), made.cycle
        labels: list[LabelMap] = []
        for start in range(0, len(cycle), BATCH):
            with self._device_lock.take(background=True):
                labels += clip_labels(judge, made.clip[start : start + BATCH], cycle.spacing_mm)
        return lv_curve(labels, cycle.es if 0 < cycle.es < len(cycle) else None).to_json()

    def _version(self, name: str) -> str:
        """Which weights a name stands for now: a checkpoint may be imported again with others."""
        return repr(sorted(self.entry(name).weights.items()))
