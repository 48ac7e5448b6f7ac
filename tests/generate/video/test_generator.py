"""Clips: what a request brings back, what a start step skips, and that the same seed gives the same clip."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import Motion
from echo_studio.data.template import template
from echo_studio.diffusion.schedule import karras_sigmas, levels_below
from echo_studio.errors import Cancelled, RequestError, UnknownNameError
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.catalog import load_video_generator, video_generators
from echo_studio.generate.video.generator import nfe_run
from echo_studio.generate.video.request import VideoRequest
from tests.generate.tiny import changed, tiny_videos


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_videos(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def heart() -> LabelMap:
    return template("4ch-ed").resized(64, 64)


def request(heart: LabelMap, name: str, **changes: object) -> VideoRequest:
    return changed(VideoRequest(heart, Sampling(name, "euler", 4), frames=6, seed=3), **changes)


def test_methods_stand_on_the_prior_and_guided_generators_come_first(checkpoints: Path) -> None:
    entries = video_generators(checkpoints)
    assert list(entries) == ["video-spade", "free-echo", "free-echo-still", "sdedit", "video-prior"]
    assert entries["free-echo"].checkpoint == "video-prior"
    assert [entry.starts for entry in entries.values()] == [False, True, True, True, False]
    assert [name for name, entry in entries.items() if entry.follows_labels] == ["video-spade", "free-echo", "sdedit"]
    assert [entry.guidance for entry in entries.values()] == [True, False, False, False, False]


@pytest.mark.parametrize("name", ["video-spade", "free-echo", "free-echo-still", "sdedit", "video-prior"])
def test_a_clip_is_its_request_again(checkpoints: Path, heart: LabelMap, name: str) -> None:
    generator = load_video_generator(name, checkpoints)
    step = 20 if video_generators(checkpoints)[name].starts else 0
    order = request(heart, name, start_step=step)
    first, again = generator.generate(order), generator.generate(order)
    assert first.clip.shape == (6, 64, 64) == first.cycle.ids.shape
    assert np.array_equal(first.clip, again.clip)
    assert not first.clip[first.cycle.ids == 0].any()
    assert not np.array_equal(first.clip, generator.generate(dataclasses.replace(order, seed=4)).clip)
    record = first.record.to_json()
    assert record["generator"] == name
    assert record["nfe_run"] == nfe_run(order)
    assert record["ef_drawn"] == pytest.approx(55, abs=3)


def test_steps_that_are_skipped_are_not_computed(checkpoints: Path, heart: LabelMap) -> None:
    generator = load_video_generator("free-echo", checkpoints)
    calls: list[tuple[int, int]] = []
    order = request(heart, "free-echo", nfe=8, start_step=48)
    made = generator.generate(order, lambda done, total, preview: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]
    assert made.record.nfe_run == 2


def test_a_late_start_keeps_the_pseudo_video_and_an_early_one_does_not(checkpoints: Path, heart: LabelMap) -> None:
    generator = load_video_generator("free-echo", checkpoints)
    pseudo = generator.pseudo_clip(request(heart, "free-echo", start_step=1)).astype(float)

    def distance(step: int) -> float:
        clip = generator.generate(request(heart, "free-echo", start_step=step)).clip
        small = clip.reshape(6, 32, 2, 32, 2).mean((2, 4))
        return float(np.abs(small - pseudo)[pseudo > 0].mean())

    assert distance(60) < 0.5 * distance(5)


def test_the_pseudo_video_moves_with_the_heart(checkpoints: Path, heart: LabelMap) -> None:
    generator = load_video_generator("sdedit", checkpoints)
    still = generator.pseudo_clip(request(heart, "sdedit", motion=Motion(ef=8, shortening=0.02, thickening=0.02)))
    moving = generator.pseudo_clip(request(heart, "sdedit", motion=Motion(ef=60)))
    change = [np.abs(np.diff(clip.astype(float), axis=0)).mean() for clip in (still, moving)]
    assert change[1] > 2 * change[0]


def test_a_preview_is_the_middle_frame_and_cancel_stops(checkpoints: Path, heart: LabelMap) -> None:
    generator = load_video_generator("video-spade", checkpoints)
    seen = []

    def stop(done: int, total: int, preview) -> None:  # type: ignore[no-untyped-def]
        seen.append(preview())
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        generator.generate(request(heart, "video-spade"), stop)
    assert [frame.shape for frame in seen] == [(64, 64), (64, 64)]


def test_what_cannot_be_done_is_one_line(checkpoints: Path, heart: LabelMap) -> None:
    for frames in (0, 1, 10**5):
        with pytest.raises(RequestError, match="frames from 2 to 64"):
            request(heart, "video-spade", frames=frames)
    for changes, said in (({"start_step": 5}, "start step 0"), ({"seed": -1}, "a seed"), ({"nfe": 0}, "an NFE")):
        with pytest.raises(RequestError, match=said):
            load_video_generator("video-spade", checkpoints).generate(request(heart, "video-spade", **changes))
    with pytest.raises(RequestError, match="label dropout"):
        load_video_generator("free-echo", checkpoints).generate(request(heart, "free-echo", guidance=2.0))
    with pytest.raises(UnknownNameError, match="video-spade"):
        load_video_generator("edm-l64", checkpoints)
    with pytest.raises(RequestError, match="ef from 5 to 85"):
        Motion(ef=120)


def test_levels_below_a_start_lie_on_the_same_curve() -> None:
    whole = karras_sigmas(64)
    rest = levels_below(whole, float(whole[15]), 49)
    assert torch.allclose(rest, whole[15:], rtol=1e-6)
    assert float(levels_below(whole, 5.0, 1)[0]) == 5.0
