"""Whether a foreign card holds what the program can work with, before anything is built or read by its word."""

import re
import unicodedata

from echo_studio.diffusion.families import FAMILIES
from echo_studio.diffusion.solvers.registry import solver
from echo_studio.errors import CheckpointError
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.sampling import MAX_NFE

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")  # a folder's name on every system
HASH = re.compile(r"[0-9a-f]{64}")
WORDS = ("title", "description", "paper", "data", "split", "licence", "machine")
MAX_WORDS = 4000  # letters of an entry
MIN_SIDE, MAX_SIDE, SIDE_STEP = 32, 512, 8
MAX_NUMBER, MAX_BLOCKS, MAX_LIST = 4096, 64, 12  # in a network's configuration
CODEC = "gamma-vae"


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
    if card.kind == CODEC:
        _expect(not card.makes and not card.needs, "an autoencoder that makes no frames and needs nothing", card.makes)
    else:
        _expect(card.makes == "frame", f'a generator ("makes": "frame") or a {CODEC}', f"{card.kind} {card.makes}")
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
