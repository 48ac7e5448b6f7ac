"""Label cycles: keyframes kept, volumes on their curve, nothing torn, the loop closed."""

import os
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.edits.defect_wall import septal_defect
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.measure.anomalies import holes_in_structures, islands
from echo_studio.anatomy.motion.cycle import LabelCycle, cycle_volumes, label_cycle
from echo_studio.anatomy.motion.motion import Motion, RegionalMotion, end_systole, usual_motion, volume_curve
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.data.template import template
from echo_studio.errors import EchoStudioError, LabelMapError
from echo_studio.types import View
from tests.anatomy.heart import wall_segments

STRUCTURES = (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM)
DIASTOLE = template("4ch-ed")


@pytest.fixture(scope="module")
def cycle() -> LabelCycle:
    return label_cycle(DIASTOLE, end_systole(DIASTOLE, Motion()), 24, Motion())


def test_the_keyframes_are_frames_of_the_cycle(cycle: LabelCycle) -> None:
    assert len(cycle) == 24
    assert cycle.frame(0) == DIASTOLE
    assert cycle.frame(cycle.es) == end_systole(DIASTOLE, Motion())
    assert cycle.frame(24) == cycle.frame(0)
    assert cycle.spacing_mm == DIASTOLE.spacing_mm


def test_volumes_follow_the_curve(cycle: LabelCycle) -> None:
    volumes, ef = cycle_volumes(cycle)
    assert ef == pytest.approx(55, abs=1)
    full, least = volumes[0], volumes[cycle.es]
    assert (np.diff(volumes[: cycle.es + 1]) <= 0.003 * full).all()
    assert volumes.max() <= 1.003 * full
    assert np.abs((volumes - least) / (full - least) - volume_curve(24, 70)).max() < 0.06


def test_frames_are_whole_and_the_sector_stands_still(cycle: LabelCycle) -> None:
    for k, ids in enumerate(cycle.ids):
        assert set(np.unique(ids)) <= set(np.unique(DIASTOLE.ids))
        assert not holes_in_structures(cycle.frame(k)).any()
        assert not any(islands(ids, structure).any() for structure in STRUCTURES)
        resting = ~np.isin(ids, STRUCTURES) & ~np.isin(DIASTOLE.ids, STRUCTURES)
        assert (ids == DIASTOLE.ids)[resting].all()


def test_a_long_loop_closes_without_a_jump() -> None:
    cycle = label_cycle(DIASTOLE, end_systole(DIASTOLE, Motion()), 48, Motion())
    changed = (cycle.ids != np.roll(cycle.ids, -1, axis=0)).mean(axis=(1, 2))
    assert changed[-1] <= changed.max()
    assert changed.max() < 0.03
    pixels = np.stack([(cycle.ids == k).sum(axis=(1, 2)) for k in STRUCTURES]).astype(float)
    jerk = np.abs(pixels - (np.roll(pixels, 1, axis=1) + np.roll(pixels, -1, axis=1)) / 2)
    assert (jerk.max(axis=1) < 0.04 * pixels[:, 0]).all()


def test_any_keyframe_at_end_systole_will_do() -> None:
    """Two templates of different patients' means, their contours put in correspondence."""
    for view in ("4ch", "2ch"):
        systole = template(f"{view}-es")
        cycle = label_cycle(template(f"{view}-ed"), systole, 12, Motion())
        assert (np.isin(cycle.ids[cycle.es], STRUCTURES) == np.isin(systole.ids, STRUCTURES)).all()
        for structure in STRUCTURES:
            assert ((cycle.ids[cycle.es] == structure) == (systole.ids == structure)).all()


def test_regional_motion_holds_a_segment_that_a_keyframe_moves() -> None:
    motion = Motion(regional=(RegionalMotion("mid anterolateral", "akinetic"),))
    free = end_systole(DIASTOLE, Motion())
    held = label_cycle(DIASTOLE, free, 6, motion, "4CH")
    segment = wall_segments(DIASTOLE, "4CH") == 12
    assert (held.ids[:, segment] == LV_MYOCARDIUM).mean() > 0.97
    assert (free.ids[segment] == LV_MYOCARDIUM).mean() < 0.9
    shown = end_systole(DIASTOLE, motion, "4CH")
    again = label_cycle(DIASTOLE, shown, 6, motion, "4CH")
    assert again.frame(again.es) == shown


