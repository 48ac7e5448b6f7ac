"""Training of a semantic denoiser with EDM's loss (003), on pixels or on the latents of a Gamma-VAE."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from echo_studio.data.augment import random_affine, warp
from echo_studio.data.camus import CamusFolder
from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.loss import EdmLoss
from echo_studio.diffusion.precondition import EdmDenoiser
from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.diffusion.schedule import karras_sigmas
from echo_studio.diffusion.solver import SOLVERS
from echo_studio.errors import RecipeError
from echo_studio.generate.build import Codec, PixelCodec, latent_codec, soft_one_hot
from echo_studio.train.frames import Frames, load_frames
from echo_studio.train.recipe import Recipe
from echo_studio.types import GrayImage


class EdmTask:
    """`task.Task` for kind `edm`.

    `recipe.loss` takes `p_mean`, `p_std` and `copies`: how many augmented copies of each frame are
    encoded beforehand, since encoding costs more than a step of the small network. The label maps
    of the copies are kept at latent resolution. Only geometric augmentation, as in 003 III-E.
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
        settings = dict(recipe.loss)
        self.copies = int(settings.pop("copies", 1))
        unknown = set(settings) - {"p_mean", "p_std"}
        if unknown:
            raise RecipeError(
                expected="p_mean, p_std or copies in [loss]", got=f"{sorted(unknown)}", remedy="correct it"
            )
        self.noise_settings = settings
        self.codec: Codec = PixelCodec()
        self._needs: dict[str, str] = {}
        if recipe.needs:
            folder = checkpoints / recipe.needs[0]
            card, codec = latent_codec(folder)
            codec.vae.to(device)
            self.codec = codec
            self._needs = {card.name: card.sha256}
        self.ranges = recipe.augmentation.ranges()
        self.validation: Frames

    def load_data(self, cache: Path) -> int:
        self.validation = load_frames(self.data, "validation", self.recipe.resolution, fan_only=True)
        path = cache / "encoded.safetensors"
        key = "/".join([*self._needs.values(), str(self.copies), str(self.recipe.seed), str(self.recipe.augmentation)])
        bank = load_file(path) if path.is_file() else {}
        if bank.get("key", torch.zeros(0)).tolist() != list(key.encode()):
            bank = self._encode_all(load_frames(self.data, "training", self.recipe.resolution, fan_only=True))
            bank["key"] = torch.tensor(list(key.encode()), dtype=torch.uint8)
            temporary = path.with_suffix(".tmp")
            save_file(bank, temporary)
            temporary.replace(path)
        self.bank = bank
        inside = bank["one_hot"][:, :1] < 1.0
        self.sigma_data = float(bank["latent"].float()[inside].std())
        self.criterion = EdmLoss(self.sigma_data, **self.noise_settings)
        self.denoiser = EdmDenoiser(self.parts["model"], self.sigma_data, self.codec.background)  # type: ignore[arg-type]
        return len(bank["latent"])

    @torch.no_grad()
    def _encode_all(self, frames: Frames) -> dict[str, Tensor]:
        """Latents and soft one-hot maps of every frame and its augmented copies; the first copy is the frame itself."""
        latents, one_hots = [], []
        for copy in range(self.copies):
            torch.manual_seed(self.recipe.seed * 1009 + copy)
            for index in torch.arange(len(frames)).split(8):
                image, ids = frames.pixels(index), frames.ids[index]
                if copy:
                    image, ids = warp(image, ids, random_affine(len(index), self.ranges))
                inside = (ids > 0).float().unsqueeze(1).to(self.device)
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
                    latent = self.codec.encode(image.to(self.device), inside)
                latents.append(latent.half().cpu())
                one_hots.append(soft_one_hot(ids, self.codec.factor).half())
        return {
            "latent": torch.cat(latents).contiguous(),
            "one_hot": torch.cat(one_hots).contiguous(),
            "view": frames.view.repeat(self.copies),
            "phase": frames.phase.repeat(self.copies),
        }

    def _condition(self, index: Tensor) -> Condition:
        return Condition(self.bank["one_hot"][index].float(), self.bank["view"][index], self.bank["phase"][index]).to(
            self.device
        )

    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            return self.criterion(
                self.denoiser, self.bank["latent"][index].float().to(self.device), self._condition(index)
            ), {}

    def _validation_condition(self, index: Tensor) -> Condition:
        one_hot = soft_one_hot(self.validation.ids[index], self.codec.factor)
        return Condition(one_hot, self.validation.view[index], self.validation.phase[index]).to(self.device)

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Ten-step Heun samples of six validation label maps below the real frames."""
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 6))[:6]
        denoiser = EdmDenoiser(model, self.sigma_data, self.codec.background)  # type: ignore[arg-type]
        condition = self._validation_condition(index)
        prepared = denoiser.prepare(condition)
        noise = SampleNoise(list(range(len(index))), (1, *condition.one_hot.shape[-2:]))
        sigmas = karras_sigmas(10)
        latent = SOLVERS["heun"](
            lambda x, sigma: denoiser(x, sigma, prepared),
            (noise() * sigmas[0].float()).to(self.device),
            sigmas,
            19,
            noise,
            lambda done, total, estimate: None,
        )
        ids = self.validation.ids[index]
        made = self.codec.decode(latent, (ids > 0).float().unsqueeze(1).to(self.device)).cpu()
        small = F.interpolate((latent - self.codec.background).clamp(0, 2) - 1, size=ids.shape[-1]).cpu()
        rows = [self.validation.pixels(index), ids[:, None].float() / 2 - 1, made, small]
        pixels = torch.cat([torch.cat(list(row[:, 0]), dim=1) for row in rows])
        return ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().numpy()

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """The loss on the validation split, noise fixed: comparable between runs on the same codec."""
        denoiser = EdmDenoiser(model, self.sigma_data, self.codec.background)  # type: ignore[arg-type]
        losses = []
        torch.manual_seed(0)
        for index in torch.arange(len(self.validation)).split(8):
            inside = (self.validation.ids[index] > 0).float().unsqueeze(1).to(self.device)
            clean = self.codec.encode(self.validation.pixels(index).to(self.device), inside)
            losses.append(float(self.criterion(denoiser, clean, self._validation_condition(index))))
        return {"edm_loss": round(float(np.mean(losses)), 5)}

    def settings(self, model: nn.Module) -> dict[str, float]:
        return {"sigma_data": self.sigma_data, "background": self.codec.background}

    def needs(self) -> dict[str, str]:
        return self._needs
