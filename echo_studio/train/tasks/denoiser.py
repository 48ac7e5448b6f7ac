"""Training of denoisers of any family (000, 003) on pixels or Gamma-VAE latents; that of clips builds on it."""

import dataclasses
import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.anatomy.labels import LABEL_COUNTS, SCHEMA
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.denoiser import Condition, Preconditioned
from echo_studio.diffusion.families import FAMILIES, Family, family
from echo_studio.diffusion.loss import DenoisingLoss
from echo_studio.errors import RecipeError
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.checkpoint import video_family
from echo_studio.generate.codec import Codec, LatentCodec, PixelCodec, latent_codec
from echo_studio.generate.generator import sample
from echo_studio.generate.sampling import DEFAULT_SOLVER, Sampling
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.clean import LatentSamples, PixelSamples, encoded_beforehand
from echo_studio.train.samples.clips import Clips
from echo_studio.train.task import Task, picture
from echo_studio.types import GrayImage, Json

SAMPLE_NFE = 19


class DenoisingTask(Task):
    """Training of a denoiser of `diffusion.families.FAMILIES`, on pixels or on the latents of a Gamma-VAE.

    `recipe.loss` takes the numbers of the family (`p_mean` and `p_std` of edm, `kl_weight` of sdm) and

    - `label_dropout`: share of samples seen without their label map, for classifier-free guidance;
    - `copies`: how many augmented copies of each sample are encoded beforehand.

    Args:
        own: further entries of `recipe.loss` that the task takes.
    """

    training: PixelSamples | LatentSamples | Clips
    family: Family

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: nn.Module,
        checkpoints: Path,
        device: torch.device,
        own: Sequence[str],
    ) -> None:
        super().__init__(recipe, data, model, device)
        self.family_name = video_family(recipe.kind)
        self.family_settings = family_numbers(recipe, self.family_name, own)
        self.label_dropout = float(recipe.loss.get("label_dropout", 0.0))
        self.copies = int(recipe.loss.get("copies", 1))
        self.codec: Codec = PixelCodec()
        self._needs: dict[str, str] = {}
        if recipe.needs:
            card, latent = latent_codec(checkpoints / recipe.needs[0])
            self.codec, self._needs = latent, {card.name: card.sha256}
        self.criterion = DenoisingLoss(self.label_dropout)

    def denoiser(self, model: nn.Module) -> Preconditioned:
        """The family's denoiser around a network."""
        limit = self.training.limit if self.family.clamped else math.inf
        return Preconditioned(model, self.family, self.codec.background, limit)  # type: ignore[arg-type]

    def loss(self, part: str, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        clean, condition = self.training.batch(index)
        with self.autocast():
            denoiser = self.denoiser(self.parts["model"])
            return self.criterion(denoiser, clean.to(self.device), condition.to(self.device)), {}

    def generated(self, model: nn.Module, condition: Condition, seeds: list[int], nfe: int) -> Tensor:
        """Samples of the averaged model, with the advised solver, on the task's device."""
        sampling = Sampling(self.recipe.name, self.recipe.advised_solver or DEFAULT_SOLVER, nfe)
        return sample(self.denoiser(model), condition, sampling, seeds)

    @abstractmethod
    def held_out(self) -> Iterator[tuple[Tensor, Condition]]:
        """The validation split in batches, on the task's device: clean data and what guides them."""

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """The loss on the validation split, noise fixed: comparable between runs of one family and codec."""
        denoiser = self.denoiser(model)
        torch.manual_seed(0)
        losses = [float(DenoisingLoss()(denoiser, *batch)) for batch in self.held_out()]
        return {f"{self.family_name}_loss": round(sum(losses) / len(losses), 5)}

    def card_entries(self, model: nn.Module) -> Json:
        settings = {**dataclasses.asdict(self.family), "background": self.codec.background}
        if self.family.clamped:
            settings["limit"] = self.training.limit
        if self.label_dropout:
            settings["label_dropout"] = self.label_dropout
        return {"settings": settings, "needs": self._needs}


class DenoiserTask(DenoisingTask):
    """For the kinds of `diffusion.families.FAMILIES`.

    `recipe.loss` takes what `DenoisingTask` says, `copies` with a codec alone, and `crop`: side of the crops that are
    seen, in pixels or latent pixels; whole frames where it is missing.

    Only geometric augmentation, as in 003 III-E.
    """

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
        super().load_data(cache)
        if self._needs:
            sha256 = next(iter(self._needs.values()))
            bank = encoded_beforehand(self.frames, self.codec, self.recipe, self.copies, sha256, cache, self.device)
            self.training = LatentSamples(bank, self.crop)
        else:
            self.training = PixelSamples(self.frames, self.codec, self.ranges, self.crop)
        self.family = family(self.recipe.kind, {**self.family_settings, "sigma_data": self.training.sigma_data})
        return len(self.training)

    def _validation_condition(self, index: Tensor) -> Condition:
        labels = int(self.recipe.network.get("labels", LABEL_COUNTS[SCHEMA]))
        one_hot = soft_one_hot(self.validation.ids[index], self.codec.factor, labels)
        return Condition(one_hot, self.validation.view[index], self.validation.phase[index]).to(self.device)

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Samples of six validation label maps below the real frames, with the advised solver at 19 NFE."""
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 6))[:6]
        latent = self.generated(model, self._validation_condition(index), list(range(len(index))), SAMPLE_NFE)
        ids = self.validation.ids[index]
        inside = (ids > 0).float().unsqueeze(1).to(self.device)
        made = self.codec.decoding(inside, index.tolist())(latent).cpu()
        rows = [self.validation.pixels(index), ids[:, None].float() / 2 - 1, made]
        if self.codec.factor > 1:
            rows.append(F.interpolate((latent - self.codec.background).clamp(0, 2) - 1, size=ids.shape[-1]).cpu())
        return picture(rows)

    def held_out(self) -> Iterator[tuple[Tensor, Condition]]:
        for index in torch.arange(len(self.validation)).split(8):
            inside = (self.validation.ids[index] > 0).float().unsqueeze(1).to(self.device)
            clean = self.codec.encode(self.validation.pixels(index).to(self.device), inside)
            yield clean, self._validation_condition(index)


def family_numbers(recipe: Recipe, family: str, own: Sequence[str]) -> Json:
    """What of `recipe.loss` belongs to the family, `sigma_data` apart, which is measured.

    Args:
        family: a name of `FAMILIES`.
        own: the entries that the task itself takes.

    Raises:
        RecipeError: an entry that neither knows.
    """
    known = {field.name for field in dataclasses.fields(FAMILIES[family])} - {"sigma_data"}
    if unknown := set(recipe.loss) - known - set(own):
        raise RecipeError(
            expected=f"{', '.join([*sorted(known), *own])} in [loss] of kind {recipe.kind}",
            got=f"{sorted(unknown)}",
            remedy="correct it",
        )
    return {name: value for name, value in recipe.loss.items() if name in known}
