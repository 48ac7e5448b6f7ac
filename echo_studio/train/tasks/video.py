"""Training of a denoiser of clips of any family (002, 004) on interpolated cycles in Gamma-VAE latents."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.families import family
from echo_studio.errors import RecipeError
from echo_studio.generate.video.pseudo_video import real_quantiles
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.clips import CYCLE, Clips, encoded_cycles
from echo_studio.train.task import picture
from echo_studio.train.tasks.denoiser import DenoisingTask
from echo_studio.types import GrayImage, Json

SAMPLE_NFE = 10
EVERY = 9  # training frame whose grey levels are counted: odd, so that all views and phases come
SHOWN = 6  # frames of a clip in the picture of samples


class VideoTask(DenoisingTask):
    """For the kinds `video-edm`, `video-vp` and so on.

    `recipe.loss` takes what `DenoisingTask` says, and `frames`: of a training clip, a divisor of 24 (002 and 004 have
    16 or 24; fewer are cheaper, and the network takes any number).
    """

    training: Clips

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: nn.Module,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
    ) -> None:
        super().__init__(recipe, data, model, checkpoints, device, ("label_dropout", "copies", "frames"))
        self.length = int(recipe.loss.get("frames", CYCLE))
        if self.length < 1 or CYCLE % self.length:
            raise RecipeError(
                expected=f"frames that divide {CYCLE} in [loss]", got=str(self.length), remedy="take 8, 12 or 24"
            )

    def load_data(self, cache: Path) -> int:
        sha256 = next(iter(self._needs.values()), "pixels")

        def bank(split: str, copies: int) -> dict[str, Tensor]:
            recipe = self.recipe
            return encoded_cycles(
                self.data,
                split,
                recipe.resolution,
                self.codec,
                sha256,
                copies,
                self.ranges,
                recipe.seed,
                cache,
                bfloat16=recipe.precision == "bfloat16",
            )

        self.training = Clips(bank("training", self.copies), self.length)
        self.validation = Clips(bank("validation", 1), self.length)
        self.family = family(self.family_name, {**self.family_settings, "sigma_data": self.training.sigma_data})
        return len(self.training)

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Frames of clips from four validation cycles, each below the interpolated cycle of its label maps."""
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 4))[:4]
        clean, condition = self.validation.whole(index)
        made = self.generated(model, condition.to(self.device), index.tolist(), SAMPLE_NFE).cpu()
        rows = []
        for k in range(len(index)):
            for latent in (clean[k], made[k]):
                shown = latent[:, :: max(1, latent.shape[1] // SHOWN)].transpose(0, 1)
                side = shown.shape[-1] * self.codec.factor
                inside = torch.ones(len(shown), 1, side, side)  # on the CPU, as it encodes
                rows.append(self.codec.decoding(inside, range(len(shown)))(shown))
        return picture(rows)

    def held_out(self) -> Iterator[tuple[Tensor, Condition]]:
        for index in torch.arange(len(self.validation)).split(4):
            clean, condition = self.validation.whole(index)
            yield clean.to(self.device), condition.to(self.device)

    def card_entries(self, model: nn.Module) -> Json:
        return {**super().card_entries(model), "intensities": self._intensities}

    @cached_property
    def _intensities(self) -> list[float]:
        """Of every ninth training frame, at the size of the clips."""
        ids = self.data.frame_ids(self.data.split("training"))[::EVERY]
        side = self.recipe.resolution
        frames = (self.data.read(frame_id) for frame_id in ids)
        shrunk = (
            (
                np.asarray(cv2.resize(frame.image, (side, side), interpolation=cv2.INTER_AREA), np.uint8),
                within_sector(frame.label_map.resized(side, side).ids),
            )
            for frame in frames
        )
        return [round(float(value), 4) for value in real_quantiles(shrunk)]
