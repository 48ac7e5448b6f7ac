"""Signed distances of every label of a map: what can be blended and looked up between pixels, unlike ids."""

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABEL_COUNT

FAR = 1e4  # pixels: of a label that the map does not have


def label_distances(label_map: LabelMap) -> npt.NDArray[np.float32]:
    """float32 (5, h, w): how far each pixel's centre is from each label's border, in pixels, negative inside."""
    return np.stack([_signed_distance(label_map.ids == label) for label in range(LABEL_COUNT)])


def _signed_distance(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    if not mask.any():
        return np.full(mask.shape, FAR, np.float32)
    if mask.all():
        return np.full(mask.shape, -FAR, np.float32)
    one = mask.astype(np.uint8)
    outside = cv2.distanceTransform(1 - one, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = cv2.distanceTransform(one, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Distances run from centre to centre; the border lies half way.
    return np.asarray(np.where(mask, 0.5 - inside, outside - 0.5), np.float32)
