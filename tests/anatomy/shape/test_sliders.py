import numpy as np
import pytest

from echo_studio.anatomy.edits.repair import smooth
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.landmarks.points import heart_frame
from echo_studio.anatomy.measure.sizes import measure
from echo_studio.anatomy.sector.geometry import sector_of
from echo_studio.anatomy.sector.region import resize_sector, sector_region
from echo_studio.anatomy.shape.sliders import SLIDERS, Shape, reshape
from echo_studio.data.template import BUNDLED, template
from echo_studio.errors import LabelMapError, RequestError
from tests.anatomy.heart import heart

HEART = heart(spacing=(0.6, 0.72), length=60.0, width=40.0, wall=8.0, atrium=(30.0, 34.0))
MOVED = {name: slider.neutral + 0.4 * (slider.high - slider.neutral) for name, slider in SLIDERS.items()}


def value(label_map: LabelMap, name: str) -> float:
    return float(getattr(measure(label_map), name))


def test_neutral_sliders_give_the_same_object() -> None:
    assert reshape(HEART, Shape()) is HEART
    assert reshape(HEART, Shape(**{name: slider.neutral for name, slider in SLIDERS.items()})) is HEART


@pytest.mark.parametrize("name", SLIDERS)
def test_every_slider_keeps_the_label_set_and_all_but_its_own_keep_the_sector(name: str) -> None:
    made = reshape(HEART, Shape(**{name: MOVED[name]}))
    assert made != HEART
    assert made == reshape(HEART, Shape(**{name: MOVED[name]}))
    assert made.spacing_mm == HEART.spacing_mm
    assert set(np.unique(made.ids)) == set(np.unique(HEART.ids))
    if not name.startswith("fan"):
        assert (made.inside == HEART.inside).all()


@pytest.mark.parametrize("name", SLIDERS)
@pytest.mark.parametrize("end", ["low", "high"])
def test_a_slider_stops_at_its_ends(name: str, end: str) -> None:
    limit = getattr(SLIDERS[name], end)
    assert reshape(HEART, Shape(**{name: limit})).shape == HEART.shape
    for bad in (limit + (1 if end == "high" else -1), float("nan")):
        with pytest.raises(RequestError, match=name):
            Shape(**{name: bad})


def test_size_scales_length_and_width_and_keeps_the_apex() -> None:
    grown = reshape(HEART, Shape(lv_size=1.2))
    assert value(grown, "lv_length_mm") == pytest.approx(72.0, rel=0.02)
    assert value(grown, "lv_volume_ml") == pytest.approx(1.2**3 * value(HEART, "lv_volume_ml"), rel=0.03)
    before, after = heart_frame(HEART), heart_frame(grown)
    assert before.origin + before.length * before.along == pytest.approx(
        after.origin + after.length * after.along, abs=1.0
    )


def test_roundness_widens_at_the_same_length() -> None:
    round_ = reshape(HEART, Shape(sphericity=1.25))
    assert value(round_, "lv_length_mm") == pytest.approx(60.0, rel=0.02)
    assert value(round_, "lv_area_cm2") == pytest.approx(1.25 * value(HEART, "lv_area_cm2"), rel=0.02)


def test_the_wall_slider_moves_the_epicardium_and_not_the_cavity() -> None:
    for shape, wanted in ((Shape(wall=1.5), 1.5), (Shape(wall=0.5), 0.5)):
        made = reshape(HEART, shape)
        assert ((made.ids == LV_CAVITY) == (HEART.ids == LV_CAVITY)).all()
        assert value(made, "wall_mm") == pytest.approx(wanted * value(HEART, "wall_mm"), rel=0.05)
    thicker = reshape(HEART, Shape(wall_mm=4.0))
    assert value(thicker, "wall_mm") == pytest.approx(value(HEART, "wall_mm") + 4.0, abs=0.5)


def test_the_atrium_grows_alone_and_stays_at_the_annulus() -> None:
    made = reshape(HEART, Shape(atrium_size=1.2))
    assert value(made, "la_length_mm") == pytest.approx(36.0, rel=0.02)
    above = np.isin(HEART.ids, (LV_CAVITY, LV_MYOCARDIUM))
    assert (made.ids[above] == HEART.ids[above]).mean() > 0.995


