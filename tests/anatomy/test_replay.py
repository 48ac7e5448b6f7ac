import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.draw import polygon as polygon_of_skimage
from skimage.segmentation import flood

from echo_studio.anatomy.edits.apply import EDITS
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.plane import pixel_centres
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.deform import deform
from echo_studio.data.template import template
from echo_studio.errors import EchoStudioError, RequestError, UnknownNameError
from tests.anatomy.heart import heart
from tests.anatomy.raster import disc, polygon_mask, region_mask, runs_mask, stroke_mask
from tests.anatomy.replay import PIXEL_TOOLS, replay
from tests.browser.brush import ZIGZAG, Model

HEART = heart()
SECTOR_SHAPE = np.asarray(HEART.inside)
IDENTITY = [1, 0, 0, 1, 0, 0]
POINTS = [[40, 60.5], [200, 80], [120.25, 220], [90, 100]]

OPS = [
    {"tool": "brush", "label": 1, "size": 12, "cells": [[100, 100], [140, 120]], "locked": [0]},
    {"tool": "eraser", "size": 9, "cells": [[100, 100], [140, 150]], "locked": [0]},
    {"tool": "fill", "label": 3, "at": [127.5, 100.5], "locked": [0]},
    {"tool": "polygon", "label": 2, "points": POINTS, "locked": [0]},
    {"tool": "lasso", "label": 4, "points": POINTS, "locked": [0]},
    {"tool": "transform", "structures": [1, 2], "matrix": [0.9, 0.1, -0.1, 0.9, 12, 3], "locked": [0]},
    {"tool": "paste", "label": 3, "box": [10, 20, 13, 22], "mask": "1,2,2,7", "matrix": [1, 0, 0, 1, 90, 60]},
    {"tool": "deform", "kind": "rigid", "structures": [1, 2], "before": [[127, 60]], "after": [[131, 66]]},
    {"tool": "shape", "values": {"lv_size": 1.1}},
    {"tool": "vary", "seed": 7},
    {"tool": "defect", "defect": "septal", "values": {"at": 0.5, "width_mm": 8}},
    {"tool": "smooth", "label": 2, "radius": 3},
]


def ids_of(label_map: LabelMap, op: dict) -> np.ndarray:
    return replay(label_map, SECTOR_SHAPE, op).ids


@pytest.mark.parametrize("op", OPS, ids=lambda op: op["tool"])
def test_an_operation_survives_json_changes_something_and_comes_out_alike_every_time(op: dict) -> None:
    made = replay(HEART, SECTOR_SHAPE, op)
    assert made != HEART
    assert made == replay(HEART, SECTOR_SHAPE, json.loads(json.dumps(op)))
    assert set(np.unique(made.ids)) <= set(range(5))
    assert made.spacing_mm == HEART.spacing_mm
    assert (made.ids[HEART.ids == OUTSIDE] == OUTSIDE).all()


@pytest.mark.parametrize("op", [op for op in OPS if op["tool"] in PIXEL_TOOLS], ids=lambda op: op["tool"])
def test_locked_labels_stay_where_they_are(op: dict) -> None:
    locked = [0, 2, 4]
    made = ids_of(HEART, op | {"locked": locked})
    kept = np.isin(HEART.ids, [label for label in locked if label not in op.get("structures", [])])
    assert (made[kept] == HEART.ids[kept]).all()


def test_every_tool_of_the_log_can_be_replayed() -> None:
    assert set(PIXEL_TOOLS) | set(EDITS) == {op["tool"] for op in OPS} | {"islands", "repair", "resize"}


@given(
    size=st.integers(1, 40),
    points=st.lists(st.tuples(st.floats(-60, 320), st.floats(-60, 320)), min_size=1, max_size=6),
    label=st.sampled_from([None, 1, 3]),
)
@settings(max_examples=40, deadline=None)
def test_strokes_are_those_of_the_canvas(size: int, points: list, label: int | None) -> None:
    """`Model` is what the browser tests hold the canvas to."""
    model = Model(HEART.ids)
    model.stroke(points, size, label)
    cells = [[math.floor(c) if size % 2 else math.floor(c + 0.5) for c in point] for point in points]
    op = {"tool": "eraser"} if label is None else {"tool": "brush", "label": label}
    assert (ids_of(HEART, op | {"size": size, "cells": cells, "locked": [0]}) == model.ids).all()


def test_a_zigzag_of_the_browser_tests_is_replayed() -> None:
    model = Model(HEART.ids)
    model.stroke(ZIGZAG, 12, 2)
    cells = [[math.floor(c + 0.5) for c in point] for point in ZIGZAG]
    assert (ids_of(HEART, {"tool": "brush", "label": 2, "size": 12, "cells": cells, "locked": [0]}) == model.ids).all()


