"""Speckle statistics of a frame: grey levels inside the sector, grain along and across the beam, light over depth."""

from dataclasses import dataclass

import cv2
import numpy as np

from echo_studio.evaluate.frames.beam import BeamGrid, on_beams, sector_in
from echo_studio.evaluate.frames.grey_fit import GreyFit, fit_grey
from echo_studio.types import FloatArray, GrayImage

LOCAL = 8.0  # deviation in pixels of the Gaussian whose mean is taken away: what is wider is anatomy, not grain
LEAST_DEVIATION = 1.0  # grey levels; flat places have no grain to measure
LAGS = 24  # of the autocorrelation
DEPTHS = 16  # steps of the depth profile


@dataclass(frozen=True)
class Speckle:
    """What one frame shows.

    Attributes:
        grey: fits to the grey levels of the sector.
        along: full width at half maximum of the grain's autocorrelation along the beam, in pixels of x.
        across: the same across the beam, in degrees.
        profile: mean grey level at `DEPTHS` depths, float64, near to far.
    """

    grey: GreyFit
    along: float
    across: float
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
        }


def speckle(image: GrayImage) -> Speckle:
    """Measure a frame in its own sector. Widths are in its pixels: bring frames to one size to compare them.

    Args:
        image: uint8 (h, w), black outside the sector.

    Raises:
        ImageError: no lit sector, none that a sector fits, or one that is too small.
    """
    sector = sector_in(image)
    beams = on_beams(image, sector)
    along, across = grain_widths(beams)
    levels = image[sector.mask(*image.shape)]
    return Speckle(fit_grey(levels), along, across * beams.degrees, depth_profile(beams))


def grain_widths(beams: BeamGrid) -> tuple[float, float]:
    """Widths of the grain's autocorrelation along and across the beam, in rows and columns of the grid.

    The grain is what is left of the grey levels when their local mean is taken away, over their local deviation, so
    that bright tissue does not outvote dark. White noise has width 1, noise blurred by a Gaussian
    of deviation s has 3.33 s.
    """
    grain = _grain(beams)
    return _width(grain, beams, 0), _width(grain, beams, 1)


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
