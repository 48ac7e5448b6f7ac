"""Smooth the border of one structure, and nothing else."""

import math

import cv2
import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABEL_COUNT
from echo_studio.anatomy.plane import box_of, with_ids
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.warp import check_structures
from echo_studio.errors import RequestError


def smooth(label_map: LabelMap, structure: int, radius: float = 3.0) -> LabelMap:
    """One structure with its border smoothed; pixels that it loses go to the label that is strongest around them.

    Args:
        structure: 1, 2 or 3.
        radius: deviation of the Gaussian in pixels of x, 0 (no change) to 64.

    Raises:
        RequestError: another structure or radius.
    """
    check_structures([structure])
    if not 0 <= radius <= 64:
        raise RequestError(expected="a radius of 0 to 64 pixels", got=f"{radius}", remedy="smooth less, or twice")
    if radius == 0:
        return label_map
    was = label_map.ids == structure
    if not was.any():
        return label_map
    reach = math.ceil(3 * radius)
    # Outside its box a structure has no majority anywhere: what the kernel can see from there is enough.
    rows, columns = (slice(max(0, side.start - reach), side.stop + reach) for side in box_of(was))
    part = label_map.ids[rows, columns]
    size = (2 * reach + 1, 2 * reach + 1)
    weights = np.stack(
        [
            cv2.GaussianBlur((part == k).astype(np.float32), size, radius, borderType=cv2.BORDER_REPLICATE)
            for k in range(LABEL_COUNT)
        ]
    )
    inside = weights[structure] > 0.5
    weights[structure] = -1.0
    smoothed = np.where(part == structure, weights.argmax(axis=0).astype(np.uint8), part)
    ids = label_map.ids.copy()
    ids[rows, columns] = np.where(inside, np.uint8(structure), smoothed)
    return with_ids(label_map, np.where(sector_region(label_map), ids, label_map.ids))
