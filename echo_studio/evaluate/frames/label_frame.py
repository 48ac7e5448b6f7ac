"""The label map of a real frame: structures by the segmenter, the sector by its sector."""

import cv2
import numpy as np

from echo_studio.anatomy.edits.repair import repair
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, OUTSIDE
from echo_studio.anatomy.sector.detect import find_sector
from echo_studio.anatomy.sector.geometry import with_sector
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, largest_pieces
from echo_studio.types import GrayImage, LabelIds, Spacing


def label_frame(segmenter: FrameSegmenter, image: GrayImage, spacing_mm: Spacing | None = None) -> LabelMap:
    """Labels 0 to 4 of a frame, at its size. Each structure is one piece without holes; one that is not seen is absent.

    The segmenter looks at the box around the sector alone, as in the frames that it was trained on: what a
    screen shows around the sector does not shrink the heart. Structures may reach beyond the sector, as CAMUS's do.

    Args:
        image: uint8 (h, w), 8 to 4096 pixels a side.
        spacing_mm: (y, x) of a pixel, kept in the label map.

    Raises:
        ImageError: no lit sector is found.
        LabelMapError: an impossible spacing or size.
    """
    sector = find_sector(image)
    rows, columns = np.nonzero(sector)
    y0, y1, x0, x1 = int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1
    side = segmenter.card.resolution
    box = np.ascontiguousarray(image[y0:y1, x0:x1])
    how = cv2.INTER_AREA if box.shape[0] > side else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(box, (side, side), interpolation=how), dtype=np.uint8)
    found = segmenter.label([small])[0].ids
    ids = np.full(image.shape, OUTSIDE, np.uint8)
    ids[y0:y1, x0:x1] = largest_pieces(_resized(found, *box.shape))
    return repair(LabelMap(with_sector(ids, sector), spacing_mm), "hole")


def _resized(ids: LabelIds, height: int, width: int) -> LabelIds:
    """Labels at another size with smooth borders: each pixel gets the label with the largest interpolated share."""
    shares = [
        cv2.resize(cv2.GaussianBlur((ids == label).astype(np.float32), (0, 0), 0.8), (width, height))
        for label in range(LEFT_ATRIUM + 1)
    ]
    return np.asarray(np.argmax(np.stack(shares), axis=0), dtype=np.uint8)
