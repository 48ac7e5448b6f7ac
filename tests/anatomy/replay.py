"""Replay the edit log: the map after an operation, from the map before it, byte for byte as the browser drew it.

The pixel tools' rules; the browser's tools obey the same ones. Positions are in pixels as the canvas counts
them (pixel i covers [i, i + 1), centre i + 0.5), x first, in double precision.

brush, eraser, fill, polygon, lasso: the masks of `raster`; the eraser gives its pixels back to the sector
(sector inside it, 0 outside). A lasso is a polygon of many corners; fewer than three corners draw nothing.

transform, of `structures` by `matrix` [a, b, c, d, e, f], whose forward map is, as a DOMMatrix's,
x' = a·x + c·y + e, y' = b·x + d·y + f. For every output pixel (i, j) of the whole map:

1. u = i + 0.5 − e, v = j + 0.5 − f, det = a·d − b·c;
2. x = (d·u − c·v)/det, y = (a·v − b·u)/det;
3. the pixel looked up, in the map before, is (floor(x + 1e-6), floor(y + 1e-6)); beyond the map it is 0;
4. where the pixel looked up held a moved structure, the output gets it;
5. else, where the output pixel held a moved structure, it becomes sector inside the sector, 0 outside;
6. else it stays.
7. Over all this, a pixel that held a locked label stays, unless the label is one of `structures`.

paste, of `label` through `mask` by `matrix`: `box` [x0, y0, x1, y1] is where the structure was copied, in
pixels of the map it came from, both ends inside the box: (x1 − x0 + 1)·(y1 − y0 + 1) pixels. `mask` is the
box's pixels in run lengths, decimal with commas, row by row from the upper left one: the first run is of
unset pixels (0 where the first pixel is set), the next of set ones, and so on, all adding up to the box.
`matrix` maps pixels of the map it was copied from to pixels of this one: the identity pastes in place.
An output pixel gets `label` where steps 1 to 3 look up a pixel that lies in the box and is set; no other
pixel changes. Pixels that hold a locked label stay.

deform: `before` and `after` are in `deform`'s coordinates (centres at whole numbers), and its five rules hold;
locked labels stay as in step 7.

A matrix needs a determinant of at least 1e-9 either way; numbers beyond a million are refused. `locked` may
be left out of every operation. The operations of `edits` are replayed by the same code that the server runs.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

from echo_studio.anatomy.edits import parameters as read
from echo_studio.anatomy.edits.apply import EDITS
from echo_studio.anatomy.edits.parameters import Op
from echo_studio.anatomy.label_map import MAX_SIDE, LabelMap
from echo_studio.anatomy.labels import FLUID, LABEL_COUNT, MASS, OUTSIDE, SECTOR
from echo_studio.anatomy.plane import pixel_centres, with_ids
from echo_studio.anatomy.shape.warp import SLACK, check_structures, moved
from echo_studio.data.deform import apply_edit
from echo_studio.errors import RequestError, shown
from echo_studio.types import BoolMask, FloatArray, LabelIds
from tests.anatomy.raster import polygon_mask, region_mask, runs_mask, stroke_mask

FLATTEST = 1e-9  # determinant below which a matrix has no inverse


def replay(label_map: LabelMap, sector: BoolMask, op: Op) -> LabelMap:
    """The label map after one operation of the edit log; the same object where it changes nothing.

    Args:
        label_map: as it was before the operation.
        sector: (h, w) True inside the sector, as the canvas knew it: what the eraser or a move leaves behind.
        op: `{"tool": NAME, ...parameters}`; a tool of `PIXEL_TOOLS` or of `edits.EDITS`.

    Raises:
        RequestError: a parameter that is missing or has an impossible value, or an operation that starts
            another map ("open"), which nothing before it tells.
        UnknownNameError: a tool or a parameter that does not exist.
        LabelMapError: the map lacks what the operation needs.
    """
    if sector.shape != label_map.shape:
        raise RequestError(
            expected=f"a sector of the map's size {label_map.shape}",
            got=f"{sector.shape}",
            remedy="send the map's own sector",
        )
    if isinstance(op, Mapping) and op.get("tool") == "open":
        raise RequestError(
            expected="an operation on the map before it", got="'open'", remedy="start from the map that was opened"
        )
    tool = read.tool_of(op, (*PIXEL_TOOLS, *EDITS))
    if tool in EDITS:
        return apply_edit(label_map, op, sector)
    return with_ids(label_map, PIXEL_TOOLS[tool](label_map, sector, op))


def _brush(label_map: LabelMap, _sector: BoolMask, op: Op) -> LabelIds:
    read.only(op, "label", "size", "cells", optional=("locked",))
    return _painted(label_map, _stroke(label_map, op), label(op["label"]), op)


def _eraser(label_map: LabelMap, sector: BoolMask, op: Op) -> LabelIds:
    read.only(op, "size", "cells", optional=("locked",))
    return _painted(label_map, _stroke(label_map, op), _background(sector), op)


def _fill(label_map: LabelMap, _sector: BoolMask, op: Op) -> LabelIds:
    read.only(op, "label", "at", optional=("locked",))
    height, width = label_map.shape
    x, y = (math.floor(c) for c in read.points([op["at"]], "at")[0])
    if not (0 <= x < width and 0 <= y < height):
        return label_map.ids
    return _painted(label_map, region_mask(label_map.ids, x, y), label(op["label"]), op)


def _polygon(label_map: LabelMap, _sector: BoolMask, op: Op) -> LabelIds:
    read.only(op, "label", "points", optional=("locked",))
    points = read.points(op["points"], "points")
    if len(points) < 3:
        return label_map.ids
    return _painted(label_map, polygon_mask(label_map.shape, points), label(op["label"]), op)


def _transform(label_map: LabelMap, sector: BoolMask, op: Op) -> LabelIds:
    read.only(op, "structures", "matrix", optional=("locked",))
    structures = sorted(read.labels(op["structures"], "structures"))
    if not structures or not set(structures) <= {FLUID, MASS}:
        check_structures(structures)
    # `moved` counts centres as whole numbers.
    source = _before(label_map.shape, matrix(op["matrix"])) - 0.5
    return moved(label_map.ids, source, structures, sector, locked=_locked(op))


def _paste(label_map: LabelMap, _sector: BoolMask, op: Op) -> LabelIds:
    read.only(op, "label", "box", "mask", "matrix", optional=("locked",))
    x0, y0, x1, y1 = box(op["box"])
    copied = runs_mask(str(op["mask"]), (y1 - y0 + 1, x1 - x0 + 1))
    place = np.floor(_before(label_map.shape, matrix(op["matrix"])) + SLACK)
    x, y = place[..., 0] - x0, place[..., 1] - y0
    inside = (x >= 0) & (y >= 0) & (x <= x1 - x0) & (y <= y1 - y0)
    mask = np.zeros(label_map.shape, bool)
    mask[inside] = copied[y[inside].astype(int), x[inside].astype(int)]
    return _painted(label_map, mask, label(op["label"]), op)


PIXEL_TOOLS: dict[str, Callable[[LabelMap, BoolMask, Op], LabelIds]] = {
    "brush": _brush,
    "eraser": _eraser,
    "fill": _fill,
    "polygon": _polygon,
    "lasso": _polygon,
    "transform": _transform,
    "paste": _paste,
}


def _stroke(label_map: LabelMap, op: Op) -> BoolMask:
    size = read.whole(op["size"], "size", 1, MAX_SIDE)
    cells = [(int(x), int(y)) for x, y in read.points(op["cells"], "cells")]
    return stroke_mask(label_map.shape, cells, size)


def _painted(label_map: LabelMap, mask: BoolMask, label: int | LabelIds, op: Op) -> LabelIds:
    free = mask & ~np.isin(label_map.ids, list(_locked(op)))
    return np.where(free, np.asarray(label, np.uint8), label_map.ids)


def _locked(op: Op) -> frozenset[int]:
    return read.labels(op.get("locked", []), "locked")


def _background(sector: BoolMask) -> LabelIds:
    return np.where(sector, np.uint8(SECTOR), np.uint8(OUTSIDE))


def _before(shape: tuple[int, int], matrix: tuple[float, ...]) -> FloatArray:
    """(h, w, 2) where each pixel's centre was before the map moved by a matrix, as the canvas counts positions."""
    a, b, c, d, e, f = matrix
    u, v = np.moveaxis(pixel_centres(shape) + 0.5 - [e, f], -1, 0)
    determinant = a * d - b * c
    return np.stack([(d * u - c * v) / determinant, (a * v - b * u) / determinant], axis=-1)


