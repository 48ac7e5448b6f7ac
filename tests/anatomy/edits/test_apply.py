import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from echo_studio.anatomy.edits.apply import apply_edit, sector_after
from echo_studio.anatomy.edits.defects import DEFECTS, apply_defect
from echo_studio.anatomy.edits.repair import REPAIRS, only_largest, repair, smooth
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SCHEMA, SCHEMA_2, SECTOR
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.sliders import SLIDERS, Shape, reshape
from echo_studio.anatomy.shape.variation import random_variation
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.data.template import template
from echo_studio.errors import EchoStudioError, LabelMapError, RequestError, UnknownNameError
from tests.anatomy.heart import heart

HEART = heart()


def speckled(start: LabelMap = HEART) -> LabelMap:
    """Specks of all three structures: in the sector, in the cavity, in the wall and beyond the sector."""
    ids = np.array(start.ids)
    ids[120:124, 30:34] = LV_CAVITY
    ids[100:103, 120:124] = LEFT_ATRIUM
    ids[130:132, 82:84] = LEFT_ATRIUM
    ids[3:6, 3:9] = LV_MYOCARDIUM
    return LabelMap(ids, start.spacing_mm)


@pytest.mark.parametrize(
    ("op", "wanted"),
    [
        ({"tool": "shape", "values": {"lv_size": 1.1, "tilt": -5}}, reshape(HEART, Shape(lv_size=1.1, tilt=-5.0))),
        ({"tool": "shape", "values": {}}, HEART),
        ({"tool": "vary", "seed": 7}, random_variation(HEART, 7)),
        ({"tool": "defect", "defect": "septal"}, apply_defect(HEART, "septal")),
        (
            {"tool": "defect", "defect": "mass", "values": {"side": "right", "at": 0.4}, "schema": SCHEMA_2},
            apply_defect(HEART, "mass", {"side": "right", "at": 0.4}),
        ),
        ({"tool": "smooth", "label": 2, "radius": 2.5}, smooth(HEART, 2, 2.5)),
        ({"tool": "islands", "label": 2}, HEART),
        ({"tool": "repair", "kind": "hole"}, HEART),
    ],
    ids=lambda value: value["tool"] if isinstance(value, dict) else "",
)
def test_an_edit_is_what_its_function_does(op: dict, wanted: LabelMap) -> None:
    assert apply_edit(HEART, json.loads(json.dumps(op))) == wanted


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_and_repair_has_its_edit(defect: str) -> None:
    damaged = apply_edit(HEART, {"tool": "defect", "defect": defect, "values": {}, "schema": SCHEMA_2})
    assert damaged == apply_defect(HEART, defect)
    for kind in REPAIRS:
        assert apply_edit(damaged, {"tool": "repair", "kind": kind}) == repair(damaged, kind)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_islands_go_to_what_surrounds_them_and_the_largest_piece_stays(structure: int) -> None:
    made = apply_edit(speckled(), {"tool": "islands", "label": structure})
    assert ((made.ids == structure) == (HEART.ids == structure))[speckled().ids == structure].all()
    if structure == LEFT_ATRIUM:
        assert (made.ids[100:103, 120:124] == LV_CAVITY).all()
        assert (made.ids[130:132, 82:84] == LV_MYOCARDIUM).all()
    if structure == LV_CAVITY:
        assert (made.ids[120:124, 30:34] == SECTOR).all()
    if structure == LV_MYOCARDIUM:
        assert (made.ids[3:6, 3:9] == OUTSIDE).all()


@given(ids=arrays(np.uint8, (16, 18), elements=st.integers(0, 6)), structure=st.sampled_from(STRUCTURES))
@settings(max_examples=80, deadline=None)
def test_the_piece_that_stays_is_the_largest_that_scipy_labels(ids: np.ndarray, structure: int) -> None:
    numbers, count = ndimage.label(ids == structure, structure=np.ones((3, 3)))
    made = only_largest(LabelMap(ids), structure).ids
    if count:
        sizes = ndimage.sum_labels(ids == structure, numbers, range(1, count + 1))
        assert ((made == structure) == (numbers == 1 + int(np.argmax(sizes)))).all()
    others = ids != structure
    assert (made[others] == ids[others]).all()


def test_the_sector_stays_but_for_its_own_sliders() -> None:
    sector = np.asarray(HEART.inside)
    for op in ({"tool": "vary", "seed": 1}, {"tool": "shape", "values": {"lv_size": 1.2, "fan_angle": 1.0}}):
        assert sector_after(HEART, sector, apply_edit(HEART, op), op) is sector
        assert (sector_after(HEART, None, apply_edit(HEART, op), op) == sector_region(HEART)).all()
    for values in ({"fan_angle": 0.8}, {"fan_depth": 0.8}, {"fan_angle": 1.1, "lv_size": 1.1}):
        op = {"tool": "shape", "values": values}
        after = apply_edit(HEART, op)
        assert (sector_after(HEART, sector, after, op) == after.inside).mean() > 0.999
        assert (sector_after(HEART, sector, after, op) != sector).any()


