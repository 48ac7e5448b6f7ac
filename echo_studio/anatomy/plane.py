"""The plane that a label map lies in: pixels to lengths and back, on a grid whose pixels may not be square."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import LabelMapError
from echo_studio.types import BoolMask, FloatArray, LabelIds, Spacing


@dataclass(frozen=True)
class Plane:
    """Sizes of a pixel: mm where the spacing is known, else 1 x 1, so that lengths are pixels.

    Attributes:
        sx, sy: size of a pixel along x and y.
    """

    sx: float
    sy: float

    @classmethod
    def of(cls, label_map: LabelMap) -> "Plane":
        sy, sx = label_map.spacing_mm or (1.0, 1.0)
        return cls(sx, sy)

    @property
    def pixel_area(self) -> float:
        return self.sx * self.sy

    @property
    def aspect(self) -> float:
        """Size of a pixel in y over its size in x, as in `Sector`."""
        return self.sy / self.sx

    def lengths(self, xy: FloatArray) -> FloatArray:
        """(..., 2) pixel coordinates (x, y) as lengths."""
        return np.asarray(xy * np.array([self.sx, self.sy]))

    def pixels(self, points: FloatArray) -> FloatArray:
        """(..., 2) lengths as pixel coordinates (x, y)."""
        return np.asarray(points / np.array([self.sx, self.sy]))

    def pixel(self, point: FloatArray) -> tuple[float, float]:
        """Two lengths as the pixel coordinates (x, y)."""
        x, y = self.pixels(point)
        return float(x), float(y)

    def width_along(self, direction: FloatArray) -> npt.NDArray[np.float64]:
        """(...) how far one pixel reaches along unit vectors (..., 2)."""
        return np.asarray(np.abs(direction) @ np.array([self.sx, self.sy]))

    def centres(self, shape: tuple[int, int]) -> FloatArray:
        """(h, w, 2) every pixel's centre as lengths."""
        return self.lengths(pixel_centres(shape))


def pixel_centres(shape: tuple[int, int]) -> FloatArray:
    """(h, w, 2) pixel coordinates (x, y) of every pixel; centres are at whole numbers."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    return np.stack([x, y], axis=-1)


def box_of(mask: BoolMask) -> tuple[slice, slice]:
    """The smallest box (rows, columns) around a mask that is not empty."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def largest_component(mask: BoolMask) -> BoolMask:
    """The largest 8-connected component of a mask, of equals the first, row by row; the mask itself if it is empty."""
    if not mask.any():
        return mask
    box = box_of(mask)
    count, components, stats, _ = cv2.connectedComponentsWithStats(mask[box].astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    sizes = stats[1:, cv2.CC_STAT_AREA]
    equals = 1 + np.flatnonzero(sizes == sizes.max())
    first = int(np.isin(components, equals).argmax()) if len(equals) > 1 else 0
    largest = np.zeros_like(mask)
    largest[box] = components == (components.flat[first] if len(equals) > 1 else equals[0])
    return largest


def border(mask: BoolMask) -> npt.NDArray[np.intp]:
    """(n, 2) border pixels (x, y) of the largest component, in order around it; (0, 2) where the mask is empty."""
    if not mask.any():
        return np.empty((0, 2), np.intp)
    rows, columns = box_of(mask)
    found, _ = cv2.findContours(
        largest_component(mask[rows, columns]).astype(np.uint8),
        mode=cv2.RETR_EXTERNAL,
        method=cv2.CHAIN_APPROX_NONE,
        offset=(columns.start, rows.start),
    )
    return max(found, key=len)[:, 0, :].astype(np.intp)


def near(mask: BoolMask, radius: int = 1) -> BoolMask:
    """The mask and every pixel at most `radius` pixels from it, diagonals counted as one."""
    side = 2 * radius + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def require_spacing(label_map: LabelMap, what: str) -> Spacing:
    """The spacing (y, x) in mm.

    Raises:
        LabelMapError: it is not known; `what` names the length that needs it.
    """
    if label_map.spacing_mm is None:
        raise LabelMapError(
            expected=f"a label map with its pixel spacing, for {what} in mm",
            got="no spacing",
            remedy="give the spacing in mm, or the length in pixels",
        )
    return label_map.spacing_mm


def with_ids(label_map: LabelMap, ids: LabelIds) -> LabelMap:
    """A label map of the same spacing; the same object where no id differs."""
    return label_map if np.array_equal(ids, label_map.ids) else LabelMap(ids, label_map.spacing_mm)
