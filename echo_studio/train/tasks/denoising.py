"""What training a denoiser of frames and one of clips have in common, whatever the family and the codec."""

import dataclasses
import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.denoiser import Bound, Condition
from echo_studio.diffusion.families import FAMILIES, Family
from echo_studio.diffusion.loss import DenoisingLoss
from echo_studio.diffusion.precondition import Preconditioned
from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.diffusion.solvers import noise_levels, solver
from echo_studio.errors import RecipeError
from echo_studio.generate.checkpoint import video_family
from echo_studio.generate.codec import Codec, PixelCodec, latent_codec
from echo_studio.train.recipe import Recipe
from echo_studio.train.task import Task
from echo_studio.types import Json


class Samples(Protocol):
    """The training samples of a denoiser."""

    @property
    def limit(self) -> float:
        """Beyond which no clean value lies."""
        ...

    def batch(self, index: Tensor) -> tuple[Tensor, Condition]:
        """Clean data and what guides them."""
        ...


class DenoisingTask(Task):
    """Training of a denoiser of `diffusion.families.FAMILIES`, on pixels or on the latents of a Gamma-VAE.

    `recipe.loss` takes the numbers of the family (`p_mean` and `p_std` of edm, `kl_weight` of sdm) and

    - `label_dropout`: share of samples seen without their label map, for classifier-free guidance;
    - `copies`: how many augmented copies of each sample are encoded beforehand.

    Args:
        own: further entries of `recipe.loss` that the task takes.
    """

    training: Samples
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
        denoiser = self.denoiser(model)
        noise = SampleNoise(seeds, (1, *condition.one_hot.shape[2:]))
        integrate = solver(self.recipe.advised_solver or "heun")
        sigmas = noise_levels(integrate, self.family, nfe)
        return integrate(
            Bound(denoiser, denoiser.prepare(condition)),
            (noise() * sigmas[0].float()).to(self.device),
            sigmas,
            nfe,
            noise,
            lambda done, total, estimate: None,
        )

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

    def settings(self, model: nn.Module) -> dict[str, float]:
        settings = {**dataclasses.asdict(self.family), "background": self.codec.background}  # type: ignore[call-overload]
        if self.family.clamped:
            settings["limit"] = self.training.limit
        if self.label_dropout:
            settings["label_dropout"] = self.label_dropout
        return settings

    def needs(self) -> dict[str, str]:
        return self._needs


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
