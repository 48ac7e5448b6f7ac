"""Label maps between two label maps: shapes move from one to the other, ids are never averaged."""

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.types import FloatArray, LabelIds


def labels_between(recorded: npt.NDArray[np.uint8], times: FloatArray) -> npt.NDArray[np.uint8]:
    """uint8 (k, h, w): labels at fractional times of a sequence; whole times give the frame itself.

    Each label's signed distance is blended and the deepest label wins (Raya and Udupa, IEEE TMI 9(1), 1990).

    Args:
        recorded: uint8 (n, h, w).
        times: (k,) in frames, 0 to n - 1.
    """
    ids = [int(label) for label in np.unique(recorded)]
    taken = np.empty((len(times), *recorded.shape[1:]), np.uint8)
    for k, time in enumerate(times):
        low = min(int(time), len(recorded) - 1)
        high = min(low + 1, len(recorded) - 1)
        share = float(time - low)
        taken[k] = _blend(recorded[low], recorded[high], share, ids) if share else recorded[low]
    return taken


def _blend(before: LabelIds, after: LabelIds, share: float, ids: list[int]) -> LabelIds:
    depth = np.stack([(1 - share) * _depth(before == one) + share * _depth(after == one) for one in ids])
    blended = np.array(ids, np.uint8)[depth.argmax(axis=0)]
    return np.where(before == after, before, blended)


def _depth(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Distance to the border in pixels, positive inside; a label that is not there is far outside everywhere."""
    if not mask.any():
        return np.full(mask.shape, -float(max(mask.shape)), np.float32)
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(inside - outside, np.float32)
