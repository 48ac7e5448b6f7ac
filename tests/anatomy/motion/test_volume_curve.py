"""The volume over one heartbeat."""

import numpy as np
import pytest

from echo_studio.anatomy.motion.volume_curve import end_systole_index, end_systole_share, volume_curve
from echo_studio.errors import RequestError


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
