"""The one training loop of downstream networks: real and synthetic sets, labels and views, go through it alike.

And their test on real frames: Dice and Hausdorff distance of labels, views that are right.

Its progress is one safetensors file, replaced whole.

All randomness of step k comes from (seed, k), so a run that was killed and resumed is the uninterrupted one.
"""

import copy
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from monai.losses.dice import DiceCELoss
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from scipy import ndimage
from torch import Tensor, nn

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.data.atomic import write_bytes
from echo_studio.data.augment import random_affine, random_intensity, warp
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import RecipeError
from echo_studio.evaluate.frames.segmentation import fitted, largest_pieces
from echo_studio.evaluate.utility.downstream_recipe import DownstreamRecipe
from echo_studio.evaluate.utility.sets import STRUCTURES, TrainingSet, pixels
from echo_studio.generate.checkpoint import restore_training, tensors_below, training_tensors
from echo_studio.nets.downstream import downstream_network
from echo_studio.types import VIEWS, BoolMask, Phase, Spacing, View

NOTE = "progress"
WEIGHTS, BEST, MOMENTS = "weights", "best/", "moments"
SAVE_SECONDS = 60.0  # between two states: what a kill costs at most, besides one step
CHECK_BATCH = 32


@dataclass
class Training:
    """A network and how far its training has come.

    Attributes:
        step: steps done.
        seconds: that training took, over all its sittings.
        curve: after so many steps, a score of validation from 0 to 1.
        best: the weights at the best point of the curve.
    """

    network: nn.Module
    step: int = 0
    seconds: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)

    def add(self, score: float) -> None:
        """Put a point on the curve; keep the network's weights where none was better."""
        if all(score >= before for _, before in self.curve):
            self.best = copy.deepcopy(self.network.state_dict())
        self.curve.append((self.step, score))


