"""Realism: figures of known signals, frames of a folder by their patients, real frames through an autoencoder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame, FrameId
from echo_studio.errors import CheckpointError, DataError, RequestError, UnknownNameError
from echo_studio.evaluate.frames.made_frames import SIDE, MadeSet
from echo_studio.evaluate.frames.realism import measure_realism, of_patients, read_at_side
from echo_studio.evaluate.frames.through_codec import FrameCodec, through_codec
from echo_studio.nets.grain_decoder import high_pass_strength, inner_sector
from echo_studio.types import GrayImage
from tests.generate.tiny import grain_checkpoints, tiny_checkpoints


@pytest.fixture
def frames(camus_folder: Callable[..., Path]) -> list[CamusFrame]:
    folder = CamusFolder(camus_folder(patients=4))
    return read_at_side(folder, folder.frame_ids())


def made(frames: Sequence[CamusFrame], change: Callable[[GrayImage], GrayImage] = lambda image: image) -> MadeSet:
    return MadeSet([f.frame_id.stem for f in frames], [change(f.image) for f in frames], frames, {"images": "here"})


def test_high_pass_strength_of_a_wave_follows_from_its_wavelength() -> None:
    wavelength, height = 8.0, 40.0
    wave = 128 + height * np.sin(2 * np.pi * np.arange(256) / wavelength)
    image = np.tile(np.rint(wave).astype(np.uint8), (256, 1))
    within = np.zeros((256, 256), bool)
    within[64:192, 64:192] = True
    for sigma in (1.0, 2.0, 4.0):
        left = 1 - np.exp(-2 * (np.pi * sigma / wavelength) ** 2)  # a Gaussian's frequency response
        assert high_pass_strength(image, within, sigma) == pytest.approx(height / np.sqrt(2) * left, rel=0.02)
    assert high_pass_strength(np.full_like(image, 90), within, 1.0) == 0


def test_the_inner_sector_ends_10_pixels_inside_and_at_the_picture_s_border() -> None:
    inside = np.zeros((64, 64), bool)
    inside[:, 8:56] = True
    inner = inner_sector(inside)
    assert inner.sum() == 44 * 28
    assert inner[10:54, 18:46].all()


def test_figures_of_the_real_frames_themselves_are_equal(frames: list[CamusFrame]) -> None:
    seen: list[tuple[int, int]] = []
    found = measure_realism(made(frames[:8]), made(frames[8:]), (16,), 2, lambda *at: seen.append(at))
    assert found["n"] == {"learn": 8, "test": 8}
    assert seen[-1] == (len(seen), len(seen))
    assert found["two_sample"] == [{"side": 16, "auc": {"mean": 0.5, "sd": 0.0, "max": 0.5, "by_seed": [0.5, 0.5]}}]
    assert [entry["sigma"] for entry in found["high_pass"]] == [1, 2, 4, 8]
    figures = [*found["high_pass"], found["grey"]["mean"], found["grey"]["contrast"]]
    figures += [found["speckle"][key] for key in ("width_along_px", "width_across_deg")]
    for entry in figures:
        assert entry["real"] == entry["made"]
        assert entry["mean_ratio"] == 1


def test_a_darker_flatter_frame_shows_in_its_figures(frames: list[CamusFrame]) -> None:
    half = made(frames[8:], lambda image: image // 2)
    found = measure_realism(made(frames[:8], lambda image: image // 2), half, (16,), 1)
    assert found["two_sample"][0]["auc"]["mean"] == 1
    for entry in (*found["high_pass"], found["grey"]["mean"], found["grey"]["contrast"]):
        assert entry["mean_ratio"] == pytest.approx(0.5, abs=0.02)
    assert found["speckle"]["width_along_px"]["mean_ratio"] == pytest.approx(1, abs=0.02)


def test_frames_without_a_sector_are_counted_and_black_ones_have_no_widths(frames: list[CamusFrame]) -> None:
    black = made(frames[8:], np.zeros_like)
    found = measure_realism(made(frames[:8], np.zeros_like), black, (16,), 1)
    assert found["speckle"] == {"n": {"real": 8, "made": 0}, "width_along_px": None, "width_across_deg": None}
    assert found["high_pass"][0]["mean_ratio"] == 0


def test_patients_are_kept_apart_and_frames_must_be_paired(frames: list[CamusFrame]) -> None:
    with pytest.raises(DataError, match="patient0002 in both"):
        measure_realism(made(frames[:8]), made(frames[4:]), (16,), 1)
    strange = MadeSet(["a"], [frames[0].image], [], {"images": "here"})
    for refused in (lambda: measure_realism(strange, strange), lambda: of_patients(strange, ["patient0001"], 0)):
        with pytest.raises(RequestError, match="bear the names of real ones"):
            refused()


def test_frames_of_some_patients_are_spread_over_them(frames: list[CamusFrame]) -> None:
    some = of_patients(made(frames), ["patient0002", "patient0003"], 3)
    assert some.names == ["patient0002_2CH_ED", "patient0003_2CH_ED", "patient0003_4CH_ES"]
    assert [frame.frame_id.stem for frame in some.real] == some.names
    assert len(of_patients(made(frames), ["patient0002"], 0).images) == 4


def test_frames_are_read_at_one_side(frames: list[CamusFrame]) -> None:
    assert {frame.image.shape for frame in frames} == {(SIDE, SIDE)}
    assert {frame.label_map.shape for frame in frames} == {(SIDE, SIDE)}


def test_an_autoencoder_is_deterministic_and_black_outside_the_sector(frames: list[CamusFrame], tmp_path: Path) -> None:
    codec = FrameCodec.load("tiny-vae", tiny_checkpoints(tmp_path / "checkpoints"))
    seen: list[tuple[int, int]] = []
    some = through_codec(codec, frames[:9], 0, lambda *at: seen.append(at))
    assert seen == [(8, 9), (9, 9)]
    assert some.source == {"codec": "tiny-vae", "seed": 0}
    assert some.images[0].shape == (64, 64)
    outside = frames[0].label_map.resized(64, 64).ids == 0
    assert not some.images[0][outside].any()
    again = through_codec(codec, frames[:1], 5).images[0]
    np.testing.assert_allclose(again.astype(int), some.images[0].astype(int), atol=1)


def test_grain_follows_the_seed_of_a_frame_and_its_looks(frames: list[CamusFrame], tmp_path: Path) -> None:
    place = grain_checkpoints(tmp_path / "checkpoints")
    measured, sampled = (FrameCodec.load("tiny-grain", place, looks) for looks in ("measured", "sampled"))
    first = through_codec(measured, frames[:3], 4)
    assert first.source == {"codec": "tiny-grain", "looks": "measured", "seed": 4}
    assert np.array_equal(measured(frames[:1], [4])[0], measured(frames[:1], [4])[0])
    np.testing.assert_allclose(measured(frames[1:2], [5])[0].astype(int), first.images[1].astype(int), atol=1)
    assert not np.array_equal(measured(frames[:1], [5])[0], first.images[0])
    assert not np.array_equal(sampled(frames[:1], [4])[0], first.images[0])


def test_what_is_no_autoencoder_is_refused(tmp_path: Path) -> None:
    place = grain_checkpoints(tmp_path / "checkpoints", {"grain_mean": 1.7})
    with pytest.raises(UnknownNameError, match="tiny-grain, tiny-vae"):
        FrameCodec.load("tiny", place)
    with pytest.raises(CheckpointError, match="coarseness_deviation"):
        FrameCodec.load("tiny-grain", place)


def test_a_map_without_a_sector_says_nothing_of_brightness(frames: list[CamusFrame]) -> None:
    thin = np.zeros((SIDE, SIDE), np.uint8)
    thin[100:110, 100:110] = 4
    bare = CamusFrame(FrameId("patient0004", "4CH", "ED"), frames[-1].image, LabelMap(thin))
    found = measure_realism(made(frames[:8]), made([*frames[8:12], bare]), (16,), 1)
    assert found["grey"]["mean"] == measure_realism(made(frames[:8]), made(frames[8:12]), (16,), 1)["grey"]["mean"]
