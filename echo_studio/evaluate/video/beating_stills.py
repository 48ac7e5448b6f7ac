"""How well real frames beat as asked: the judge's EF, and the first frame against the source."""

from collections.abc import Callable, Sequence

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import usual_motion
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import EchoStudioError
from echo_studio.evaluate.frames.edited_frames import psnr
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Scorers
from echo_studio.evaluate.video.lv_curve import clip_labels, lv_curve
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.source import Source
from echo_studio.generate.video.generator import VideoGenerator
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest
from echo_studio.types import Json

EFS = (25.0, 40.0, 55.0)  # percent


def measure_beating_stills(
    generator: VideoGenerator,
    frames: Sequence[CamusFrame],
    sampling: Sampling,
    scorers: Scorers,
    on_beat: Callable[[int, int], None] = lambda done, total: None,
) -> Json:
    """Let each frame beat with every EF of `EFS`; frame k with seed k. An EF that a heart cannot reach is left out.

    Args:
        frames: real ones at end diastole, with their labels.
        on_beat: called with (done, total).

    Returns:
        `first_frame_db` and `first_frame_db_least`: PSNR of a clip's first frame against its source, in the sector.
        `beats`: a list of {ef, n, error (mean absolute, points of EF), bias, labeller {error, bias}}. And over
        all of them `error`, `bias`, `labeller`. The judge measures the EF, the labeller stands beside it.
    """
    first: list[float] = []
    found: dict[float, dict[str, list[float]]] = {ef: {"judge": [], "labeller": []} for ef in EFS}
    for k, frame in enumerate(frames):
        source = Source(frame.image, frame.label_map)
        for j, ef in enumerate(EFS):
            request = VideoRequest(
                frame.label_map,
                sampling,
                motion=usual_motion(ef),
                view=frame.frame_id.view,
                seed=k,
                source=source,
            )
            try:
                made = generator.generate(request)
            except EchoStudioError:
                continue
            first.append(psnr(made.clip[0], source.image, source.inside))
            for name, segmenter in (("judge", scorers.judge), ("labeller", scorers.labeller)):
                measured = _ef_of(segmenter, made, frame.label_map)
                if measured is not None:
                    found[ef][name].append(measured - ef)
            on_beat(k * len(EFS) + j + 1, len(frames) * len(EFS))
    every: dict[str, list[float]] = {
        name: [error for one in found.values() for error in one[name]] for name in ("judge", "labeller")
    }
    return {
        "n": len(first),
        "first_frame_db": round(float(np.mean(first)), 1) if first else None,
        "first_frame_db_least": round(min(first), 1) if first else None,
        **_errors(every["judge"]),
        "labeller": _errors(every["labeller"]),
        "beats": [
            {"ef": ef, "n": len(one["judge"]), **_errors(one["judge"]), "labeller": _errors(one["labeller"])}
            for ef, one in found.items()
        ],
    }


def _ef_of(segmenter: FrameSegmenter, made: GeneratedVideo, label_map: LabelMap) -> float | None:
    return lv_curve(clip_labels(segmenter, made.clip, label_map.spacing_mm), made.cycle.es).ef_percent


def _errors(errors: Sequence[float]) -> Json:
    """Mean absolute error and mean error in points."""
    if not errors:
        return {"error": None, "bias": None}
    return {"error": round(float(np.abs(errors).mean()), 1), "bias": round(float(np.mean(errors)), 1)}
