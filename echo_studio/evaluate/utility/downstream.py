"""The one training loop of downstream networks: real and synthetic sets, labels and views, go through it alike.

All randomness of step k comes from (seed, k), so a run that was killed and resumed is the uninterrupted one.
"""

import hashlib
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from monai.losses.dice import DiceCELoss
from torch import Tensor, nn

from echo_studio.data.augment import random_affine, random_intensity, warp
from echo_studio.errors import RecipeError
from echo_studio.evaluate.utility.downstream_recipe import DownstreamRecipe
from echo_studio.evaluate.utility.downstream_state import Point, Trained, load_training, save_training
from echo_studio.evaluate.utility.training_set import STRUCTURES, TrainingSet, pixels
from echo_studio.nets.downstream import downstream_network

SAVE_SECONDS = 60.0  # between two states: what a kill costs at most, besides one step
CHECK_BATCH = 32


def train_downstream(
    recipe: DownstreamRecipe,
    data: TrainingSet,
    validation: TrainingSet,
    steps: int,
    seed: int,
    state: Path,
    device: str = "cpu",
    on_step: Callable[[int, int], None] = lambda done, of: None,
) -> Trained:
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
        The network of the best point, ready to use, with its validation curve.

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
            progress.add(Point(progress.step, validation_score(recipe, network, validation)), network)
        now = time.monotonic()
        progress.seconds, tick = progress.seconds + now - tick, now
        if now - saved > SAVE_SECONDS or progress.step == steps:
            save_training(state, progress, network, optimiser)
            saved = now
        on_step(progress.step, steps)
    return progress.trained(network)


class _Loss:
    """The loss of one batch, augmented where the recipe says so."""

    def __init__(self, recipe: DownstreamRecipe) -> None:
        self.recipe = recipe
        self.overlap = DiceCELoss(to_onehot_y=True, softmax=True)

    def __call__(self, network: nn.Module, data: TrainingSet, index: Tensor, device: str) -> Tensor:
        image, labels = pixels(data.image[index]).to(device), data.labels[index].to(device)
        how = self.recipe.augmentation
        if how is not None:
            image, labels = warp(image, labels, random_affine(len(index), how.ranges()).to(device))
            # On the CPU, because it draws there: the same numbers on every device.
            image = random_intensity(image.cpu(), how.intensity).to(device)
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
    """What step `step` sees: consecutive pieces of one permutation an epoch."""
    places = range(step * batch, (step + 1) * batch)
    orders = {
        epoch: torch.randperm(count, generator=torch.Generator().manual_seed(_step_seed(seed, -1 - epoch)))
        for epoch in {place // count for place in places}
    }
    return torch.stack([orders[place // count][place % count] for place in places])


def _step_seed(seed: int, step: int) -> int:
    return int.from_bytes(hashlib.sha256(f"downstream/{seed}/{step}".encode()).digest()[:8], "little") >> 1
