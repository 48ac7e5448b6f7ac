"""Training of the Gamma-VAE (003 eq. 8) on crops, with optional perceptual and adversarial terms for the decoder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.data.augment import random_affine, random_crops, random_intensity, warp
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.loss import sector_mean
from echo_studio.errors import RecipeError
from echo_studio.generate.build import load_network
from echo_studio.generate.checkpoint import read_card
from echo_studio.nets.gamma_vae import GammaVAE, gamma_kl
from echo_studio.nets.segmenter import Segmenter
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.frames import Frames
from echo_studio.train.task import loss_settings, picture
from echo_studio.train.tasks.adversarial import (
    AdversarialTask,
    feature_matching,
    least_squares,
    patch_discriminator,
    told_apart,
)
from echo_studio.types import GrayImage, Json


@dataclass(frozen=True)
class GammaVAELoss:
    """`recipe.loss`: weights of 003 eq. 8 with its prior, and of what is added to it.

    The reconstruction and latent terms are mean squares inside the sector. The perceptual term is
    the mean square of normalised differences of the segmenter's encoder features (the papers use
    LPIPS, whose weights would have to be downloaded). With `decoder_only` the encoder and so every
    latent stay as they are, and the decoder sees expected latents with a little noise of the size
    that a denoiser leaves.
    """

    reconstruction: float = 10.0
    perceptual: float = 0.0
    kl: float = 1e-3
    latent: float = 1e-2
    adversarial: float = 0.0
    feature_matching: float = 0.0
    prior_alpha: float = 3.75
    prior_beta: float = 10.8
    crop: int = 128
    decoder_only: bool = False
    latent_noise: float = 0.0


class GammaVAETask(AdversarialTask):
    """`task.Task` for kind `gamma-vae`."""

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: GammaVAE,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
    ) -> None:
        super().__init__(recipe, data, model, device)
        self.weights = loss_settings(GammaVAELoss, recipe)
        if self.weights.decoder_only and init is None:
            raise RecipeError(
                expected="--init CHECKPOINT, since decoder_only keeps its encoder",
                got="none",
                remedy="train stage 1 first",
            )
        self.kept_settings = read_card(init).settings if self.weights.decoder_only and init else None
        self.model = model
        self.frozen = ("encoder",) if self.weights.decoder_only else ()
        if self.weights.adversarial:
            self.add_critic("discriminator", patch_discriminator(1, channels=32, layers=3), init)
        self.features: Segmenter | None = None
        if self.weights.perceptual:
            if not recipe.needs:
                raise RecipeError(
                    expected="needs = [a segmenter] for the perceptual term",
                    got="none",
                    remedy="name one, or set it to 0",
                )
            needed, network = load_network(checkpoints / recipe.needs[0])
            if not isinstance(network, Segmenter):  # the judge least of all: it scores what is trained here
                raise RecipeError(
                    expected="needs = [a segmenter] for the perceptual term",
                    got=f"{needed.name}, a {needed.kind}",
                    remedy="name the segmenter",
                )
            self.features = network.to(device)

    def model_loss(self, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        weights = self.weights
        affine = random_affine(len(index), self.ranges)
        image, ids = warp(self.frames.pixels(index), self.frames.ids[index], affine)
        image = random_intensity(image, self.recipe.augmentation.intensity)
        image, ids = random_crops(image, ids, weights.crop, self.model.config.factor)
        image, inside = image.to(self.device), (ids > 0).float().unsqueeze(1).to(self.device)
        image = torch.where(inside > 0, image, -1.0)
        latent_inside = self.model.latent_inside(inside)
        figures: dict[str, float] = {}
        total = torch.zeros((), device=self.device)
        if weights.decoder_only:
            with torch.no_grad():
                latent = self.model.encode(image, inside)
                latent = (latent + weights.latent_noise * torch.randn_like(latent)).clamp(min=0) * latent_inside
        else:
            alpha, beta = self.model.posterior(image)
            latent = torch.distributions.Gamma(alpha, beta).rsample() * latent_inside
            divergence = sector_mean(gamma_kl(alpha, beta, weights.prior_alpha, weights.prior_beta), latent_inside)
            small = F.avg_pool2d((image + 1) / 2, self.model.config.factor)
            similarity = sector_mean((alpha / beta - small) ** 2, latent_inside)
            figures |= {"kl": float(divergence.detach()), "latent": float(similarity.detach())}
            total = total + weights.kl * divergence + weights.latent * similarity
        made = self.model.decode(latent, inside)
        reconstruction = sector_mean((made - image) ** 2, inside)
        figures["reconstruction"] = float(reconstruction.detach())
        total = total + weights.reconstruction * reconstruction
        if self.features is not None:
            perceptual = _feature_distance(self.features.features(made), self.features.features(image))
            figures["perceptual"] = float(perceptual.detach())
            total = total + weights.perceptual * perceptual
        if weights.adversarial:
            scored = self.parts["discriminator"](made)
            fooled = least_squares(scored[-1], 1.0)
            figures["fooled"] = float(fooled.detach())
            total = total + weights.adversarial * fooled
            if weights.feature_matching:
                with torch.no_grad():
                    real = self.parts["discriminator"](image)
                total = total + weights.feature_matching * feature_matching(scored, real)
            self.unscored.append((made.detach(), image))
        return total, figures

    def critic_loss(self, made: Tensor, real: Tensor) -> tuple[Tensor, dict[str, float]]:
        critic = self.parts["discriminator"]
        return told_apart(critic(made)[-1], critic(real)[-1]), {}

    def _pair_of(self, frames: Frames, index: Tensor) -> tuple[Tensor, Tensor]:
        """Images and insides of some frames, on the device."""
        return frames.pixels(index).to(self.device), (frames.ids[index] > 0).float().unsqueeze(1).to(self.device)

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        assert isinstance(model, GammaVAE)
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 6))[:6]
        image, inside = self._pair_of(self.validation, index)
        latent = model.encode(image, inside)
        shown = F.interpolate(latent * 2 - 1, size=image.shape[-1])
        return picture([image, shown, model.decode(latent, inside)])

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        assert isinstance(model, GammaVAE)
        errors = []
        for index in torch.arange(len(self.validation)).split(8):
            image, inside = self._pair_of(self.validation, index)
            made = model.decode(model.encode(image, inside), inside)
            errors.append(float(sector_mean(((made - image) / 2) ** 2, inside)))
        return {"psnr_in_sector_db": round(-10 * float(np.log10(np.mean(errors))), 2)}

    @torch.no_grad()
    def card_entries(self, model: nn.Module) -> Json:
        """Shift and scale to mean 0 and deviation 0.5 inside the sector, over 64 training frames."""
        if self.kept_settings is not None:  # the same encoder: latents must keep their scale
            return {"settings": self.kept_settings}
        assert isinstance(model, GammaVAE)
        latents = []
        for index in torch.arange(0, len(self.frames), max(1, len(self.frames) // 64)).split(8):
            image, inside = self._pair_of(self.frames, index)
            latent = model.encode(image, inside)
            latents.append(latent[model.latent_inside(inside) > 0])
        values = torch.cat(latents)
        return {"settings": {"shift": float(values.mean()), "scale": float(0.5 / values.std())}}


def _feature_distance(a: list[Tensor], b: list[Tensor]) -> Tensor:
    """Mean over levels of squared differences of channel-normalised features (Zhang et al. 2018, without weights)."""
    return torch.stack(
        [(F.normalize(x.float()) - F.normalize(y.float())).square().sum(1).mean() for x, y in zip(a, b, strict=True)]
    ).mean()
