"""The end-systolic map that a motion gives: EF, shortening and thickening as asked, nothing torn."""

import numpy as np
import pytest

from echo_studio.anatomy.edits.defect_chamber import pericardial_effusion
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.measure.anomalies import holes_in_structures, islands
from echo_studio.anatomy.measure.sizes import ejection_fraction_percent, measure
from echo_studio.anatomy.motion.motion import (
    Motion,
    RegionalMotion,
    end_systole,
    end_systole_index,
    end_systole_share,
    usual_motion,
    volume_curve,
)
from echo_studio.data.template import template
from echo_studio.errors import EchoStudioError, LabelMapError, RequestError, UnknownNameError
from tests.anatomy.heart import heart, wall_segments

NAMES = ("4ch-ed", "2ch-ed", "4ch-ed-dilated", "4ch-ed-thick-wall")


def length(label_map: LabelMap) -> float:
    return float(measure(LabelMap(label_map.ids, (1.0, 1.0))).lv_length_mm or 0)


def wall(label_map: LabelMap) -> float:
    return float(measure(LabelMap(label_map.ids, (1.0, 1.0))).wall_mm or 0)


@pytest.mark.parametrize("side", [128, 256])
@pytest.mark.parametrize("name", NAMES)
def test_the_ef_measured_is_the_ef_asked_for(name: str, side: int) -> None:
    diastole = template(name).resized(side, side)
    for ef in (25, 40, 55, 65):
        for motion in (Motion(ef=ef), usual_motion(ef)):
            systole = end_systole(diastole, motion)
            assert ejection_fraction_percent(diastole, systole) == pytest.approx(ef, abs=1.0)


@pytest.mark.parametrize("name", NAMES)
def test_a_contraction_tears_nothing_and_leaves_the_sector(name: str) -> None:
    diastole = template(name)
    systole = end_systole(diastole, usual_motion(60))
    assert set(np.unique(systole.ids)) == set(np.unique(diastole.ids))
    assert systole.spacing_mm == diastole.spacing_mm
    for structure in (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM):
        assert not islands(systole.ids, structure).any()
    assert not holes_in_structures(systole).any()
    resting = np.isin(diastole.ids, (OUTSIDE, SECTOR)) & np.isin(systole.ids, (OUTSIDE, SECTOR))
    assert (systole.ids == diastole.ids)[resting].all()


def test_shortening_and_thickening_are_what_is_asked_for() -> None:
    diastole = heart()
    for shortening, thickening in ((0.05, 0.0), (0.15, 0.2), (0.25, 0.4)):
        systole = end_systole(diastole, Motion(55, shortening, thickening))
        assert 1 - length(systole) / length(diastole) == pytest.approx(shortening, abs=0.025)
        assert wall(systole) / wall(diastole) - 1 == pytest.approx(thickening, abs=0.08)


def test_the_atrium_grows_while_the_ventricle_contracts() -> None:
    diastole = template("4ch-ed")
    areas = [(end_systole(diastole, usual_motion(ef)).ids == LEFT_ATRIUM).sum() for ef in (20, 40, 60)]
    assert (diastole.ids == LEFT_ATRIUM).sum() < areas[0] < areas[1] < areas[2]


def test_usual_motion_is_weaker_in_weaker_hearts() -> None:
    weak, strong = usual_motion(20), usual_motion(70)
    assert weak.shortening < strong.shortening
    assert weak.thickening < strong.thickening


@pytest.mark.parametrize("missing", [LEFT_ATRIUM, LV_MYOCARDIUM])
def test_a_heart_may_lack_its_atrium_or_its_wall(missing: int) -> None:
    ids = template("4ch-ed").ids
    diastole = LabelMap(np.where(ids == missing, np.uint8(SECTOR), ids), (0.6, 0.7))
    systole = end_systole(diastole, Motion())
    assert ejection_fraction_percent(diastole, systole) == pytest.approx(55, abs=1.0)
    assert missing not in systole.ids


def test_without_a_cavity_nothing_contracts_and_without_a_base_nothing_can() -> None:
    blank = template("blank")
    assert end_systole(blank, Motion()) is blank
    ids = np.full((64, 64), SECTOR, np.uint8)
    ids[20:40, 20:40] = LV_CAVITY
    with pytest.raises(LabelMapError, match="long axis"):
        end_systole(LabelMap(ids), Motion())


def test_an_effusion_goes_along() -> None:
    diastole = pericardial_effusion(template("4ch-ed"))
    systole = end_systole(diastole, usual_motion(55))
    fluid = [int((one.ids == FLUID).sum()) for one in (diastole, systole)]
    assert fluid[0] > 200
    assert fluid[1] == pytest.approx(fluid[0], rel=0.35)


