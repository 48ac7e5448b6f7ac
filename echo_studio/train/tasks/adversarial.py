"""What training against a discriminator has in common: critics, and losses by least squares."""

from abc import abstractmethod
from collections import deque
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.train.recipe import Recipe
from echo_studio.train.state import load_part
from echo_studio.train.task import Task

SLOPE = 0.05  # of answers below 0


class AdversarialTask(Task):
    """A task with a second part, the critic, that scores what the model made in the same step."""

    def __init__(self, recipe: Recipe, data: CamusFolder, model: nn.Module, device: torch.device) -> None:
        super().__init__(recipe, data, model, device)
        self.unscored: deque[Any] = deque()  # of accumulation steps

    def add_critic(self, part: str, critic: nn.Module, init: Path | None = None) -> None:
        """Train a critic too. Warm-started from the checkpoint in a run's folder, it goes on from that run's state.

        A new one would let the model unlearn grain for a while.
        """
        if init is not None:
            load_part(init.parent, part, critic)
        self.parts[part] = critic.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        with self.autocast():
            return self.model_loss(index) if part == "model" else self.critic_loss(*self.unscored.popleft())

    @abstractmethod
    def model_loss(self, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        """See `Task.loss`; appends to `unscored` what the critic takes."""

    @abstractmethod
    def critic_loss(self, *made_and_real: Any) -> tuple[Tensor, dict[str, float]]:
        """See `Task.loss`; of one entry of `unscored`."""


def patch_discriminator(inputs: int, channels: int, layers: int) -> nn.Module:
    """MONAI's: images (b, inputs, h, w) to the features of its layers, the last of which are its answers."""
    # Only here: MONAI takes longer to import than torch, and other kinds of training do without.
    from monai.networks.nets.patchgan_discriminator import PatchDiscriminator  # noqa: PLC0415

    return PatchDiscriminator(
        spatial_dims=2, channels=channels, in_channels=inputs, num_layers_d=layers, norm="INSTANCE"
    )


def least_squares(answers: Tensor, wanted: float, slope: float = SLOPE) -> Tensor:
    """Mean square of what the answers, those below 0 times a slope, are away from 1 (real) or 0 (Mao et al. 2017)."""
    return F.mse_loss(F.leaky_relu(answers, slope), torch.full_like(answers, wanted))


def told_apart(of_made: Tensor, of_real: Tensor, slope: float = SLOPE) -> Tensor:
    """The loss of a discriminator with these answers."""
    return (least_squares(of_made, 0.0, slope) + least_squares(of_real, 1.0, slope)) / 2


def feature_matching(made: list[Tensor], real: list[Tensor]) -> Tensor:
    """Mean absolute difference of a discriminator's features, its answers left out; the mean over layers."""
    return torch.stack([F.l1_loss(a, b) for a, b in zip(made[:-1], real[:-1], strict=True)]).mean()
