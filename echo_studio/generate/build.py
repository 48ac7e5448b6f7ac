"""From a card and its weights to modules: networks and denoisers."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn

from echo_studio.diffusion.denoiser import Denoiser
from echo_studio.diffusion.families import FAMILIES, Family, family
from echo_studio.diffusion.precondition import Preconditioned
from echo_studio.errors import CheckpointError, UnknownNameError
from echo_studio.generate.checkpoint import VIDEO, Card, fill, read_card, read_weights, video_family
from echo_studio.nets.cyclegan import CycleGAN, CycleGANConfig
from echo_studio.nets.gamma_vae import GammaVAE, GammaVAEConfig
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