@pytest.mark.parametrize("diameter", [1, 2, 3, 8, 9, 100])
def test_a_disc_is_symmetric_and_as_large_as_its_circle(diameter: int) -> None:
    mask, reach = disc(diameter)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    core = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert (core == core[::-1]).all()
    assert (core == core[:, ::-1]).all()
    assert (core == core.T).all()
    assert core.shape[0] == diameter
    assert mask.sum() == pytest.approx(math.pi * diameter**2 / 4, rel=0.3 if diameter < 20 else 0.03)
    assert mask[reach, reach]


@given(corners=arrays(np.float64, (5, 2), elements=st.floats(-10, 70)))
@settings(max_examples=60, deadline=None)
def test_polygons_are_those_of_scikit_image_at_pixel_centres(corners: np.ndarray) -> None:
    mask, theirs = polygon_mask((60, 64), corners), np.zeros((60, 64), bool)
    theirs[polygon_of_skimage(corners[:, 1] - 0.5, corners[:, 0] - 0.5, (60, 64))] = True
    # It counts centres on an edge as inside: where a hundredth of a pixel decides, the two need not agree.
    centres = pixel_centres((60, 64)) + 0.5
    clear = np.ones((60, 64), bool)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = end - start
        share = ((centres - start) @ along / max(along @ along, 1e-9)).clip(0, 1)
        clear &= np.hypot(*np.moveaxis(centres - start - share[..., None] * along, -1, 0)) > 0.01
    assert (mask == theirs)[clear].all()


def test_two_polygons_that_share_an_edge_cover_each_pixel_once() -> None:
    left = polygon_mask((20, 20), np.array([[2.5, 2.5], [10.5, 2.5], [10.5, 15.5], [2.5, 15.5]]))
    right = polygon_mask((20, 20), np.array([[10.5, 2.5], [16.5, 2.5], [16.5, 15.5], [10.5, 15.5]]))
    assert not (left & right).any()
    assert (left | right).sum() == 14 * 13


@given(ids=arrays(np.uint8, (20, 30), elements=st.integers(0, 2)), x=st.integers(0, 29), y=st.integers(0, 19))
@settings(max_examples=60, deadline=None)
def test_fills_are_the_floods_of_scikit_image(ids: np.ndarray, x: int, y: int) -> None:
    assert (region_mask(ids, x, y) == flood(ids, (y, x), connectivity=1)).all()


def test_a_fill_or_a_polygon_that_misses_changes_nothing() -> None:
    for op in (
        {"tool": "fill", "label": 1, "at": [-0.5, 10]},
        {"tool": "fill", "label": 1, "at": [10, 256]},
        {"tool": "lasso", "label": 1, "points": [[10, 10], [50, 50]]},
        {"tool": "polygon", "label": 1, "points": [[300, 10], [350, 50], [400, -9e5]]},
        {"tool": "brush", "label": 1, "size": 9, "cells": []},
        {"tool": "brush", "label": 1, "size": 9, "cells": [[-500, 20], [-300, 90]]},
    ):
        assert replay(HEART, SECTOR_SHAPE, op) is HEART


@pytest.mark.parametrize("structures", [[1], [1, 2], [3], [1, 2, 3]])
def test_the_identity_moves_nothing_and_shifts_there_and_back_restore_what_nothing_covered(structures: list) -> None:
    move = {"tool": "transform", "structures": structures, "matrix": IDENTITY}
    assert replay(HEART, SECTOR_SHAPE, move) is HEART
    there = replay(HEART, SECTOR_SHAPE, move | {"matrix": [1, 0, 0, 1, 7, -3]})
    for structure in structures:
        assert (np.roll(HEART.ids == structure, (-3, 7), (0, 1)) == (there.ids == structure)).all()
    back = replay(there, SECTOR_SHAPE, move | {"matrix": [1, 0, 0, 1, -7, 3]})
    moved = np.isin(HEART.ids, structures)
    assert (back.ids[moved] == HEART.ids[moved]).all()
    if structures == [1, 2, 3]:
        assert back == HEART


def test_a_transform_is_the_handles_similarity() -> None:
    """Turning and scaling about a point by two handles or by their matrix is one map."""
    angle, scale = math.radians(12), 0.9
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    before = np.array([[127.0, 60.0], [110.0, 140.0]])
    after = before @ np.array([[cos, sin], [-sin, cos]]) + [30, 8]
    # Handles lie on centres at whole numbers; on the canvas the same places are half a pixel farther.
    e, f = np.array([30.5, 8.5]) - np.array([0.5, 0.5]) @ np.array([[cos, sin], [-sin, cos]])
    op = {"tool": "transform", "structures": [1, 2], "matrix": [cos, sin, -sin, cos, e, f]}
    wanted = deform(HEART, before.tolist(), after.tolist(), [1, 2], "similarity", SECTOR_SHAPE)
    assert (ids_of(HEART, op) == wanted.ids).all()


