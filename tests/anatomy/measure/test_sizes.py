import math

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.anatomy.landmarks.segments import SEGMENTS, segment_named
from echo_studio.anatomy.measure.sizes import (
    DISCS,
    DiscStack,
    Measurements,
    biplane_ejection_fraction_percent,
    biplane_ml,
    biplane_volume,
    ejection_fraction_percent,
    la_discs,
    measure,
)
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.data.template import template
from echo_studio.errors import LabelMapError, UnknownNameError
from echo_studio.types import Spacing
from tests.anatomy.heart import heart, wall_segments

GRIDS = [((0.6, 0.6), 0.0), ((0.586, 0.71), 0.0), ((0.586, 0.71), 12.0), ((0.7, 0.5), -20.0), ((0.308, 0.308), 7.0)]


@pytest.mark.parametrize(("spacing", "tilt"), GRIDS)
@pytest.mark.parametrize(("length", "width"), [(78.0, 46.0), (60.0, 30.0)])
def test_half_ellipsoids_are_measured_within_one_percent(
    spacing: Spacing, tilt: float, length: float, width: float
) -> None:
    shape = (512, 512) if spacing[0] < 0.4 else (256, 256)
    found = measure(heart(spacing, shape, length, width, tilt=tilt, atrium=(35.0, 0.95 * width)))
    assert found.lv_length_mm == pytest.approx(length, rel=0.01)
    assert found.lv_area_cm2 == pytest.approx(math.pi * length * width / 4 / 100, rel=0.01)
    assert found.lv_volume_ml == pytest.approx(2 / 3 * math.pi * length * (width / 2) ** 2 / 1000, rel=0.01)


@pytest.mark.parametrize(("spacing", "tilt"), GRIDS)
def test_an_atrium_that_is_half_an_ellipsoid_is_measured_within_two_percent(spacing: Spacing, tilt: float) -> None:
    shape = (512, 512) if spacing[0] < 0.4 else (256, 256)
    found = measure(heart(spacing, shape, tilt=tilt, atrium=(38.0, 40.0)))
    assert found.la_length_mm == pytest.approx(38.0, rel=0.02)
    assert found.la_area_cm2 == pytest.approx(math.pi * 38 * 40 / 4 / 100, rel=0.01)
    assert found.la_volume_ml == pytest.approx(2 / 3 * math.pi * 38 * 20**2 / 1000, rel=0.02)


def test_twenty_discs_of_a_cone_and_a_cylinder_have_their_volumes() -> None:
    middle = (np.arange(DISCS) + 0.5) / DISCS
    assert DiscStack(np.full(DISCS, 4.0), 10.0).volume == pytest.approx(math.pi * 4 * 10)
    assert DiscStack(4 * middle, 10.0).volume == pytest.approx(math.pi * 4 * 10 / 3, rel=0.002)
    one, other = DiscStack(np.full(DISCS, 4.0), 9.0), DiscStack(np.full(DISCS, 6.0), 10.0)
    assert biplane_volume(one, other) == biplane_volume(other, one) == pytest.approx(math.pi / 4 * 24 * 10)


def test_biplane_volume_of_an_ellipsoid_with_two_widths_is_exact() -> None:
    four, two = heart(width=46.0, atrium=(38.0, 40.0)), heart((0.586, 0.71), width=38.0, atrium=(38.0, 36.0))
    assert biplane_ml(four, two) == pytest.approx(2 / 3 * math.pi * 75 * 23 * 19 / 1000, rel=0.01)
    assert biplane_ml(four, two, la_discs) == pytest.approx(2 / 3 * math.pi * 38 * 20 * 18 / 1000, rel=0.02)
    assert biplane_ml(four, LabelMap(two.ids)) is None


def test_ejection_fraction_is_that_of_the_formulas_with_and_without_spacing() -> None:
    ed, es = heart(length=80.0, width=48.0), heart(length=68.0, width=36.0)
    exact = 100 * (1 - 68 * 36**2 / (80 * 48**2))
    assert ejection_fraction_percent(ed, es) == pytest.approx(exact, abs=1.0)
    assert ejection_fraction_percent(LabelMap(ed.ids), LabelMap(es.ids)) == pytest.approx(exact, abs=1.0)
    assert biplane_ejection_fraction_percent(ed, es, ed, es) == pytest.approx(exact, abs=1.0)
    assert ejection_fraction_percent(ed, ed) == 0


