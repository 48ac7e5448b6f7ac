"""Training of the CycleGAN baseline (Zhu et al. 2017; 000, 2.3): label maps and echoes that do not belong together."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.data.augment import random_affine, warp
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.diffusion.loss import sector_mean
from echo_studio.diffusion.solvers import SampleNoise
from echo_studio.generate.build import soft_one_hot
from echo_studio.nets.cyclegan import CycleGAN
from echo_studio.train.recipe import Recipe
from echo_studio.train.task import loss_settings, mean_dice, picture
from echo_studio.train.tasks.adversarial import AdversarialTask, least_squares, patch_discriminator, told_apart
from echo_studio.types import GrayImage


@dataclass(frozen=True)
class CycleGANLoss:
    """`recipe.loss`: weights of the cycles beside the adversarial terms, and shapes of the discriminators.

    The label map's cycle is a cross-entropy, as label maps are no images; the echo's is an absolute difference. There
    is no identity term, since neither generator takes what it makes.

    Attributes:
        cycle_labels, cycle_echo: of label map -> echo -> label map, and of echo -> label map -> echo.
        channels: of the discriminators' first convolutions.
        label_scale: pixels along each axis that the label maps' discriminator sees as one, averaged: so
            that its patches hold whole structures.
    """

    cycle_labels: float = 10.0
    cycle_echo: float = 10.0
    channels: int = 64
    label_scale: int = 1


class CycleGANTask(AdversarialTask):
    """`task.Task` for kind `cyclegan`. The parts are both generators together and both discriminators together."""

    def __init__(
        self,
        recipe: Recipe,
        data: CamusFolder,
        model: CycleGAN,
        checkpoints: Path,
        device: torch.device,
        init: Path | None,
    ) -> None:
        super().__init__(recipe, data, model, device)
        self.model, self.weights = model, loss_settings(CycleGANLoss, recipe)
        self.critics = nn.ModuleDict(
            {
                name: patch_discriminator(inputs, self.weights.channels, layers=3)
                for name, inputs in (("echo", 1), ("labels", model.config.labels))
            }
        )
        # While new ones know nothing, the generators unlearn what their cycles do not need: tissue, speckle.
        self.add_critic("discriminators", self.critics, init)

    def unpaired(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Label maps uint8 (b, h, w) of the frames of `index`; echoes (b, 1, h, w) of other frames, and their sectors.

        Each side has its own augmentation. What an echo's own label map says of it is its sector, which anyone sees.
        """
        _, ids = warp(self.frames.pixels(index), self.frames.ids[index], random_affine(len(index), self.ranges))
        other = torch.randint(len(self.frames), (len(index),))
        echo, sector = warp(self.frames.pixels(other), self.frames.ids[other], random_affine(len(other), self.ranges))
        inside = (sector > 0).float().unsqueeze(1)
        return ids, torch.where(inside > 0, echo, -1.0), inside

    def model_loss(self, index: Tensor) -> tuple[Tensor, dict[str, float]]:
        ids, echo, sector = (tensor.to(self.device) for tensor in self.unpaired(index))
        labels = soft_one_hot(ids, 1)
        inside = (ids > 0).float().unsqueeze(1)
        made_echo = self.model.to_echo(labels, torch.randn_like(echo))
        read = self.model.to_labels(made_echo, inside)
        cycle_labels = sector_mean(F.cross_entropy(read, ids.long(), reduction="none").unsqueeze(1), inside)
        made_labels = _hard(self.model.to_labels(echo, sector))
        again = self.model.to_echo(made_labels, torch.randn_like(echo))
        cycle_echo = sector_mean((again - echo).abs(), sector)
        self.critics.requires_grad_(False)  # their gradients are not needed here, and cost a third of their time
        fooled = {"echo": self._fooled("echo", made_echo), "labels": self._fooled("labels", self._coarse(made_labels))}
        self.critics.requires_grad_(True)
        coarse = (self._coarse(made_labels.detach()), self._coarse(labels))
        self.unscored.append(({"echo": (made_echo.detach(), echo), "labels": coarse},))
        total = sum(fooled.values()) + self.weights.cycle_labels * cycle_labels + self.weights.cycle_echo * cycle_echo
        figures = {f"fooled_{name}": float(value.detach()) for name, value in fooled.items()}
        return total, figures | {"cycle_labels": float(cycle_labels.detach()), "cycle_echo": float(cycle_echo.detach())}

    def _fooled(self, name: str, made: Tensor) -> Tensor:
        return least_squares(self._answers(name, made), 1.0, slope=1)

    def _answers(self, name: str, seen: Tensor) -> Tensor:
        answers: Tensor = self.critics[name](seen)[-1].float()
        return answers

    def critic_loss(self, made_and_real: dict[str, tuple[Tensor, Tensor]]) -> tuple[Tensor, dict[str, float]]:
        losses = {
            name: told_apart(self._answers(name, made), self._answers(name, real), slope=1)
            for name, (made, real) in made_and_real.items()
        }
        figures = {f"discriminated_{name}": float(value.detach()) for name, value in losses.items()}
        return torch.stack(list(losses.values())).sum(), figures

    def _coarse(self, labels: Tensor) -> Tensor:
        return F.avg_pool2d(labels, self.weights.label_scale)

    def _of(self, model: CycleGAN, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the generators make of validation frames, on the CPU.

        Returns:
            Echoes of their label maps, labels read from those, labels read from the real echoes.
        """
        ids = self.validation.ids[index].to(self.device)
        inside = (ids > 0).float().unsqueeze(1)
        noise = SampleNoise(index.tolist(), (1, *ids.shape[-2:]))().to(self.device)
        made = model.to_echo(soft_one_hot(ids, 1), noise)
        real = torch.where(inside > 0, self.validation.pixels(index).to(self.device), -1.0)
        read, found = (model.to_labels(echo, inside).argmax(1).to(torch.uint8) for echo in (made, real))
        return made.cpu(), read.cpu(), found.cpu()

    @torch.no_grad()
    def samples(self, model: nn.Module) -> GrayImage:
        """Of six validation frames: real echo, label map, echo made of it, labels of the made and of the real echo."""
        assert isinstance(model, CycleGAN)
        index = torch.arange(0, len(self.validation), max(1, len(self.validation) // 6))[:6]
        made, read, found = self._of(model, index)
        shown = [ids.unsqueeze(1) / 2.0 - 1 for ids in (self.validation.ids[index], read, found)]
        return picture([self.validation.pixels(index), shown[0], made, *shown[1:]])

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Dice with the label maps: of those after their cycle, and of labels read from the real echoes."""
        assert isinstance(model, CycleGAN)
        pairs = []
        for index in torch.arange(len(self.validation)).split(8):
            _, read, found = self._of(model, index)
            for name, ours in (("cycle_", read), ("read_", found)):
                pairs += [(name, *pair) for pair in zip(ours, self.validation.ids[index], strict=True)]
        return mean_dice(pairs)


def _hard(logits: Tensor) -> Tensor:
    """One-hot of the likeliest label, with the gradient of the probabilities.

    Probabilities in between would let the generators hide the echo in the label map (Chu et al. 2017) and keep their
    cycle without the anatomy.
    """
    soft = logits.softmax(1)
    hard = F.one_hot(soft.argmax(1), logits.shape[1]).permute(0, 3, 1, 2).to(soft.dtype)
    return hard + soft - soft.detach()
