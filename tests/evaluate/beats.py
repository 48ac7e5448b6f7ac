"""A heartbeat from formulas, as label maps and as a clip whose grey levels tell the labels."""

from collections.abc import Sequence

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.anatomy.motion.motion import volume_curve
from echo_studio.evaluate.frames.distances import Clip
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.evaluate.video.metrics import Beat
from echo_studio.types import GrayImage
from tests.anatomy.heart import heart

GREY = 50  # between the grey levels of two labels


def beating(ef: float, frames: int, length: float = 75.0, width: float = 45.0, side: int = 128) -> list[LabelMap]:
    """Label maps of a beat whose cavity keeps its shape and whose volume follows the physiological curve.

    Args:
        ef: percent.
    """
    shrinks = (1 - ef / 100 * (1 - volume_curve(frames))) ** (1 / 3)
    spacing = (0.6 * 256 / side,) * 2
    return [heart(spacing, (side, side), length * share, width * share) for share in shrinks]


def painted(maps: Sequence[LabelMap], seed: int = 0, noise: float = 4.0) -> Clip:
    """A clip in which every label has its own grey level, with a little noise that differs from frame to frame."""
    ids = np.stack([one.ids for one in maps])
    speckle = np.random.default_rng(seed).normal(0, noise, ids.shape)
    return np.where(ids == 0, 0, np.clip(ids * float(GREY) + speckle, 1, 255)).astype(np.uint8)


def beat(ef: float = 50.0, frames: int = 12, seed: int = 0) -> Beat:
    """One whose heart's size depends on the seed."""
    maps = beating(ef, frames, length=70.0 + 2 * seed, side=64)
    es = int(np.argmin(volume_curve(frames)))
    return Beat("2CH", painted(maps, seed), np.stack([one.ids for one in maps]), maps[0], maps[es])


class ReadsGrey(FrameSegmenter):
    """Finds labels by `painted`'s grey levels, as an ideal segmenter would; its features are the network's."""

    def label(self, images: Sequence[GrayImage]) -> list[LabelMap]:
        found = [np.rint(image / GREY).astype(np.uint8) for image in images]
        return [LabelMap(np.where(ids >= SECTOR, 0, ids).astype(np.uint8)) for ids in found]
