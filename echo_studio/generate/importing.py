"""Taking a person's own checkpoint into the catalog, and out of it. Nothing that a foreign folder says is believed."""

import hashlib
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import torch

from echo_studio.data.atomic import write_bytes
from echo_studio.data.template import template
from echo_studio.diffusion.families import FAMILIES
from echo_studio.diffusion.solvers import solver
from echo_studio.errors import (
    CheckpointError,
    EchoStudioError,
    NameTakenError,
    OutputError,
    RequestError,
    UnknownNameError,
)
from echo_studio.generate.build import build_network
from echo_studio.generate.catalog import Catalog, Checkpoint
from echo_studio.generate.checkpoint import CODECS, WEIGHTS, Card, check_shapes, read_card, weight_shapes, write_card
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import MAX_NFE, advised_sampling

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")  # a folder's name on every system
HASH = re.compile(r"[0-9a-f]{64}")
WORDS = ("title", "description", "caution", "paper", "data", "split", "licence", "machine")
MAX_WORDS = 4000  # letters of an entry
MIN_SIDE, MAX_SIDE, SIDE_STEP = 32, 512, 8
MAX_NUMBER, MAX_BLOCKS, MAX_LIST = 4096, 64, 12  # in a network's configuration


def check_card(card: Card) -> None:
    """Check every entry of a card; its types are right already.

    Raises:
        CheckpointError: names the entry.
        UnknownNameError: no such solver.
    """
    _expect(NAME.fullmatch(card.name), "letters, digits, '.', '-' and '_' as a name", card.name)
    for entry in WORDS:
        text = str(getattr(card, entry))
        plain = len(text) <= MAX_WORDS and not any(unicodedata.category(letter) == "Cc" for letter in text)
        _expect(plain, f"one line of at most {MAX_WORDS} letters as {entry}", text)
    _expect(card.title.strip(), "a title", card.title)
    _expect(HASH.fullmatch(card.sha256), "64 hex digits as sha256", card.sha256)
    sane = MIN_SIDE <= card.resolution <= MAX_SIDE and card.resolution % SIDE_STEP == 0
    _expect(sane, f"a resolution from {MIN_SIDE} to {MAX_SIDE}, divisible by {SIDE_STEP}", card.resolution)
    for key, value in card.network.items():
        _check_network_entry(key, value)
    _expect(len(card.needs) <= 1, "at most one checkpoint that it needs", sorted(card.needs))
    for name, sha256 in card.needs.items():
        _expect(NAME.fullmatch(name) and HASH.fullmatch(sha256), "names and hashes of what it needs", name)
    if card.kind in CODECS:
        _expect(not card.makes, "an autoencoder that makes no frames", card.makes)
        encoders = int(card.kind != "gamma-vae")
        _expect(len(card.needs) == encoders, f"{encoders} encoders that {card.kind} needs", sorted(card.needs))
    else:
        _expect(
            card.makes == "frame",
            f'a generator ("makes": "frame") or one of {", ".join(CODECS)}',
            f"{card.kind} {card.makes}",
        )
        _expect(1 <= card.advised_nfe <= MAX_NFE, f"an advised NFE from 1 to {MAX_NFE}", card.advised_nfe)
        if card.advised_solver or card.kind in FAMILIES:
            solver(card.advised_solver)


def _check_network_entry(key: str, value: object) -> None:
    numbers = value if isinstance(value, list) else [value]
    most = MAX_BLOCKS if "blocks" in key else MAX_NUMBER
    fits = len(numbers) <= MAX_LIST and all(isinstance(n, int | float) and 0 <= n <= most for n in numbers)
    _expect(fits, f"at most {MAX_LIST} numbers from 0 to {most} as {key[:40]} of its network", value)


def _expect(fine: object, expected: str, got: object) -> None:
    if not fine:
        shown = repr(got)
        shown = shown if len(shown) <= 80 else f"{shown[:80]}..."
        raise CheckpointError(expected=f"a card with {expected}", got=shown, remedy="correct the card")


MAX_WEIGHTS = 2 * 2**30  # bytes; the papers' largest network takes 1.3 GiB in float32
STALE_SECONDS = 24 * 3600.0

Result = TypeVar("Result")


def import_checkpoint(catalog: Catalog, source: Path, name: str = "") -> Card:
    """Copy a checkpoint folder into the person's own folder, once it has made a frame.

    Args:
        source: a folder with `card.json` and `model.safetensors`; it stays as it is.
        name: to import it under; the card's own by default.

    Returns:
        The card as it is kept.

    Raises:
        NameTakenError: another checkpoint has its name; give it another one.
        CheckpointError: it is no checkpoint that this version can use; says which entry or file.
        UnknownNameError: its kind or solver is none of those that there are.
        OutputError: the person's folder cannot be written. In any case nothing is left behind.
    """
    if catalog.own is None:
        raise RequestError(
            expected="a folder for imported checkpoints", got=f"{catalog.bundled} alone", remedy="leave it out"
        )
    card = read_card(source)
    card = replace(card, name=name or card.name)
    check_card(card)
    _check_free(catalog, card)
    _check_weights(source, card)
    _check_that_it_works(catalog, source, card)
    _copy(source, catalog.own, card)
    return card


