"""Adherence: Dice between the guiding label map and a re-segmentation of the generated frame."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.evaluate.frames.made_frames import made_from
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.generate.generator import Generator
from echo_studio.types import GrayImage, Json


def adherence(segmenter: FrameSegmenter, image: GrayImage, label_map: LabelMap) -> dict[str, float | None]:
    """Dice of `lv_endo`, `lv_epi` and `la` between a frame and the label map that guided it, as fractions.

    None where the label map does not have the structure.
    """
    return structure_dice(segmenter.label([image])[0], label_map)


class MeanDice:
    """Dice of each structure, gathered over frames."""

    def __init__(self) -> None:
        self._scores: dict[str, list[float]] = defaultdict(list)

    def add(self, found: Sequence[LabelMap], frames: Sequence[CamusFrame]) -> None:
        """Count in labels found, of any size, against the labels of the frames, at the frames' size."""
        for labels, frame in zip(found, frames, strict=True):
            for key, value in structure_dice(labels.resized(*frame.label_map.shape), frame.label_map).items():
                if value is not None:
                    self._scores[key].append(value)

    def means(self) -> dict[str, float]:
        """As fractions, to four digits; a structure that no frame has is left out."""
        return {key: round(float(np.mean(values)), 4) for key, values in self._scores.items()}


@dataclass(frozen=True)
class AdherenceReport:
    """Mean Dice of each structure over n frames: the segmenter on real frames, and on frames made from their labels."""

    n: int
    real: dict[str, float]
    generated: dict[str, float]

    def to_json(self) -> Json:
        return dataclasses.asdict(self)


def measure_adherence(
    generator: Generator,
    segmenter: FrameSegmenter,
    frames: Sequence[CamusFrame],
    solver: str,
    nfe: int,
    seed: int,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
) -> AdherenceReport:
    """Generate a frame from the label map of each real one and compare both segmentations with the labels.

    Args:
        frames: real ones; frame k is made with seed + k.
        on_frame: called with (done, total) after each batch.
    """
    real, generated = MeanDice(), MeanDice()
    for start, batch, made in made_from(generator, frames, solver, nfe, seed):
        real.add(segmenter.label([frame.image for frame in batch]), batch)
        generated.add(segmenter.label(made), batch)
        on_frame(start + len(batch), len(frames))
    return AdherenceReport(len(frames), real.means(), generated.means())
