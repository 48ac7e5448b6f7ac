"""How far two sets of frames are apart: Fréchet and kernel distance of features, and SSIM and PSNR pixel by pixel.

SSIM and PSNR are taken of whole frames in [0, 255], as the video papers report them, the black outside the sector
included, and averaged over frames: the black raises both, for every method alike. Nguyen et al. 2024 work at 128 x 128,
so compare there.
"""

import numpy as np
import numpy.typing as npt
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from echo_studio.errors import RequestError
from echo_studio.types import FloatArray

Features = npt.NDArray[np.float64]  # (n, d): one row a frame

ROUNDING = 1e-12  # of the spread of both sets: what float64 leaves where the distance is 0
Clip = npt.NDArray[np.uint8]  # (t, h, w), 0 black, 255 white


def frechet_distance(a: Features, b: Features) -> float:
    """The distance of Heusel et al. 2017, eq. 6.

    |m_a - m_b|^2 + tr(A + B - 2 (A B)^(1/2)) of the sets' means m and covariances A and B.

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


def kernel_distance(a: Features, b: Features) -> float:
    """KID (Binkowski et al. 2018): squared maximum mean discrepancy under the kernel (x.y / d + 1)^3, unbiased.

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


def ssim(clip: Clip, reference: Clip) -> float:
    """Mean structural similarity of frames, -1 to 1, 1 where they are equal (Wang et al. 2004).

    Windows are Gaussians of deviation 1.5 pixels with population covariances, as Wang et al. define them; that is not
    scikit-image's default.

    Raises:
        RequestError: clips of different shapes.
    """
    _check(clip, reference)
    settings = {"data_range": 255, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(np.mean([structural_similarity(a, b, **settings) for a, b in zip(clip, reference, strict=True)]))


def psnr(clip: Clip, reference: Clip) -> float:
    """Mean peak signal-to-noise ratio of frames in dB; infinite where a frame is the reference's own.

    Raises:
        RequestError: clips of different shapes.
    """
    _check(clip, reference)
    with np.errstate(divide="ignore"):
        frames = [peak_signal_noise_ratio(b, a, data_range=255) for a, b in zip(clip, reference, strict=True)]
    return float(np.mean(frames))


def _check(clip: Clip, reference: Clip) -> None:
    if clip.shape != reference.shape or clip.ndim != 3 or not len(clip):
        raise RequestError(
            expected=f"a clip of {reference.shape}", got=f"{clip.shape}", remedy="compare clips of one size and length"
        )
