"""The Fréchet distance between two sets of feature vectors (Heusel et al. 2017, eq. 6)."""

import numpy as np
import numpy.typing as npt

from echo_studio.errors import RequestError

Features = npt.NDArray[np.float64]  # (n, d): one row a frame

ROUNDING = 1e-12  # of the spread of both sets: what float64 leaves where the distance is 0


def frechet_distance(a: Features, b: Features) -> float:
    """|m_a - m_b|^2 + tr(A + B - 2 (A B)^(1/2)) of the sets' means m and covariances A and B.

    Symmetric, the same in every order of the rows, and 0 for equal sets. With few rows it is biased upwards: two
    samples of one population do not give 0, and the fewer rows, the further from it. So compare only distances from
    sets of the same size, and hold them against the distance between two sets of real frames of that size.

    The trace of the root is the sum of the singular values of X_a X_b^T, with X the centred rows over sqrt(n - 1): no
    root of a matrix is taken, so that covariances without full rank (fewer rows than columns) are as good as others.

    Args:
        a, b: (n, d) and (m, d) with n and m at least 2.

    Raises:
        RequestError: fewer than two rows, or rows of different lengths.
    """
    check_samples(a, b)
    x, y = _centred(a), _centred(b)
    between = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    spread = np.square(x).sum() + np.square(y).sum()
    distance = between + spread - 2 * np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return float(distance) if distance > ROUNDING * spread else 0.0


def _centred(rows: Features) -> Features:
    return np.asarray((rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1))


def check_samples(a: Features, b: Features) -> None:
    """Raise RequestError where two sets of rows cannot be compared: fewer than two rows, or of different lengths."""
    if min(len(a), len(b)) < 2 or a.shape[1:] != b.shape[1:]:
        raise RequestError(
            expected="two sets of at least 2 feature vectors of one length",
            got=f"{a.shape} and {b.shape}",
            remedy="compare more frames",
        )
