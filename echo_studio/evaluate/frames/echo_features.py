"""Echo features: what the segmenter's encoder sees of a frame, as one vector; and the real frames behind a number.

Inception's features, which FID takes, were learned on photographs. These come from a network that knows echo frames
alone. They are of its second level, which looks at spots of some ten pixels: speckle, contrast and the sharpness of
walls move them. Whether the anatomy stands where the label map puts it is adherence's question, not theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.evaluate.frames.distances import Features, frechet_distance
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.types import GrayImage

LEVEL = 1  # of the encoder, counted from 0: the bundled one has 32 channels there, at a quarter of the resolution
NAMED = "mean and deviation of each channel of the segmenter's second encoder level"  # for tables
BATCH = 8
REFERENCE_FRAMES = 200  # as many as the validation split has

Item = TypeVar("Item")


@torch.inference_mode()
def echo_features(segmenter: FrameSegmenter, images: Sequence[GrayImage]) -> Features:
    """Mean and standard deviation over the frame of each channel of one encoder level: float64 (n, 2 channels).

    Args:
        images: uint8 (h, w); sizes may differ.
    """
    rows = []
    for start in range(0, len(images), BATCH):
        level = segmenter.network.features(segmenter.pixels(images[start : start + BATCH]))[LEVEL].double()
        rows.append(torch.cat([level.mean(dim=(2, 3)), level.std(dim=(2, 3))], dim=1).numpy())
    return np.concatenate(rows)


@dataclass(frozen=True)
class RealFrames:
    """Real frames of the training split: the unit of each feature, and how far apart real frames are.

    Attributes:
        features: (n, d), as `echo_features` gives them.
    """

    features: Features

    @classmethod
    def of(cls, segmenter: FrameSegmenter, data: CamusFolder, count: int = REFERENCE_FRAMES) -> "RealFrames":
        """Of `count` frames spread evenly over the training split. Raises as `CamusFolder.split` and `read` do."""
        frame_ids = spread(data.frame_ids(data.split("training")), count)
        batches = [frame_ids[start : start + BATCH] for start in range(0, len(frame_ids), BATCH)]
        return cls(
            np.concatenate([echo_features(segmenter, [data.read(one).image for one in batch]) for batch in batches])
        )

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
