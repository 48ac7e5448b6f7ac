"""Training of a semantic denoiser of any family (000, 003), on pixels or on the latents of a Gamma-VAE."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.denoiser import Bound, Condition
from echo_studio.diffusion.families import family
from echo_studio.diffusion.loss import DenoisingLoss
from echo_studio.diffusion.precondition import Preconditioned
from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.diffusion.solvers import noise_levels, solver
from echo_studio.generate.codec import Codec, PixelCodec, latent_codec, soft_one_hot
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.clean import CleanSamples, LatentSamples, PixelSamples, encoded_beforehand
from echo_studio.train.samples.family_numbers import family_numbers
from echo_studio.train.samples.frames import Frames, load_frames
from echo_studio.types import GrayImage

SAMPLE_NFE = 19


class DenoiserTask:
    """`task.Task` for the kinds of `diffusion.families.FAMILIES`.

    `recipe.loss` takes the numbers of the family (`p_mean` and `p_std` of edm, `kl_weight` of sdm) and

    - `label_dropout`: share of samples seen without their label map, for classifier-free guidance;
    - `copies`, with a codec alone: how many augmented copies of each frame are encoded beforehand;
    - `crop`: side of the crops that are seen, in pixels or latent pixels; whole frames where it is missing.

    Only geometric augmentation, as in 003 III-E.
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
        self.device = device
        self.recipe = recipe
        self.data = data
        self.parts = {"model": model}
        own = ["label_dropout", "crop", *(["copies"] if recipe.needs else [])]
        self.family_settings = family_numbers(recipe, recipe.kind, own)
        self.label_dropout = float(recipe.loss.get("label_dropout", 0.0))
        self.crop, self.copies = int(recipe.loss.get("crop", 0)), int(recipe.loss.get("copies", 1))
        self.codec: Codec = PixelCodec()
        self._needs: dict[str, str] = {}
        if recipe.needs:
            folder = checkpoints / recipe.needs[0]
            card, codec = latent_codec(folder)
            codec.vae.to(device)
            self.codec = codec
            self._needs = {card.name: card.sha256}
        self.criterion = DenoisingLoss(self.label_dropout)
        self.validation: Frames
        self.training: CleanSamples

    def load_data(self, cache: Path) -> int:
        self.validation = load_frames(self.data, "validation", self.recipe.resolution, sector_only=True)
        frames = load_frames(self.data, "training", self.recipe.resolution, sector_only=True)
        if self._needs:
            sha256 = next(iter(self._needs.values()))
            bank = encoded_beforehand(frames, self.codec, self.recipe, self.copies, sha256, cache, self.device)
            self.training = LatentSamples(bank, self.crop)
        else:
            self.training = PixelSamples(frames, self.codec, self.recipe.augmentation.ranges(), self.crop)
        self.family = family(self.recipe.kind, {**self.family_settings, "sigma_data": self.training.sigma_data})
        return len(self.training)

    def _denoiser(self, model: nn.Module) -> Preconditioned:
        limit = self.training.limit if self.family.clamped else math.inf
        return Preconditioned(model, self.family, self.codec.background, limit)  # type: ignore[arg-type]

    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        clean, condition = self.training.batch(index)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            denoiser = self._denoiser(self.parts["model"])
            return self.criterion(denoiser, clean.to(self.device), condition.to(self.device)), {}

    def _validation_condition(self, index: Tensor) -> Condition:
        one_hot = soft_one_hot(self.validation.ids[index], self.codec.factor)
        return Condition(one_hot, self.validation.view[index], self.validation.phase[index]).to(self.device)

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Samples of six validation label maps below the real frames, with the advised solver at 19 NFE."""
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 6))[:6]
        denoiser = self._denoiser(model)
        condition = self._validation_condition(index)
        noise = SampleNoise(list(range(len(index))), (1, *condition.one_hot.shape[-2:]))
        how = solver(self.recipe.advised_solver or "heun")
        sigmas = noise_levels(how, self.family, SAMPLE_NFE)
        latent = how(
            Bound(denoiser, denoiser.prepare(condition)),
            (noise() * sigmas[0].float()).to(self.device),
            sigmas,
            SAMPLE_NFE,
            noise,
            lambda done, total, estimate: None,
        )
        ids = self.validation.ids[index]
        made = self.codec.decode(latent, (ids > 0).float().unsqueeze(1).to(self.device)).cpu()
        rows = [self.validation.pixels(index), ids[:, None].float() / 2 - 1, made]
        if self.codec.factor > 1:
            rows.append(F.interpolate((latent - self.codec.background).clamp(0, 2) - 1, size=ids.shape[-1]).cpu())
        pixels = torch.cat([torch.cat(list(row[:, 0]), dim=1) for row in rows])
        return ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().numpy()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """The loss on the validation split, noise fixed: comparable between runs of one family on the same codec."""
        denoiser = self._denoiser(model)
        losses = []
        torch.manual_seed(0)
        for index in torch.arange(len(self.validation)).split(8):
            inside = (self.validation.ids[index] > 0).float().unsqueeze(1).to(self.device)
            clean = self.codec.encode(self.validation.pixels(index).to(self.device), inside)
            losses.append(float(DenoisingLoss()(denoiser, clean, self._validation_condition(index))))
        return {f"{self.recipe.kind}_loss": round(float(np.mean(losses)), 5)}

    def settings(self, model: nn.Module) -> dict[str, float]:
        settings = {**dataclasses.asdict(self.family), "background": self.codec.background}  # type: ignore[call-overload]
        if self.family.clamped:
            settings["limit"] = self.training.limit
        if self.label_dropout:
            settings["label_dropout"] = self.label_dropout
        return settings

    def needs(self) -> dict[str, str]:
        return self._needs
