"""Adherence and quality of a generator, on frames made from the label maps of real ones.

Adherence is Dice between the guiding label map and a re-segmentation of the generated frame. Quality is that and the
Fréchet distance on echo features, at each of several NFE: what a generator gives against what it costs.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.evaluate.frames.distances import Features, RealFrames, echo_features
from echo_studio.evaluate.frames.made_frames import BATCH, made_from
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.generator import Generator
from echo_studio.generate.sampling import Sampling
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
    sampling: Sampling,
    seed: int,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
) -> AdherenceReport:
    """Generate a frame from the label map of each real one and compare both segmentations with the labels.

    Args:
        frames: real ones; frame k is made with seed + k.
        on_frame: called with (done, total) after each batch.
    """
    real, generated = MeanDice(), MeanDice()
    for start, batch, made in made_from(generator, frames, sampling, seed):
        real.add(segmenter.label([frame.image for frame in batch]), batch)
        generated.add(segmenter.label(made), batch)
        on_frame(start + len(batch), len(frames))
    return AdherenceReport(len(frames), real.means(), generated.means())


BY_NFE = "by_nfe"  # the entry of `Card.scores`


@dataclass(frozen=True)
class Quality:
    """What one way to sample gives on n label maps.

    Attributes:
        dice: mean between label map and segmented frame, as fractions, of `lv_endo`, `lv_epi` and `la`; a structure
            that no map has is left out.
        frechet: distance on echo features to the real frames of the same label maps.
        frechet_real: the same between those and as many other real frames: see `RealFrames.reference`.
    """

    sampling: Sampling
    dice: dict[str, float]
    frechet: float
    frechet_real: float
    n: int

    def to_json(self) -> Json:
        """Flat, as cards hold it."""
        return {
            "solver": self.sampling.solver,
            "nfe": self.sampling.nfe,
            **self.dice,
            "frechet": self.frechet,
            "frechet_real": self.frechet_real,
            "n": self.n,
        }


@dataclass(frozen=True)
class Validation:
    """Real frames to measure generators on, and what the segmenter makes of them.

    Attributes:
        features: of the frames.
        adherence: mean Dice of the segmenter on them: what a perfect generator would reach.
        frechet_real: see `Quality`.
    """

    segmenter: FrameSegmenter
    frames: Sequence[CamusFrame]
    others: RealFrames
    features: Features
    adherence: dict[str, float]
    frechet_real: float

    @classmethod
    def of(cls, segmenter: FrameSegmenter, frames: Sequence[CamusFrame], others: RealFrames) -> "Validation":
        """Measure the real frames themselves.

        Raises:
            RequestError: fewer than two frames.
        """
        features = echo_features(segmenter, [frame.image for frame in frames])
        dice = MeanDice()
        for start in range(0, len(frames), BATCH):
            batch = frames[start : start + BATCH]
            dice.add(segmenter.label([frame.image for frame in batch]), batch)
        return cls(segmenter, frames, others, features, dice.means(), round(others.reference(features), 3))

    def measure(
        self,
        generator: Generator,
        sampling: Sampling,
        seed: int = 0,
        on_frame: Callable[[int, int], None] = lambda done, total: None,
    ) -> Quality:
        """Make a frame from each label map, once, and take both figures from it.

        Args:
            seed: frame k is made with seed + k.
            on_frame: called with (done, total) after each batch.
        """
        dice, features = MeanDice(), []
        for start, batch, made in made_from(generator, self.frames, sampling, seed, own_size=True):
            dice.add(self.segmenter.label(made), batch)
            features.append(echo_features(self.segmenter, made))
            on_frame(start + len(batch), len(self.frames))
        frechet = round(self.others.distance(np.concatenate(features), self.features), 3)
        return Quality(sampling, dice.means(), frechet, self.frechet_real, len(self.frames))


def with_quality(card: Card, measured: Quality) -> Card:
    """The card with `measured` in its scores, in place of what the same solver, NFE and number of maps gave before."""

    def key(entry: Json) -> tuple[str, int, int]:
        return entry["solver"], entry["nfe"], entry["n"]

    new = measured.to_json()
    kept = [entry for entry in card.scores.get(BY_NFE, []) if key(entry) != key(new)]
    return dataclasses.replace(card, scores={**card.scores, BY_NFE: sorted([*kept, new], key=key)})
