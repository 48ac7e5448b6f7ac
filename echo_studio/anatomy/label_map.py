"""The label map: the one value that the editor, the generators and the exporters pass around."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.labels import LABEL_COUNT, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SCHEMA_2, schema_of
from echo_studio.errors import LabelMapError
from echo_studio.types import BoolMask, LabelIds, Spacing

MAX_SIDE = 4096
MIN_SIDE = 8

Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Label ids of one frame; validated when made, immutable after.

    Args:
        ids: uint8 (h, w), ids of `camus+sector/2` (0 outside, 1 LV cavity, 2 LV myocardium,
            3 left atrium, 4 sector, 5 fluid, 6 mass). 8 to 4096 pixels a side. A read-only copy is kept.
        spacing_mm: pixel spacing (y, x) in mm, or None where it is not known.

    Raises:
        LabelMapError: the array has another rank, type or size, holds an unknown id, or the
            spacing is not two positive finite numbers.
    """

    ids: LabelIds
    spacing_mm: Spacing | None = None

    def __post_init__(self) -> None:
        ids = np.array(_validated_ids(self.ids), copy=True)
        ids.setflags(write=False)
        object.__setattr__(self, "ids", ids)
        if self.spacing_mm is not None:
            object.__setattr__(self, "spacing_mm", _validated_spacing(self.spacing_mm))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LabelMap):
            return NotImplemented
        return self.spacing_mm == other.spacing_mm and np.array_equal(self.ids, other.ids)

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.ids.shape[0], self.ids.shape[1]

    @property
    def schema(self) -> str:
        """Version 1 of the label schema, or 2 where the map holds fluid or mass."""
        return schema_of(self.ids)

    @property
    def digest(self) -> str:
        """sha256 of schema, shape and ids: what a generation record keeps."""
        head = f"{self.schema} {self.shape[0]}x{self.shape[1]}\n".encode()
        return hashlib.sha256(head + self.ids.tobytes()).hexdigest()

    @property
    def inside(self) -> BoolMask:
        """(h, w) True where the ultrasound sector or any structure is."""
        return np.asarray(self.ids != OUTSIDE)

    @cached_property
    def findings(self) -> dict[str, Any]:
        """What has been found in this map, by the finder's name; see `once`."""
        return {}

    def structures(self) -> dict[str, BoolMask]:
        """The three structures that the papers score, each (h, w): epicardium is cavity and wall together."""
        cavity = self.ids == LV_CAVITY
        return {
            "lv_endo": cavity,
            "lv_epi": cavity | (self.ids == LV_MYOCARDIUM),
            "la": self.ids == LEFT_ATRIUM,
        }

    def one_hot(self) -> npt.NDArray[np.float32]:
        """float32 (7, h, w), channels in id order."""
        return np.asarray(np.arange(LABEL_COUNT)[:, None, None] == self.ids, dtype=np.float32)

    def resized(self, height: int, width: int) -> "LabelMap":
        """Nearest-neighbour resampling at pixel centres; spacing follows. The identity where the size is the same."""
        old_h, old_w = self.shape
        if (height, width) == (old_h, old_w):
            return self
        rows = np.minimum(((np.arange(height) + 0.5) * old_h / height).astype(np.intp), old_h - 1)
        cols = np.minimum(((np.arange(width) + 0.5) * old_w / width).astype(np.intp), old_w - 1)
        spacing = self.spacing_mm
        if spacing is not None:
            spacing = (spacing[0] * old_h / height, spacing[1] * old_w / width)
        return LabelMap(self.ids[np.ix_(rows, cols)], spacing)


def _validated_ids(ids: Any) -> LabelIds:
    remedy = f"use ids of {SCHEMA_2} in an 8-bit single-channel array"
    if not isinstance(ids, np.ndarray) or ids.ndim != 2:
        shape = getattr(ids, "shape", type(ids).__name__)
        raise LabelMapError(expected="a label map of shape (height, width)", got=f"{shape}", remedy=remedy)
    if ids.dtype != np.uint8:
        raise LabelMapError(expected="a label map of type uint8", got=f"{ids.dtype}", remedy=remedy)
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in ids.shape):
        raise LabelMapError(
            expected=f"{MIN_SIDE} to {MAX_SIDE} pixels a side",
            got=f"{ids.shape[1]}x{ids.shape[0]}",
            remedy="resize the label map with nearest-neighbour sampling",
        )
    if int(ids.max()) >= LABEL_COUNT:
        unknown = sorted(int(i) for i in np.unique(ids) if i >= LABEL_COUNT)
        raise LabelMapError(
            expected=f"label ids 0 to {LABEL_COUNT - 1}",
            got=f"unknown label ids {', '.join(map(str, unknown[:6]))}{' ...' if len(unknown) > 6 else ''}",
            remedy=remedy,
        )
    return ids


def _validated_spacing(spacing: Spacing) -> Spacing:
    values = tuple(float(value) for value in spacing)
    if len(values) != 2 or not all(math.isfinite(value) and value > 0 for value in values):
        raise LabelMapError(
            expected="pixel spacing (y, x) as two positive numbers in mm",
            got=f"{spacing}",
            remedy="use None where the spacing is not known",
        )
    return values[0], values[1]


def once(find: Callable[[LabelMap], Found]) -> Callable[[LabelMap], Found]:
    """A function of a label map alone whose answer the map keeps, as long as it lives; errors are not kept.

    Answers are shared: give back what nobody can change.
    """
    name = f"{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def found(label_map: LabelMap) -> Found:
        if name not in label_map.findings:
            label_map.findings[name] = find(label_map)
        answer: Found = label_map.findings[name]
        return answer

    return found


def dice(a: BoolMask, b: BoolMask) -> float | None:
    """2 |A and B| / (|A| + |B|) (003 eq. 16); None where both are empty."""
    size = int(a.sum()) + int(b.sum())
    return 2 * int(np.logical_and(a, b).sum()) / size if size else None


def structure_dice(found: LabelMap, wanted: LabelMap) -> dict[str, float | None]:
    """Dice of `lv_endo`, `lv_epi` and `la`; None where the wanted map does not have the structure.

    Args:
        found, wanted: label maps of one size.
    """
    ours, theirs = found.structures(), wanted.structures()
    return {key: dice(ours[key], theirs[key]) if theirs[key].any() else None for key in theirs}
