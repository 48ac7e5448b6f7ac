"""How alike two clips are, pixel by pixel: SSIM and PSNR, as the video papers report them.

Both are taken of whole frames in [0, 255], the black outside the sector included, and averaged over frames: the black
raises both, for every method alike. Nguyen et al. 2024 work at 128 x 128, so compare there.
"""

import numpy as np
import numpy.typing as npt
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from echo_studio.errors import RequestError

Clip = npt.NDArray[np.uint8]  # (t, h, w), 0 black, 255 white


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
