"""What has to be known of every sample at once, for splits and cards: a million of them fit in memory."""

import sys
from dataclasses import dataclass
from functools import lru_cache

from echo_studio.dataset.sample import SampleHeader
from echo_studio.types import Json, Phase, View

__all__ = ["SampleSummary", "brief_of"]

UNKNOWN = "not recorded"


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """A sample's header without its record.

    Attributes:
        made_with: generator, solver and NFE, for people.
        weights: (name, sha256) of every checkpoint that took part.
    """

    id: str
    base: str
    view: View
    phase: Phase | None
    is_clip: bool
    licence: str
    tags: tuple[str, ...]
    made_with: str
    weights: tuple[tuple[str, str], ...]


def brief_of(header: SampleHeader) -> SampleSummary:
    """The brief of a header; what many samples share is held once."""
    return SampleSummary(
        header.id,
        sys.intern(header.base),
        header.view,
        header.phase,
        header.is_clip,
        sys.intern(header.licence),
        _shared(header.tags),
        sys.intern(_made_with(header.record)),
        _shared(_weights(header.record)),
    )


def _made_with(record: Json) -> str:
    if "generator" not in record:
        return UNKNOWN
    steps = f", {record['solver']}, {record['nfe']} NFE" if {"solver", "nfe"} <= record.keys() else ""
    return f"{record['generator']}{steps}"


def _weights(record: Json) -> tuple[tuple[str, str], ...]:
    checkpoints = record.get("checkpoints")
    if not isinstance(checkpoints, dict):
        return ()
    return tuple(sorted((str(name), str(digest)) for name, digest in checkpoints.items()))


@lru_cache(4096)
def _shared(value: tuple) -> tuple:  # type: ignore[type-arg]
    """The first of equal tuples that was seen."""
    return value
