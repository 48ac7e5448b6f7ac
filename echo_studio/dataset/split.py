"""Splits of a set by what the label maps come from: no deformation of one map on both sides."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from echo_studio.errors import DataError, RequestError

Split = Literal["training", "validation", "testing"]
SPLITS: tuple[Split, ...] = ("training", "validation", "testing")


@dataclass(frozen=True)
class Fractions:
    """How much of a set's label maps to hold back, each 0 to below 1, together below 1; the rest is for training.

    Raises:
        RequestError: other numbers.
    """

    validation: float = 0.1
    testing: float = 0.1

    def __post_init__(self) -> None:
        if not (0 <= self.validation < 1 and 0 <= self.testing < 1 and self.validation + self.testing < 1):
            raise RequestError(
                expected="fractions for validation and testing of 0 or more that leave some for training",
                got=f"{self.validation:g} and {self.testing:g}",
                remedy="try 0.1 and 0.1",
            )


def split_by_base(samples: Iterable[tuple[str, str]], fractions: Fractions, seed: int = 0) -> dict[str, Split]:
    """Which split each sample belongs to, by its id.

    Whole bases are dealt out, in an order that seed and names alone decide. A fraction above 0 gets one base at least.

    Args:
        samples: id and base of each, in any order.
        fractions: of the bases, not of the samples.
        seed: another one deals differently.

    Raises:
        DataError: fewer bases than splits that were asked for, or an id that two samples have.
    """
    base_of: dict[str, str] = {}
    taken: set[str] = set()
    for name, base in samples:
        # Many formats make it a file's name, and many disks do not tell case apart.
        if name.lower() in taken:
            raise DataError(
                expected="ids that are each one sample's", got=f"{name} twice", remedy="rename one of the samples"
            )
        base_of[name] = base
        taken.add(name.lower())
    bases = sorted(set(base_of.values()), key=lambda base: hashlib.sha256(f"{seed} {base}".encode()).digest())
    least = 1 + (fractions.validation > 0) + (fractions.testing > 0)
    if len(bases) < least:
        raise DataError(
            expected=f"samples of at least {least} label maps or patients, to split them",
            got=f"{len(bases)}",
            remedy="make more, or hold nothing back for validation and testing",
        )
    # Rounding must leave one for each split that comes after.
    validation = _share(fractions.validation, len(bases), len(bases) - least + 1)
    testing = _share(fractions.testing, len(bases), len(bases) - validation - 1)
    ends = (validation, validation + testing)
    place = {base: _split_at(number, ends) for number, base in enumerate(bases)}
    return {name: place[base] for name, base in base_of.items()}


def _share(part: float, bases: int, most: int) -> int:
    return min(max(1, round(part * bases)), most) if part else 0


def _split_at(number: int, ends: tuple[int, int]) -> Split:
    return "validation" if number < ends[0] else "testing" if number < ends[1] else "training"
