"""Which generators there are: folders of checkpoints, each with its card; the bundled ones and the person's own."""

import math
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import platformdirs
import torch
from torch import nn

from echo_studio.errors import CheckpointError, UnknownNameError
from echo_studio.generate.build import denoiser_of, load_network
from echo_studio.generate.checkpoint import CARD, ONE_CALL, WEIGHTS, Card, read_card, weight_shapes
from echo_studio.generate.codec import Codec, GrainCodec, LatentCodec, PixelCodec, grain_codec, latent_codec
from echo_studio.generate.generator import (
    DirectGenerator,
    DistilledGenerator,
    Generator,
    SampledGenerator,
    noise_map_of,
)
from echo_studio.generate.inversions import Inversions

TAKEN = "another checkpoint is called {} already; remove this one and import it under another name"


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


def own_checkpoints() -> Path:
    """Where the checkpoints that this person imported lie, beside the projects. Nothing is made."""
    return platformdirs.user_data_path("echo-studio", appauthor=False) / "checkpoints"


@dataclass(frozen=True)
class Checkpoint:
    """One folder of the catalog.

    Attributes:
        own: imported by this person, who may remove it.
        card: None where it cannot be read.
        fault: why it cannot be used and what to do, in one line; "" where nothing is wrong.
    """

    folder: Path
    own: bool
    card: Card | None
    fault: str = ""

    @property
    def file_bytes(self) -> int:
        """Of the weights on the disk; 0 where they are missing."""
        path = self.folder / WEIGHTS
        return path.stat().st_size if path.is_file() else 0

    @property
    def parameters(self) -> int:
        """How many numbers the weights are; 0 where they cannot be read."""
        try:
            return _parameters(self.folder, _stamp(self.folder / WEIGHTS))
        except (CheckpointError, OSError):
            return 0


