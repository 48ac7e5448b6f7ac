"""Hausdorff distance of two regions (003, eq. 17)."""

import numpy as np
from scipy import ndimage

from echo_studio.types import BoolMask, Spacing


def hausdorff(a: BoolMask, b: BoolMask, spacing: Spacing) -> float:
    """max(h(a, b), h(b, a)) with h(x, y) the largest distance of a pixel of x to its nearest one of y.

    Where one region is empty the distance is the image's diagonal, the worst there can be, so that a structure that
    was missed counts; where both are, it is 0.

    Args:
        a, b: bool (h, w).
        spacing: (y, x), the size of a pixel in the unit of the result.
    """
    if not a.any() or not b.any():
        return 0.0 if a.any() == b.any() else float(np.hypot(a.shape[0] * spacing[0], a.shape[1] * spacing[1]))
    return max(_directed(a, b, spacing), _directed(b, a, spacing))


def _directed(a: BoolMask, b: BoolMask, spacing: Spacing) -> float:
    return float(ndimage.distance_transform_edt(~b, sampling=spacing)[a].max())
