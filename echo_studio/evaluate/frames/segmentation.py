"""Labels of a frame, found by the bundled segmenter."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM
from echo_studio.errors import CheckpointError
from echo_studio.generate.build import load_network
from echo_studio.generate.catalog import bundled_checkpoints
from echo_studio.generate.checkpoint import Card
from echo_studio.nets.segmenter import Segmenter
from echo_studio.types import GrayImage, LabelIds


@dataclass(frozen=True)
class FrameSegmenter:
    """A trained segmenter that takes frames of any size."""

    card: Card
    network: Segmenter

    @classmethod
    def load(cls, folder: Path | None = None) -> "FrameSegmenter":
        """From a checkpoint folder, the bundled one by default.

        Raises:
            CheckpointError: it cannot be read, or holds another kind of network.
        """
        folder = folder or bundled_checkpoints() / "segmenter"
        card, network = load_network(folder)
        if not isinstance(network, Segmenter):
            raise CheckpointError(
                expected="a segmenter checkpoint", got=f"{card.kind} in {folder}", remedy="point to the segmenter"
            )
        return cls(card, network)

    @torch.inference_mode()
    def label(self, images: Sequence[GrayImage]) -> list[LabelMap]:
        """Labels 0 to 3 of each frame, at its size; the largest piece of each label is kept.

        Args:
            images: uint8 (h, w), sizes may differ.
        """
        found = self.network(self.pixels(images)).argmax(dim=1).to(torch.uint8).numpy()
        return [LabelMap(largest_pieces(ids)).resized(*image.shape) for ids, image in zip(found, images, strict=True)]

    def pixels(self, images: Sequence[GrayImage]) -> Tensor:
        """What the network sees of frames of any size: float32 (b, 1, side, side) in [-1, 1]."""
        side = self.card.resolution
        small = [cv2.resize(image, (side, side), interpolation=_interpolation(image, side)) for image in images]
        return torch.from_numpy(np.stack(small)).unsqueeze(1).float() / 127.5 - 1


def largest_pieces(ids: LabelIds) -> LabelIds:
    """Each structure reduced to its largest connected piece; what is taken away becomes 0."""
    kept = np.zeros_like(ids)
    for label in (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM):
        count, pieces, stats, _ = cv2.connectedComponentsWithStats((ids == label).astype(np.uint8), connectivity=8)
        if count > 1:
            largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            kept[pieces == largest] = label
    return kept


def _interpolation(image: GrayImage, side: int) -> int:
    return cv2.INTER_AREA if image.shape[0] > side else cv2.INTER_LINEAR
