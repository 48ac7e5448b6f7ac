"""Adherence and quality of a generator, on frames made from the label maps of real ones.

Adherence is Dice between the guiding label map and the judge's segmentation of the generated frame. Quality is that and
the Fréchet distance on echo features, at each of several NFE: what a generator gives against what it costs. Blur can
raise both, so the strength of the grain stands beside them, which it lowers.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import CheckpointError
from echo_studio.evaluate.frames.distances import NAMED, Features, RealFrames, echo_features
from echo_studio.evaluate.frames.made_frames import BATCH, SIDE, at_side, made_now
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Scorers
from echo_studio.evaluate.frames.speckle import grain_strength
from echo_studio.generate.checkpoint import Card, read_card, write_card
from echo_studio.generate.generator import Generator
from echo_studio.generate.sampling import Sampling
from echo_studio.types import FloatArray, GrayImage, Json

# Between these lies the grain of 95 in 100 of 400 CAMUS frames, spread evenly over the training split.
REAL_GRAIN = (4.3, 6.2)


def adherence(segmenter: FrameSegmenter, image: GrayImage, label_map: LabelMap) -> dict[str, float | None]:
    """Dice of `lv_endo`, `lv_epi` and `la` between a frame and the label map that guided it, as fractions.

    None where the label map does not have the structure.
    """
    return structure_dice(segmenter.label([image])[0], label_map)


def mean_dice(segmenter: FrameSegmenter, images: Sequence[GrayImage], frames: Sequence[CamusFrame]) -> dict[str, float]:
    """Mean Dice of each structure between what is found on images and the labels of real frames, at the frames' size.

    As fractions, to four digits; a structure that no frame has is left out.

    Args:
        images: uint8 (h, w) of any size, one for each frame.
    """
    scores: dict[str, list[float]] = defaultdict(list)
    for start in range(0, len(images), BATCH):
        found = segmenter.label(images[start : start + BATCH])
        for labels, frame in zip(found, frames[start : start + BATCH], strict=True):
            for key, value in structure_dice(labels.resized(*frame.label_map.shape), frame.label_map).items():
                if value is not None:
                    scores[key].append(value)
    return {key: round(float(np.mean(values)), 4) for key, values in scores.items()}


def grain_of(image: GrayImage, label_map: LabelMap) -> float:
    """`speckle.grain_strength` of a frame at 256 x 256, within the sector of its label map; see `REAL_GRAIN`."""
    inside = within_sector(label_map.resized(SIDE, SIDE).ids) > 0
    return grain_strength(at_side(image), inside)


def grain_strengths(images: Sequence[GrayImage], frames: Sequence[CamusFrame]) -> FloatArray:
    """(n,) `grain_of` of frames, or of images made from their label maps."""
    return np.array([grain_of(image, frame.label_map) for image, frame in zip(images, frames, strict=True)])


def grain_shares(made: FloatArray, real: FloatArray) -> Json:
    """Mean (`grain`) and spread over frames (`grain_spread`) of the grain's strength, over those of real frames.

    Both are 1 where grain is as real, `grain` is less where frames are blurred; 0 where the real ones have none.
    """
    shares = {"grain": (made.mean(), real.mean()), "grain_spread": (made.std(), real.std())}
    return {key: round(float(ours / theirs), 3) if theirs else 0.0 for key, (ours, theirs) in shares.items()}


@dataclass(frozen=True)
class AdherenceReport:
    """Mean Dice of each structure over n frames: the judge's on real frames, and on frames made from their labels.

    Attributes:
        labeller: the labeller's `real` and `generated`.
        grain, grain_spread: see `grain_shares`.
    """

    n: int
    real: dict[str, float]
    generated: dict[str, float]
    labeller: dict[str, dict[str, float]]
    grain: float
    grain_spread: float

    def to_json(self) -> Json:
        return dataclasses.asdict(self)


def measure_adherence(
    generator: Generator,
    scorers: Scorers,
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
    images = {
        "real": [frame.image for frame in frames],
        "generated": made_now(generator, frames, sampling, seed, on_frame).images,
    }
    dice = scorers.score(lambda one: {name: mean_dice(one, some, frames) for name, some in images.items()})
    grain = grain_shares(*(grain_strengths(images[name], frames) for name in ("generated", "real")))
    return AdherenceReport(len(frames), **dice, **grain)


BY_NFE = "by_nfe"  # the entry of `Card.scores`


@dataclass(frozen=True)
class Quality:
    """What one way to sample gives on n label maps.

    Attributes:
        dice: mean between label map and what the judge finds, as fractions, of `lv_endo`, `lv_epi` and `la`; a
            structure that no map has is left out.
        frechet: distance on the judge's echo features to the real frames of the same label maps.
        frechet_real: the same between those and as many other real frames: see `RealFrames.reference`.
        grain, grain_spread: see `grain_shares`.
        labeller: the labeller's Dice, `frechet` and `frechet_real`, by these names.
    """

    sampling: Sampling
    dice: dict[str, float]
    frechet: float
    frechet_real: float
    n: int
    grain: float
    grain_spread: float
    labeller: dict[str, float]

    def to_json(self) -> Json:
        """Flat, as cards hold it. A line without `labeller` is of the time when the labeller alone scored."""
        return {
            "solver": self.sampling.solver,
            "nfe": self.sampling.nfe,
            **self.dice,
            "frechet": self.frechet,
            "frechet_real": self.frechet_real,
            "n": self.n,
            "grain": self.grain,
            "grain_spread": self.grain_spread,
            "labeller": self.labeller,
        }


@dataclass(frozen=True)
class ScoredFrames:
    """Real frames as one network sees them.

    Attributes:
        others: frames of other hearts.
        features: of the frames.
        dice: mean on them: what a perfect generator would reach.
        frechet_real: see `Quality`.
    """

    segmenter: FrameSegmenter
    others: RealFrames
    features: Features
    dice: dict[str, float]
    frechet_real: float

    @classmethod
    def of(cls, segmenter: FrameSegmenter, frames: Sequence[CamusFrame], others: Sequence[GrayImage]) -> "ScoredFrames":
        """Measure the frames. Raises RequestError where they are fewer than two."""
        images = [frame.image for frame in frames]
        features, there = echo_features(segmenter, images), RealFrames(echo_features(segmenter, others))
        return cls(
            segmenter, there, features, mean_dice(segmenter, images, frames), round(there.reference(features), 3)
        )

    def real(self) -> Json:
        """What the real frames reach, and what the features are."""
        return {
            "features": NAMED[self.segmenter.card.kind],
            "real": {**self.dice, "frechet": self.frechet_real},
        }

    def score(self, images: Sequence[GrayImage], frames: Sequence[CamusFrame]) -> Json:
        """Dice and `frechet` of images made from the frames' label maps, with `frechet_real` beside it."""
        frechet = self.others.distance(echo_features(self.segmenter, images), self.features)
        return {
            **mean_dice(self.segmenter, images, frames),
            "frechet": round(frechet, 3),
            "frechet_real": self.frechet_real,
        }