def remove_checkpoint(catalog: Catalog, name: str) -> None:
    """Remove a checkpoint that the person imported.

    Args:
        name: of its folder.

    Raises:
        UnknownNameError: none of that name was imported.
        RequestError: others that were imported need it; says which.
        OutputError: it cannot be removed.
    """
    found = catalog.checkpoints()
    own = {checkpoint.folder.name: checkpoint for checkpoint in found if checkpoint.own}
    if name not in own:
        raise UnknownNameError("checkpoint that you imported", name, own)
    users = " and ".join(_users(own[name], found))
    if users:
        raise RequestError(
            expected="a checkpoint that no other needs",
            got=f"{name}, which {users} needs",
            remedy=f"remove {users} first",
        )
    folder = own[name].folder
    grave = folder.with_name(_temporary())
    try:
        folder.rename(grave)
    except OSError as error:
        raise _not_writable(folder, error) from error
    shutil.rmtree(grave, ignore_errors=True)


def _check_free(catalog: Catalog, card: Card) -> None:
    for there in catalog.checkpoints():
        # Names that differ in their case alone are one folder on some systems.
        names = {there.folder.name.casefold(), there.card.name.casefold() if there.card else ""}
        if card.name.casefold() in names:
            whose = "you imported" if there.own else "is bundled"
            if there.card is not None and there.card.sha256 == card.sha256:
                raise CheckpointError(
                    expected="a new checkpoint", got=f"{card.name}, which {whose}", remedy="use the one that is here"
                )
            raise NameTakenError(
                expected="a name that no checkpoint has",
                got=f"{card.name}, which {whose} with other weights",
                remedy="import it under another name",
            )


def _check_weights(source: Path, card: Card) -> None:
    """Sizes and shapes, before memory is taken for weights or network."""
    path = source / WEIGHTS
    size = path.stat().st_size if path.is_file() else 0
    if size > MAX_WEIGHTS:
        limit = f"at most {MAX_WEIGHTS // 2**20} MiB of weights"
        raise CheckpointError(expected=limit, got=f"{size // 2**20} MiB", remedy="save them in half precision")
    shapes = weight_shapes(source)
    with torch.device("meta"):
        network = _attempt("a network that can be built", lambda: build_network(card.kind, card.network))
    check_shapes(network, shapes, source)


def _check_that_it_works(catalog: Catalog, source: Path, card: Card) -> None:
    """One NFE on a bundled label map, or one image through the autoencoder: all its parts fit together."""

    def make_frame() -> None:
        generator = catalog.open(source)
        generator.generate(GenerationRequest(template("4ch-ed"), advised_sampling(generator.card, nfe=1)))

    def encode_and_decode() -> None:
        codec = catalog.codec(source)
        inside = torch.ones(1, 1, card.resolution, card.resolution)
        codec.decoding(inside, [0])(codec.encode(torch.zeros_like(inside), inside))

    with torch.inference_mode():
        _attempt("a checkpoint that works", make_frame if card.makes else encode_and_decode)


def _attempt(what: str, work: Callable[[], Result]) -> Result:
    """Impossible numbers in a card fail anywhere inside; whatever it is, one line says so."""
    try:
        return work()
    except EchoStudioError:
        raise
    except Exception as error:
        words = (str(error).splitlines() or [""])[0]
        raise CheckpointError(
            expected=what,
            got=f"{type(error).__name__}: {words[:160]}",
            remedy="correct the network or settings in the card",
        ) from error


def _copy(source: Path, own: Path, card: Card) -> None:
    """Whole or not at all: a folder with a temporary name, which is renamed at the end."""
    content = (source / WEIGHTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise CheckpointError(expected="weights that stay as they are", got="a change", remedy="import them again")
    part = own / _temporary()
    try:
        own.mkdir(parents=True, exist_ok=True)
        for leftover in own.glob(".*.tmp"):  # of an import that was killed; a younger one may be under way
            if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)
        part.mkdir()
        write_bytes(part / WEIGHTS, content)
        write_card(part, card)
        part.rename(own / card.name)
    except OSError as error:
        raise _not_writable(own, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _temporary() -> str:
    return f".{secrets.token_hex(8)}.tmp"


def _not_writable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        expected=f"a folder {folder} that can be written",
        got=error.strerror or type(error).__name__,
        remedy="choose another folder or free this one",
    )


def _users(wanted: Checkpoint, found: list[Checkpoint]) -> list[str]:
    """The imported generators that cannot be used without this part."""
    if wanted.card is None:
        return []
    sha256 = wanted.card.sha256
    if any(other.card and other.card.sha256 == sha256 and other.folder != wanted.folder for other in found):
        return []
    return [other.card.name for other in found if other.own and other.card and sha256 in other.card.needs.values()]
