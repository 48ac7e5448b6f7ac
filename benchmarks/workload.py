"""What a recipe's network has to do, on random numbers: one call, and what one training image passes through it."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from echo_studio.generate.build import build_network
from echo_studio.generate.checkpoint import VIDEO
from echo_studio.train.recipe import Recipe

LABELS = 5


def codec_of(recipe: Recipe, beside: dict[str, Recipe]) -> Recipe | None:
    """The Gamma-VAE in whose latents a recipe works; None where it works on pixels."""
    if recipe.kind in ("gamma-vae", "segmenter") or not recipe.needs:
        return None
    return beside[recipe.needs[0]]


@dataclass(frozen=True)
class Workload:
    """A network, the side of what it works on, the kind of its recipe, and of clips how many frames.

    A call of a diffusion network is one evaluation after `prepare`, of a Gamma-VAE the decoding of one frame, else the
    making or labelling of one. Training leaves discriminators, feature networks and the optimiser out.
    """

    kind: str
    network: Any
    side: int
    crop: int
    frames: int = 0

    @classmethod
    def of(cls, recipe: Recipe, beside: dict[str, Recipe]) -> "Workload":
        """An untrained network of the recipe; codecs are looked up among the recipes beside it."""
        codec = codec_of(recipe, beside)
        factor = 2 ** (len(codec.network["channels"]) - 1) if codec else 1
        network: Any = build_network(recipe.kind, recipe.network)
        if recipe.loss.get("decoder_only"):
            network.encoder.requires_grad_(False)
        frames = int(recipe.loss.get("frames", 24)) if recipe.kind.startswith(VIDEO) else 0
        crop = int(recipe.loss.get("crop", recipe.resolution))
        return cls(recipe.kind, network, recipe.resolution // factor, crop, frames)

    @property
    def spade(self) -> bool:
        """Whether it is a diffusion backbone, or what is left of one after distillation."""
        return hasattr(self.network, "prepare")

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.network.parameters())

    def prepare(self, batch: int) -> Any:
        """What every call shares; None where there is nothing."""
        if not self.spade:
            return None
        classes = torch.zeros(batch, dtype=torch.long)
        time = [torch.rand(batch, self.frames)] if self.frames else []
        return self.network.prepare(torch.rand(batch, LABELS, *self._size), classes, classes, *time)

    @property
    def _size(self) -> tuple[int, ...]:
        return (self.frames, self.side, self.side) if self.frames else (self.side, self.side)

    def call(self, batch: int, prepared: Any) -> Tensor:
        side = self.side
        if self.spade:
            return self.network(torch.randn(batch, 1, *self._size), torch.zeros(batch), prepared)  # type: ignore[no-any-return]
        if self.kind == "gamma-vae":
            latent = side // self.network.config.factor
            return self.network.decode(torch.rand(batch, 1, latent, latent), torch.ones(batch, 1, side, side))  # type: ignore[no-any-return]
        if self.kind == "cyclegan":
            return self.network.to_echo(torch.rand(batch, LABELS, side, side), torch.randn(batch, 1, side, side))  # type: ignore[no-any-return]
        return self.network(torch.rand(batch, 1, side, side))  # type: ignore[no-any-return]

    def train(self, batch: int) -> Tensor:
        """A number to take gradients of, from the passes of one training step."""
        if self.kind == "gamma-vae":
            inside = torch.ones(batch, 1, self.crop, self.crop)
            image = torch.rand(batch, 1, self.crop, self.crop)
            made = self.network.decode(self.network.encode(image, inside), inside)
        elif self.kind == "cyclegan":
            inside, noise = torch.ones(batch, 1, self.side, self.side), torch.randn(batch, 1, self.side, self.side)
            there = self.network.to_labels(self.call(batch, None), inside)
            made = there.mean() + self.network.to_echo(self.network.to_labels(noise, inside).softmax(1), noise).mean()
        else:
            made = self.call(batch, self.prepare(batch))
        return made.float().square().mean()
