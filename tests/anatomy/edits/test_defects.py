import cv2
import numpy as np
import pytest

from echo_studio.anatomy.edits.defects import DEFECTS, Choice, Number, apply_defect
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, MASS, OUTSIDE, SECTOR
from echo_studio.anatomy.landmarks.cavity_border import without_blood_in_gaps
from echo_studio.anatomy.landmarks.segments import SEGMENTS
from echo_studio.anatomy.measure.sizes import measure
from echo_studio.anatomy.plane import near
from echo_studio.data.template import BUNDLED, template
from echo_studio.errors import LabelMapError, RequestError, UnknownNameError
from tests.anatomy.heart import heart, wall_segments

HEART = heart(spacing=(0.6, 0.72))
NONE = {
    "septal": {"width_mm": 0.0},
    "missing-atrium": {"share": 0.0},
    "aneurysm": {"bulge_mm": 0.0, "thinning": 0.0},
    "thin-wall": {"share": 0.0},
    "thick-wall": {"extra_mm": 0.0},
    "dilated": {"factor": 1.0, "roundness": 1.0},
    "hypertrophy": {"extra_mm": 0.0},
    "effusion": {"thickness_mm": 0.0},
    "mass": {"diameter_mm": 0.0},
}


def count(label_map: LabelMap, label: int) -> int:
    return int((label_map.ids == label).sum())


def segments_mm(label_map: LabelMap) -> dict[str, float]:
    return {name: value or 0.0 for name, value in measure(label_map, "4CH").wall_segments_mm}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_of_no_strength_gives_the_same_object(name: str) -> None:
    assert apply_defect(HEART, name, NONE[name]) is HEART


@pytest.mark.parametrize("name", DEFECTS)
@pytest.mark.parametrize("start", ["formulas", "4ch-ed", "4ch-es", "4ch-ed-thick-wall"])
def test_a_defect_changes_something_inside_the_sector_only_and_alike_every_time(name: str, start: str) -> None:
    label_map = HEART if start == "formulas" else template(start)
    made = apply_defect(label_map, name)
    assert made != label_map
    assert made == apply_defect(label_map, name)
    assert set(np.unique(made.ids)) <= {*range(5), *({"effusion": {FLUID}, "mass": {MASS}}.get(name, ()))}
    assert (made.ids[label_map.ids == OUTSIDE] == OUTSIDE).all()
    assert made.spacing_mm == label_map.spacing_mm
    assert (made.inside == label_map.inside).all()


@pytest.mark.parametrize("width", [4.0, 8.0, 15.0])
def test_a_septal_defect_opens_the_septum_as_wide_as_it_says(width: float) -> None:
    made = apply_defect(HEART, "septal", {"at": 0.7, "width_mm": width})
    hole = (made.ids == LV_CAVITY) & (HEART.ids == LV_MYOCARDIUM)
    assert (made.ids != HEART.ids).sum() == hole.sum()
    rows, columns = np.nonzero(hole)
    assert columns.max() < 127
    # The septum runs straight down there: rows of the hole are its width, apart from its slope.
    assert len(np.unique(rows)) * 0.6 == pytest.approx(width, abs=2.5)
    inside = made.ids[rows.min() + 2 : rows.max() - 1, : int(columns.max())]
    if width > 6:
        assert not (inside[:, -3:] == LV_MYOCARDIUM).any()


@pytest.mark.parametrize("start", ["formulas", "4ch-ed", "4ch-es", "4ch-ed-dilated", "4ch-es-large-atrium"])
@pytest.mark.parametrize("at", [0.3, 0.5, 0.65])
@pytest.mark.parametrize("width", [5.0, 8.0, 14.0])
def test_blood_in_a_septal_defect_reaches_through_the_wall_and_counts_in_no_measurement(
    start: str, at: float, width: float
) -> None:
    label_map = HEART if start == "formulas" else template(start)
    made = apply_defect(label_map, "septal", {"at": at, "width_mm": width})
    hole = made.ids != label_map.ids
    cavity = np.asarray(made.ids == LV_CAVITY, np.uint8)
    assert cv2.connectedComponents(cavity, connectivity=8)[0] == 2  # the hole opens into the cavity
    assert (near(hole) & (made.ids == SECTOR)).any()  # and out of the wall
    assert (without_blood_in_gaps(made).ids[hole] == SECTOR).mean() > 0.85
    before, after = measure(label_map, "4CH"), measure(made, "4CH")
    assert after.lv_area_px == pytest.approx(before.lv_area_px, rel=0.015)
    assert after.lv_volume_ml == pytest.approx(before.lv_volume_ml, rel=0.03)
    assert after.lv_length_mm == pytest.approx(before.lv_length_mm, rel=0.03)
    assert after.wall_mm == pytest.approx(before.wall_mm, rel=0.06)


