"""The beat of a real recording: its own where nothing is asked, edited in every frame where something is."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, OUTSIDE
from echo_studio.anatomy.motion.cycle import cycle_volumes, label_cycle
from echo_studio.anatomy.motion.motion import Motion, RegionalMotion, end_systole, usual_motion
from echo_studio.anatomy.shape.sliders import Shape, reshape
from echo_studio.data.template import template
from echo_studio.errors import RequestError
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.catalog import load_video_generator
from echo_studio.generate.video.real_beat import RealBeat
from echo_studio.generate.video.request import VideoRequest
from tests.generate.tiny import grain_checkpoints

FRAMES = 8


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grain_checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def beat() -> RealBeat:
    """A recording of speckle whose labels are those of a beat of EF 55, with text outside the sector."""
    heart, motion = template("4ch-ed").resized(96, 96), usual_motion(55)
    cycle = label_cycle(heart, end_systole(heart, motion), FRAMES, motion)
    speckle = np.random.default_rng(0).integers(1, 255, cycle.ids.shape).astype(np.uint8)
    speckle[:, :3, :6] = 255
    return RealBeat(speckle, tuple(cycle.frame(k) for k in range(FRAMES)), 0, 60 / 70 / FRAMES)


def request(beat: RealBeat, end_diastole: LabelMap | None = None, **changes: Any) -> VideoRequest:
    asked = VideoRequest(
        end_diastole or beat.labels[0],
        Sampling("beat-grainy", "euler", 2),
        motion=beat.motion,
        frames=FRAMES,
        source=beat.source(0),
        recording=beat,
    )
    return dataclasses.replace(asked, **changes)


def test_the_recordings_own_motion_is_measured(beat: RealBeat) -> None:
    assert beat.ef == pytest.approx(55, abs=1)
    assert beat.heart_rate == pytest.approx(70)
    assert (beat.motion.ef, beat.motion.heart_rate) == (round(beat.ef), 70)
    assert beat.share[0] == 1
    assert beat.share[beat.es] == 0


def test_a_beat_begins_at_the_largest_ventricle_of_the_first_half(beat: RealBeat) -> None:
    late = np.roll(beat.frames, 2, axis=0), beat.labels[-2:] + beat.labels[:-2]
    found = RealBeat.of(*late, beat.seconds_per_frame)
    assert found.first == 2
    assert found.labels[0] == beat.labels[0]
    assert RealBeat.of(*late, beat.seconds_per_frame, first=1).first == 1


def test_nothing_asked_is_the_recordings_own_beat(checkpoints: Path, beat: RealBeat) -> None:
    made = load_video_generator("beat-grainy", checkpoints).generate(request(beat))
    assert [made.cycle.frame(k) for k in range(FRAMES)] == list(beat.labels)
    for image, real, own in zip(made.clip, beat.frames, beat.labels, strict=True):
        assert np.array_equal(image[own.ids != OUTSIDE], real[own.ids != OUTSIDE])
        assert not image[own.ids == OUTSIDE].any()


def test_an_edit_is_in_every_frame_and_the_rest_is_the_recordings(checkpoints: Path, beat: RealBeat) -> None:
    larger, seen = reshape(beat.labels[0], Shape(lv_size=1.15)), []
    asked = request(beat, larger)
    made = load_video_generator("beat-grainy", checkpoints).generate(
        asked, lambda done, total, preview: seen.append((done, total))
    )
    for k, (image, own) in enumerate(zip(made.clip, beat.labels, strict=True)):
        assert (made.cycle.ids[k] == LV_CAVITY).sum() > (own.ids == LV_CAVITY).sum()
        untouched = (beat.source(k).weight(made.cycle.frame(k)) == 0) & (own.ids != OUTSIDE)
        assert untouched.any()
        assert np.array_equal(image[untouched], beat.frames[k][untouched])
        assert not np.array_equal(image, beat.frames[k])
    assert seen[-1] == (2 * FRAMES, 2 * FRAMES)
    record = made.record.to_json()
    assert record["kind"] == "edited real frame"
    assert record["source"]["recording_sha256"] == beat.note()["recording_sha256"]
    assert made.cycle.heart_rate == pytest.approx(beat.heart_rate)


@pytest.mark.parametrize("ef", [25, 65])
def test_another_ef_keeps_end_diastole_and_the_recordings_pace(beat: RealBeat, ef: float) -> None:
    cycle = beat.cycle(beat.labels[0], usual_motion(ef), "4CH")
    assert cycle.frame(0) == beat.labels[0]
    volumes, found = cycle_volumes(cycle)
    assert found == pytest.approx(ef, abs=2)
    share = (volumes - volumes[cycle.es]) / (volumes[0] - volumes[cycle.es])
    assert np.abs(share - beat.share).max() < 0.2  # in 96 pixels the volume has steps


def test_a_segment_that_does_not_move_is_held_and_the_others_move_as_before(beat: RealBeat) -> None:
    held = dataclasses.replace(beat.motion, regional=(RegionalMotion("mid inferoseptal", "akinetic"),))
    cycle = beat.cycle(beat.labels[0], held, "4CH")
    _, ef = cycle_volumes(cycle)
    assert ef is not None
    assert 35 < ef < beat.ef - 1
    moved, own = cycle.ids[cycle.es] == LV_CAVITY, beat.labels[beat.es].ids == LV_CAVITY
    columns = np.nonzero(moved & ~own)[1]
    middle = np.nonzero(own)[1].mean()
    assert (columns < middle).mean() > 0.9  # the septum is left of the cavity


def test_frames_without_a_ventricle_and_another_count_are_refused(beat: RealBeat) -> None:
    blank = template("blank").resized(96, 96)
    with pytest.raises(RequestError, match="ventricle"):
        RealBeat(beat.frames, (blank,) * FRAMES)
    with pytest.raises(RequestError, match="each with its label map"):
        RealBeat(beat.frames[:1], beat.labels[:1])
    with pytest.raises(RequestError, match="0 to 7"):
        RealBeat.of(beat.frames, beat.labels, None, first=8)
    with pytest.raises(RequestError, match="all of its frames"):
        request(beat, frames=5)
    with pytest.raises(RequestError, match="all of its frames"):
        request(beat, source=None)


def test_a_motion_of_its_own_is_a_motion(beat: RealBeat) -> None:
    assert Motion.from_json(beat.motion.to_json()) == beat.motion
