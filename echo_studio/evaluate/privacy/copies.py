"""Copies of training images: the nearest one of a frame, and whether it is nearer than real hearts are to each other.

Two measures, each by itself enough for a flag: the correlation of grain at the best shift, and the likeness of what the
segmenter's encoder sees. What counts as near is learned from real training images and their nearest of another
patient; how often that is a false alarm is measured on held-out real images, which had no part in it.

A data set may itself hold one recording under two patients (CAMUS does). So the level is not the nearest pair that
there is, nor a quantile out there: how near the nearest of many comes follows Gumbel's law of extremes, fitted here
through its median and its 95th percentile, which a few such twins do not move.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echo_studio.errors import DataError
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.evaluate.privacy.fingerprint import Prints, grain_print, shifted, structure_prints
from echo_studio.types import FloatArray, GrayImage, Json

RARE = 0.001  # share of real images that are expected to be as near to another patient's, by each measure
BODY = (0.5, 0.95)  # quantiles that the law is fitted through
AT_ONCE = 8  # frames searched for in one product
MIN_PATIENTS = 2


@dataclass(frozen=True)
class Neighbour:
    """The nearest training images of a frame.

    Attributes:
        place: of the training image to look at: the nearest by grain, or by structure where that alone is a flag.
        grain: the highest correlation at the best shift, -1 to 1.
        structure: the greatest likeness, -1 to 1: cosine between structure prints in units of their deviation.
        flags: by which of the two measures the frame is nearer than real images of two patients are.
    """

    place: int
    grain: float
    structure: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class FalseAlarms:
    """How often real images that are nobody's copies are flagged: k of n, with Wilson's interval of 95 %."""

    flagged: int
    n: int

    def to_json(self) -> Json:
        z2, share = 1.96**2, self.flagged / self.n
        middle = (share + z2 / (2 * self.n)) / (1 + z2 / self.n)
        half = 1.96 * np.sqrt(share * (1 - share) / self.n + z2 / (4 * self.n**2)) / (1 + z2 / self.n)
        interval = [round(max(0.0, float(middle - half)), 4), round(min(1.0, float(middle + half)), 4)]
        return {"flagged": self.flagged, "n": self.n, "rate": round(share, 4), "interval_95": interval}


@dataclass(frozen=True)
class CopyFinder:
    """Training images as prints, and how near real images of two patients come.

    Attributes:
        grain: (n, SIDE^2) of length 1 each.
        structure: (n, d), centred, in units of their deviation, of length 1 each.
        centre, unit: (d,) of the structure prints.
        near_grain, near_structure: above these a frame is flagged.
        twins: places of training images of two patients that are as near to each other as that.
    """

    segmenter: FrameSegmenter
    grain: Prints
    structure: Prints
    centre: Prints
    unit: Prints
    near_grain: float
    near_structure: float
    twins: tuple[tuple[int, int], ...]

    @classmethod
    def of(
        cls,
        segmenter: FrameSegmenter,
        images: Callable[[int], GrayImage],
        patients: Sequence[str],
        on_image: Callable[[int, int], None] = lambda done, total: None,
    ) -> "CopyFinder":
        """Learn the training images.

        Args:
            images: gives training image k, uint8 (h, w); each is asked for once.
            patients: whose each one is: images of one patient are no measure of nearness.
            on_image: called with (done, total).

        Raises:
            DataError: fewer than two patients.
        """
        if len(set(patients)) < MIN_PATIENTS:
            raise DataError(
                expected=f"training images of {MIN_PATIENTS} or more patients",
                got=f"{len(set(patients))}",
                remedy="add patients to the training split",
            )
        grain, structure = [], []
        for start in range(0, len(patients), AT_ONCE):
            batch = [images(k) for k in range(start, min(start + AT_ONCE, len(patients)))]
            grain.append(np.stack([grain_print(image) for image in batch]))
            structure.append(structure_prints(segmenter, batch))
            on_image(start + len(batch), len(patients))
        raw = np.concatenate(structure)
        centre, unit = raw.mean(axis=0), raw.std(axis=0)
        unit[unit < 1e-6] = np.inf  # what never varies says nothing
        prints, directions = np.concatenate(grain), _directions(raw, centre, unit)
        names = np.asarray(patients)
        same = names[:, None] == names[None, :]
        grains = np.where(same, -1.0, _correlations(prints, prints))
        structures = np.where(same, -1.0, directions @ directions.T)
        near = near_level(grains.max(axis=1)), near_level(structures.max(axis=1))
        pairs = np.argwhere(np.triu((grains > near[0]) | (structures > near[1])))
        twins = tuple((int(first), int(second)) for first, second in pairs)
        return cls(segmenter, prints, directions, centre, unit, *near, twins)

    def nearest(self, images: Sequence[GrayImage]) -> list[Neighbour]:
        """The nearest training images of each frame, uint8 (h, w); sizes may differ."""
        grains = _correlations(np.stack([grain_print(image) for image in images]), self.grain)
        raw = structure_prints(self.segmenter, images)
        structures = _directions(raw, self.centre, self.unit) @ self.structure.T
        return [self._neighbour(grain, structure) for grain, structure in zip(grains, structures, strict=True)]

    def _neighbour(self, grain: FloatArray, structure: npt.NDArray[np.float32]) -> Neighbour:
        nearness = {"grain": float(grain.max()), "structure": float(structure.max())}
        near = {"grain": self.near_grain, "structure": self.near_structure}
        flags = tuple(measure for measure in near if nearness[measure] > near[measure])
        place = int(structure.argmax() if flags == ("structure",) else grain.argmax())
        return Neighbour(place, nearness["grain"], nearness["structure"], flags)


def near_level(nearest: FloatArray) -> float:
    """The nearness that `RARE` of real images are expected to pass, from how near the nearest came to (n,) of them."""
    low, high = np.quantile(nearest, BODY)
    at_low, at_high, wanted = (-np.log(-np.log(share)) for share in (*BODY, 1 - RARE))
    return float(low + (high - low) * (wanted - at_low) / (at_high - at_low))


def _correlations(prints: Prints, others: Prints) -> FloatArray:
    """(n, m) of grain prints (n, d) and (m, d), at the best shift of each pair."""
    rows = []
    for start in range(0, len(prints), AT_ONCE):
        batch = np.stack([shifted(one) for one in prints[start : start + AT_ONCE]])
        products = batch.reshape(-1, batch.shape[-1]) @ others.T
        rows.append(products.reshape(*batch.shape[:2], -1).max(axis=1))
    return np.concatenate(rows).astype(np.float64)


def _directions(raw: Prints, centre: Prints, unit: Prints) -> Prints:
    scaled = (raw - centre) / unit
    return np.asarray(scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-6), dtype=np.float32)
