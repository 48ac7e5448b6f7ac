"""Flicker and loop closure: what stands still, what closes, what jumps."""

import numpy as np
import pytest

from echo_studio.errors import RequestError
from echo_studio.evaluate.video.temporal import changes, flicker, loop_closure

INSIDE = np.ones((16, 16), bool)
INSIDE[:4] = False
PHASE = 2 * np.pi * np.arange(12) / 12
WAVE = np.rint(100 + 40 * np.sin(PHASE[:, None, None] + np.arange(16) / 3) * np.ones((1, 16, 1))).astype(np.uint8)


def test_a_steady_wave_changes_as_much_at_every_step_and_closes() -> None:
    assert changes(WAVE, INSIDE).shape == (12,)
    assert loop_closure(WAVE, INSIDE) == pytest.approx(1, abs=0.1)


def test_a_cut_loop_does_not_close() -> None:
    assert loop_closure(WAVE[:7], INSIDE) > 3


def test_flicker_is_1_of_a_clip_against_itself_and_grows_with_noise() -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(WAVE + rng.normal(0, s, WAVE.shape), 0, 255).astype(np.uint8) for s in (5, 15)]
    assert flicker(WAVE, WAVE, INSIDE) == 1
    assert 1 < flicker(noisy[0], WAVE, INSIDE) < flicker(noisy[1], WAVE, INSIDE)
    still = np.repeat(WAVE[:1], 12, axis=0)
    assert flicker(still, WAVE, INSIDE) == 0
    assert loop_closure(still, INSIDE) == 0


def test_what_happens_outside_the_sector_does_not_count() -> None:
    loud = WAVE.copy()
    loud[::2, :4] = 255
    np.testing.assert_array_equal(changes(loud, INSIDE), changes(WAVE, INSIDE))


def test_a_still_reference_two_frames_or_no_sector_are_refused() -> None:
    with pytest.raises(RequestError, match="moves"):
        flicker(WAVE, np.zeros_like(WAVE), INSIDE)
    with pytest.raises(RequestError, match="3 frames"):
        changes(WAVE[:2], INSIDE)
    with pytest.raises(RequestError, match="sector"):
        changes(WAVE, np.zeros_like(INSIDE))
