"""How grey levels are spread: Rayleigh and gamma fits, and how far each misses them.

Fully developed speckle has a Rayleigh envelope (Burckhardt 1978). What a scanner shows is compressed, filtered and
mixes tissues, for which a gamma distribution is the usual description (Tao et al. 2006); the Rayleigh fit stands beside
it as the textbook's case. Both are fits by maximum likelihood.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammainc, polygamma

from echo_studio.errors import ImageError
from echo_studio.types import FloatArray

LEVELS = np.arange(256) + 0.5  # a grey level counts as its middle, so that black has a logarithm
LEAST_SPREAD = 1e-6  # of log mean minus mean log: one grey alone would have an endless shape
NEWTON_STEPS = 8


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
    """Fit both distributions to grey levels, uint8 in any shape.

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
