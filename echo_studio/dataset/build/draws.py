"""What is drawn for a sample of a set, each from a seed of its own: its defect, its ejection fraction."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from echo_studio.anatomy.edits.defects import DEFECTS, Choice, Number
from echo_studio.types import Json

__all__ = ["draw_defect", "draw_ef", "seed_of"]


def seed_of(*parts: Any) -> int:
    """A seed that hangs on these parts alone: 53 bits, which a browser can count to."""
    return int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:8], "little") >> 11


def draw_defect(seed: int, shares: Mapping[str, float]) -> Json | None:
    """One of several defects, or none, each as often as its share says.

    Numbers are drawn from a triangle over the parameter's range, whose peak is the default; choices evenly.
    """
    if not shares:
        return None
    rng = np.random.default_rng(seed)
    at = float(rng.uniform())
    for name, share in sorted(shares.items()):
        if at < share:
            values = {key: _drawn(rng, parameter) for key, parameter in DEFECTS[name].parameters.items()}
            return {"name": name, "values": values}
        at -= share
    return None


def draw_ef(seed: int, low: float, high: float) -> float:
    """An ejection fraction in percent, evenly from `low` to `high`, to one decimal."""
    return round(float(np.random.default_rng(seed).uniform(low, high)), 1)


def _drawn(rng: np.random.Generator, parameter: Number | Choice) -> float | str:
    if isinstance(parameter, Choice):
        return parameter.choices[int(rng.integers(len(parameter.choices)))]
    drawn = float(rng.triangular(parameter.low, parameter.default, parameter.high))
    return min(max(round(drawn, 3), parameter.low), parameter.high)
