"""Codecs: between images or label maps and the grid on which diffusion works, pixels or Gamma-VAE latents."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from echo_studio.errors import CheckpointError
from echo_studio.generate.build import load_network
from echo_studio.generate.checkpoint import Card
from echo_studio.nets.gamma_vae import GammaVAE


class Codec(Protocol):
    """Between images in [-1, 1] and what is diffused; outside the sector both have a fixed value."""

    @property
    def background(self) -> float: ...

    @property
    def factor(self) -> int:
        """Pixels a diffused element, along each axis."""
        ...

    def encode(self, image: Tensor, inside: Tensor) -> Tensor: ...

    def decode(self, latent: Tensor, inside: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class PixelCodec:
    """Pixels themselves."""

    background: float = -1.0
    factor: int = 1

    def encode(self, image: Tensor, inside: Tensor) -> Tensor:
        return torch.where(inside > 0, image, -1.0)

    def decode(self, latent: Tensor, inside: Tensor) -> Tensor:
        return torch.where(inside > 0, latent.clamp(-1, 1), -1.0)


@dataclass(frozen=True)
class LatentCodec:
    """Gamma-VAE latents, shifted and scaled to mean 0 and standard deviation 0.5 inside the sector.

    The raw latents have the Gamma prior's mean 0.35 and deviation 0.18; the sampler's noise levels
    0.002 to 80 are made for data of deviation 0.5.
    """

    vae: GammaVAE
    shift: float
    scale: float

    @property
    def background(self) -> float:
        return (0.0 - self.shift) * self.scale

    @property
    def factor(self) -> int:
        return self.vae.config.factor

    def encode(self, image: Tensor, inside: Tensor) -> Tensor:
        return (self.vae.encode(image, inside) - self.shift) * self.scale

    def decode(self, latent: Tensor, inside: Tensor) -> Tensor:
        raw = (latent / self.scale + self.shift).clamp(min=0.0) * self.vae.latent_inside(inside)
        return self.vae.decode(raw, inside).clamp(-1, 1)


def latent_codec(folder: Path) -> tuple[Card, LatentCodec]:
    """The codec of a Gamma-VAE checkpoint.

    Raises:
        CheckpointError: the folder holds another kind of checkpoint.
    """
    card, vae = load_network(folder)
    if not isinstance(vae, GammaVAE):
        raise CheckpointError(
            expected="a gamma-vae checkpoint", got=f"{card.kind} in {folder}", remedy="point to the autoencoder"
        )
    return card, LatentCodec(vae, card.settings["shift"], card.settings["scale"])


def soft_one_hot(ids: Tensor, factor: int, labels: int = 5) -> Tensor:
    """uint8 (b, h, w) -> float32 (b, labels, h / factor, w / factor): one-hot, averaged over the pixels of each cell.

    Averages keep where inside a cell a border runs, which a nearest label would round away.
    """
    one_hot = F.one_hot(ids.long(), labels).permute(0, 3, 1, 2).float()
    return F.avg_pool2d(one_hot, factor) if factor > 1 else one_hot
