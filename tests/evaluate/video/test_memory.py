"""How long speckle is remembered: still, renewed and moving clips, whose answers are known."""

import numpy as np
import pytest

from echo_studio.anatomy.motion.cycle import LabelCycle, label_cycle
from echo_studio.anatomy.motion.motion import Motion, end_systole
from echo_studio.data.template import template
from echo_studio.errors import RequestError
from echo_studio.evaluate.video.memory import LAGS, mean_memory, memory_of

FRAMES = 12


@pytest.fixture(scope="module")
def cycle() -> LabelCycle:
    heart, motion = template("4ch-ed").resized(128, 128), Motion(ef=45, shortening=0.12)
    return label_cycle(heart, end_systole(heart, motion, "4CH"), FRAMES, motion, "4CH")


def speckle(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 25, shape).clip(1, 255).astype(np.uint8)


def still(cycle: LabelCycle) -> np.ndarray:
    return np.repeat(cycle.ids[:1], FRAMES, axis=0)


def test_a_still_clip_remembers_all_and_a_renewed_one_nothing(cycle: LabelCycle) -> None:
    ids = still(cycle)
    same = memory_of(np.where(ids, np.repeat(speckle(1, 1, 128, 128), FRAMES, axis=0), 0), ids, 30.0)
    fresh = memory_of(np.where(ids, speckle(2, FRAMES, 128, 128), 0), ids, 30.0)
    for tissue, values in same.in_place.items():
        assert values == pytest.approx([1.0] * len(LAGS)), tissue
        assert np.abs(fresh.in_place[tissue]).max() < 0.15, tissue
    assert same.change == 0
    assert same.wander == 0
    assert fresh.change == pytest.approx(2 / np.pi**0.5, rel=0.05), "of two independent normal values"


def test_half_of_it_carried_gives_half_the_correlation(cycle: LabelCycle) -> None:
    ids = still(cycle)
    mixed = (speckle(1, 1, 128, 128) / 2.0 + speckle(2, FRAMES, 128, 128) / 2.0).astype(np.uint8)
    found = memory_of(np.where(ids, mixed, 0), ids, 30.0)
    assert np.array(list(found.in_place.values())) == pytest.approx(0.5, abs=0.1)


def test_speckle_that_moves_with_the_heart_is_found_again_where_the_motion_is_taken_out(cycle: LabelCycle) -> None:
    smooth = cycle.warped(np.kron(np.random.default_rng(3).normal(size=(64, 64)), np.ones((2, 2))))
    clip = np.where(cycle.ids, (110 + 30 * smooth).clip(1, 255), 0).astype(np.uint8)
    found = memory_of(clip, cycle.ids, 30.0)
    for tissue in ("cavity", "myocardium"):
        place, back = found.in_place[tissue][2], found.moved_back[tissue][2]
        assert back > place + 0.15, tissue


def test_brightness_that_wanders_is_told_over_the_contrast(cycle: LabelCycle) -> None:
    ids, picture = still(cycle), speckle(4, 1, 128, 128).astype(float)
    clip = np.where(ids, picture + 10 * np.sin(2 * np.pi * np.arange(FRAMES) / FRAMES)[:, None, None], 0)
    found = memory_of(clip.astype(np.uint8), ids, 30.0)
    assert found.wander == pytest.approx(7.07 / 26, rel=0.1)
    assert mean_memory([found, found]).wander == pytest.approx(found.wander)


def test_what_cannot_be_measured_is_none_or_refused(cycle: LabelCycle) -> None:
    ids = np.where(still(cycle)[:4] == 2, np.uint8(4), still(cycle)[:4])
    found = memory_of(np.where(ids, speckle(1, 4, 128, 128), 0), ids, 30.0)
    assert found.in_place["myocardium"] == [None] * len(LAGS)
    assert found.in_place["cavity"][3] is None, "no two frames are so far apart"
    for clip in (ids[:2], np.zeros_like(ids)):
        with pytest.raises(RequestError, match="3 frames or more"):
            memory_of(clip, clip, 30.0)
    with pytest.raises(RequestError, match="a clip or more"):
        mean_memory([])