@pytest.mark.parametrize(("defect", "label"), [("effusion", OUTSIDE), ("mass", SECTOR)])
def test_an_edit_that_names_no_schema_is_one_of_version_1(defect: str, label: int) -> None:
    before = apply_edit(HEART, {"tool": "defect", "defect": defect})
    now = apply_defect(HEART, defect)
    assert (before.schema, now.schema) == (SCHEMA, SCHEMA_2)
    changed = before.ids != HEART.ids
    assert (changed == (now.ids != HEART.ids)).all()
    assert (before.ids[changed] == label).all()


@pytest.mark.parametrize("schema", [SCHEMA, SCHEMA_2])
def test_an_effusion_stays_when_the_sector_changes(schema: str) -> None:
    filled = apply_defect(HEART, "effusion", schema=schema)
    layer = filled.ids != HEART.ids
    label = filled.ids[layer][0]
    op = {"tool": "shape", "values": {"fan_angle": 1.1}}
    after = apply_edit(filled, op)
    # Where the layer lies on the very rim of the sector, the labels cannot tell it from what is outside.
    assert (after.ids[layer] == label).mean() > 0.8
    assert sector_after(filled, np.asarray(HEART.inside), after, op)[layer].mean() > 0.8


@pytest.mark.parametrize(
    ("op", "error"),
    [
        ({"tool": "brush"}, UnknownNameError),
        ({"tool": "shape"}, RequestError),
        ({"tool": "shape", "values": [1]}, RequestError),
        ({"tool": "shape", "values": {"size": 1}}, UnknownNameError),
        ({"tool": "shape", "values": {"lv_size": "big"}}, RequestError),
        ({"tool": "shape", "values": {"lv_size": float("nan")}}, RequestError),
        ({"tool": "shape", "values": {"lv_size": 10**400}}, RequestError),
        ({"tool": "vary", "seed": -1}, RequestError),
        ({"tool": "vary", "seed": 1.5}, RequestError),
        ({"tool": "vary", "seed": 2**70}, RequestError),
        ({"tool": "vary", "seed": 1, "times": 2}, UnknownNameError),
        ({"tool": "defect", "defect": "hole"}, UnknownNameError),
        ({"tool": "defect", "defect": {}}, RequestError),
        ({"tool": "defect", "defect": "septal", "values": {"at": [0.5]}}, RequestError),
        ({"tool": "defect", "defect": "septal", "values": {"at": 2}}, RequestError),
        ({"tool": "defect", "defect": "mass", "values": {"side": 1}}, UnknownNameError),
        ({"tool": "smooth", "label": 2, "radius": 1e9}, RequestError),
        ({"tool": "smooth", "label": 4, "radius": 2}, RequestError),
        ({"tool": "islands", "label": 0}, RequestError),
        ({"tool": "repair", "kind": "all"}, UnknownNameError),
        ({"tool": "deform", "kind": "x", "structures": [1], "before": [[1, 1]], "after": [[2, 2]]}, UnknownNameError),
        ({"tool": "deform", "kind": "rigid", "structures": [1], "before": [[1, 1]], "after": []}, RequestError),
        ({"tool": "deform", "kind": "rigid", "structures": [1], "before": [[1]] * 300, "after": []}, RequestError),
    ],
)
def test_what_is_wrong_with_an_edit_is_said_in_one_line(op: dict, error: type[EchoStudioError]) -> None:
    with pytest.raises(error) as caught:
        apply_edit(HEART, op)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_map_that_lacks_what_an_edit_needs_is_refused() -> None:
    with pytest.raises(LabelMapError, match="spacing"):
        apply_edit(LabelMap(HEART.ids), {"tool": "defect", "defect": "septal"})
    with pytest.raises(LabelMapError, match="cavity"):
        apply_edit(LabelMap(np.full((32, 32), 4, np.uint8)), {"tool": "shape", "values": {"lv_size": 1.2}})
    assert set(SLIDERS) == set(Shape.__dataclass_fields__)


@pytest.mark.parametrize("side", [64, 128, 512, 1024])
def test_a_resized_map_keeps_its_labels_its_millimetres_and_its_sector(side: int) -> None:
    start = template("4ch-ed")
    op = {"tool": "resize", "side": side}
    after = apply_edit(start, op)
    sector = sector_after(start, sector_region(start), after, op)
    assert after.shape == sector.shape == (side, side)
    assert set(np.unique(after.ids)) == set(np.unique(start.ids))
    assert after.spacing_mm == pytest.approx(tuple(256 / side * mm for mm in start.spacing_mm))
    if side > 256:
        assert apply_edit(after, {"tool": "resize", "side": 256}) == start
    assert np.array_equal(sector, LabelMap(sector_region(start).astype(np.uint8)).resized(side, side).ids > 0)


@pytest.mark.parametrize("side", [63, 1025, 256.5, "256", None])
def test_only_working_sizes_are_taken(side: object) -> None:
    with pytest.raises(RequestError, match="side"):
        apply_edit(template("4ch-ed"), {"tool": "resize", "side": side})
