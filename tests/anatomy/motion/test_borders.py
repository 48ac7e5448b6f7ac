"""Label maps of a recording: nothing moves without a cause, and what is carried moves as its cause did."""

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.anatomy.labels import LV_CAVITY, OUTSIDE, SECTOR
from echo_studio.anatomy.motion.borders import carried, corrected, smoothed
from echo_studio.anatomy.motion.cycle import LabelCycle, cycle_volumes, label_cycle
from echo_studio.anatomy.motion.motion import Motion, end_systole, usual_motion
from echo_studio.anatomy.shape.sliders import Shape, reshape
from echo_studio.data.template import template
from echo_studio.errors import LabelMapError, RequestError


@pytest.fixture(scope="module")
def heart() -> LabelMap:
    return template("4ch-ed").resized(128, 128)


@pytest.fixture(scope="module")
def beat(heart: LabelMap) -> list[LabelMap]:
    motion = Motion()
    cycle = label_cycle(heart, end_systole(heart, motion), 16, motion)
    return [cycle.frame(k) for k in range(len(cycle))]


def test_a_map_is_carried_nowhere_where_nothing_moved(beat: list[LabelMap]) -> None:
    assert carried(beat[3], beat[5], beat[5]) == beat[3]


def test_a_map_that_moved_itself_becomes_what_it_moved_to(heart: LabelMap) -> None:
    larger = reshape(heart, Shape(lv_size=1.15))
    assert carried(heart, heart, larger) == larger


def test_what_is_edited_at_end_diastole_is_edited_in_every_frame(heart: LabelMap, beat: list[LabelMap]) -> None:
    larger, motion = reshape(heart, Shape(lv_size=1.15)), Motion()
    there = label_cycle(larger, end_systole(larger, motion), 16, motion)
    for k, one in enumerate(beat):
        made = carried(one, beat[k], there.frame(k))
        assert min(structure_dice(made, there.frame(k)).values()) > 0.99
        assert not ((made.ids == OUTSIDE) & (one.ids != OUTSIDE)).any()  # the sector stays
        assert (made.ids == LV_CAVITY).sum() > (one.ids == LV_CAVITY).sum()


def test_another_ef_is_carried_to_frames_that_differ_from_the_cycle(heart: LabelMap, beat: list[LabelMap]) -> None:
    def cycle(ef: float) -> LabelCycle:
        motion = usual_motion(ef)
        return label_cycle(heart, end_systole(heart, motion), 16, motion)

    own, asked = cycle(55), cycle(25)
    wide = [reshape(one, Shape(lv_size=1.05)) for one in beat]  # the recording is no label cycle
    made = [carried(one, own.frame(k), asked.frame(k)) for k, one in enumerate(wide)]
    found = cycle_volumes(LabelCycle(np.stack([one.ids for one in made]), heart.spacing_mm, asked.es, 70))[1]
    assert found == pytest.approx(25, abs=3)


def test_a_slip_in_one_frame_is_evened_out_and_the_beat_stays(beat: list[LabelMap]) -> None:
    slipped = list(beat)
    slipped[6] = LabelMap(np.where(beat[6].ids == LV_CAVITY, np.uint8(SECTOR), beat[6].ids), beat[6].spacing_mm)
    for made, true in zip(smoothed(slipped), beat, strict=True):
        assert structure_dice(made, true)["lv_endo"] > 0.97


def test_a_closed_beat_is_evened_out_alike_wherever_it_is_cut(beat: list[LabelMap]) -> None:
    assert smoothed([*beat[5:], *beat[:5]], closed=True) == [
        *smoothed(beat, closed=True)[5:],
        *smoothed(beat, closed=True)[:5],
    ]


def test_the_turning_points_of_a_beat_keep_their_volume(beat: list[LabelMap]) -> None:
    areas, even = (np.array([(one.ids == LV_CAVITY).sum() for one in maps]) for maps in (beat, smoothed(beat)))
    assert abs(even.min() / areas.min() - 1) < 0.05
    assert abs(even.max() / areas.max() - 1) < 0.02


def test_a_correction_is_there_in_its_frame_and_fades_both_ways(beat: list[LabelMap]) -> None:
    right = reshape(beat[8], Shape(lv_size=1.15))
    made = corrected(beat, {8: right}, 0.05)
    before, after = ([int((one.ids == LV_CAVITY).sum()) for one in maps] for maps in (beat, made))
    grown = [b - a for a, b in zip(before, after, strict=True)]
    assert made[8] == right
    assert grown[8] > grown[5] > grown[2] > 0
    assert grown[8] > grown[11] > grown[14] > 0


def test_between_two_corrections_a_frame_has_of_both(beat: list[LabelMap]) -> None:
    larger, smaller = reshape(beat[4], Shape(lv_size=1.15)), reshape(beat[8], Shape(lv_size=0.9))
    made = corrected(beat, {4: larger, 8: smaller}, 0.05)
    areas = [(one.ids == LV_CAVITY).sum() / (own.ids == LV_CAVITY).sum() for one, own in zip(made, beat, strict=True)]
    assert areas[4] > areas[5] > areas[6] > areas[7] > areas[8]


def test_without_corrections_nothing_changes(beat: list[LabelMap]) -> None:
    assert corrected(beat, {}, 0.05) == beat


def test_a_correction_of_another_frame_or_size_is_refused(beat: list[LabelMap]) -> None:
    with pytest.raises(RequestError, match="frames 0 to 15"):
        corrected(beat, {16: beat[0]}, 0.05)
    with pytest.raises(LabelMapError, match="one size"):
        corrected(beat, {2: beat[0].resized(64, 64)}, 0.05)
