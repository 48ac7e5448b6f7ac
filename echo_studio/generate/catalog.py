"""Which generators there are: a folder of checkpoints, each with its card."""

from functools import cache
from pathlib import Path

import torch

from echo_studio.errors import CheckpointError, UnknownNameError
from echo_studio.generate.build import Codec, PixelCodec, denoiser_of, latent_codec, load_network, needed_checkpoint
from echo_studio.generate.checkpoint import CARD, Card, read_card
from echo_studio.generate.generator import Generator


@cache
def bundled_checkpoints() -> Path:
    """Where the bundled weights are: inside the installed package, or beside it in a clone.

    Raises:
        CheckpointError: neither place has them.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "checkpoints", package.parent / "checkpoints"):
        if folder.is_dir():
            return folder
    raise CheckpointError(
        expected="a checkpoints folder with the bundled weights",
        got=f"none in {package} or beside it",
        remedy="install Echo Studio again, or name a folder",
    )


def load_cards(folder: Path | None = None) -> dict[str, Card]:
    """The cards of the generators in a folder of checkpoints, by name; parts such as codecs are left out.

    Raises:
        CheckpointError: the folder does not exist or a card cannot be read.
    """
    folder = folder or bundled_checkpoints()
    if not folder.is_dir():
        raise CheckpointError(expected="a folder of checkpoints", got=f"{folder}", remedy="check the path")
    cards = [read_card(path.parent) for path in sorted(folder.glob(f"*/{CARD}"))]
    return {card.name: card for card in cards if card.makes}


def load_generator(name: str, folder: Path | None = None, device: str = "cpu") -> Generator:
    """A generator, ready to use.

    Args:
        name: as `load_cards` lists them.
        folder: of checkpoints; the bundled ones by default.
        device: torch's name of a device.

    Raises:
        UnknownNameError: no such generator.
        CheckpointError: its weights, or weights that it needs, are missing, altered or do not fit.
    """
    folder = folder or bundled_checkpoints()
    cards = load_cards(folder)
    if name not in cards:
        raise UnknownNameError("generator", name, cards)
    card, network = load_network(folder / name)
    codec: Codec = PixelCodec()
    for needed in card.needs:
        _, latent = latent_codec(needed_checkpoint(card, needed, folder / name))
        latent.vae.to(device)
        codec = latent
    network.to(device)
    return Generator(card, denoiser_of(card, network), codec, torch.device(device))
