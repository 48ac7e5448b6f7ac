"""Training of a semantic denoiser of any family (000, 003), on pixels or on the latents of a Gamma-VAE."""

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.families import family
from echo_studio.generate.codec import LatentCodec, soft_one_hot
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.clean import CleanSamples, LatentSamples, PixelSamples, encoded_beforehand
from echo_studio.train.samples.frames import Frames, load_frames
from echo_studio.train.tasks.denoising import DenoisingTask
from echo_studio.types import GrayImage

SAMPLE_NFE = 19


class DenoiserTask(DenoisingTask):
    """For the kinds of `diffusion.families.FAMILIES`.

    `recipe.loss` takes what `DenoisingTask` says, `copies` with a codec alone, and `crop`: side of the crops that are
    seen, in pixels or latent pixels; whole frames where it is missing.

    Only geometric augmentation, as in 003 III-E.
    """

    validation: Frames
    training: CleanSamples

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: nn.Module,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
    ) -> None:
        own = ["label_dropout", "crop", *(["copies"] if recipe.needs else [])]
        super().__init__(recipe, data, model, checkpoints, device, own)
        self.crop = int(recipe.loss.get("crop", 0))
        if isinstance(self.codec, LatentCodec):
            self.codec.vae.to(device)

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

    def _validation_condition(self, index: Tensor) -> Condition:
        one_hot = soft_one_hot(self.validation.ids[index], self.codec.factor)
        return Condition(one_hot, self.validation.view[index], self.validation.phase[index]).to(self.device)

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Samples of six validation label maps below the real frames, with the advised solver at 19 NFE."""
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 6))[:6]
        latent = self.generated(model, self._validation_condition(index), list(range(len(index))), SAMPLE_NFE)
        ids = self.validation.ids[index]
        made = self.codec.decode(latent, (ids > 0).float().unsqueeze(1).to(self.device)).cpu()
        rows = [self.validation.pixels(index), ids[:, None].float() / 2 - 1, made]
        if self.codec.factor > 1:
            rows.append(F.interpolate((latent - self.codec.background).clamp(0, 2) - 1, size=ids.shape[-1]).cpu())
        pixels = torch.cat([torch.cat(list(row[:, 0]), dim=1) for row in rows])
        return ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().numpy()

    def held_out(self) -> Iterator[tuple[Tensor, Condition]]:
        for index in torch.arange(len(self.validation)).split(8):
            inside = (self.validation.ids[index] > 0).float().unsqueeze(1).to(self.device)
            clean = self.codec.encode(self.validation.pixels(index).to(self.device), inside)
            yield clean, self._validation_condition(index)
