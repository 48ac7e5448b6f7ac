"""A real recording with another heart or another motion: each frame is edited as a real frame is."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from echo_studio.anatomy.motion.cycle import cycle_ef
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import MAX_SEED, GenerationRequest
from echo_studio.generate.video.generator import OnFrames, OnVideoStep, making_order
from echo_studio.generate.video.real_beat import RealBeat
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest, video_record
from echo_studio.types import GrayImage


def edit_recording(
    model: Generator,
    request: VideoRequest,
    beat: RealBeat,
    on_step: OnVideoStep | None,
    on_frames: OnFrames | None,
) -> GeneratedVideo:
    """The clip of a request with a recording; frames whose label map stays are the recording's own.

    Args:
        model: keeps a look (`Generator.inverted`).
        beat: `request.recording`.

    Raises:
        LabelMapError, RequestError: the heart cannot move so; see `RealBeat.cycle`.
        Cancelled: raised from on_step.
    """
    source = request.source
    assert source is not None
    started = time.perf_counter()
    cycle = beat.cycle(request.label_map, request.motion, request.view)
    sampling = replace(request.sampling, generator=model.card.name)
    clip = np.zeros(beat.frames.shape, np.uint8)
    count, nfe = len(clip), sampling.nfe
    for done, k in enumerate(making_order(count)):

        def stepped(i: int, n: int, preview: Callable[[], GrayImage], before: int = done) -> None:
            if on_step is not None and i < n:
                on_step(before * nfe + i, count * nfe, preview)

        frame = GenerationRequest(
            label_map=cycle.frame(k),
            sampling=sampling,
            view=request.view,
            phase="ED" if beat.share[k] > 0.5 else "ES",
            seed=(request.seed + k) % (MAX_SEED + 1),  # speckle changes from frame to frame
            source=(own := beat.source(k, source.keep, source.whole_frame)),
        )
        same = frame.label_map == own.label_map and not own.whole_frame
        clip[k] = np.where(own.inside, own.image, 0) if same else model.generate(frame, stepped).image
        if on_frames is not None:
            on_frames([k], clip[[k]])
        if on_step is not None:
            on_step((done + 1) * nfe, count * nfe, lambda at=k: clip[at])  # type: ignore[misc]
    record = video_record(request, nfe, cycle_ef(cycle), model.card.weights, torch.__version__, model.device.type)
    return GeneratedVideo(clip, cycle, record, time.perf_counter() - started)
