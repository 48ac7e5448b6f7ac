"""What two pictures of one recording share and pictures of two hearts do not: grain in its place, and structure.

The grain print is for copies: light, gain and slow shading are taken out, so that what correlates is the texture at its
place. The structure print is what the segmenter's encoder sees where: it stays when a copy is noisy, blurred or
slightly bent, and two hearts of one layout come closer in it than in their grain.
"""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.types import GrayImage

Prints: TypeAlias = npt.NDArray[np.float32]  # (n, d): one row a frame

SIDE = 64  # of the picture that the grain is taken from: noise and single pixels average out
LOCAL = 3.0  # deviation of the Gaussian whose mean is taken away, in pixels of that picture
DARK = 12.0  # grey levels of a local mean below which a place counts as outside the sector, noisy black included
FAINT = 5.0  # grey levels: texture fainter than this is not raised to full strength
REACH = 2  # pixels of that picture that a copy may be shifted by, either way: 3 % of the side
GRID = 4  # cells a side of the structure print
BATCH = 8


def grain_print(image: GrayImage) -> Prints:
    """(SIDE^2,) of length 1: grey levels without their local mean, over their local deviation, 0 outside the sector.

    Args:
        image: uint8 (h, w), black outside the sector but for noise.
    """
    how = cv2.INTER_AREA if max(image.shape) > SIDE else cv2.INTER_LINEAR
    small = cv2.resize(image, (SIDE, SIDE), interpolation=how).astype(np.float32)
    lit = (cv2.GaussianBlur(small, (0, 0), 1.0) > DARK).astype(np.float32)
    share = cv2.GaussianBlur(lit, (0, 0), LOCAL) + 1e-3
    rest = (small - cv2.GaussianBlur(small * lit, (0, 0), LOCAL) / share) * lit
    rest = rest / np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), LOCAL) / share + FAINT**2)
    length = float(np.linalg.norm(rest))
    return np.asarray(rest.ravel() / max(length, 1e-6), dtype=np.float32)


def shifted(one: Prints) -> Prints:
    """A grain print at every shift within `REACH`: float32 (shifts, SIDE^2). What leaves on one side is lost."""
    padded = np.pad(one.reshape(SIDE, SIDE), REACH)
    steps = range(2 * REACH + 1)
    return np.stack([padded[y : y + SIDE, x : x + SIDE].ravel() for y in steps for x in steps])


@torch.inference_mode()
def structure_prints(segmenter: FrameSegmenter, images: Sequence[GrayImage]) -> Prints:
    """Means of the encoder's deepest level before the bottom over `GRID` x `GRID` cells: float32 (n, channels GRID^2).

    The segmenter looks at half its resolution: noise is halved, and time quartered.

    Args:
        images: uint8 (h, w), sizes may differ.
    """
    rows = []
    for start in range(0, len(images), BATCH):
        seen = F.avg_pool2d(segmenter.pixels(images[start : start + BATCH]), 2)
        level = segmenter.network.features(seen)[-1]
        rows.append(F.adaptive_avg_pool2d(level, GRID).flatten(1).numpy())
    return np.concatenate(rows)