def test_a_septal_defect_leaves_the_wall_across_the_cavity_alone() -> None:
    made = apply_defect(template("4ch-es-large-atrium"), "septal", {"at": 0.2, "width_mm": 8.0})
    changed = np.nonzero(made.ids != template("4ch-es-large-atrium").ids)[1]
    assert changed.max() < np.nonzero(made.ids == LV_CAVITY)[1].mean()


def test_a_septal_defect_moves_from_apex_to_base_with_its_place() -> None:
    heights = []
    for at in (0.2, 0.5, 0.8):
        made = apply_defect(HEART, "septal", {"at": at})
        heights.append(np.nonzero(made.ids != HEART.ids)[0].mean())
    assert heights == sorted(heights)


def test_a_missing_atrium_is_sector_whole_or_from_the_roof_down() -> None:
    assert count(apply_defect(HEART, "missing-atrium"), LEFT_ATRIUM) == 0
    part = apply_defect(HEART, "missing-atrium", {"share": 0.5})
    rows = np.nonzero(part.ids == LEFT_ATRIUM)[0]
    assert 0 < len(rows) < count(HEART, LEFT_ATRIUM)
    assert rows.min() == np.nonzero(HEART.ids == LEFT_ATRIUM)[0].min()
    assert (part.ids[HEART.ids != LEFT_ATRIUM] == HEART.ids[HEART.ids != LEFT_ATRIUM]).all()


def test_an_aneurysm_bulges_and_thins_at_the_apex_alone() -> None:
    made = apply_defect(HEART, "aneurysm", {"bulge_mm": 8.0})
    before, after = measure(HEART), measure(made)
    assert after.lv_length_mm == pytest.approx((before.lv_length_mm or 0) + 8.0, abs=1.5)
    assert segments_mm(made)["apex"] < 0.65 * segments_mm(HEART)["apex"]
    assert segments_mm(made)["basal inferoseptal"] == pytest.approx(segments_mm(HEART)["basal inferoseptal"], rel=0.03)


@pytest.mark.parametrize("segment", SEGMENTS["4CH"])
def test_a_thinned_segment_is_thinner_by_its_share_and_its_epicardium_stays(segment: str) -> None:
    made = apply_defect(HEART, "thin-wall", {"segment": segment, "share": 0.5})
    before, after = segments_mm(HEART), segments_mm(made)
    ratio = {name: after[name] / before[name] for name in before}
    assert min(ratio, key=lambda name: ratio[name]) == segment
    assert 0.45 < ratio[segment] < 0.75
    epi = [np.isin(m.ids, (LV_CAVITY, LV_MYOCARDIUM)) for m in (HEART, made)]
    assert (epi[0] == epi[1]).all()
    changed = wall_segments(HEART, "4CH")[made.ids != HEART.ids]
    assert (changed == SEGMENTS["4CH"][segment].number).mean() > 0.6


def test_a_thickened_segment_bulges_into_the_cavity() -> None:
    made = apply_defect(HEART, "thick-wall", {"segment": "mid anterolateral", "extra_mm": 6.0})
    before, after = segments_mm(HEART), segments_mm(made)
    grown = {name: after[name] - before[name] for name in before}
    assert max(grown, key=lambda name: grown[name]) == "mid anterolateral"
    assert 3.5 < grown["mid anterolateral"] < 7.0
    assert count(made, SECTOR) == count(HEART, SECTOR)
    assert set(made.ids[made.ids != HEART.ids]) == {LV_MYOCARDIUM}


def test_a_dilated_ventricle_is_larger_and_its_wall_no_thicker() -> None:
    small = heart(length=55.0, width=34.0, wall=8.0)
    made = apply_defect(small, "dilated", {"factor": 1.2, "roundness": 1.05})
    before, after = measure(small), measure(made)
    # Where the wall keeps its thickness the cavity grows by more than the factor alone.
    assert 1.2**3 * 1.05**2 < (after.lv_volume_ml or 0) / (before.lv_volume_ml or 1) < 2.8
    assert after.wall_mm == pytest.approx(before.wall_mm, rel=0.08)


def test_hypertrophy_thickens_the_wall_by_what_it_says_and_shrinks_the_cavity() -> None:
    made = apply_defect(HEART, "hypertrophy", {"extra_mm": 5.0, "inward": 0.7})
    assert measure(made).wall_mm == pytest.approx((measure(HEART).wall_mm or 0) + 5.0, abs=0.8)
    assert count(made, LV_CAVITY) < 0.85 * count(HEART, LV_CAVITY)
    outward = apply_defect(HEART, "hypertrophy", {"extra_mm": 5.0, "inward": 0.0})
    assert count(outward, LV_CAVITY) == count(HEART, LV_CAVITY)


