"""Training of the segmenter: cross-entropy and Dice on labels 0 to 3, geometric and intensity augmentation."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from echo_studio.anatomy.labels import SECTOR
from echo_studio.data.augment import random_affine, random_intensity, warp
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.train.recipe import Recipe
from echo_studio.train.task import Task, mean_dice
from echo_studio.types import GrayImage


class SegmenterTask(Task):
    """`task.Task` for kind `segmenter`. Uses no entry of `recipe.loss`."""

    sector_only = False

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: nn.Module,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
    ) -> None:
        # Only here: MONAI takes longer to import than torch, and other kinds of training do without.
        from monai.losses.dice import DiceCELoss  # noqa: PLC0415

        super().__init__(recipe, data, model, device)
        self.criterion = DiceCELoss(to_onehot_y=True, softmax=True)

    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        affine = random_affine(len(index), self.ranges)
        image, ids = warp(self.frames.pixels(index), self.frames.ids[index], affine)
        image = random_intensity(image, self.recipe.augmentation.intensity).to(self.device)
        with self.autocast():
            logits = self.parts[part](image)
        target = torch.where(ids == SECTOR, 0, ids).long().unsqueeze(1).to(self.device)
        return self.criterion(logits.float(), target), {}

    def samples(self, model: nn.Module) -> GrayImage:
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 8))[:8]
        with torch.no_grad():
            found = model(self.validation.pixels(index).to(self.device)).argmax(1).cpu()
        wanted = torch.where(self.validation.ids[index] == SECTOR, 0, self.validation.ids[index])
        rows = [self.validation.image[index], (wanted * 80).byte(), (found * 80).byte()]
        return np.concatenate([np.concatenate(list(row.numpy()), axis=1) for row in rows])

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        pairs = []
        for index in torch.arange(len(self.validation)).split(8):
            found = model(self.validation.pixels(index).to(self.device)).argmax(1).to(torch.uint8).cpu()
            pairs += [("", *pair) for pair in zip(found, self.validation.ids[index], strict=True)]
        return mean_dice(pairs)
