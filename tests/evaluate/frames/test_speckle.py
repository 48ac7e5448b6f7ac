"""Speckle statistics: fits give back what was drawn, widths what was blurred, in the sector that the frame shows."""

import dataclasses
import math

import cv2
import numpy as np
import pytest

from echo_studio.anatomy.sector.detect import find_sector
from echo_studio.anatomy.sector.geometry import Sector, fit_sector
from echo_studio.errors import ImageError
from echo_studio.evaluate.frames.speckle import (
    DEPTHS,
    BeamGrid,
    depth_profile,
    fit_grey,
    grain_strength,
    grain_widths,
    on_beams,
    speckle,
)
from echo_studio.types import GrayImage

SECTOR_SHAPE = Sector(apex=(127.5, 4.0), angle_left=-0.65, angle_right=0.65, near=6.0, far=235.0)
WIDTH = 2 * math.sqrt(2 * math.log(2)) * math.sqrt(2)  # of the autocorrelation, in deviations of the blur


def grid(grey: np.ndarray) -> BeamGrid:
    return BeamGrid(grey.astype(np.float64), np.ones(grey.shape, bool), 0.4, 10.0)


def in_sector(beams: np.ndarray, sector: Sector = SECTOR_SHAPE, shape: tuple[int, int] = (256, 256)) -> GrayImage:
    """A frame whose beams are the columns of (radius, angle), black outside the sector."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    dx, dy = x - sector.apex[0], (y - sector.apex[1]) * sector.aspect
    angle = (np.arctan2(dx, dy) - sector.angle_left) / (sector.angle_right - sector.angle_left) * (beams.shape[1] - 1)
    frame = cv2.remap(beams.astype(np.float32), angle.astype(np.float32), np.hypot(dx, dy), cv2.INTER_CUBIC)
    return np.where(sector.mask(*shape), np.clip(frame.round(), 1, 255), 0).astype(np.uint8)


def grain(along: float, across: float, shape: tuple[int, int] = (260, 300)) -> np.ndarray:
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(size=shape), (0, 0), sigmaX=across, sigmaY=along)
    return np.asarray(120 + 30 * noise / noise.std())


def test_a_fit_gives_back_the_gamma_distribution_that_was_drawn_from() -> None:
    levels = np.random.default_rng(0).gamma(6.0, 14.0, 200_000)
    fit = fit_grey(np.clip(levels, 0, 255).astype(np.uint8))
    assert fit.gamma_shape == pytest.approx(6, rel=0.05)
    assert fit.gamma_scale == pytest.approx(14, rel=0.05)
    assert fit.gamma_misfit < 0.01 < fit.rayleigh_misfit


def test_a_fit_gives_back_the_rayleigh_distribution_that_was_drawn_from() -> None:
    fit = fit_grey(np.random.default_rng(0).rayleigh(50, 200_000).clip(0, 255).astype(np.uint8))
    assert fit.rayleigh_scale == pytest.approx(50, rel=0.01)
    assert fit.rayleigh_misfit < 0.01 < fit.gamma_misfit


def test_the_strength_of_grain_is_its_deviation_inside_the_sector_and_falls_with_blur() -> None:
    inside = SECTOR_SHAPE.mask(256, 256)
    noise = np.random.default_rng(0).normal(size=inside.shape)
    frames = [np.where(inside, np.clip(120 + k * noise, 0, 255), 0).astype(np.uint8) for k in (0, 5, 10)]
    strengths = [grain_strength(frame, inside) for frame in frames]
    assert strengths[0] == 0, "the sector's edge does not count"
    # What white noise keeps of its power when its blur by weights g is taken away: 1 - 2 g(0) + sum of g^2.
    left = math.sqrt(1 - 2 / (2 * math.pi) + 1 / (4 * math.pi))
    assert strengths[2] == pytest.approx(10 * left, rel=0.03)
    assert strengths[2] == pytest.approx(2 * strengths[1], rel=0.03)
    blurred = [np.asarray(cv2.GaussianBlur(frames[2], (0, 0), width), np.uint8) for width in (0.5, 1, 2)]
    assert (np.diff([strengths[2], *(grain_strength(frame, inside) for frame in blurred)]) < 0).all()
    assert grain_strength(frames[2], np.zeros_like(inside)) == 0


def test_gain_scales_the_gamma_fit_and_keeps_its_shape() -> None:
    levels = np.random.default_rng(1).gamma(9.0, 5.0, 100_000)
    one, two = (fit_grey((gain * levels).clip(0, 255).astype(np.uint8)) for gain in (1, 2))
    assert two.gamma_shape == pytest.approx(one.gamma_shape, rel=0.02)
    assert two.gamma_scale == pytest.approx(2 * one.gamma_scale, rel=0.02)


def test_one_grey_alone_has_finite_fits_and_no_pixel_at_all_is_refused() -> None:
    fit = fit_grey(np.full(50, 90, np.uint8))
    assert all(math.isfinite(value) for value in dataclasses.astuple(fit))
    with pytest.raises(ImageError, match="empty"):
        fit_grey(np.zeros(0, np.uint8))


def test_white_noise_has_width_1_and_blurred_noise_that_of_its_blur() -> None:
    noise = np.random.default_rng(0).normal(120, 20, (300, 300))
    assert grain_widths(grid(noise)) == pytest.approx((1, 1), abs=0.05)
    assert grain_widths(grid(grain(1.2, 2.0))) == pytest.approx((1.2 * WIDTH, 2.0 * WIDTH), rel=0.12)


def test_widths_do_not_see_gain_offset_or_slow_shading() -> None:
    plain = grain(1.5, 1.5)
    shaded = 40 + plain * np.linspace(0.5, 1.0, plain.shape[1])
    assert grain_widths(grid(0.5 * plain + 60)) == pytest.approx(grain_widths(grid(plain)), rel=0.01)
    assert grain_widths(grid(shaded)) == pytest.approx(grain_widths(grid(plain)), rel=0.03)


def test_a_frame_shows_the_widths_of_its_beams_and_a_wider_grain_is_wider() -> None:
    degrees = math.degrees(SECTOR_SHAPE.angle_right - SECTOR_SHAPE.angle_left) / 299
    fine, coarse = (speckle(in_sector(grain(along, across))) for along, across in ((1.6, 3.0), (2.6, 5.0)))
    assert fine.along == pytest.approx(1.6 * WIDTH, rel=0.15)
    assert fine.across == pytest.approx(3.0 * WIDTH * degrees, rel=0.15)
    assert coarse.along > 1.2 * fine.along
    assert coarse.across > 1.2 * fine.across


def test_the_sector_is_found_in_the_frame_and_its_beams_run_straight() -> None:
    ramp = np.repeat(np.linspace(40, 200, 260)[:, None], 300, axis=1)
    frame = in_sector(ramp)
    beams = on_beams(frame, fit_sector(find_sector(frame)))
    spread = np.array([row[seen].std() for row, seen in zip(beams.grey, beams.seen, strict=True) if seen.sum() > 9])
    assert spread.max() < 3
    assert (np.diff(depth_profile(beams)) > 0).all()


def test_the_depth_profile_is_the_light_of_each_depth() -> None:
    rows = np.repeat(np.arange(DEPTHS) * 10.0, 8)
    beams = grid(np.repeat(rows[:, None], 50, axis=1))
    np.testing.assert_allclose(depth_profile(beams), np.arange(DEPTHS) * 10.0)
    beams.seen[:8] = False
    assert depth_profile(beams)[0] == 0


def test_a_black_frame_and_a_sector_of_a_few_pixels_are_refused() -> None:
    with pytest.raises(ImageError):
        speckle(np.zeros((64, 64), np.uint8))
    with pytest.raises(ImageError, match="16 pixels"):
        on_beams(np.ones((32, 32), np.uint8), Sector((16, 0), -0.5, 0.5, 0, 12))
