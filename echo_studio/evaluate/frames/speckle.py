"""Speckle statistics of a frame: grey levels inside the sector, grain along and across the beam, light over depth.

Speckle is measured as the scanner's beams saw it: depth down, angle across. Fully developed speckle has a Rayleigh
envelope (Burckhardt 1978). What a scanner shows is compressed, filtered and mixes tissues, for which a gamma
distribution is the usual description (Tao et al. 2006); the Rayleigh fit stands beside it as the textbook's case.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammainc, polygamma

from echo_studio.anatomy.sector.detect import find_sector
from echo_studio.anatomy.sector.geometry import Sector, fit_sector
from echo_studio.errors import ImageError
from echo_studio.nets.grain_decoder import high_pass_strength, inner_sector
from echo_studio.types import BoolMask, FloatArray, GrayImage

INSET = 0.03  # of depth and of angle, left out at each border, where sector and picture end in a step
MIN_SIDE = 16  # samples along and across that a grid needs
LEVELS = np.arange(256) + 0.5  # a grey level counts as its middle, so that black has a logarithm
LEAST_SPREAD = 1e-6  # of log mean minus mean log: one grey alone would have an endless shape
NEWTON_STEPS = 8
LOCAL = 8.0  # deviation in pixels of the Gaussian whose mean is taken away: what is wider is anatomy, not grain
LEAST_DEVIATION = 1.0  # grey levels; flat places have no grain to measure
LAGS = 24  # of the autocorrelation
DEPTHS = 16  # steps of the depth profile
FINE = 1.0  # deviation in pixels of the Gaussian: what is finer counts as strength of the grain


@dataclass(frozen=True)
class BeamGrid:
    """Grey levels on beams.

    Attributes:
        grey: float64 (depths, angles), 0 to 255. One row is one pixel of x deeper than the one above.
        seen: (depths, angles) False where a beam runs out of the picture.
        degrees: between neighbouring columns.
        near: radius of the first row, in pixels of x.
    """

    grey: FloatArray
    seen: BoolMask
    degrees: float
    near: float


def on_beams(image: GrayImage, sector: Sector) -> BeamGrid:
    """Sample a frame along the beams of its sector, with cubic interpolation.

    Neighbouring columns are one pixel apart at the middle depth, so that no detail falls between them there.

    Args:
        image: uint8 (h, w).
        sector: of this frame.

    Raises:
        ImageError: the sector is too small for statistics.
    """
    depth, angle = sector.far - sector.near, sector.angle_right - sector.angle_left
    near, far = sector.near + INSET * depth, sector.far - INSET * depth
    left, right = sector.angle_left + INSET * angle, sector.angle_right - INSET * angle
    rows, columns = int(far - near) + 1, int((right - left) * (near + far) / 2) + 1
    if min(rows, columns) < MIN_SIDE:
        raise ImageError(
            expected=f"a sector of {MIN_SIDE} pixels or more along and across",
            got=f"{rows} x {columns}",
            remedy="enlarge it",
        )
    radii = near + np.arange(rows)[:, None]
    angles = np.linspace(left, right, columns)
    x = (sector.apex[0] + radii * np.sin(angles)).astype(np.float32)
    y = (sector.apex[1] + radii * np.cos(angles) / sector.aspect).astype(np.float32)
    height, width = image.shape
    seen = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    grey = cv2.remap(image.astype(np.float32), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return BeamGrid(grey.astype(np.float64), seen, math.degrees((right - left) / (columns - 1)), near)


@dataclass(frozen=True)
class GreyFit:
    """Fits to the grey levels of a region.

    Attributes:
        rayleigh_scale: sigma of x / sigma^2 exp(-x^2 / 2 sigma^2), in grey levels.
        rayleigh_misfit, gamma_misfit: Kolmogorov-Smirnov distances between levels and fit, 0 to 1.
        gamma_shape, gamma_scale: k and theta of x^(k-1) exp(-x / theta); theta in grey levels.
    """

    rayleigh_scale: float
    rayleigh_misfit: float
    gamma_shape: float
    gamma_scale: float
    gamma_misfit: float


def fit_grey(levels: npt.NDArray[np.uint8]) -> GreyFit:
    """Fit both distributions to grey levels, uint8 in any shape, by maximum likelihood.

    Raises:
        ImageError: no level at all.
    """
    if not levels.size:
        raise ImageError(expected="a region with pixels", got="an empty one", remedy="give a frame with a sector")
    share = np.bincount(levels.ravel(), minlength=256) / levels.size
    mean = float(share @ LEVELS)
    scale = float(np.sqrt(share @ LEVELS**2 / 2))
    shape = _gamma_shape(max(LEAST_SPREAD, float(np.log(mean) - share @ np.log(LEVELS))))
    reached, upper = share.cumsum(), LEVELS + 0.5
    return GreyFit(
        scale,
        _misfit(reached, 1 - np.exp(-(upper**2) / (2 * scale**2))),
        shape,
        mean / shape,
        _misfit(reached, gammainc(shape, upper * shape / mean)),
    )


def _gamma_shape(s: float) -> float:
    """k with log k - digamma(k) = s: Minka's start (2002, "Estimating a Gamma distribution") and Newton's steps."""
    k = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
    for _ in range(NEWTON_STEPS):
        k -= (np.log(k) - digamma(k) - s) / (1 / k - polygamma(1, k))
    return float(k)


def _misfit(reached: FloatArray, fitted: FloatArray) -> float:
    return float(np.abs(reached - fitted)[:-1].max())  # beyond white there is nothing to reach


@dataclass(frozen=True)
class Speckle:
    """What one frame shows.

    Attributes:
        grey: fits to the grey levels of the sector.
        along: full width at half maximum of the grain's autocorrelation along the beam, in pixels of x.
        across: the same across the beam, in degrees.
        strength: of the grain in grey levels, see `grain_strength`.
        profile: mean grey level at `DEPTHS` depths, float64, near to far.
    """

    grey: GreyFit
    along: float
    across: float
    strength: float
    profile: FloatArray

    def figures(self) -> dict[str, float]:
        """The scalars by name."""
        fit = self.grey
        return {
            "rayleigh_scale": fit.rayleigh_scale,
            "rayleigh_misfit": fit.rayleigh_misfit,
            "gamma_shape": fit.gamma_shape,
            "gamma_scale": fit.gamma_scale,
            "gamma_misfit": fit.gamma_misfit,
            "width_along_px": self.along,
            "width_across_deg": self.across,
            "grain": self.strength,
        }


def speckle(image: GrayImage) -> Speckle:
    """Measure a frame in its own sector. Widths are in its pixels: bring frames to one size to compare them.

    Args:
        image: uint8 (h, w), black outside the sector.

    Raises:
        ImageError: no lit sector, none that a sector fits, or one that is too small.
    """
    sector = fit_sector(find_sector(image))
    beams = on_beams(image, sector)
    along, across = grain_widths(beams)
    inside = sector.mask(*image.shape)
    strength = grain_strength(image, inside)
    return Speckle(fit_grey(image[inside]), along, across * beams.degrees, strength, depth_profile(beams))


def grain_widths(beams: BeamGrid) -> tuple[float, float]:
    """Widths of the grain's autocorrelation along and across the beam, in rows and columns of the grid.

    The grain is what is left of the grey levels when their local mean is taken away, over their local deviation, so
    that bright tissue does not outvote dark. White noise has width 1, noise blurred by a Gaussian
    of deviation s has 3.33 s.
    """
    grain = _grain(beams)
    return _width(grain, beams, 0), _width(grain, beams, 1)


def grain_strength(image: GrayImage, inside: BoolMask) -> float:
    """Deviation, in grey levels, of what is finer than a pixel, in the sector without its rim (`inner_sector`).

    0 if nothing is left inside. Blur lowers it, whatever it does to other scores. It depends on the size of a pixel:
    bring frames to 256 x 256.

    Args:
        image: uint8 (h, w).
        inside: (h, w) True in the sector.
    """
    within = inner_sector(inside)
    return high_pass_strength(image, within, FINE) if within.any() else 0.0


def depth_profile(beams: BeamGrid) -> FloatArray:
    """Mean grey level at `DEPTHS` equal steps of depth, float64; 0 where no beam is seen."""
    parts = zip(np.array_split(beams.grey, DEPTHS), np.array_split(beams.seen, DEPTHS), strict=True)
    return np.array([float(grey[seen].mean()) if seen.any() else 0.0 for grey, seen in parts])


def _grain(beams: BeamGrid) -> FloatArray:
    weight = beams.seen.astype(np.float64)

    def local(values: FloatArray) -> FloatArray:
        blurred = cv2.GaussianBlur(values * weight, (0, 0), LOCAL, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(blurred / np.maximum(shares, 1e-6), dtype=np.float64)

    shares = cv2.GaussianBlur(weight, (0, 0), LOCAL, borderType=cv2.BORDER_CONSTANT)
    rest = (beams.grey - local(beams.grey)) * weight
    return np.asarray(rest / np.sqrt(local(rest**2) + LEAST_DEVIATION**2), dtype=np.float64)


def _width(grain: FloatArray, beams: BeamGrid, axis: int) -> float:
    """Twice the lag at which the autocorrelation falls to one half; twice `LAGS` where it never does."""
    grain, seen = np.moveaxis(grain, axis, 0), np.moveaxis(beams.seen, axis, 0)
    power = float((grain**2).sum() / max(1, seen.sum()))
    if power == 0:
        return 0.0
    before = 1.0
    for lag in range(1, min(LAGS, len(grain))):
        pairs = max(1, int((seen[lag:] & seen[:-lag]).sum()))
        now = float((grain[lag:] * grain[:-lag]).sum() / pairs / power)
        if now < 0.5:
            return 2 * (lag - 1 + (before - 0.5) / (before - now))
        before = now
    return 2.0 * LAGS
