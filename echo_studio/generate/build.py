"""From a card and its weights to what works: networks and denoisers."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.anatomy.labels import FLUID, LABEL_COUNTS, LV_CAVITY, MASS, SCHEMA, SECTOR
from echo_studio.diffusion.denoiser import Preconditioned
from echo_studio.diffusion.families import FAMILIES, Family, family
from echo_studio.errors import CheckpointError, UnknownNameError
from echo_studio.generate.checkpoint import VIDEO, Card, fill, read_card, read_weights, video_family
from echo_studio.nets.cyclegan import CycleGAN, CycleGANConfig
from echo_studio.nets.gamma_vae import GammaVAE, GammaVAEConfig
from echo_studio.nets.grain_decoder import GrainDecoder, GrainDecoderConfig
from echo_studio.nets.segmenter import Judge, JudgeConfig, Segmenter, SegmenterConfig
from echo_studio.nets.spade_unet import SpadeUNet
from echo_studio.nets.spade_unet3d import SpadeUNet3d, SpadeUNet3dConfig
from echo_studio.nets.unet_blocks import SpadeUNetConfig
from echo_studio.types import Json


def build_network(kind: str, config: Json) -> nn.Module:
    """An untrained network of that kind, in the channels-last layout (contiguous ran at a fraction of its speed).

    Raises:
        UnknownNameError: no such kind.
        CheckpointError: the configuration has entries that the kind does not know.
    """
    # The heads follow from the family, so that no card or recipe can contradict it.
    builders: dict[str, tuple[Callable[..., nn.Module], Callable[..., Any], Json]] = {
        **{name: (SpadeUNet, SpadeUNetConfig, {"heads": one.heads}) for name, one in FAMILIES.items()},
        **{VIDEO + name: (SpadeUNet3d, SpadeUNet3dConfig, {"heads": one.heads}) for name, one in FAMILIES.items()},
        "distilled": (SpadeUNet, SpadeUNetConfig, {"heads": 1}),
        "cyclegan": (CycleGAN, CycleGANConfig, {}),
        "gamma-vae": (GammaVAE, GammaVAEConfig, {}),
        "grain-decoder": (GrainDecoder, GrainDecoderConfig, {}),
        "judge": (Judge, JudgeConfig, {}),
        "segmenter": (Segmenter, SegmenterConfig, {}),
    }
    if kind not in builders:
        raise UnknownNameError("network", kind, builders)
    network, shape, own = builders[kind]
    # JSON and TOML have lists where the frozen configurations have tuples.
    entries = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
    try:
        built = network(shape(**own, **entries))
    except TypeError as error:
        raise CheckpointError(
            expected=f"a configuration of {kind}", got=str(error), remedy="correct the card or recipe"
        ) from error
    return built.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


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


def denoiser_of(card: Card, network: nn.Module) -> Preconditioned:
    """The denoiser of a generator's card around its network. Raises as `family_of` does."""
    return Preconditioned(
        network,  # type: ignore[arg-type]
        family_of(card),
        card.settings["background"],
        card.settings.get("limit", math.inf),
    )


def soft_one_hot(ids: Tensor, factor: int, labels: int = LABEL_COUNTS[SCHEMA]) -> Tensor:
    """uint8 (b, h, w) -> float32 (b, labels, h / factor, w / factor): one-hot, averaged over the pixels of each cell.

    Averages keep where inside a cell a border runs, which a nearest label would round away. For a network of version 1
    of the label schema fluid is blood, which gives as little echo, and a mass is tissue like that of the sector.
    """
    if labels == LABEL_COUNTS[SCHEMA]:
        ids = torch.where(ids == FLUID, LV_CAVITY, torch.where(ids == MASS, SECTOR, ids))
    one_hot = F.one_hot(ids.long(), labels).permute(0, 3, 1, 2).float()
    return F.avg_pool2d(one_hot, factor) if factor > 1 else one_hot
