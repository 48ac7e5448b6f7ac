"""Echo features of frames, and how far two sets of frames are apart: by such features, and pixel by pixel.

Inception's features, which FID takes, were learned on photographs. Echo features come from a network that knows echo
frames alone: the judge's encoder, or the labeller's. They are of its second level, which looks at spots of some ten
pixels, and of the judge's first convolution, which sees gain as well: speckle, contrast and the sharpness of walls move
them. Whether the anatomy stands where the label map puts it is adherence's
question, not theirs.

SSIM and PSNR are taken of whole frames in [0, 255], as the video papers report them, the black outside the sector
included, and averaged over frames: the black raises both, for every method alike. Nguyen et al. 2024 work at 128 x 128,
so compare there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.types import FloatArray, GrayImage

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


NAMED = {  # by the kind of network, for tables: `textures` of `nets.segmenter`
    "judge": "mean and deviation of each channel of the judge's (DynUNet) first convolution and second encoder level",
    "segmenter": "mean and deviation of each channel of the segmenter's second encoder level",
}
BATCH = 8
REFERENCE_FRAMES = 200  # as many as the validation split has

Item = TypeVar("Item")


@torch.inference_mode()
def echo_features(segmenter: FrameSegmenter, images: Sequence[GrayImage]) -> Features:
    """Mean and standard deviation over the frame of each channel of the network's `textures`: float64 (n, 2 channels).

    Args:
        images: uint8 (h, w); sizes may differ.
    """
    rows = []
    for start in range(0, len(images), BATCH):
        levels = segmenter.network.textures(segmenter.pixels(images[start : start + BATCH]))
        figures = [f(level.double(), dim=(2, 3)) for level in levels for f in (torch.mean, torch.std)]
        rows.append(torch.cat(figures, dim=1).numpy())
    return np.concatenate(rows)


def reference_images(data: CamusFolder, count: int = REFERENCE_FRAMES) -> list[GrayImage]:
    """`count` frames spread evenly over the training split. Raises as `CamusFolder.split` and `read` do."""
    return [data.read(one).image for one in spread(data.frame_ids(data.split("training")), count)]


@dataclass(frozen=True)
class RealFrames:
    """Real frames of the training split: the unit of each feature, and how far apart real frames are.

    Attributes:
        features: (n, d), as `echo_features` gives them.
    """

    features: Features

    def distance(self, a: Features, b: Features) -> float:
        """Fréchet distance with each feature in units of its deviation over these frames.

        Some vary ten times as much as others among real frames; without units the loudest alone would count.
        A feature that does not vary among them is left out.
        """
        unit = self.features.std(axis=0)
        varies = unit > 1e-9
        return frechet_distance(a[:, varies] / unit[varies], b[:, varies] / unit[varies])

    def reference(self, real: Features) -> float:
        """How far real frames are from these real frames of other hearts, from sets of one size.

        The mean over as many disjoint subsets of these frames as have the size of `real`; all of them where it is
        larger. A generator that is guided by the label maps of the frames that it is compared with may come closer.
        """
        strides = max(1, len(self.features) // len(real))
        subsets = [self.features[first::strides][: len(real)] for first in range(strides)]
        return float(np.mean([self.distance(subset, real) for subset in subsets]))


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """`count` of the items, evenly from the first to the last; all of them where count is 0 or more than there are."""
    if not 0 < count < len(items):
        return list(items)
    return [items[round(at)] for at in np.linspace(0, len(items) - 1, count)]
