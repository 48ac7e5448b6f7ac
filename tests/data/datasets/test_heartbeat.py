"""A cycle is resampled over time: never cut, never padded, whatever the recording's length and pace."""

import numpy as np
import pytest

from echo_studio.data.datasets.camus_sequence import labels_between
from echo_studio.data.datasets.heartbeat import (
    beat_times,
    check_count,
    check_recorded,
    cycle_length,
    frames_at,
    within_recording,
)
from echo_studio.errors import EchoStudioError
from tests.data.beating import cavity, recording


def ramp(count: int) -> np.ndarray:
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None] * 10, (count, 8, 8)).copy()


def test_whole_times_give_the_frames_themselves_and_others_a_blend() -> None:
    frames = ramp(6)
    assert (frames_at(frames, np.arange(6.0)) == frames).all()
    assert (frames_at(frames, np.array([1.5, 4.25]))[:, 0, 0] == [15, 42]).all()


def test_after_the_last_frame_of_a_closed_loop_comes_the_first() -> None:
    assert frames_at(ramp(5), np.array([4.5]), closed=True)[0, 0, 0] == 20  # half-way from 40 to 0
    assert frames_at(ramp(5), np.array([4.5]))[0, 0, 0] == 40


@pytest.mark.parametrize("frames", [2, 3, 16, 24, 25, 512])
def test_times_start_at_ed_hit_es_and_stop_before_the_next_ed(frames: int) -> None:
    times, index = beat_times(3.0, 12.5, 33.0, frames)
    assert len(times) == frames
    assert times[0] == 3.0
    assert times[index] == 12.5
    assert (np.diff(times) > 0).all()
    assert times[-1] < 33.0
    if frames >= 16:
        steps = np.diff(np.append(times, 33.0))
        assert steps.max() / steps.min() < 1.3


def test_a_longer_recording_of_the_same_beat_gives_the_same_cycle() -> None:
    slow, fast = (frames_at(recording(n, n), np.linspace(0, n, 12, endpoint=False)) for n in (48, 96))
    dark = [(clip[:, 10:90, 40:72] < 25).sum(axis=(1, 2)) for clip in (slow, fast)]
    assert np.corrcoef(*dark)[0, 1] > 0.99


def test_times_beyond_the_recording_come_from_the_neighbouring_beat() -> None:
    times = within_recording(np.array([-3.0, 5.0, 28.0, 31.0]), 20.0, 30)
    assert times == pytest.approx([17.0, 5.0, 28.0, 11.0])


@pytest.mark.parametrize(("frames", "period"), [(60, 31.4), (120, 31.4), (100, 50.0), (200, 24.0)])
def test_the_length_of_a_beat_is_seen_in_the_pictures(frames: int, period: float) -> None:
    assert cycle_length(recording(frames, period, 3.0), 1 / 50) == pytest.approx(period, abs=0.6)


def test_no_length_is_told_where_no_beat_comes_back() -> None:
    assert cycle_length(recording(30, 31.4), 1 / 50) is None
    assert cycle_length(recording(20, 31.4), None) is None
    assert cycle_length(np.zeros((60, 64, 64), np.uint8), 1 / 50) is None
    noise = np.random.default_rng(0).integers(0, 256, (80, 64, 64)).astype(np.uint8)
    assert cycle_length(noise, 1 / 50) is None
    for count in range(1, 8):
        cycle_length(recording(count, 5.0), None)


def test_what_beats_faster_than_any_heart_is_not_one_beat() -> None:
    assert cycle_length(recording(120, 31.4), 1 / 200) == pytest.approx(62.8, abs=1)  # 31.4 would be 382 a minute


def test_shapes_between_two_labels_move_and_keep_their_ids() -> None:
    ids = np.stack([np.where(cavity(t, 40), 1, 4).astype(np.uint8) for t in (0, 20)])
    areas = (labels_between(ids, np.linspace(0, 1, 5)) == 1).sum(axis=(1, 2))
    assert (np.diff(areas) < 0).all()
    assert (labels_between(ids, np.array([0.0, 1.0])) == ids).all()
    wanted = cavity(10, 40).sum()
    assert areas[2] == pytest.approx(wanted, rel=0.03)
    assert set(np.unique(labels_between(ids, np.array([0.3])))) == {1, 4}


def test_what_is_no_recording_is_refused_in_one_line() -> None:
    for fault in (
        lambda: check_count(0),
        lambda: check_count(1),
        lambda: check_count(100_000),
        lambda: check_recorded(0, 0, "a.avi"),
        lambda: check_recorded(1, 1, "a.avi"),
        lambda: check_recorded(512, 100_000, "a.avi"),
    ):
        with pytest.raises(EchoStudioError) as caught:
            fault()
        assert "\n" not in str(caught.value)
