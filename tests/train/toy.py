"""A task that trains in milliseconds and uses what the loop offers: two parts, random numbers, a mean in a sector."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.diffusion.loss import sector_mean
from echo_studio.train.recipe import Recipe
from echo_studio.train.task import Task
from echo_studio.types import GrayImage


class ToyTask(Task):
    """Removes noise from eight small images by one convolution; a second part judges what the first one left."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        super().__init__(recipe, None, nn.Conv2d(1, 1, 3, padding=1), torch.device("cpu"))  # type: ignore[arg-type]
        self.parts["judge"] = nn.Conv2d(1, 1, 1)
        self._left: list[Tensor] = []

    def load_data(self, cache: Path) -> int:
        generator = torch.Generator().manual_seed(0)
        self.images = torch.rand(8, 1, 8, 8, generator=generator)
        self.inside = (torch.rand(8, 1, 8, 8, generator=generator) < 0.5).float()
        return len(self.images)

    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        if part == "judge":
            return (self.parts["judge"](self._left.pop(0)) ** 2).mean(), {}
        clean = self.images[index]
        made = self.parts["model"](F.dropout(clean + torch.randn_like(clean), 0.1))
        self._left.append(made.detach())
        fooled = self.parts["judge"](made).mean() * 0.01
        return sector_mean((made - clean) ** 2, self.inside[index]) + fooled, {"fooled": float(fooled.detach())}

    def samples(self, model: nn.Module) -> GrayImage:
        with torch.no_grad():
            return (model(self.images)[0, 0].clamp(0, 1) * 255).byte().numpy()

    def validate(self, model: nn.Module) -> dict[str, float]:
        with torch.no_grad():
            return {"error": round(float(np.abs((model(self.images) - self.images).numpy()).mean()), 6)}
