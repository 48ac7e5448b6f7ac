"""Labels of every frame of a real recording."""

from collections.abc import Callable

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.borders import smoothed
from echo_studio.anatomy.sector.detect import find_sector
from echo_studio.evaluate.frames.distances import Clip
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, labelled_within
from echo_studio.types import Spacing


def recorded_labels(
    labeller: FrameSegmenter,
    clip: Clip,
    spacing_mm: Spacing | None = None,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
) -> list[LabelMap]:
    """The label map of each frame, evened out over time (`anatomy.motion.borders.smoothed`), all with one sector.

    Args:
        clip: uint8 (t, h, w).
        spacing_mm: (y, x) of a pixel.
        on_frame: called with (done, total) after each frame.

    Raises:
        ImageError: no frame has a lit sector.
        LabelMapError: an impossible spacing or size.
    """
    # What one frame leaves dark is lit in another: the sector is that of all together.
    sector = find_sector(np.asarray(clip.max(axis=0)))
    labels: list[LabelMap] = []
    for frame in clip:
        labels.append(labelled_within(labeller, frame, sector, spacing_mm).label_map)
        on_frame(len(labels), len(clip))
    return smoothed(labels)
