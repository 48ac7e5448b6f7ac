"""Copies of training images: the nearest one of a frame, and whether it is nearer than real hearts are to each other.

Two measures, each by itself enough for a flag: the correlation of grain at the best shift, and the likeness of what the
segmenter's encoder sees. What counts as near is learned from real training images and their nearest of another
patient; how often that is a false alarm is measured on held-out real images, which had no part in it.

The grain print is for copies: light, gain and slow shading are taken out, so that what correlates is the texture at its
place. The structure print is what the segmenter's encoder sees where: it stays when a copy is noisy, blurred or
slightly bent, and two hearts of one layout come closer in it than in their grain.

A data set may itself hold one recording under two patients (CAMUS does). So the level is not the nearest pair that
there is, nor a quantile out there: how near the nearest of many comes follows Gumbel's law of extremes, fitted here
through its median and its 95th percentile, which a few such twins do not move.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from echo_studio.data.formats.encode import encode
from echo_studio.errors import DataError
from echo_studio.evaluate.frames.made_frames import MadeSet, at_side
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.types import FloatArray, GrayImage, Json

Prints: TypeAlias = npt.NDArray[np.float32]  # (n, d): one row a frame

SIDE = 64  # of the picture that the grain is taken from: noise and single pixels average out
LOCAL = 3.0  # deviation of the Gaussian whose mean is taken away, in pixels of that picture
DARK = 12.0  # grey levels of a local mean below which a place counts as outside the sector, noisy black included
FAINT = 5.0  # grey levels: texture fainter than this is not raised to full strength
REACH = 2  # pixels of that picture that a copy may be shifted by, either way: 3 % of the side
GRID = 4  # cells a side of the structure print
BATCH = 8
RARE = 0.001  # share of real images that are expected to be as near to another patient's, by each measure
BODY = (0.5, 0.95)  # quantiles that the law is fitted through
AT_ONCE = 8  # frames searched for in one product
MIN_PATIENTS = 2
CLOSEST = 8  # pairs that are always shown, flagged or not
GAP = 8  # black pixels between two pictures


def grain_print(image: GrayImage) -> Prints:
    """(SIDE^2,) of length 1: grey levels without their local mean, over their local deviation, 0 outside the sector.

    Args:
        image: uint8 (h, w), black outside the sector but for noise.
    """
    method = cv2.INTER_AREA if max(image.shape) > SIDE else cv2.INTER_LINEAR
    small = cv2.resize(image, (SIDE, SIDE), interpolation=method).astype(np.float32)
    lit = (cv2.GaussianBlur(small, (0, 0), 1.0) > DARK).astype(np.float32)
    share = cv2.GaussianBlur(lit, (0, 0), LOCAL) + 1e-3
    rest = (small - cv2.GaussianBlur(small * lit, (0, 0), LOCAL) / share) * lit
    rest = rest / np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), LOCAL) / share + FAINT**2)
    length = float(np.linalg.norm(rest))
    return np.asarray(rest.ravel() / max(length, 1e-6), dtype=np.float32)


def shifted(one: Prints) -> Prints:
    """A grain print at every shift within `REACH`: float32 (shifts, SIDE^2). What leaves on one side is lost."""
    padded = np.pad(one.reshape(SIDE, SIDE), REACH)
    steps = range(2 * REACH + 1)
    return np.stack([padded[y : y + SIDE, x : x + SIDE].ravel() for y in steps for x in steps])


@torch.inference_mode()
def structure_prints(segmenter: FrameSegmenter, images: Sequence[GrayImage]) -> Prints:
    """Means of the encoder's deepest level before the bottom over `GRID` x `GRID` cells: float32 (n, channels GRID^2).

    The segmenter looks at half its resolution: noise is halved, and time quartered.

    Args:
        images: uint8 (h, w), sizes may differ.
    """
    rows = []
    for start in range(0, len(images), BATCH):
        seen = F.avg_pool2d(segmenter.pixels(images[start : start + BATCH]), 2)
        level = segmenter.network.features(seen)[-1]
        rows.append(F.adaptive_avg_pool2d(level, GRID).flatten(1).numpy())
    return np.concatenate(rows)


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


def false_alarms(flagged: int, n: int) -> Json:
    """How often real images that are nobody's copies are flagged: k of n, with Wilson's interval of 95 %."""
    z2, share = 1.96**2, flagged / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = 1.96 * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    interval = [round(max(0.0, float(middle - half)), 4), round(min(1.0, float(middle + half)), 4)]
    return {"flagged": flagged, "n": n, "rate": round(share, 4), "interval_95": interval}


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


def pair_files(
    made: MadeSet, neighbours: Sequence[Neighbour], training: Callable[[int], GrayImage], report: Json
) -> dict[str, bytes]:
    """Files by name: `privacy.json`, `kept.txt`, `flagged.txt`, a picture of each flagged frame beside its neighbour.

    The closest frames have pictures too, so that one can see how near the nearest came.

    Args:
        training: gives training image k, uint8 (h, w).
        report: of the check.
    """
    flagged = [name for name, one in zip(made.names, neighbours, strict=True) if one.flags]
    kept = [name for name, one in zip(made.names, neighbours, strict=True) if not one.flags]
    closest = sorted(range(len(neighbours)), key=lambda k: -neighbours[k].grain)[:CLOSEST]
    shown = [k for k, one in enumerate(neighbours) if one.flags or k in closest]
    files = {
        "privacy.json": json.dumps(report, indent=2, allow_nan=False).encode(),
        "kept.txt": "".join(f"{name}\n" for name in kept).encode(),
        "flagged.txt": "".join(f"{name}\n" for name in flagged).encode(),
    }
    for k in shown:
        name = f"pair_{made.names[k].replace('/', '_')}.png"
        both = beside(made.images[k], training(neighbours[k].place))
        files[name] = encode(Path(name), both, None, "Synthetic frame and a training image", {"neighbour_of": k})
    return files


def beside(made: GrayImage, real: GrayImage) -> GrayImage:
    """Two frames in one picture, the made one left: uint8 (256, 520)."""
    ours, theirs = at_side(made), at_side(real)
    return np.hstack([ours, np.zeros((len(ours), GAP), np.uint8), theirs])