def test_what_moves_leaves_sector_inside_the_sector_and_nothing_outside() -> None:
    ids = np.array(HEART.ids)
    ids[200:220, 2:10] = LEFT_ATRIUM
    beyond = LabelMap(ids, HEART.spacing_mm)
    made = ids_of(beyond, {"tool": "transform", "structures": [3], "matrix": [1, 0, 0, 1, 0, -300]})
    assert not (made == LEFT_ATRIUM).any()
    assert (made[HEART.ids == LEFT_ATRIUM] == SECTOR).all()
    assert (made[200:220, 2:10][~SECTOR_SHAPE[200:220, 2:10]] == OUTSIDE).all()


@given(mask=arrays(bool, (9, 13)), x=st.integers(-20, 260), y=st.integers(-20, 260))
@settings(max_examples=40, deadline=None)
def test_a_paste_puts_the_copied_pixels_where_the_matrix_says(mask: np.ndarray, x: int, y: int) -> None:
    runs, at, value = [], 0, False
    flat = mask.ravel()
    while at < flat.size:
        run = next((k for k in range(at, flat.size) if flat[k] != value), flat.size) - at
        runs.append(run)
        at, value = at + run, not value
    op = {"tool": "paste", "label": 2, "box": [30, 40, 42, 48], "mask": ",".join(map(str, runs))}
    made = ids_of(HEART, op | {"matrix": [1, 0, 0, 1, x - 30, y - 40]})
    wanted = np.array(HEART.ids)
    for row, column in np.argwhere(mask):
        if 0 <= y + row < 256 and 0 <= x + column < 256:
            wanted[y + row, x + column] = 2
    assert (made == wanted).all()


def test_runs_tell_every_pixel_of_the_box() -> None:
    assert runs_mask("0,2,3,1", (2, 3)).tolist() == [[True, True, False], [False, False, True]]
    assert not runs_mask("6", (2, 3)).any()
    for bad in ("5", "7", "3,x", "", "-1,7", "1e3", "٦", "0,99999999999999999999"):
        with pytest.raises(RequestError):
            runs_mask(bad, (2, 3))


def test_a_deform_uses_the_sector_that_the_canvas_knew() -> None:
    op = {"tool": "deform", "kind": "rigid", "structures": [1, 2], "before": [[127, 60]], "after": [[140, 60]]}
    nowhere = np.zeros(HEART.shape, bool)
    assert (replay(HEART, nowhere, op).ids == OUTSIDE).sum() > (HEART.ids == OUTSIDE).sum()
    assert replay(HEART, sector_region(HEART), op) == deform(HEART, [(127, 60)], [(140, 60)])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(op=st.sampled_from(OPS), junk=ANYTHING, data=st.data())
@settings(max_examples=120, deadline=None)
def test_whatever_a_stranger_sends_is_done_or_refused_in_one_line(op: dict, junk: object, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([*op, "more"]))
    small = template("4ch-ed").resized(32, 32)
    try:
        made = replay(small, np.asarray(small.inside), op | {key: junk})
    except EchoStudioError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 1000
    else:
        assert made.shape == small.shape


@pytest.mark.parametrize(
    "op",
    [
        None,
        [],
        {},
        {"tool": ["brush"]},
        {"tool": "open", "what": "template", "name": "4ch-ed"},
        {"tool": "brush", "label": 1, "size": 5000, "cells": []},
        {"tool": "brush", "label": 1, "size": 3, "cells": [[1, 2]] * 100_001},
        {"tool": "brush", "label": 1, "size": 3, "cells": [[0, 0], [999_999, 5]] * 3},
        {"tool": "brush", "label": True, "size": 3, "cells": []},
        {"tool": "fill", "label": 1, "at": [float("nan"), 4]},
        {"tool": "fill", "label": 9, "at": [4, 4]},
        {"tool": "polygon", "label": 1, "points": [[1e300, 0], [0, 1], [5, 5]]},
        {"tool": "transform", "structures": [1], "matrix": [1, 2, 2, 4, 0, 0]},
        {"tool": "transform", "structures": [4], "matrix": IDENTITY},
        {"tool": "transform", "structures": [], "matrix": IDENTITY},
        {"tool": "paste", "label": 1, "box": [5, 5, 4, 9], "mask": "5", "matrix": IDENTITY},
    ],
)
def test_impossible_operations_are_refused(op: object) -> None:
    with pytest.raises(RequestError):
        replay(HEART, SECTOR_SHAPE, op)


def test_unknown_tools_and_parameters_and_a_sector_of_another_size_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="transform"):
        replay(HEART, SECTOR_SHAPE, {"tool": "magic wand"})
    with pytest.raises(UnknownNameError, match="cells, label, locked, size"):
        replay(HEART, SECTOR_SHAPE, {"tool": "brush", "label": 1, "size": 3, "cells": [], "colour": "red"})
    with pytest.raises(RequestError, match="sector"):
        replay(HEART, SECTOR_SHAPE[:10], {"tool": "vary", "seed": 1})


def test_a_stroke_touches_only_its_way() -> None:
    mask = stroke_mask((50, 50), [(10, 10), (30, 10)], 5)
    # Twenty steps to the right, each of which adds a column as high as the disc.
    assert mask.sum() == disc(5)[0].sum() + 20 * 5