def test_an_akinetic_segment_stays_while_the_rest_reaches_the_ef() -> None:
    diastole = template("4ch-ed")
    motion = Motion(45, regional=(RegionalMotion("mid anterolateral", "akinetic"),))
    systole = end_systole(diastole, motion, "4CH")
    segments = wall_segments(diastole, "4CH")
    agree = {k: float((systole.ids == LV_MYOCARDIUM)[segments == k].mean()) for k in (9, 12)}
    assert agree[12] > 0.97
    assert agree[9] < 0.9
    assert ejection_fraction_percent(diastole, systole) == pytest.approx(45, abs=1.0)


def test_a_dyskinetic_segment_bulges() -> None:
    diastole = template("4ch-ed")
    outside = {}
    for kind in ("akinetic", "dyskinetic"):
        motion = Motion(40, regional=(RegionalMotion("apical lateral", kind),))
        systole = end_systole(diastole, motion, "4CH")
        outside[kind] = int(((systole.ids == LV_MYOCARDIUM) & (diastole.ids == SECTOR)).sum())
    assert outside["dyskinetic"] > outside["akinetic"] + 20


@pytest.mark.parametrize(
    "values",
    [{"ef": 0}, {"ef": 120}, {"ef": float("nan")}, {"shortening": 0.5}, {"thickening": -0.1}, {"heart_rate": 500}],
)
def test_impossible_numbers_are_refused_in_one_line(values: dict[str, float]) -> None:
    for make in (lambda: Motion(**values), lambda: Motion.from_json(values)):
        with pytest.raises(RequestError, match=next(iter(values))) as caught:
            make()
        assert "\n" not in str(caught.value)


def test_other_segments_kinds_and_keys_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="wall segment"):
        RegionalMotion("left ear", "akinetic")
    with pytest.raises(UnknownNameError, match="regional motion"):
        RegionalMotion("apex", "frozen")  # type: ignore[arg-type]
    bad = ({"speed": 3}, {"regional": [{"segment": "apex"}]}, {"regional": 4}, {"ef": "many"}, {"regional": ["apex"]})
    for values in bad:
        with pytest.raises(EchoStudioError):
            Motion.from_json(values)
    with pytest.raises(RequestError, match="2CH view shows"):
        end_systole(template("2ch-ed"), Motion(regional=(RegionalMotion("mid anterolateral", "akinetic"),)), "2CH")


def test_an_ef_that_cannot_be_is_refused_in_one_line() -> None:
    with pytest.raises(RequestError, match=r"shortening 0\.4") as caught:
        end_systole(template("4ch-ed"), Motion(ef=10, shortening=0.4))
    assert "\n" not in str(caught.value)


def test_a_motion_survives_json() -> None:
    motion = Motion(40, 0.1, 0.2, (RegionalMotion("apex", "dyskinetic"),), 90)
    assert Motion.from_json(motion.to_json()) == motion
    assert Motion.from_json({}) == Motion()


@pytest.mark.parametrize("rate", [20, 45, 70, 120, 180, 250])
@pytest.mark.parametrize("frames", [2, 3, 16, 24, 48, 64])
def test_a_beat_is_full_at_its_start_and_least_at_end_systole_alone(frames: int, rate: float) -> None:
    curve, es = volume_curve(frames, rate), end_systole_index(frames, rate)
    assert curve.shape == (frames,)
    assert curve[0] == 1
    assert np.flatnonzero(curve == 0).tolist() == [es]
    assert (np.diff(curve[: es + 1]) < 0).all()
    assert (np.diff(curve[es:]) > 0).all()
    assert curve[1:].max() < 1


@pytest.mark.parametrize("rate", [50, 70, 110, 200])
def test_the_loop_closes_no_faster_than_it_moves_elsewhere(rate: float) -> None:
    curve = volume_curve(24, rate)
    steps = np.abs(np.diff(np.append(curve, curve[0])))
    assert steps[-1] < steps.max()
    assert steps.max() < 0.25


def test_a_slow_heart_rests_before_its_atrium_contracts_and_a_fast_one_does_not() -> None:
    def resting(rate: float) -> float:
        curve = volume_curve(240, rate)
        steps = np.diff(curve[end_systole_index(240, rate) + 30 :])
        return float((steps < 0.25 / 240).mean())

    assert resting(45) > 0.4
    assert resting(130) < 0.05


def test_systole_takes_a_greater_share_of_a_faster_beat() -> None:
    shares = [end_systole_share(rate) for rate in (40, 60, 80, 120)]
    assert shares == sorted(shares)
    assert end_systole_share(70) == pytest.approx(0.39, abs=0.01)


@pytest.mark.parametrize("frames", [-1, 0, 1, 100_000])
def test_too_few_or_too_many_frames_are_refused_in_one_line(frames: int) -> None:
    with pytest.raises(RequestError, match="frames in a heartbeat"):
        volume_curve(frames, 70)
