"""The ventricle's curve: a beat of known EF is measured, through gaps and slips."""

import json

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import end_systole_index, volume_curve
from echo_studio.errors import RequestError
from echo_studio.evaluate.video.lv_curve import lv_curve, smooth_beat
from tests.evaluate.beats import beating

NOTHING = LabelMap(np.full((128, 128), 4, np.uint8))


@pytest.mark.parametrize("ef", [25, 65])
def test_the_ef_of_a_beat_is_measured_whether_its_end_systole_is_told_or_not(ef: float) -> None:
    maps = beating(ef, 24)
    es = end_systole_index(24, 70)
    told, found = lv_curve(maps, es), lv_curve(maps)
    assert told.ef_percent == pytest.approx(ef, abs=2)
    assert found.ef_percent == pytest.approx(ef, abs=2)
    assert abs(found.es - es) <= 2  # volumes hardly differ while the valves are closed
    assert told.areas_px.shape == told.volumes.shape == (24,)
    assert told.areas_px[0] > told.areas_px[es]


def test_gaps_and_slips_of_the_segmenter_hardly_move_the_ef() -> None:
    maps = beating(50, 24)
    es = end_systole_index(24, 70)
    clean = lv_curve(maps, es).ef_percent
    damaged = [*maps]
    damaged[4] = damaged[15] = NOTHING
    damaged[20] = maps[es]  # half the cavity lost in one frame
    assert clean is not None
    assert lv_curve(damaged, es).ef_percent == pytest.approx(clean, abs=1.5)


def test_a_beat_without_a_cavity_has_no_ef_and_json_has_no_nan() -> None:
    curve = lv_curve([NOTHING] * 6, 2)
    assert curve.ef_percent is None
    values = json.loads(json.dumps(curve.to_json(), allow_nan=False))
    assert values["volumes"] == values["areas_px"] == [None] * 6


def test_smoothing_keeps_a_constant_a_short_beat_and_the_depth_of_a_beat() -> None:
    np.testing.assert_allclose(smooth_beat(np.full(24, 7.0)), 7)
    np.testing.assert_array_equal(smooth_beat(np.array([3.0, 1.0, 2.0])), [3, 1, 2])
    for frames in (16, 24):
        values = 40 + 60 * volume_curve(frames)
        smooth = smooth_beat(values)
        assert np.ptp(smooth) == pytest.approx(60, abs=6)
    rng = np.random.default_rng(0)
    noisy = 40 + 60 * volume_curve(24) + rng.normal(0, 3, 24)
    assert np.abs(smooth_beat(noisy) - 40 - 60 * volume_curve(24)).mean() < 3


def test_an_end_systole_that_is_no_frame_is_refused() -> None:
    with pytest.raises(RequestError, match="end systole"):
        lv_curve([NOTHING] * 6, 6)
