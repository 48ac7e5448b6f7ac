"""Ranges of deformations by name, as a person gives them."""

import dataclasses
from collections.abc import Mapping, Sequence

from echo_studio.anatomy.shape.variation import PAPER, VariationRanges
from echo_studio.errors import RequestError, UnknownNameError

__all__ = ["ranges_of"]

# Name: how many numbers, least and greatest. Beyond these the structures leave the sector.
LIMITS: dict[str, tuple[int, float, float]] = {
    "rotation_deg": (1, 0.0, 90.0),
    "translation": (2, 0.0, 0.5),
    "scale": (2, 0.2, 3.0),
    "shear_deg": (1, 0.0, 45.0),
    "max_displacement": (1, 0.0, 100.0),
}


def ranges_of(given: Mapping[str, Sequence[float]]) -> VariationRanges:
    """The papers' ranges with some of them replaced.

    Args:
        given: by the names of `anatomy.shape.variation.VariationRanges`, each with its one or two numbers.

    Raises:
        UnknownNameError: another name.
        RequestError: another count of numbers, or one out of its limits.
    """
    changes: dict[str, float | tuple[float, float]] = {}
    for name, numbers in given.items():
        if name not in LIMITS:
            raise UnknownNameError("range", name, LIMITS)
        count, low, high = LIMITS[name]
        in_order = name != "scale" or list(numbers) == sorted(numbers)
        if len(numbers) != count or not in_order or not all(low <= number <= high for number in numbers):
            raise RequestError(
                expected=f"{name} as {'one number' if count == 1 else 'two numbers'} from {low:g} to {high:g}",
                got=", ".join(f"{number:g}" for number in numbers) or "none",
                remedy=f"the papers' choice is {_told(getattr(PAPER, name))}",
            )
        changes[name] = numbers[0] if count == 1 else (numbers[0], numbers[1])
    return dataclasses.replace(PAPER, **changes)  # type: ignore[arg-type]


def _told(value: float | tuple[float, float]) -> str:
    return ",".join(f"{number:g}" for number in value) if isinstance(value, tuple) else f"{value:g}"