def save_training(path: Path, progress: Training, optimiser: torch.optim.Optimizer) -> None:
    """Put everything that going on needs at `path`, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    tensors = training_tensors({WEIGHTS: progress.network}, {MOMENTS: optimiser})
    tensors |= {BEST + name: tensor.detach().cpu().clone().contiguous() for name, tensor in progress.best.items()}
    note = {"step": progress.step, "seconds": progress.seconds, "curve": progress.curve}
    write_bytes(path, save(tensors, {NOTE: json.dumps(note)}))


def load_training(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> Training:
    """Restore what `save_training` wrote; a fresh start where there is nothing, or a file that a disk has spoilt."""
    try:
        with safe_open(path, framework="pt") as file:
            note = json.loads(file.metadata()[NOTE])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
    except (FileNotFoundError, SafetensorError):
        return Training(network)
    restore_training(tensors, {WEIGHTS: network}, {MOMENTS: optimiser})
    curve = [(step, score) for step, score in note["curve"]]
    return Training(network, note["step"], note["seconds"], curve, tensors_below(tensors, BEST))


def train_downstream(
    recipe: DownstreamRecipe,
    data: TrainingSet,
    validation: TrainingSet,
    steps: int,
    seed: int,
    state: Path,
    device: str = "cpu",
    on_step: Callable[[int, int], None] = lambda done, of: None,
) -> Training:
    """Train a network of a recipe, or go on where `state` stands.

    Args:
        data: at the recipe's resolution.
        validation: real or synthetic like `data`, of other patients; never the frames that are tested on. The weights
            at the best of its points are kept.
        steps: how many batches.
        seed: of weights, order and augmentation.
        state: file in which progress is kept.
        on_step: called with (steps done, steps) after each.

    Returns:
        The network with the weights of the best point, ready to use, and its validation curve.

    Raises:
        DataError: a set lacks a class.
        RecipeError: the loss is not finite; names the step.
        CheckpointError, UnknownNameError: see `nets.downstream.downstream_network`.
    """
    data.check(recipe.task)
    network = downstream_network(recipe.network, recipe.resolution, seed).to(device)
    optimiser = torch.optim.Adam(network.parameters(), recipe.learning_rate, recipe.betas)
    progress = load_training(state, network, optimiser)
    loss_of = _Loss(recipe)
    checks = {round(steps * (k + 1) / recipe.checks) for k in range(recipe.checks)}
    saved = tick = time.monotonic()
    for step in range(progress.step, steps):
        torch.manual_seed(_step_seed(seed, step))
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * _share(recipe.decay, step, steps)
        network.train()
        loss = loss_of(network, data, _indices(len(data), recipe.batch, step, seed), device)
        if not math.isfinite(float(loss.detach())):
            raise RecipeError(
                expected="a finite loss", got=f"{float(loss.detach())} at step {step}", remedy="lower learning_rate"
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        progress.step = step + 1
        if progress.step in checks:
            progress.add(validation_score(recipe, network, validation))
        now = time.monotonic()
        progress.seconds, tick = progress.seconds + now - tick, now
        if now - saved > SAVE_SECONDS or progress.step == steps:
            save_training(state, progress, optimiser)
            saved = now
        on_step(progress.step, steps)
    if progress.best:
        network.load_state_dict(progress.best)
    network.eval()
    return progress


class _Loss:
    """The loss of one batch, augmented where the recipe says so."""

    def __init__(self, recipe: DownstreamRecipe) -> None:
        self.recipe = recipe
        self.overlap = DiceCELoss(to_onehot_y=True, softmax=True)

    def __call__(self, network: nn.Module, data: TrainingSet, index: Tensor, device: str) -> Tensor:
        image, labels = pixels(data.image[index]).to(device), data.labels[index].to(device)
        augmentation = self.recipe.augmentation
        if augmentation is not None:
            image, labels = warp(image, labels, random_affine(len(index), augmentation.ranges()).to(device))
            # On the CPU, because random numbers come from there: the same numbers on every device.
            image = random_intensity(image.cpu(), augmentation.intensity).to(device)
        found = network(image.contiguous(memory_format=torch.channels_last))
        if self.recipe.task == "view":
            return F.cross_entropy(found, data.view[index].to(device))
        loss: Tensor = self.overlap(found, labels[:, None].long())
        return loss


@torch.no_grad()
def validation_score(recipe: DownstreamRecipe, network: nn.Module, data: TrainingSet) -> float:
    """Mean Dice of the three labels over all pixels of a set, or the share of views that are right."""
    network.eval()
    device = next(network.parameters()).device
    right, both, either = 0, torch.zeros(len(STRUCTURES)), torch.zeros(len(STRUCTURES))
    for index in torch.arange(len(data)).split(CHECK_BATCH):
        logits = network(pixels(data.image[index]).to(device).contiguous(memory_format=torch.channels_last))
        found = logits.argmax(1).cpu()
        if recipe.task == "view":
            right += int((found == data.view[index]).sum())
            continue
        for place, label in enumerate(STRUCTURES):
            ours, theirs = found == label, data.labels[index] == label
            both[place] += (ours & theirs).sum()
            either[place] += ours.sum() + theirs.sum()
    return right / len(data) if recipe.task == "view" else float((2 * both / either.clamp(min=1)).mean())


def _share(decay: str, step: int, steps: int) -> float:
    return 0.5 + 0.5 * math.cos(math.pi * step / steps) if decay == "cosine" else 1.0


def _indices(count: int, batch: int, step: int, seed: int) -> Tensor:
    """What step `step` sees: consecutive parts of one permutation an epoch."""
    places = range(step * batch, (step + 1) * batch)
    orders = {
        epoch: torch.randperm(count, generator=torch.Generator().manual_seed(_step_seed(seed, -1 - epoch)))
        for epoch in {place // count for place in places}
    }
    return torch.stack([orders[place // count][place % count] for place in places])


def _step_seed(seed: int, step: int) -> int:
    return int.from_bytes(hashlib.sha256(f"downstream/{seed}/{step}".encode()).digest()[:8], "little") >> 1


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
