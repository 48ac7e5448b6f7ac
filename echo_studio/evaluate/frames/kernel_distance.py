"""The kernel distance between two sets of feature vectors (KID: Binkowski et al. 2018)."""

import numpy as np

from echo_studio.evaluate.frames.frechet import Features, check_samples
from echo_studio.types import FloatArray


def kernel_distance(a: Features, b: Features) -> float:
    """Squared maximum mean discrepancy under the kernel (x.y / d + 1)^3, by its unbiased estimator.

    Around 0 for two samples of one population, whatever their size (it can be a little below 0), where Fréchet
    distances grow as samples get smaller. The kernel is no function of differences: bring features to common units.

    Args:
        a, b: (n, d) and (m, d) with n and m at least 2.

    Raises:
        RequestError: fewer than two rows, or rows of different lengths.
    """
    check_samples(a, b)
    return float(_mean_off_diagonal(_kernel(a, a)) + _mean_off_diagonal(_kernel(b, b)) - 2 * _kernel(a, b).mean())


def _kernel(x: Features, y: Features) -> FloatArray:
    return np.asarray((x @ y.T / x.shape[1] + 1) ** 3)


def _mean_off_diagonal(square: FloatArray) -> float:
    n = len(square)
    return float((square.sum() - np.trace(square)) / (n * (n - 1)))
