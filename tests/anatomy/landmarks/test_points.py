import math

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.anatomy.landmarks.points import find_landmarks, heart_frame
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.template import BUNDLED, template
from echo_studio.errors import LabelMapError
from tests.anatomy.heart import base_row, heart


def without(label_map: LabelMap, *structures: int) -> LabelMap:
    return LabelMap(np.where(np.isin(label_map.ids, structures), SECTOR, label_map.ids).astype(np.uint8), (0.6, 0.6))


def test_landmarks_of_a_heart_from_formulas_are_where_the_formulas_end() -> None:
    marks = find_landmarks(heart(length=75.0, width=45.0, wall=9.0, atrium=(40.0, 36.0)))
    base = base_row(256)
    assert marks.annulus == pytest.approx((127.5, base), abs=0.7)
    assert marks.apex == pytest.approx((127.5, base - 75 / 0.6), abs=0.7)
    assert marks.apex_epi == pytest.approx((127.5, base - 84 / 0.6), abs=0.7)
    assert marks.roof == pytest.approx((127.5, base + 40 / 0.6), abs=1.0)
    assert marks.hinge_left == pytest.approx((127.5 - 22.5 / 0.6, base), abs=1.0)
    assert marks.hinge_right == pytest.approx((127.5 + 22.5 / 0.6, base), abs=1.0)


@pytest.mark.parametrize("tilt", [-30.0, 10.0, 25.0])
def test_the_long_axis_turns_with_the_heart_and_the_sides_stay_sides(tilt: float) -> None:
    label_map = heart(tilt=tilt, spacing=(0.55, 0.7))
    frame, marks = heart_frame(label_map), find_landmarks(label_map)
    assert math.degrees(math.atan2(frame.along[0], -frame.along[1])) == pytest.approx(tilt, abs=1.0)
    assert frame.length == pytest.approx(75.0, rel=0.01)
    assert marks.hinge_left is not None
    assert marks.hinge_right is not None
    assert marks.hinge_left[0] < marks.hinge_right[0]


def test_landmarks_survive_a_hole_in_the_septum_and_a_missing_atrium() -> None:
    whole = heart()
    ids = np.array(without(whole, LEFT_ATRIUM).ids)
    ids[90:104, :100][ids[90:104, :100] == LV_MYOCARDIUM] = SECTOR
    found, sound = find_landmarks(LabelMap(ids, whole.spacing_mm)), find_landmarks(whole)
    assert found.annulus == pytest.approx(sound.annulus, abs=0.5)
    assert found.apex == pytest.approx(sound.apex, abs=0.5)
    assert found.roof is None


def test_without_a_wall_the_atrium_tells_where_the_base_is() -> None:
    marks = find_landmarks(without(heart(atrium=(40.0, 46.0)), LV_MYOCARDIUM))
    assert marks.annulus == pytest.approx((127.5, base_row(256)), abs=2.5)
    assert marks.apex_epi is None


@pytest.mark.parametrize("gone", [(LV_CAVITY,), (LV_MYOCARDIUM, LEFT_ATRIUM), (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM)])
def test_a_ventricle_without_a_base_has_no_axis_and_the_error_says_what_to_draw(gone: tuple[int, ...]) -> None:
    label_map = without(heart(), *gone)
    assert find_landmarks(label_map).annulus is None
    with pytest.raises(LabelMapError, match="paint the cavity"):
        heart_frame(label_map)


@pytest.mark.parametrize("name", [name for name in BUNDLED if name != "blank"])
def test_every_template_has_all_landmarks_apex_above_annulus_above_roof(name: str) -> None:
    marks = find_landmarks(template(name))
    assert marks.apex is not None
    assert marks.apex_epi is not None
    assert marks.annulus is not None
    assert marks.roof is not None
    assert marks.apex_epi[1] < marks.apex[1] < marks.annulus[1] < marks.roof[1]


def test_camus_frames_have_all_landmarks_and_a_plausible_axis(camus_root) -> None:
    folder = CamusFolder(camus_root)
    for frame_id in folder.frame_ids(folder.split("validation")[:5]):
        label_map = folder.read(frame_id).label_map
        marks = find_landmarks(label_map)
        assert None not in (marks.apex, marks.apex_epi, marks.hinge_left, marks.hinge_right, marks.roof)
        if label_map.spacing_mm:
            assert 40 < heart_frame(label_map).length < 120
