"""What the loop needs to know of the thing that it trains."""

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from echo_studio.types import GrayImage


class Task(Protocol):
    """One kind of training. All randomness comes from torch's global generator, which the loop seeds at each step.

    A loss is a mean over its samples, or one of `diffusion.loss.sector_mean`, so that batches can be shared.

    Attributes:
        parts: what is optimised in turn at each step, e.g. an autoencoder and then its discriminator.
            The part named `model` is the one averaged and released.
        frozen: prefixes of the model's parameters that are not trained.
    """

    parts: dict[str, nn.Module]
    frozen: tuple[str, ...]

    def load_data(self, cache: Path) -> int:
        """Read what training needs, once; returns the number of distinct samples. `cache` may hold derived arrays."""
        ...

    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        """The loss of one part for the samples of `index`, with figures to log.

        The parts come in their order; where a batch comes in pieces, all pieces for one part and then for the next.
        """
        ...

    def samples(self, model: nn.Module) -> GrayImage:
        """A picture of what the averaged model makes of a few fixed validation frames."""
        ...

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Scores of the averaged model on the validation split."""
        ...

    def settings(self, model: nn.Module) -> dict[str, float]:
        """Numbers that the card must carry: see `generate.checkpoint.Card.settings`."""
        ...

    def needs(self) -> dict[str, str]:
        """Name and sha256 of each checkpoint that this one is built upon."""
        ...


@runtime_checkable
class TaughtTask(Protocol):
    """What a `Task` has besides where its model learns from another one."""

    def distilled_from(self) -> dict[str, str]:
        """Name and sha256 of that generator."""
        ...


@runtime_checkable
class GreyTask(Protocol):
    """What a `Task` has besides where its model may start from label maps in real grey levels."""

    def intensities(self) -> list[float]:
        """See `generate.checkpoint.Card.intensities`."""
        ...


class PartLoss(nn.Module):
    """The loss of one part as a module that holds the part: what wraps networks sees all of its work as one call."""

    def __init__(self, task: Task, part: str) -> None:
        super().__init__()
        self.network = task.parts[part]
        self._task, self._part = task, part

    def forward(self, index: NDArray[np.int64]) -> tuple[Tensor, dict[str, float]]:
        """See `Task.loss`; an array, since wrappers carry tensors to the device and the samples lie on the CPU."""
        return self._task.loss(self._part, torch.from_numpy(index))
