"""Downstream networks tested on real frames: Dice and Hausdorff distance of labels, views that are right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor, nn

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.evaluate.frames.segmentation import fitted, largest_pieces
from echo_studio.evaluate.utility.downstream_recipe import DownstreamRecipe
from echo_studio.evaluate.utility.training_set import pixels
from echo_studio.types import VIEWS, BoolMask, Phase, Spacing, View

BATCH = 16
SIDE = 256  # Hausdorff distances in pixels are those of a frame of this side, as in the papers


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


@dataclass(frozen=True)
class FrameScore:
    """What one test frame gave.

    Attributes:
        dice: fraction of `lv_endo`, `lv_epi`, `la`; a structure that the frame does not have is left out.
        hausdorff_px: in pixels of the frame resized to 256 x 256.
        hausdorff_mm: empty where the frame's spacing is not known.
    """

    stem: str
    view: View
    phase: Phase
    dice: dict[str, float]
    hausdorff_px: dict[str, float]
    hausdorff_mm: dict[str, float]


def label_scores(recipe: DownstreamRecipe, network: nn.Module, frames: Sequence[CamusFrame]) -> Iterator[FrameScore]:
    """Label real frames, each at its own size, and score them."""
    for frame, logits in _answers(recipe, network, frames):
        size = frame.label_map.shape
        whole = F.interpolate(logits[None], size=size, mode="bilinear", align_corners=False)[0]
        ids = whole.argmax(0).to(torch.uint8).numpy()
        found = LabelMap(largest_pieces(ids) if recipe.largest_piece else ids)
        dice = {key: value for key, value in structure_dice(found, frame.label_map).items() if value is not None}
        ours, theirs = found.structures(), frame.label_map.structures()
        unit, spacing = (SIDE / size[0], SIDE / size[1]), frame.label_map.spacing_mm
        yield FrameScore(
            frame.frame_id.stem,
            frame.frame_id.view,
            frame.frame_id.phase,
            dice,
            {key: hausdorff(ours[key], theirs[key], unit) for key in dice},
            {key: hausdorff(ours[key], theirs[key], spacing) for key in dice} if spacing else {},
        )


def view_hits(recipe: DownstreamRecipe, network: nn.Module, frames: Sequence[CamusFrame]) -> dict[str, bool]:
    """Whether the view of each frame was recognised, by the frame's stem."""
    return {
        frame.frame_id.stem: VIEWS[int(logits.argmax())] == frame.frame_id.view
        for frame, logits in _answers(recipe, network, frames)
    }


@torch.no_grad()
def _answers(
    recipe: DownstreamRecipe, network: nn.Module, frames: Sequence[CamusFrame]
) -> Iterator[tuple[CamusFrame, Tensor]]:
    device = next(network.parameters()).device
    network.eval()
    for start in range(0, len(frames), BATCH):
        batch = frames[start : start + BATCH]
        seen = pixels(torch.stack([torch.from_numpy(fitted(frame.image, recipe.resolution)) for frame in batch]))
        logits = network(seen.to(device).contiguous(memory_format=torch.channels_last)).cpu()
        yield from zip(batch, logits, strict=True)