def test_an_ejection_fraction_of_frames_of_unlike_spacing_is_refused() -> None:
    with pytest.raises(LabelMapError, match="spacing of only one"):
        ejection_fraction_percent(heart(), LabelMap(heart().ids))
    with pytest.raises(LabelMapError, match="give both frames their spacing"):
        ejection_fraction_percent(LabelMap(heart().ids), LabelMap(heart(shape=(200, 200)).ids))


@pytest.mark.parametrize(("spacing", "tilt"), GRIDS[:4])
def test_a_wall_of_one_thickness_has_it_in_every_segment(spacing: Spacing, tilt: float) -> None:
    # Half circles: only there is the gap between two half ellipses the same everywhere.
    found = measure(heart(spacing, length=45.0, width=90.0, wall=10.0, atrium=(20.0, 60.0), tilt=tilt), "4CH")
    assert found.wall_mm == pytest.approx(10.0, rel=0.03)
    assert [name for name, _ in found.wall_segments_mm] == list(SEGMENTS["4CH"])
    for _, thickness in found.wall_segments_mm:
        assert thickness == pytest.approx(10.0, rel=0.05)


def test_without_spacing_there_are_pixels_and_ratios_and_no_millimetres() -> None:
    known, unknown = heart(), LabelMap(heart().ids)
    with_mm, without = measure(known, "4CH"), measure(unknown, "4CH")
    assert without.lv_area_px == with_mm.lv_area_px
    assert without.wall_to_length == pytest.approx(with_mm.wall_to_length)
    assert without.lv_width_to_length == pytest.approx(with_mm.lv_width_to_length)
    assert without.wall_segments_mm == ()
    assert {name for name, value in without.to_json().items() if value is None} >= {
        name for name in with_mm.to_json() if name.endswith(("_mm", "_ml", "_cm2")) and "segments" not in name
    }


def test_an_empty_sector_has_no_measurements() -> None:
    assert measure(template("blank"), "4CH") == Measurements()


def test_a_missing_structure_leaves_only_its_own_values_unknown() -> None:
    ids = np.array(heart().ids)
    ids[ids == LEFT_ATRIUM] = SECTOR
    found = measure(LabelMap(ids, (0.6, 0.6)))
    assert found.la_area_cm2 is None
    assert found.la_volume_ml is None
    assert found.lv_volume_ml == pytest.approx(measure(heart()).lv_volume_ml, rel=0.005)


@pytest.mark.parametrize("view", ["4CH", "2CH"])
def test_every_wall_pixel_belongs_to_one_of_the_view_s_seven_segments(view: str) -> None:
    label_map = template(f"{view.lower()}-ed")
    numbers = wall_segments(label_map, view)  # type: ignore[arg-type]
    assert ((numbers > 0) == (label_map.ids == LV_MYOCARDIUM)).all()
    assert set(np.unique(numbers)) - {0} == {segment.number for segment in SEGMENTS[view].values()}  # type: ignore[index]


def test_segments_lie_on_their_side_and_unknown_names_list_the_choices() -> None:
    label_map = heart()
    numbers = wall_segments(label_map, "4CH")
    columns = {name: np.nonzero(numbers == s.number)[1].mean() for name, s in SEGMENTS["4CH"].items()}
    assert columns["mid inferoseptal"] < columns["apex"] < columns["mid anterolateral"]
    with pytest.raises(UnknownNameError, match="apical septal"):
        segment_named("septum")


def test_camus_volumes_and_ejection_fractions_are_those_of_living_patients(
    camus_root, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = CamusFolder(camus_root)
    rows = []
    for patient in folder.split("validation")[:20]:
        ed, es = (folder.read(FrameId(patient, "4CH", phase)).label_map for phase in ("ED", "ES"))
        rows.append((measure(ed).lv_volume_ml, measure(es).lv_volume_ml, ejection_fraction_percent(ed, es)))
    mean = np.array(rows, dtype=float).mean(axis=0)
    with capsys.disabled():
        print(f"\n20 patients, 4CH: EDV {mean[0]:.1f} mL, ESV {mean[1]:.1f} mL, EF {mean[2]:.1f} %")
    assert 80 < mean[0] < 130
    assert 40 < mean[1] < 80
    assert 40 < mean[2] < 60


def test_a_cavity_alone_has_an_area_and_no_volume() -> None:
    ids = np.full((64, 64), SECTOR, np.uint8)
    ids[20:40, 25:35] = LV_CAVITY
    found = measure(LabelMap(ids, (1.0, 1.0)))
    assert found.lv_area_cm2 == pytest.approx(2.0)
    assert found.lv_volume_ml is None