def test_tilt_turns_the_heart_clockwise_and_keeps_its_volume() -> None:
    made = reshape(HEART, Shape(tilt=10.0))
    frame = heart_frame(made)
    assert np.degrees(np.arctan2(frame.along[0], -frame.along[1])) == pytest.approx(10.0, abs=1.0)
    assert value(made, "lv_volume_ml") == pytest.approx(value(HEART, "lv_volume_ml"), rel=0.02)


def test_the_apex_moves_by_shares_of_the_long_axis() -> None:
    along = reshape(HEART, Shape(apex_along=-0.2))
    assert value(along, "lv_length_mm") == pytest.approx(48.0, rel=0.02)
    frame = heart_frame(reshape(HEART, Shape(apex_across=0.2)))
    assert np.degrees(np.arctan2(frame.along[0], -frame.along[1])) == pytest.approx(11.3, abs=2.5)


def test_the_sector_sliders_change_opening_and_depth_and_cut_what_lies_outside() -> None:
    sector = sector_of(HEART.ids)
    assert sector is not None
    for angle, depth in ((0.6, 1.0), (1.0, 0.8), (1.2, 0.9)):
        changed = resize_sector(HEART, angle, depth)
        found = sector_of(changed.ids)
        assert found is not None
        opening = (found.angle_right - found.angle_left) / (sector.angle_right - sector.angle_left)
        assert opening == pytest.approx(angle, rel=0.03)
        assert found.far / sector.far == pytest.approx(depth, rel=0.02)
        assert set(np.unique(changed.ids)) <= set(range(5))


def test_millimetres_without_spacing_and_shapes_without_a_heart_are_refused() -> None:
    with pytest.raises(LabelMapError, match="spacing"):
        reshape(LabelMap(HEART.ids), Shape(wall_mm=2.0))
    assert reshape(LabelMap(HEART.ids), Shape(wall=1.2)).spacing_mm is None
    for shape in (Shape(lv_size=1.1), Shape(wall=1.2)):
        with pytest.raises(LabelMapError, match="long axis"):
            reshape(template("blank"), shape)
    with pytest.raises(LabelMapError, match="sector"):
        resize_sector(LabelMap(np.full((64, 64), LV_CAVITY, np.uint8)), angle=0.8)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_sector_of_a_template_is_what_it_shows(name: str) -> None:
    label_map = template(name)
    assert sector_of(label_map.ids) is not None
    assert (sector_region(label_map) != label_map.inside).sum() < 20


def test_where_no_sector_fits_the_sector_is_all_that_is_labelled() -> None:
    ids = np.zeros((64, 64), np.uint8)
    ids[10:50, 5:60] = SECTOR
    ids[20:30, 20:30] = LEFT_ATRIUM
    assert (sector_region(LabelMap(ids)) == (ids != OUTSIDE)).all()


def test_smoothing_takes_spikes_off_one_structure_and_leaves_the_others() -> None:
    ids = np.array(HEART.ids)
    rows, columns = np.nonzero(ids == LEFT_ATRIUM)
    ids[rows.max() + 1 : rows.max() + 8, int(columns.mean())] = LEFT_ATRIUM
    spiked = LabelMap(ids, HEART.spacing_mm)
    assert smooth(spiked, LEFT_ATRIUM, 0.0) is spiked
    smoothed = smooth(spiked, LEFT_ATRIUM, 2.0)
    assert not (smoothed.ids[rows.max() + 3 :] == LEFT_ATRIUM).any()
    far_away = np.isin(HEART.ids, (OUTSIDE, SECTOR)) | (HEART.ids == LV_MYOCARDIUM)
    far_away[rows.min() - 8 :] = False
    assert (smoothed.ids[far_away] == HEART.ids[far_away]).all()
    with pytest.raises(RequestError, match="structures"):
        smooth(HEART, SECTOR)
    with pytest.raises(RequestError, match="radius"):
        smooth(HEART, LV_CAVITY, -1.0)
