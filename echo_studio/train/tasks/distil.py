"""Distillation of a diffusion model to one call, by regression of its trajectories' ends (Luhman and Luhman 2021).

The probability-flow ODE is a map from noise to samples. A teacher's solver follows it step by step; the student learns
the map itself from pairs (noise, sample), so that a draft shows the picture that the teacher would make of the
same seed. Consistency distillation (Song et al. 2023) needs no such pairs, but learns each level from the one below
through targets that move, and wants far more steps than pairs cost here: a pair is six calls of a small network.
The map spreads fine: where regression alone is left with the mean of what it cannot tell apart, a patch discriminator
that sees noise and labels too brings the grain back (Kang et al. 2024, Diffusion2GAN).
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.denoiser import Condition, NoiseMap
from echo_studio.diffusion.loss import sector_mean
from echo_studio.errors import RecipeError
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.generator import SampledGenerator
from echo_studio.generate.sampling import Sampling
from echo_studio.train.recipe import Recipe
from echo_studio.train.samples.frames import load_frames
from echo_studio.train.samples.teacher_pairs import Teacher, TeacherPairs, teacher_pairs
from echo_studio.train.task import loss_settings, picture
from echo_studio.train.tasks.adversarial import (
    AdversarialTask,
    feature_matching,
    least_squares,
    patch_discriminator,
    told_apart,
)
from echo_studio.types import GrayImage, Json

VALIDATION_PAIRS = 48


@dataclass(frozen=True)
class DistilLoss:
    """`recipe.loss`; see `teacher_pairs` for what the teacher has to make.

    Attributes:
        teacher: name of a diffusion model of the recipe's resolution.
        pairs: how many it makes beforehand.
        solver, nfe: how it makes them.
        adversarial, feature_matching: weights beside the mean square, which is 1 for a student that knows nothing.
        channels: of the discriminator's first convolution.
    """

    teacher: str
    pairs: int = 3072
    solver: str = "ipndm"
    nfe: int = 6
    adversarial: float = 0.0
    feature_matching: float = 0.0
    channels: int = 32


class DistilTask(AdversarialTask):
    """`task.Task` of kind `distilled`: a network of its own on the teacher's codec."""

    pairs: TeacherPairs
    scale: float

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: nn.Module,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
    ) -> None:
        super().__init__(recipe, data, model, device)
        self.weights = loss_settings(DistilLoss, recipe)
        generator = load_generator(self.weights.teacher, checkpoints, str(device))
        card = generator.card
        if not isinstance(generator, SampledGenerator) or card.resolution != recipe.resolution:
            raise RecipeError(
                expected=f"a diffusion model at {recipe.resolution} pixels as teacher",
                got=f"{card.name}, of kind {card.kind} at {card.resolution} pixels",
                remedy="correct teacher or resolution",
            )
        if recipe.needs != list(card.needs):
            raise RecipeError(
                expected=f"needs = {list(card.needs)}, as {card.name} has",
                got=f"{recipe.needs}",
                remedy="a student works on its teacher's codec",
            )
        self.card, self.codec = card, generator.codec
        self.teacher = Teacher(
            generator, Sampling(card.name, self.weights.solver, self.weights.nfe), recipe.precision == "bfloat16"
        )
        if self.weights.adversarial or self.weights.feature_matching:
            self.add_critic("discriminator", patch_discriminator(2 + card.label_count, self.weights.channels, layers=2))

    def load_data(self, cache: Path) -> int:
        """Lets the teacher make all pairs first, which takes long; an interrupted call goes on where it was."""
        size, seed = self.recipe.resolution, self.recipe.seed
        held_out = load_frames(self.data, "validation", size, sector_only=True).thinned(VALIDATION_PAIRS)
        self.validation = teacher_pairs(self.teacher, held_out, len(held_out), None, seed, cache / "validation-pairs")
        frames = load_frames(self.data, "training", size, sector_only=True)
        self.pairs = teacher_pairs(self.teacher, frames, self.weights.pairs, self.ranges, seed + 1, cache / "pairs")
        self.scale = self.pairs.deviation()
        return len(self.pairs)

    def _map(self, model: nn.Module) -> NoiseMap:
        return NoiseMap(model, self.scale, self.codec.background)  # type: ignore[arg-type]

    def _on_device(self, pairs: TeacherPairs, index: Tensor) -> tuple[Tensor, Tensor, Condition]:
        noise, made, condition = pairs.batch(index)
        return noise.to(self.device), made.to(self.device), condition.to(self.device)

    def model_loss(self, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        noise, made, condition = self._on_device(self.pairs, index)
        student = self._map(self.parts["model"])
        prepared = student.prepare(condition)
        guess = student.unmasked(noise, prepared)
        total = sector_mean((guess - made) ** 2, prepared.inside) / self.scale**2
        figures = {"regression": float(total.detach())}
        if "discriminator" in self.parts:
            guess = torch.where(prepared.inside > 0, guess, self.codec.background)
            seen = torch.cat([noise, condition.one_hot], dim=1)
            self.unscored.append((guess.detach(), made, seen))
            critic = self.parts["discriminator"]
            answers = critic(torch.cat([guess, seen], dim=1))
            with torch.no_grad():
                wanted = critic(torch.cat([made, seen], dim=1))
            fooled, matching = least_squares(answers[-1], 1.0), feature_matching(answers, wanted)
            figures |= {"fooled": float(fooled.detach()), "matching": float(matching.detach())}
            total = total + self.weights.adversarial * fooled + self.weights.feature_matching * matching
        return total, figures

    def critic_loss(self, guess: Tensor, made: Tensor, seen: Tensor) -> tuple[Tensor, dict[str, float]]:
        critic = self.parts["discriminator"]
        of_guess, of_made = (critic(torch.cat([one, seen], 1))[-1] for one in (guess, made))
        return told_apart(of_guess, of_made), {}

    @torch.no_grad()
    def _answers(self, model: nn.Module, index: Tensor) -> tuple[Tensor, Tensor, Condition]:
        """What student and teacher make of some validation pairs."""
        noise, made, condition = self._on_device(self.validation, index)
        student = self._map(model)
        return student(noise, student.prepare(condition)), made, condition

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Six validation label maps; what the teacher and the student make of the same noise; their latents."""
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 6))[:6]
        guess, made, condition = self._answers(model, index)
        side = self.recipe.resolution
        inside = F.interpolate(condition.inside, size=side).ceil()
        labels = F.interpolate(condition.one_hot.argmax(1, keepdim=True).float() / 2 - 1, size=side)
        latents = [F.interpolate((x - self.codec.background).clamp(0, 2) - 1, size=side) for x in (made, guess)]
        decode = self.codec.decoding(inside, index.tolist())
        frames = [decode(x) for x in (made, guess)]
        return picture([labels, *frames, *(latents if self.codec.factor > 1 else [])])

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Over validation pairs, inside the sector: root mean square difference to the teacher's samples, before
        decoding; and grain, the mean square of differences between neighbours, as a share of the teacher's."""
        distances, grains = [], []
        for index in torch.arange(len(self.validation)).split(8):
            guess, made, condition = self._answers(model, index)
            distances.append(float(sector_mean((guess - made) ** 2, condition.inside)))
            grains.append(_grain(guess, condition.inside) / _grain(made, condition.inside))
        mean = sum(distances) / len(distances)
        return {"rms_to_teacher": round(math.sqrt(mean), 4), "grain_of_teacher": round(sum(grains) / len(grains), 3)}

    def card_entries(self, model: nn.Module) -> Json:
        settings = {"scale": self.scale, "background": self.codec.background}
        return {"settings": settings, "needs": self.card.needs, "distilled_from": {self.card.name: self.card.sha256}}


def _grain(latent: Tensor, inside: Tensor) -> float:
    """Mean square of the difference between horizontal neighbours that both lie inside."""
    both = inside[..., 1:] * inside[..., :-1]
    return float(sector_mean((latent[..., 1:] - latent[..., :-1]) ** 2, both))
