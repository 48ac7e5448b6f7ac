"""A set request from names: which generators there are, with which weights, on which kind of device.

Generators of frames come first, those of clips after them.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from echo_studio import __version__
from echo_studio.anatomy.shape.variation import PAPER, VariationRanges
from echo_studio.dataset.build.manifest import BaseMap, ClipSampling, SetRequest, SetSampling
from echo_studio.errors import RequestError, UnknownNameError, raised_as
from echo_studio.evaluate.utility.request import samplings
from echo_studio.generate.catalog import catalog
from echo_studio.generate.sampling import advised_sampling
from echo_studio.generate.video.catalog import video_generators
from echo_studio.generate.video.generator import VideoEntry
from echo_studio.generate.video.request import MAX_FRAMES, MIN_FRAMES

CLIP_FRAMES = 24  # of a heartbeat, as the video generators are trained on
HEART_RATE = 70.0
# Name: how many numbers, least and greatest. Beyond these the structures leave the sector.
LIMITS: dict[str, tuple[int, float, float]] = {
    "rotation_deg": (1, 0.0, 90.0),
    "translation": (2, 0.0, 0.5),
    "scale": (2, 0.2, 3.0),
    "shear_deg": (1, 0.0, 45.0),
    "max_displacement": (1, 0.0, 100.0),
}


def set_request(
    maps: Sequence[BaseMap],
    generators: Sequence[str],
    solver: str,
    budgets: Sequence[int],
    checkpoints: Path | None,
    device: str,
    clip_frames: int | None = None,
    **how_many: Any,
) -> SetRequest:
    """Look generators up and say exactly what they are.

    Args:
        generators: names of the catalog, of frames or of clips, each once.
        solver: empty for each generator's advised one.
        budgets: NFE; empty for the advised one.
        clip_frames: of every clip; None means `CLIP_FRAMES`.
        how_many: variations, seeds and so on: the other fields of `SetRequest`.

    Raises:
        UnknownNameError: no such generator, solver or defect.
        RequestError: no generator, one twice, an impossible number, or a device that torch does not know.
        CheckpointError: a generator of other labels.
    """
    if not generators or len({*generators}) < len(generators) or len({*budgets}) < len(budgets):
        raise RequestError(
            expected="generators and NFE, each once",
            got=f"{', '.join(generators) or 'none'} at {', '.join(map(str, budgets)) or 'the advised NFE'}",
            remedy="try --generator edm-l64",
        )
    with raised_as(
        RequestError,
        RuntimeError,
        expected="a device such as cpu, cuda, cuda:1 or mps",
        remedy=f"choose one of them in place of {device}",
    ):
        kind = torch.device(device).type
    frames = catalog(checkpoints).generators()
    # Clips of a prior alone, or from one map that stands still, would not show what their labels say.
    clips = {name: one for name, one in video_generators(checkpoints).items() if one.follows_labels}
    unknown = next((name for name in generators if name not in frames and name not in clips), None)
    if unknown is not None:
        raise UnknownNameError("generator", unknown, {**frames, **clips})
    chosen = []
    for one in samplings([name for name in generators if name in frames], solver, budgets, checkpoints):
        card = frames[one.generator].card
        assert card is not None
        chosen.append(SetSampling(one, card.licence))
    beats = [clips[name] for name in generators if name not in frames]
    if clip_frames is not None and not beats:
        raise RequestError(
            expected="--frames with a generator of clips", got=", ".join(generators), remedy="leave it out"
        )
    for entry in beats:
        chosen += _ways(entry, solver, budgets, CLIP_FRAMES if clip_frames is None else clip_frames)
    return SetRequest(tuple(maps), tuple(chosen), device=kind, versions=versions(), **how_many)


def versions() -> dict[str, str]:
    """Of the programs on which the last bits of a set depend."""
    return {"echo-studio": __version__, "torch": str(torch.__version__)}


def _ways(entry: VideoEntry, solver: str, budgets: Sequence[int], frames: int) -> Iterator[SetSampling]:
    """A generator of clips with every NFE, guidance and start step as advised."""
    if not MIN_FRAMES <= frames <= MAX_FRAMES:
        raise RequestError(
            expected=f"{MIN_FRAMES} to {MAX_FRAMES} frames in a clip", got=str(frames), remedy=f"try {CLIP_FRAMES}"
        )
    clip = ClipSampling(frames, HEART_RATE, entry.advised_start_step)
    chosen: Sequence[int | None] = budgets or [None]
    for nfe in chosen:
        yield SetSampling(advised_sampling(entry, solver=solver, nfe=nfe), entry.licence, clip)


def ranges_of(given: Mapping[str, Sequence[float]]) -> VariationRanges:
    """The papers' ranges with some of them replaced.

    Args:
        given: by the names of `anatomy.shape.variation.VariationRanges`, each with its one or two numbers.

    Raises:
        UnknownNameError: another name.
        RequestError: another count of numbers, or one out of its limits.
    """
    changes: dict[str, float | tuple[float, float]] = {}
    for name, numbers in given.items():
        if name not in LIMITS:
            raise UnknownNameError("range", name, LIMITS)
        count, low, high = LIMITS[name]
        in_order = name != "scale" or list(numbers) == sorted(numbers)
        if len(numbers) != count or not in_order or not all(low <= number <= high for number in numbers):
            raise RequestError(
                expected=f"{name} as {'one number' if count == 1 else 'two numbers'} from {low:g} to {high:g}",
                got=", ".join(f"{number:g}" for number in numbers) or "none",
                remedy=f"the papers' choice is {_format_range(getattr(PAPER, name))}",
            )
        changes[name] = numbers[0] if count == 1 else (numbers[0], numbers[1])
    return dataclasses.replace(PAPER, **changes)  # type: ignore[arg-type]


def _format_range(value: float | tuple[float, float]) -> str:
    return ",".join(f"{number:g}" for number in value) if isinstance(value, tuple) else f"{value:g}"
