"""A label map as a folder of some format gives it, and what its name tells."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import DataError
from echo_studio.types import PHASES, Phase, View

__all__ = ["FoundMap", "named"]

VIEW_WORDS: dict[str, View] = {"2CH": "2CH", "A2C": "2CH", "4CH": "4CH", "A4C": "4CH"}


@dataclass(frozen=True)
class FoundMap:
    """A label map of any size under the name that it has there; `base` where its set tells what splits go by."""

    stem: str
    view: View
    phase: Phase
    label_map: LabelMap
    base: str | None = None


def named(maps: Iterable[tuple[str, LabelMap]], view: View | None, phase: Phase | None) -> Iterator[FoundMap]:
    """Maps whose names tell view and phase by words like 4CH, A4C and ED, or do not.

    Args:
        view, phase: where a name tells them, they choose; where not, they say what the map shows (no phase: ED).

    Raises:
        DataError: a view that nothing tells.
    """
    for stem, label_map in maps:
        words = re.split(r"[^A-Z0-9]+", stem.upper())
        told_view = next((VIEW_WORDS[word] for word in words if word in VIEW_WORDS), None)
        told_phase = next((word for word in PHASES if word in words), None)
        if told_view is None and view is None:
            raise DataError(
                expected=f"--view {' or '.join(get_args(View))} for maps whose names do not tell",
                got=f"none for {stem}",
                remedy="give --view, or name the files like heart_4CH_ED.png",
            )
        if (view and told_view not in (None, view)) or (phase and told_phase not in (None, phase)):
            continue
        shown = told_view or view
        assert shown is not None
        yield FoundMap(stem, shown, told_phase or phase or "ED", label_map)
