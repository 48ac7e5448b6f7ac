"""What the loop needs to know of the thing that it trains."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import RecipeError
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.frames import Frames, load_frames
from echo_studio.types import GrayImage, Json

LossT = TypeVar("LossT")

LICENCE = "CC BY-NC-SA 4.0 (from CAMUS), non-commercial research only"


class Task(ABC):
    """One kind of training. All randomness comes from torch's global generator, which the loop seeds at each step.

    A loss is a mean over its samples, or one of `diffusion.loss.sector_mean`, so that batches can be shared.

    Attributes:
        parts: what is optimised in turn at each step, e.g. an autoencoder and then its discriminator.
            The part named `model` is the one averaged and released.
        frozen: prefixes of the model's parameters that are not trained.
        sector_only: whether labels end where the sector ends, see `samples.frames.load_frames`.
        frames, validation: what `load_data` reads.
    """

    frozen: tuple[str, ...] = ()
    sector_only = True
    frames: Frames
    validation: Any

    def __init__(self, recipe: Recipe, data: CamusFolder, model: nn.Module, device: torch.device) -> None:
        self.recipe, self.data, self.device = recipe, data, device
        self.parts: dict[str, nn.Module] = {"model": model}
        self.ranges = recipe.augmentation.ranges()

    def autocast(self) -> torch.autocast:
        """The precision of the recipe, for a block."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16")

    def load_data(self, cache: Path) -> int:
        """Read what training needs, once; returns the number of distinct samples. `cache` may hold derived arrays."""
        self.frames, self.validation = (
            load_frames(self.data, split, self.recipe.resolution, sector_only=self.sector_only)
            for split in ("training", "validation")
        )
        return len(self.frames)

    @abstractmethod
    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        """The loss of one part for the samples of `index`, with figures to log.

        The parts come in their order; with gradient accumulation, all steps of one part and then those of the next.
        """

    @abstractmethod
    def samples(self, model: nn.Module) -> GrayImage:
        """A picture of what the averaged model makes of a few fixed validation frames."""

    @abstractmethod
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Scores of the averaged model on the validation split."""

    def card_entries(self, model: nn.Module) -> Json:
        """What the card of the averaged model says of this kind of training; see `generate.checkpoint.Card`.

        Its `settings`, and where there are any `needs`, `distilled_from` and `intensities`; `data`, `split` and
        `licence` where it did not learn from CAMUS's frames.
        """
        return {"settings": {}}


def picture(rows: Sequence[Tensor]) -> GrayImage:
    """Images float32 (n, 1, h, w) in [-1, 1], those of a row side by side, as one picture."""
    pixels = torch.cat([torch.cat(list(row[:, 0]), dim=1) for row in rows])
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().cpu().numpy()


def mean_dice(pairs: Iterable[tuple[str, Tensor, Tensor]]) -> dict[str, float]:
    """Mean Dice of each structure: of labels found and wanted, uint8 (h, w), behind the beginning of a score's name."""
    scores: dict[str, list[float]] = defaultdict(list)
    for name, found, wanted in pairs:
        for key, value in structure_dice(LabelMap(found.numpy()), LabelMap(wanted.numpy())).items():
            if value is not None:
                scores[f"{name}dice_{key}"].append(value)
    return {key: round(float(np.mean(values)), 4) for key, values in scores.items()}


def loss_settings(kind: type[LossT], recipe: Recipe) -> LossT:
    """The recipe's [loss] as a dataclass of settings.

    Raises:
        RecipeError: an entry that it does not know.
    """
    try:
        return kind(**recipe.loss)
    except TypeError as error:
        raise RecipeError(
            expected=f"entries of {kind.__name__} in [loss]", got=str(error), remedy="correct it"
        ) from error


class PartLoss(nn.Module):
    """The loss of one part as a module that holds the part: what wraps networks sees all of its work as one call."""

    def __init__(self, task: Task, part: str) -> None:
        super().__init__()
        self.network = task.parts[part]
        self._task, self._part = task, part

    def forward(self, index: NDArray[np.int64]) -> tuple[Tensor, dict[str, float]]:
        """See `Task.loss`; an array, since wrappers carry tensors to the device and the samples lie on the CPU."""
        return self._task.loss(self._part, torch.from_numpy(index))