@dataclass(frozen=True)
class Catalog:
    """Checkpoints of one folder, or of the bundled one and the person's own. Reads the disk anew at every call.

    Attributes:
        bundled: a fault in it is an error.
        own: may not exist yet; a fault in it spoils one checkpoint alone. None for none.
        inversions: of real frames, which its generators share.
    """

    bundled: Path
    own: Path | None = None
    inversions: Inversions = field(default_factory=Inversions, compare=False, repr=False)

    def checkpoints(self) -> list[Checkpoint]:
        """All of them, bundled ones first, each place by name.

        Raises:
            CheckpointError: the first folder does not exist or a card in it cannot be read.
        """
        if not self.bundled.is_dir():
            raise CheckpointError(expected="a folder of checkpoints", got=f"{self.bundled}", remedy="check the path")
        found = [Checkpoint(folder, False, _card(folder)) for folder in _folders(self.bundled)]
        taken = {checkpoint.card.name for checkpoint in found if checkpoint.card}
        for folder in _folders(self.own) if self.own else []:
            try:
                card = _card(folder)
            except CheckpointError as error:
                found.append(Checkpoint(folder, True, None, str(error)))
                continue
            fault = TAKEN.format(card.name) if card.name in taken else ""
            taken.add(card.name)
            found.append(Checkpoint(folder, True, card, fault))
        return found

    def generators(self, makes: str = "frame") -> dict[str, Checkpoint]:
        """The usable generators of frames, or of videos, by name. Raises as `checkpoints` does."""
        return {c.card.name: c for c in self.checkpoints() if c.card and c.card.makes == makes and not c.fault}

    def with_look(self) -> set[str]:
        """Names of the generators whose grain and coarseness can be chosen. Raises as `checkpoints` does."""
        decoders = {c.card.sha256 for c in self.checkpoints() if c.card and c.card.kind == "grain-decoder"}
        return {name for name, c in self.generators().items() if c.card and decoders & set(c.card.needs.values())}

    def needed(self, card: Card, name: str) -> Path:
        """The folder of a checkpoint that `card` needs. Its hash decides: an import may have given it another name.

        Raises:
            CheckpointError: it is missing, or is there in another version.
        """
        wanted = card.needs[name]
        found = self.checkpoints()
        for checkpoint in found:
            if checkpoint.card and checkpoint.card.sha256 == wanted:
                return checkpoint.folder
        others = [f"{c.card.sha256[:12]}... in {c.folder}" for c in found if c.card and c.card.name == name]
        raise CheckpointError(
            expected=f"{name} with sha256 {wanted[:12]}..., which {card.name} was trained with",
            got=" and ".join(others) or f"none of that name in {' or '.join(str(place) for place in self._places)}",
            remedy=f"import that {name} first, or restore both checkpoints from the same release",
        )

    def load(self, name: str, device: str = "cpu") -> Generator:
        """A generator, ready to use.

        Raises:
            UnknownNameError: no such generator.
            CheckpointError: its weights, or weights that it needs, are missing, altered or do not fit.
        """
        generators = self.generators()
        if name not in generators:
            raise UnknownNameError("generator", name, generators)
        return self.open(generators[name].folder, device)

    def open(self, folder: Path, device: str = "cpu") -> Generator:
        """The generator of a checkpoint folder, on the parts of this catalog; raises as `load` does."""
        card, network, codec = self.parts(folder, device)
        place = torch.device(device)
        if card.kind == "distilled":
            teacher = cache(lambda: self._teacher(card, device))
            return DistilledGenerator(card, place, codec, noise_map_of(card, network), teacher)
        if card.kind in ONE_CALL:
            return DirectGenerator(card, place, codec, network)  # type: ignore[arg-type]
        return SampledGenerator(card, place, codec, denoiser_of(card, network), self.inversions)

    def _teacher(self, card: Card, device: str) -> SampledGenerator:
        """The generator that a distilled one imitates, in the weights that it learned from or a later leg of them.

        Raises:
            CheckpointError: it is missing, or has other weights.
        """
        generators = self.generators()
        for name, sha256 in card.distilled_from.items():
            found = generators[name].card if name in generators else None
            if found and sha256 in (found.sha256, *found.earlier_legs):
                teacher = self.load(name, device)
                assert isinstance(teacher, SampledGenerator)
                return teacher
        raise CheckpointError(
            expected=f"{' or '.join(card.distilled_from)}, which {card.name} learned from, to keep a frame's look",
            got="none with these weights",
            remedy="import it, or generate with another generator",
        )

    def parts(self, folder: Path, device: str = "cpu") -> tuple[Card, nn.Module, Codec]:
        """The card of a checkpoint, its network and the codec that it needs, on a device; raises as `load` does."""
        card, network = load_network(folder)
        codec: Codec = PixelCodec()
        for needed in card.needs:
            codec = self.codec(self.needed(card, needed), device)
        return card, network.to(device), codec

    def codec(self, folder: Path, device: str = "cpu") -> LatentCodec | GrainCodec:
        """The autoencoder of a checkpoint folder, with the encoder that it needs, on a device.

        Raises:
            CheckpointError: its weights, or weights that it needs, are missing, altered or do not fit.
        """
        card = read_card(folder)
        if not card.needs:
            _, latent = latent_codec(folder)
            latent.vae.to(device)
            return latent
        for needed in card.needs:
            _, encoder = latent_codec(self.needed(card, needed))
            encoder.vae.to(device)
        _, codec = grain_codec(folder, encoder)
        codec.decoder.to(device)
        return codec

    @property
    def _places(self) -> list[Path]:
        return [self.bundled, *([self.own] if self.own else [])]


def catalog(folder: Path | None = None) -> Catalog:
    """The checkpoints of this folder alone; by default the bundled ones and this person's own."""
    return Catalog(folder) if folder else Catalog(bundled_checkpoints(), own_checkpoints())


def load_cards(folder: Path | None = None) -> dict[str, Card]:
    """The cards of the generators of `catalog(folder)` by name; raises as `Catalog.checkpoints` does."""
    return {name: found.card for name, found in catalog(folder).generators().items() if found.card}


def load_generator(name: str, folder: Path | None = None, device: str = "cpu") -> Generator:
    """A generator of `catalog(folder)`, ready to use on torch's `device`. Raises as `Catalog.load` does."""
    return catalog(folder).load(name, device)


def _folders(place: Path) -> list[Path]:
    """Those with a card; hidden ones are imports under way."""
    return sorted(path.parent for path in place.glob(f"*/{CARD}") if not path.parent.name.startswith("."))


# A page asks for the cards again and again. What was read stays good as long as the file is the same.
Stamp = tuple[int, int, int]


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _card(folder: Path) -> Card:
    try:
        return _kept_card(folder, _stamp(folder / CARD))
    except OSError:
        return read_card(folder)  # says what is wrong


@lru_cache(256)
def _kept_card(folder: Path, stamp: Stamp) -> Card:  # noqa: ARG001
    return read_card(folder)


@lru_cache(256)
def _parameters(folder: Path, stamp: Stamp) -> int:  # noqa: ARG001
    return sum(math.prod(shape) for shape in weight_shapes(folder).values())
