"""Shapes as whole pixels: the same masks, bit for bit, as `canvas/document/raster.js` paints in the browser.

Positions are in pixels of the map as the canvas counts them: pixel i covers [i, i + 1), its centre is
i + 0.5. No antialiasing: a pixel is in the shape or it is not.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from echo_studio.errors import RequestError
from echo_studio.types import BoolMask, FloatArray, LabelIds

MAX_CELLS = 2_000_000  # of one stroke, those between the pointer's cells counted


def disc(diameter: int) -> tuple[BoolMask, int]:
    """The disc of a brush, and how many rows and columns of it lie before its cell.

    Discs of odd diameter are centred on their cell's centre, of even diameter on its upper left corner.
    """
    reach, offset = diameter >> 1, 0.0 if diameter % 2 else 0.5
    steps = np.arange(-reach, reach + 1)
    rows = steps + offset
    chord = diameter * diameter / 4 - rows * rows
    half = np.sqrt(np.maximum(chord, 0.0))[:, None]
    inside = (steps >= np.ceil(-half - offset)) & (steps <= np.floor(half - offset))
    return np.asarray(inside & (chord >= 0)[:, None]), reach


def cells_between(start: tuple[int, int], end: tuple[int, int]) -> npt.NDArray[np.int64]:
    """int (n, 2) cells from one to another, the first one left out."""
    count = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    k = np.arange(1, count + 1)
    sides = [np.floor(a + (b - a) * k / count + 0.5) for a, b in zip(start, end, strict=True)]
    return np.stack(sides, axis=1).astype(np.int64)


def stroke_mask(shape: tuple[int, int], cells: Sequence[tuple[int, int]], diameter: int) -> BoolMask:
    """(h, w) what a brush of a diameter touches on its way over cells (column, row).

    Raises:
        RequestError: the way is longer than any hand's.
    """
    steps = sum(max(abs(b[0] - a[0]), abs(b[1] - a[1])) for a, b in pairwise(cells))
    if steps > MAX_CELLS:
        raise RequestError(
            expected=f"a stroke over at most {MAX_CELLS} cells", got=f"{steps}", remedy="paint it in several strokes"
        )
    stamp, reach = disc(diameter)
    side = len(stamp)
    way = [np.array(cells[:1], np.int64).reshape(-1, 2)]
    way += [cells_between(a, b) for a, b in pairwise(cells)]
    corners = np.unique(np.concatenate(way), axis=0) - reach
    height, width = shape
    seen = (corners > -side).all(axis=1) & (corners < [width, height]).all(axis=1)
    canvas = np.zeros((height + 2 * side, width + 2 * side), bool)
    for x, y in corners[seen] + side:
        canvas[y : y + side, x : x + side] |= stamp
    return canvas[side : side + height, side : side + width]


def polygon_mask(shape: tuple[int, int], points: FloatArray) -> BoolMask:
    """(h, w) pixels whose centres lie inside a closed outline (n, 2), by the even-odd rule.

    A centre on the outline is inside on a left or upper edge, outside on a right or lower one.
    """
    height, width = shape
    mask = np.zeros(shape, bool)
    ax, ay = points.T
    bx, by = np.roll(points, -1, axis=0).T
    rows = range(max(0, math.floor(ay.min())), min(height - 1, math.floor(ay.max())) + 1)
    for y in rows:
        centre = y + 0.5
        crossed = (ay <= centre) != (by <= centre)
        left, top = ax[crossed], ay[crossed]
        crossings = np.sort(left + (centre - top) / (by[crossed] - top) * (bx[crossed] - left))
        ends = np.ceil(crossings - 0.5).clip(0, width).astype(int)
        for x0, x1 in zip(ends[::2], ends[1::2], strict=True):
            mask[y, x0:x1] = True
    return mask


def region_mask(ids: LabelIds, column: int, row: int) -> BoolMask:
    """(h, w) the 4-connected region of equal ids around a pixel."""
    numbers, _ = ndimage.label(ids == ids[row, column])
    return np.asarray(numbers == numbers[row, column])


def runs_mask(runs: str, shape: tuple[int, int]) -> BoolMask:
    """(h, w) a mask from its run lengths "12,3,40": unset, set, unset ... pixels, row by row.

    Raises:
        RequestError: another text, or runs that do not add up to the mask's pixels.
    """
    pixels = shape[0] * shape[1]
    words = runs.split(",")
    # Seven digits hold every run of the largest map; isdigit alone would let other scripts' digits in.
    if not all(word.isascii() and word.isdigit() and len(word) <= 8 for word in words):
        raise RequestError(
            expected='a mask in run lengths like "12,3,40"', got=f"{runs[:40]!r}", remedy="send whole numbers alone"
        )
    lengths = np.array([int(word) for word in words], np.int64)
    if int(lengths.sum()) != pixels:
        raise RequestError(
            expected=f"run lengths that add up to {pixels} pixels", got=f"{lengths.sum()}", remedy="send the whole box"
        )
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(shape)
