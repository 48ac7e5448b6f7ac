"""From a card and its weights to modules: networks, codecs and denoisers."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.diffusion.denoiser import Denoiser
from echo_studio.diffusion.families import FAMILIES, family
from echo_studio.diffusion.family import Family
from echo_studio.diffusion.precondition import Preconditioned
from echo_studio.errors import CheckpointError, UnknownNameError
from echo_studio.generate.checkpoint import Card, fill, read_card, read_weights
from echo_studio.generate.kinds import VIDEO, video_family
from echo_studio.nets.cyclegan import CycleGAN, CycleGANConfig
from echo_studio.nets.gamma_vae import GammaVAE, GammaVAEConfig
from echo_studio.nets.grain_decoder import GrainDecoder, GrainDecoderConfig
from echo_studio.nets.judge import Judge, JudgeConfig
from echo_studio.nets.segmenter import Segmenter, SegmenterConfig
from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.nets.spade_unet3d import SpadeUNet3d, SpadeUNet3dConfig
from echo_studio.nets.unet_blocks import SpadeUNetConfig
from echo_studio.types import Json


def _tuples(config: Json) -> Json:
    """JSON and TOML have lists where the frozen configurations have tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}


def _spade_unet(heads: int, config: Json) -> nn.Module:
    """The heads follow from the family, so that no card or recipe can contradict it."""
    return SpadeUNet(SpadeUNetConfig(heads=heads, **_tuples(config)))


def _spade_unet3d(heads: int, config: Json) -> nn.Module:
    return SpadeUNet3d(SpadeUNet3dConfig(heads=heads, **_tuples(config)))


def build_network(kind: str, config: Json) -> nn.Module:
    """An untrained network of that kind, in the channels-last layout (contiguous ran at a fraction of its speed).

    Raises:
        UnknownNameError: no such kind.
        CheckpointError: the configuration has entries that the kind does not know.
    """
    builders: dict[str, Callable[[], nn.Module]] = {
        **{name: partial(_spade_unet, kind.heads, config) for name, kind in FAMILIES.items()},
        **{VIDEO + name: partial(_spade_unet3d, kind.heads, config) for name, kind in FAMILIES.items()},
        "distilled": partial(_spade_unet, 1, config),
        "cyclegan": lambda: CycleGAN(CycleGANConfig(**_tuples(config))),
        "gamma-vae": lambda: GammaVAE(GammaVAEConfig(**_tuples(config))),
        "grain-decoder": lambda: GrainDecoder(GrainDecoderConfig(**_tuples(config))),
        "judge": lambda: Judge(JudgeConfig(**_tuples(config))),
        "segmenter": lambda: Segmenter(SegmenterConfig(**_tuples(config))),
    }
    if kind not in builders:
        raise UnknownNameError("network", kind, builders)
    try:
        network = builders[kind]()
    except TypeError as error:
        raise CheckpointError(
            expected=f"a configuration of {kind}", got=str(error), remedy="correct the card or recipe"
        ) from error
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def load_network(folder: Path) -> tuple[Card, nn.Module]:
    """The trained network of a checkpoint folder, in evaluation mode, without gradients.

    Raises:
        CheckpointError: see `read_card`, `read_weights` and `fill`.
    """
    card = read_card(folder)
    network = build_network(card.kind, card.network)
    fill(network, read_weights(folder, card), folder)
    return card, network.eval().requires_grad_(False)


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


def family_of(card: Card) -> Family:
    """The diffusion family of a generator's card.

    Raises:
        UnknownNameError: the card's kind is no family; lists the choices.
        CheckpointError: a number that the family needs is missing from the card's settings.
    """
    try:
        return family(video_family(card.kind), card.settings)
    except TypeError as error:
        raise CheckpointError(
            expected=f"the settings of {card.kind} in the card of {card.name}",
            got=str(error),
            remedy="restore the checkpoint folder",
        ) from error


def denoiser_of(card: Card, network: nn.Module) -> Denoiser:
    """The denoiser of a generator's card around its network. Raises as `family_of` does."""
    return Preconditioned(
        network,  # type: ignore[arg-type]
        family_of(card),
        card.settings["background"],
        card.settings.get("limit", math.inf),
    )


def soft_one_hot(ids: Tensor, factor: int, labels: int = 5) -> Tensor:
    """uint8 (b, h, w) -> float32 (b, labels, h / factor, w / factor): one-hot, averaged over the pixels of each cell.

    Averages keep where inside a cell a border runs, which a nearest label would round away.
    """
    one_hot = F.one_hot(ids.long(), labels).permute(0, 3, 1, 2).float()
    return F.avg_pool2d(one_hot, factor) if factor > 1 else one_hot