def label(value: Any) -> int:
    """A label id; RequestError for anything else."""
    return read.whole(value, "label", 0, LABEL_COUNT - 1)


def matrix(value: Any) -> tuple[float, ...]:
    """Six numbers [a, b, c, d, e, f] of an affine map that has an inverse.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 6:
        refuse("a matrix of six numbers [a, b, c, d, e, f]", value, "give all six")
    a, b, c, d, e, f = (read.number(one, "a number of the matrix", -read.FAR, read.FAR) for one in value)
    if abs(a * d - b * c) < FLATTEST:
        refuse("a matrix that has an inverse", value, "do not flatten the structure to a line")
    return a, b, c, d, e, f


def box(value: Any) -> tuple[int, int, int, int]:
    """A box [x0, y0, x1, y1] of pixels, both ends inside it.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        refuse("a box [x0, y0, x1, y1]", value, "give all four sides")
    x0, y0, x1, y1 = (read.whole(side, "a side of the box", 0, MAX_SIDE - 1) for side in value)
    if x1 < x0 or y1 < y0:
        refuse("a box [x0, y0, x1, y1] with x0 <= x1 and y0 <= y1", value, "swap the sides")
    return x0, y0, x1, y1


def refuse(expected: str, value: Any, remedy: str) -> NoReturn:
    raise RequestError(expected=expected, got=shown(value), remedy=remedy)
