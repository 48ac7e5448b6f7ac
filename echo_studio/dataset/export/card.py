"""The card of a set that leaves the studio: what is in it, how it was made, what it may be used for, how good it is.

It is made from the summaries of all samples at once: a million of them fit in memory.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from echo_studio import __version__
from echo_studio.anatomy.labels import LABEL_COUNTS, LABELS, SCHEMA, SCHEMA_2
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.sample import SampleHeader
from echo_studio.dataset.split import SPLITS, Split
from echo_studio.generate.source import EDITED
from echo_studio.types import Json, Phase, View

UNKNOWN = "not recorded"


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """A sample's header without its record.

    Attributes:
        made_with: generator, solver and NFE, for people.
        weights: (name, sha256) of every checkpoint that took part.
        real: an edited real frame: personal data.
    """

    id: str
    base: str
    view: View
    phase: Phase | None
    is_clip: bool
    licence: str
    tags: tuple[str, ...]
    schema: str
    made_with: str
    weights: tuple[tuple[str, str], ...]
    real: bool = False


def summary_of(header: SampleHeader) -> SampleSummary:
    """The summary of a header; what many samples share is held once."""
    return SampleSummary(
        header.id,
        sys.intern(header.base),
        header.view,
        header.phase,
        header.is_clip,
        sys.intern(header.licence),
        _shared(header.tags),
        sys.intern(header.schema),
        sys.intern(_made_with(header.record)),
        _shared(_weights_of(header.record)),
        header.record.get("kind") == EDITED,
    )


def _made_with(record: Json) -> str:
    if "generator" not in record:
        return UNKNOWN
    steps = f", {record['solver']}, {record['nfe']} NFE" if {"solver", "nfe"} <= record.keys() else ""
    return f"{record['generator']}{steps}"


def _weights_of(record: Json) -> tuple[tuple[str, str], ...]:
    checkpoints = record.get("checkpoints")
    if not isinstance(checkpoints, dict):
        return ()
    return tuple(sorted((str(name), str(digest)) for name, digest in checkpoints.items()))


@lru_cache(4096)
def _shared(value: tuple) -> tuple:  # type: ignore[type-arg]
    """The first of equal tuples that was seen."""
    return value


def card_json(summaries: Sequence[SampleSummary], split_of: dict[str, Split], form: str, scores: Json) -> Json:
    """The card as JSON.

    Args:
        summaries: of every sample.
        split_of: split of each, by id.
        form: the format's name, a key of `export.FORMATS`.
        scores: what was measured on it, as `echo-studio evaluate ... --json` printed it; empty where nothing was.
    """
    schema = SCHEMA_2 if any(one.schema == SCHEMA_2 for one in summaries) else SCHEMA
    return {
        "notice": NOTICE,
        "format": form,
        "schema": schema,
        "labels": {str(label.id): label.name for label in LABELS[: LABEL_COUNTS[schema]]},
        "made_by": f"Echo Studio {__version__}",
        "samples": len(summaries),
        "frames": sum(not one.is_clip for one in summaries),
        "clips": sum(one.is_clip for one in summaries),
        "label_maps": len({one.base for one in summaries}),
        "splits": {name: _split(summaries, split_of, name) for name in SPLITS},
        "views": _count(one.view for one in summaries),
        "phases": _count(one.phase or "whole cycle" for one in summaries),
        "tags": _count(tag for one in summaries for tag in one.tags),
        "generators": _count(one.made_with for one in summaries),
        "weights": _weights(summaries),
        "licences": _count(one.licence for one in summaries),
        "scores": scores,
        **({"edited_real_frames": real} if (real := sum(one.real for one in summaries)) else {}),
    }


def card_markdown(card: Json, data_files: dict[str, str]) -> str:
    """The card for people, with the header that Hugging Face's hub reads.

    Args:
        card: of `card_json`.
        data_files: file patterns by split where `datasets` is to load them; empty for other formats.
    """
    sections = [
        *_front_matter(card, data_files),
        "# Synthetic echocardiograms\n",
        _origin(card),
        f"{card['frames']} frames and {card['clips']} clips from {card['label_maps']} label maps or patients, made by "
        f"{card['made_by']}, exported as `{card['format']}`. Labels are ids of `{card['schema']}`: "
        + ", ".join(f"{number} {name}" for number, name in card["labels"].items())
        + ". CAMUS's layout has no sector, fluid or mass: there 4, 5 and 6 are 0.\n",
        "Splits go by label map or patient: no deformation of one map is on two sides. `samples.jsonl` says for each "
        "sample its split, its label map, its licence and the record that makes it again.\n",
        *_table("Split", "samples", {name: part["samples"] for name, part in card["splits"].items()}),
        *_table("View", "samples", card["views"]),
        *_table("Phase", "samples", card["phases"]),
        *_table("Tag", "samples", card["tags"]),
        *_table("Made with", "samples", card["generators"]),
        *_table("Weights", "sha256", card["weights"]),
        *_table("Licence", "samples", card["licences"]),
        "## Measured\n",
        f"```json\n{json.dumps(card['scores'], indent=2)}\n```\n" if card["scores"] else "Nothing was measured yet.\n",
    ]
    return "\n".join(sections)


def _origin(card: Json) -> str:
    """Whose hearts are shown."""
    if real := card.get("edited_real_frames"):
        return (
            f"**Holds personal data: {real} of {card['samples']} samples are edited real frames.** They keep pixels of "
            "patients; share the set only as their consent allows. Not for diagnosis.\n"
        )
    return (
        f"**{NOTICE[0].upper()}{NOTICE[1:]}.** No patient was imaged: each sample was drawn from a label map by a "
        "generative model.\n"
    )


def _split(summaries: Sequence[SampleSummary], split_of: dict[str, Split], name: Split) -> Json:
    part = [one for one in summaries if split_of[one.id] == name]
    return {"samples": len(part), "label_maps": len({one.base for one in part})}


def _weights(summaries: Sequence[SampleSummary]) -> Json:
    """sha256 of every checkpoint that took part; two of one name are listed with their hash."""
    pairs = {pair for one in summaries for pair in one.weights}
    names = Counter(name for name, _ in pairs)
    return {name if names[name] == 1 else f"{name} ({digest[:12]})": digest for name, digest in sorted(pairs)}


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _front_matter(card: Json, data_files: dict[str, str]) -> list[str]:
    lines = ["---", "license: other", f"license_name: {json.dumps('; '.join(card['licences']))}"]
    lines += ["tags:", "- synthetic", "- echocardiography", "- medical"]
    if data_files:
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for split, pattern in data_files.items():
            lines += [f"  - split: {split}", f"    path: {pattern}"]
    return ["\n".join([*lines, "---", ""])]


def _table(left: str, right: str, rows: Json) -> list[str]:
    if not rows:
        return []
    cells = [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows.items()]
    return ["\n".join([f"| {left} | {right} |", "|---|---|", *cells, ""])]


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")