def test_a_gap_in_the_wall_stays_open() -> None:
    damaged = septal_defect(DIASTOLE, width_mm=12)
    cycle = label_cycle(damaged, end_systole(damaged, Motion()), 6, Motion())
    assert cycle.frame(0) == damaged
    sizes = [int(((ids == LV_CAVITY) & (wall_segments(DIASTOLE, "4CH") > 0)).sum()) for ids in cycle.ids]
    assert min(sizes) > 0.3 * sizes[0] > 0


def test_a_map_without_a_ventricle_stands_still() -> None:
    blank = template("blank")
    cycle = label_cycle(blank, end_systole(blank, Motion()), 4, Motion())
    assert (cycle.ids == blank.ids).all()
    assert cycle_volumes(cycle)[1] is None
    assert np.isnan(cycle_volumes(cycle)[0]).all()


def test_a_ventricle_without_an_axis_passes_from_keyframe_to_keyframe() -> None:
    ids = np.full((2, 64, 64), SECTOR, np.uint8)
    ids[0, 16:48, 16:48] = LV_CAVITY
    ids[1, 22:42, 22:42] = LV_CAVITY
    cycle = label_cycle(LabelMap(ids[0]), LabelMap(ids[1]), 8, Motion())
    areas = (cycle.ids == LV_CAVITY).sum(axis=(1, 2))
    assert (np.diff(areas[: cycle.es + 1]) <= 0).all()
    assert (cycle.ids[cycle.es] == ids[1]).all()


def test_the_smallest_cycle_has_two_frames_and_cannot_be_changed() -> None:
    systole = end_systole(DIASTOLE, Motion())
    cycle = label_cycle(DIASTOLE, systole, 2, Motion())
    assert [cycle.frame(0), cycle.frame(1)] == [DIASTOLE, systole]
    with pytest.raises(ValueError, match="read-only"):
        cycle.ids[0] = OUTSIDE


def test_keyframes_that_do_not_fit_are_refused_in_one_line() -> None:
    systole = end_systole(DIASTOLE, Motion())
    cases = {
        "smaller at end systole": (systole, DIASTOLE),
        "one size": (DIASTOLE, systole.resized(128, 128)),
        "one pixel spacing": (DIASTOLE, LabelMap(systole.ids, (1.0, 1.0))),
        "in both keyframes": (DIASTOLE, template("blank")),
    }
    for words, (one, other) in cases.items():
        if words == "in both keyframes":
            other = LabelMap(other.ids, one.spacing_mm)
        with pytest.raises(LabelMapError, match=words) as caught:
            label_cycle(one, other, 24, Motion())
        assert "\n" not in str(caught.value)
    for frames in (0, 1, 100_000):
        with pytest.raises(EchoStudioError, match="frames in a heartbeat"):
            label_cycle(DIASTOLE, systole, frames, Motion())


CAMUS = os.environ.get("ECHO_STUDIO_CAMUS")


@pytest.mark.skipif(not CAMUS, reason="needs CAMUS: set ECHO_STUDIO_CAMUS")
@pytest.mark.parametrize("view", ["2CH", "4CH"])
def test_real_pairs_beat(view: View) -> None:
    folder = CamusFolder(Path(str(CAMUS)))
    for patient in folder.split("validation")[:3]:
        diastole, systole = (folder.read(FrameId(patient, view, phase)).label_map for phase in ("ED", "ES"))
        cycle = label_cycle(diastole, systole, 8, Motion(), view)
        assert cycle.frame(0) == diastole
        for structure in STRUCTURES:
            assert ((cycle.ids[cycle.es] == structure) == (systole.ids == structure)).all()
        made = end_systole(diastole, usual_motion(50), view)
        _, ef = cycle_volumes(label_cycle(diastole, made, 2, Motion(), view))
        assert ef == pytest.approx(50, abs=1)


def test_what_lies_on_the_heart_moves_with_it() -> None:
    """The wall of end diastole as a picture covers the wall of every frame; far from the heart nothing moves."""
    heart = template("4ch-ed").resized(128, 128)
    motion = Motion(ef=60)
    cycle = label_cycle(heart, end_systole(heart, motion, "4CH"), 12, motion, "4CH")
    wall = (heart.ids == 2).astype(float)
    for picture, ids in zip(cycle.warped(wall), cycle.ids, strict=True):
        assert picture[ids == 2].mean() > 0.75
        assert picture[ids == 1].mean() < 0.2
    ramp = np.tile(np.arange(64.0), (64, 1))
    assert np.allclose(cycle.warped(ramp)[cycle.es][0, :8], ramp[0, :8], atol=1.5)