@dataclass(frozen=True)
class Validation:
    """Real frames to measure generators on, and what judge and labeller make of them."""

    frames: Sequence[CamusFrame]
    judge: ScoredFrames
    labeller: ScoredFrames
    strengths: FloatArray

    @classmethod
    def of(cls, scorers: Scorers, frames: Sequence[CamusFrame], others: Sequence[GrayImage]) -> "Validation":
        """Measure the real frames themselves.

        Args:
            others: frames of the training split, uint8 (h, w).

        Raises:
            RequestError: fewer than two frames.
        """
        judge, labeller = (ScoredFrames.of(one, frames, others) for one in (scorers.judge, scorers.labeller))
        return cls(frames, judge, labeller, grain_strengths([frame.image for frame in frames], frames))

    def real(self) -> Json:
        """`features` and `real` of the judge, and under `labeller` the same of the labeller."""
        return {**self.judge.real(), "labeller": self.labeller.real()}

    def measure(
        self,
        generator: Generator,
        sampling: Sampling,
        seed: int = 0,
        on_frame: Callable[[int, int], None] = lambda done, total: None,
    ) -> Quality:
        """Make a frame from each label map, once, and take all figures from it.

        Args:
            seed: frame k is made with seed + k.
            on_frame: called with (done, total) after each batch.
        """
        images = made_now(generator, self.frames, sampling, seed, on_frame).images
        dice, labeller = (one.score(images, self.frames) for one in (self.judge, self.labeller))
        distances = {name: dice.pop(name) for name in ("frechet", "frechet_real")}
        grain = grain_shares(grain_strengths(images, self.frames), self.strengths)
        return Quality(sampling, dice, **distances, n=len(self.frames), **grain, labeller=labeller)


def with_quality(card: Card, measured: Quality) -> Card:
    """The card with `measured` in its scores, in place of what the same solver, NFE and number of maps gave before."""

    def key(entry: Json) -> tuple[str, int, int]:
        return entry["solver"], entry["nfe"], entry["n"]

    new = measured.to_json()
    kept = [entry for entry in card.scores.get(BY_NFE, []) if key(entry) != key(new)]
    return dataclasses.replace(card, scores={**card.scores, BY_NFE: sorted([*kept, new], key=key)})


def keep_quality(folder: Path, sha256: str, measured: Quality) -> None:
    """Write a line into the card as it is on the disk now, since others may write to it meanwhile.

    Args:
        sha256: of the weights that were measured.

    Raises:
        CheckpointError: the card is of other weights by now.
    """
    card = read_card(folder)
    if card.sha256 != sha256:
        raise CheckpointError(
            expected=f"the weights {sha256[:12]}... that were measured",
            got=f"{card.sha256[:12]}... in {folder} by now",
            remedy="measure again",
        )
    write_card(folder, with_quality(card, measured))
