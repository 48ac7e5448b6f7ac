"""Labels of a frame: structures as a trained network finds them, the sector as the frame shows it.

Two networks find structures. The labeller, `checkpoints/segmenter`, is a tool: it labels real frames for people and
takes part in training. The judge, of another architecture, takes part in none; what it finds on generated frames is
their score.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.edits.repair import repair
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE
from echo_studio.anatomy.plane import box_of
from echo_studio.anatomy.sector.detect import find_sector
from echo_studio.anatomy.sector.geometry import with_sector
from echo_studio.errors import CheckpointError
from echo_studio.evaluate.frames.apical import NOT_APICAL, looks_apical, what_is_seen
from echo_studio.generate.build import load_network
from echo_studio.generate.catalog import bundled_checkpoints
from echo_studio.generate.checkpoint import Card
from echo_studio.nets.segmenter import Judge, Segmenter
from echo_studio.types import BoolMask, FloatArray, GrayImage, Json, LabelIds, Spacing

LABELLER, JUDGE = "segmenter", "judge"  # folders of checkpoints


@dataclass(frozen=True)
class FrameSegmenter:
    """The labeller or the judge; takes frames of any size."""

    card: Card
    network: Segmenter | Judge

    @classmethod
    def load(cls, folder: Path | None = None) -> "FrameSegmenter":
        """From a checkpoint folder, the bundled labeller by default.

        Raises:
            CheckpointError: it cannot be read, or holds another kind of network.
        """
        folder = folder or bundled_checkpoints() / LABELLER
        card, network = load_network(folder)
        if not isinstance(network, Segmenter | Judge):
            raise CheckpointError(
                expected="a segmenter's or a judge's checkpoint",
                got=f"{card.kind} in {folder}",
                remedy="point to one of them",
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

    @torch.inference_mode()
    def shares(self, image: GrayImage) -> FloatArray:
        """How likely each pixel of a frame is each of the labels 0 to 3: (4, side, side), at the network's size."""
        side = self.card.resolution
        return np.asarray(self.network(self.pixels([fitted(image, side)])).softmax(dim=1)[0].numpy(), np.float64)

    def pixels(self, images: Sequence[GrayImage]) -> Tensor:
        """What the network sees of frames of any size: float32 (b, 1, side, side) in [-1, 1]."""
        side = self.card.resolution
        return torch.from_numpy(np.stack([fitted(image, side) for image in images])).unsqueeze(1).float() / 127.5 - 1


@dataclass(frozen=True)
class Scorers:
    """The judge, whose scores are the ones that count, and the labeller, whose scores stand beside them."""

    judge: FrameSegmenter
    labeller: FrameSegmenter

    @classmethod
    def load(cls, checkpoints: Path | None = None) -> "Scorers":
        """From a folder of checkpoints, the bundled ones by default.

        Raises:
            CheckpointError: one of them cannot be read.
        """
        folder = checkpoints or bundled_checkpoints()
        return cls(FrameSegmenter.load(folder / JUDGE), FrameSegmenter.load(folder / LABELLER))

    def score(self, figures: Callable[[FrameSegmenter], Json]) -> Json:
        """The judge's figures, and under `labeller` the same of the labeller."""
        return {**figures(self.judge), "labeller": figures(self.labeller)}


def largest_pieces(ids: LabelIds) -> LabelIds:
    """Each structure reduced to its largest connected piece; what is taken away becomes 0."""
    kept = np.zeros_like(ids)
    for label in (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM):
        count, pieces, stats, _ = cv2.connectedComponentsWithStats((ids == label).astype(np.uint8), connectivity=8)
        if count > 1:
            largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            kept[pieces == largest] = label
    return kept


def fitted(image: GrayImage, side: int) -> GrayImage:
    """uint8 (side, side): by area where it shrinks, else bilinear. The aspect is not kept, as in the papers."""
    method = cv2.INTER_AREA if image.shape[0] > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=method), dtype=np.uint8)


@dataclass(frozen=True)
class Labelled:
    """A real frame's labels, and what speaks for and against an apical view (`apical.what_is_seen`)."""

    label_map: LabelMap
    seen: dict[str, float]

    @property
    def warnings(self) -> list[str]:
        """Sentences for the person who opened the frame; empty where nothing is odd."""
        return [] if looks_apical(self.seen) else [NOT_APICAL]


def labelled(segmenter: FrameSegmenter, image: GrayImage, spacing_mm: Spacing | None = None) -> Labelled:
    """Labels 0 to 4 of a frame, at its size. Each structure is one piece without holes; one that is not seen is absent.

    The segmenter looks only at the rectangle around the sector, as in the frames that it was trained on: what a
    screen shows around the sector does not shrink the heart. Structures may reach beyond the sector, as CAMUS's do.

    Args:
        image: uint8 (h, w), 8 to 4096 pixels a side.
        spacing_mm: (y, x) of a pixel, kept in the label map.

    Raises:
        ImageError: no lit sector is found.
        LabelMapError: an impossible spacing or size.
    """
    return labelled_within(segmenter, image, find_sector(image), spacing_mm)


def labelled_within(
    segmenter: FrameSegmenter, image: GrayImage, sector: BoolMask, spacing_mm: Spacing | None = None
) -> Labelled:
    """See `labelled`; for frames of a recording, which share one sector (h, w)."""
    box = box_of(sector)
    inside = np.ascontiguousarray(image[box])
    shares = segmenter.shares(inside)
    found = shares.argmax(axis=0).astype(np.uint8)
    ids = np.full(image.shape, OUTSIDE, np.uint8)
    ids[box] = largest_pieces(_resized(largest_pieces(found), *inside.shape))
    label_map = repair(LabelMap(with_sector(ids, sector), spacing_mm), "hole")
    return Labelled(label_map, what_is_seen(shares, sector[box], label_map))


def label_frame(segmenter: FrameSegmenter, image: GrayImage, spacing_mm: Spacing | None = None) -> LabelMap:
    """The label map of `labelled`."""
    return labelled(segmenter, image, spacing_mm).label_map


def _resized(ids: LabelIds, height: int, width: int) -> LabelIds:
    """Labels at another size with smooth borders: each pixel gets the label with the largest interpolated share."""
    shares = [
        cv2.resize(cv2.GaussianBlur((ids == label).astype(np.float32), (0, 0), 0.8), (width, height))
        for label in range(LEFT_ATRIUM + 1)
    ]
    return np.asarray(np.argmax(np.stack(shares), axis=0), dtype=np.uint8)
