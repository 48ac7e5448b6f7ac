"""Training of a denoiser of clips of any family (002, 004) on interpolated cycles in Gamma-VAE latents."""

import dataclasses
import math
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.denoiser import Bound
from echo_studio.diffusion.families import family
from echo_studio.diffusion.loss import DenoisingLoss
from echo_studio.diffusion.precondition import Preconditioned
from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.diffusion.solvers import noise_levels, solver
from echo_studio.errors import RecipeError
from echo_studio.generate.checkpoint import video_family
from echo_studio.generate.codec import Codec, PixelCodec, latent_codec
from echo_studio.generate.video.pseudo_video import real_quantiles
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.clips import CYCLE, Clips, encoded_cycles
from echo_studio.train.samples.family_numbers import family_numbers
from echo_studio.types import GrayImage

SAMPLE_NFE = 10
EVERY = 9  # training frame whose grey levels are counted: odd, so that all views and phases come
SHOWN = 6  # frames of a clip in the picture of samples


class VideoTask:
    """`task.Task` for the kinds `video-edm`, `video-vp` and so on.

    `recipe.loss` takes the numbers of the family and

    - `frames`: of a training clip, a divisor of 24 (002 and 004 have 16 or 24; fewer are cheaper, and the network
      takes any number);
    - `label_dropout`: share of clips seen without their label maps, for classifier-free guidance;
    - `copies`: how many augmented copies of each cycle are encoded beforehand.
    """

    frozen: tuple[str, ...] = ()

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: nn.Module,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
    ) -> None:
        self.recipe, self.data, self.device = recipe, data, device
        self.parts = {"model": model}
        self.kind = video_family(recipe.kind)
        self.family_settings = family_numbers(recipe, self.kind, ("label_dropout", "copies", "frames"))
        self.label_dropout = float(recipe.loss.get("label_dropout", 0.0))
        self.copies, self.frames = int(recipe.loss.get("copies", 1)), int(recipe.loss.get("frames", CYCLE))
        if self.frames < 1 or CYCLE % self.frames:
            raise RecipeError(
                expected=f"frames that divide {CYCLE} in [loss]", got=str(self.frames), remedy="take 8, 12 or 24"
            )
        self.codec: Codec = PixelCodec()
        self._needs: dict[str, str] = {}
        if recipe.needs:
            card, codec = latent_codec(checkpoints / recipe.needs[0])
            self.codec, self._needs = codec, {card.name: card.sha256}
        self.criterion = DenoisingLoss(self.label_dropout)

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
                recipe.augmentation.ranges(),
                recipe.seed,
                cache,
                bfloat16=recipe.precision == "bfloat16",
            )

        self.training = Clips(bank("training", self.copies), self.frames)
        self.validation = Clips(bank("validation", 1), self.frames)
        self.family = family(self.kind, {**self.family_settings, "sigma_data": self.training.sigma_data})
        return len(self.training)

    def _denoiser(self, model: nn.Module) -> Preconditioned:
        limit = self.training.limit if self.family.clamped else math.inf
        return Preconditioned(model, self.family, self.codec.background, limit)  # type: ignore[arg-type]

    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        clean, condition = self.training.batch(index)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            denoiser = self._denoiser(self.parts["model"])
            return self.criterion(denoiser, clean.to(self.device), condition.to(self.device)), {}

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Frames of clips from four validation cycles, each below the interpolated cycle of its label maps."""
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 4))[:4]
        clean, condition = self.validation.whole(index)
        condition = condition.to(self.device)
        denoiser = self._denoiser(model)
        noise = SampleNoise(index.tolist(), tuple(clean.shape[1:]))
        how = solver(self.recipe.advised_solver or "heun")
        sigmas = noise_levels(how, self.family, SAMPLE_NFE)
        made = how(
            Bound(denoiser, denoiser.prepare(condition)),
            (noise() * sigmas[0].float()).to(self.device),
            sigmas,
            SAMPLE_NFE,
            noise,
            lambda done, total, estimate: None,
        ).cpu()
        rows = []
        for k in range(len(index)):
            for latent in (clean[k], made[k]):
                shown = latent[:, :: max(1, latent.shape[1] // SHOWN)].transpose(0, 1)
                side = shown.shape[-1] * self.codec.factor
                pixels = self.codec.decode(shown, torch.ones(len(shown), 1, side, side))  # on the CPU, as it encodes
                rows.append(torch.cat(list(pixels[:, 0]), dim=1))
        return ((torch.cat(rows).clamp(-1, 1) + 1) * 127.5).round().byte().numpy()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """The loss on the validation split's cycles, noise fixed: comparable between runs of one family and codec."""
        denoiser, losses = self._denoiser(model), []
        torch.manual_seed(0)
        for index in torch.arange(len(self.validation)).split(4):
            clean, condition = self.validation.whole(index)
            losses.append(float(DenoisingLoss()(denoiser, clean.to(self.device), condition.to(self.device))))
        return {f"{self.kind}_loss": round(sum(losses) / len(losses), 5)}

    def settings(self, model: nn.Module) -> dict[str, float]:
        settings = {**dataclasses.asdict(self.family), "background": self.codec.background}  # type: ignore[call-overload]
        if self.family.clamped:
            settings["limit"] = self.training.limit
        if self.label_dropout:
            settings["label_dropout"] = self.label_dropout
        return settings

    def intensities(self) -> list[float]:
        return self._intensities

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

    def needs(self) -> dict[str, str]:
        return self._needs
