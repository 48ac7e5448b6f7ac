"""SSIM and PSNR of clips: their closed forms, and that more damage is less alike."""

import numpy as np
import pytest

from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.likeness import psnr, ssim
from tests.evaluate.beats import beating, painted

CLIP = painted(beating(50, 4, side=64))


def test_a_clip_is_its_own_likeness() -> None:
    assert ssim(CLIP, CLIP) == pytest.approx(1)
    assert psnr(CLIP, CLIP) == np.inf


def test_psnr_is_the_logarithm_of_the_mean_square_averaged_over_frames() -> None:
    black = np.zeros((2, 16, 16), np.uint8)
    off = black.copy()
    off[0], off[1] = 10, 20
    wanted = [20 * np.log10(255 / difference) for difference in (10, 20)]
    assert psnr(off, black) == pytest.approx(np.mean(wanted))


def test_more_noise_is_less_alike() -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(CLIP + rng.normal(0, s, CLIP.shape), 0, 255).astype(np.uint8) for s in (5, 15, 45)]
    for measure in (ssim, psnr):
        values = [measure(clip, CLIP) for clip in noisy]
        assert values == sorted(values, reverse=True)
        assert measure(noisy[0], noisy[1]) == pytest.approx(measure(noisy[1], noisy[0]))


def test_the_mean_over_frames_is_the_frames_alone() -> None:
    other = np.roll(CLIP, 3, axis=2)
    for measure in (ssim, psnr):
        alone = [measure(other[k : k + 1], CLIP[k : k + 1]) for k in range(len(CLIP))]
        assert measure(other, CLIP) == pytest.approx(np.mean(alone))


@pytest.mark.parametrize("measure", [ssim, psnr])
def test_clips_of_other_shapes_are_refused(measure: object) -> None:
    with pytest.raises(RequestError, match="one size and length"):
        measure(CLIP[:2], CLIP)  # type: ignore[operator]