def test_an_effusion_is_a_layer_of_its_thickness_beside_the_free_wall_that_touches_no_structure() -> None:
    made = apply_defect(HEART, "effusion", {"thickness_mm": 8.0})
    layer = made.ids == FLUID
    assert (HEART.ids[layer] == SECTOR).all()
    rows, columns = np.nonzero(layer[100:110])
    assert columns.min() > 127  # at mid-height the septum has none
    assert len(columns) / len(np.unique(rows)) * 0.72 == pytest.approx(8.0, abs=1.3)
    whole = apply_defect(HEART, "effusion", {"thickness_mm": 8.0, "around": "whole heart"})
    assert (whole.ids == FLUID).sum() > 1.3 * layer.sum()


def test_a_mass_has_its_diameter_on_the_wall_and_takes_cavity_alone() -> None:
    made = apply_defect(HEART, "mass", {"at": 0.5, "side": "right", "diameter_mm": 14.0})
    changed = made.ids != HEART.ids
    assert (HEART.ids[changed] == LV_CAVITY).all()
    assert (made.ids[changed] == MASS).all()
    assert 0.6 < changed.sum() * 0.6 * 0.72 / (np.pi * 49) < 1.0
    wall = np.roll(HEART.ids == LV_MYOCARDIUM, -1, axis=1)
    assert (changed & wall).any()
    floating = apply_defect(HEART, "mass", {"at": 0.5, "diameter_mm": 8.0, "inward": 1.0})
    assert (floating.ids != HEART.ids).sum() * 0.6 * 0.72 == pytest.approx(np.pi * 16, rel=0.05)


@pytest.mark.parametrize("name", [n for n, d in DEFECTS.items() if any(k.endswith("_mm") for k in d.parameters)])
def test_lengths_need_a_spacing_or_are_given_in_pixels(name: str) -> None:
    bare = LabelMap(HEART.ids)
    with pytest.raises(LabelMapError, match="spacing"):
        apply_defect(bare, name)
    square = heart()
    lengths = {
        key: p.default for key, p in DEFECTS[name].parameters.items() if isinstance(p, Number) and p.unit == "mm"
    }
    pixels = {key[:-3] + "_px": value / 0.6 for key, value in lengths.items()}
    made = apply_defect(LabelMap(square.ids), name, pixels)
    assert made.spacing_mm is None
    assert (made.ids != apply_defect(square, name).ids).mean() < 1e-3
    assert apply_defect(square, name, pixels).spacing_mm == square.spacing_mm


@pytest.mark.parametrize("name", DEFECTS)
def test_parameters_outside_their_range_and_unknown_names_are_refused(name: str) -> None:
    for key, parameter in DEFECTS[name].parameters.items():
        if isinstance(parameter, Choice):
            assert parameter.default in parameter.choices
            with pytest.raises(UnknownNameError, match="choose one of"):
                apply_defect(HEART, name, {key: "nowhere"})
            continue
        assert parameter.low <= parameter.default <= parameter.high
        for bad in (parameter.high + 1, parameter.low - 1, float("nan"), "wide"):
            with pytest.raises(RequestError, match=key):
                apply_defect(HEART, name, {key: bad})
    with pytest.raises(UnknownNameError, match="parameter"):
        apply_defect(HEART, name, {"colour": 1.0})


def test_unknown_defects_mixed_units_and_maps_without_a_heart_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="septal"):
        apply_defect(HEART, "broken-heart")
    with pytest.raises(RequestError, match="one unit"):
        apply_defect(HEART, "aneurysm", {"bulge_px": 5.0, "neck_mm": 30.0})
    for name in DEFECTS:
        if name != "missing-atrium":
            with pytest.raises(LabelMapError, match="paint the cavity"):
                apply_defect(template("blank"), name)
    assert apply_defect(template("blank"), "missing-atrium") == template("blank")


@pytest.mark.parametrize("name", [name for name in BUNDLED if name.startswith("2ch")])
def test_two_chamber_templates_take_segments_by_their_own_names(name: str) -> None:
    thin = apply_defect(template(name), "thin-wall", {"segment": "mid inferior"})
    columns = np.nonzero(thin.ids != template(name).ids)[1]
    assert len(columns) > 50
    assert columns.max() < np.nonzero(template(name).ids == LV_CAVITY)[1].mean()
