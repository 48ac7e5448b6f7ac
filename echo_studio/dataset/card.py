"""The card of a set that leaves the studio: what is in it, how it was made, what it may be used for, how good it is."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from echo_studio import __version__
from echo_studio.anatomy.labels import LABELS, SCHEMA
from echo_studio.data.media import NOTICE
from echo_studio.dataset.sample import SampleHeader
from echo_studio.dataset.split import SPLITS, Split
from echo_studio.types import Json

__all__ = ["card_json", "card_markdown"]

UNKNOWN = "not recorded"


def card_json(headers: Sequence[SampleHeader], split_of: dict[str, Split], form: str, scores: Json) -> Json:
    """The card as JSON.

    Args:
        headers: of every sample.
        split_of: split of each, by id.
        form: the format's name, a key of `export.FORMATS`.
        scores: what was measured on it, as `echo-studio evaluate ... --json` printed it; empty where nothing was.
    """
    return {
        "notice": NOTICE,
        "format": form,
        "schema": SCHEMA,
        "labels": {str(label.id): label.name for label in LABELS},
        "made_by": f"Echo Studio {__version__}",
        "samples": len(headers),
        "frames": sum(not header.is_clip for header in headers),
        "clips": sum(header.is_clip for header in headers),
        "label_maps": len({header.base for header in headers}),
        "splits": {name: _split(headers, split_of, name) for name in SPLITS},
        "views": _count(header.view for header in headers),
        "phases": _count(header.phase or "whole cycle" for header in headers),
        "tags": _count(tag for header in headers for tag in header.tags),
        "generators": _count(_how(header.record) for header in headers),
        "weights": _weights(headers),
        "licences": _count(header.licence for header in headers),
        "scores": scores,
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
        f"**{NOTICE[0].upper()}{NOTICE[1:]}.** No patient was imaged: each sample was drawn from a label map by a "
        "generative model.\n",
        f"{card['frames']} frames and {card['clips']} clips from {card['label_maps']} label maps or patients, made by "
        f"{card['made_by']}, exported as `{card['format']}`. Labels are ids of `{card['schema']}`: "
        + ", ".join(f"{number} {name}" for number, name in card["labels"].items())
        + ". CAMUS's layout has no sector: there 4 is 0.\n",
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


def _split(headers: Sequence[SampleHeader], split_of: dict[str, Split], name: Split) -> Json:
    part = [header for header in headers if split_of[header.id] == name]
    return {"samples": len(part), "label_maps": len({header.base for header in part})}


def _how(record: Json) -> str:
    """Generator, solver and NFE of a record."""
    if "generator" not in record:
        return UNKNOWN
    steps = f", {record['solver']}, {record['nfe']} NFE" if {"solver", "nfe"} <= record.keys() else ""
    return f"{record['generator']}{steps}"


def _weights(headers: Sequence[SampleHeader]) -> Json:
    """sha256 of every checkpoint that took part; two under one name are told apart by their hash."""
    pairs = set()
    for header in headers:
        checkpoints = header.record.get("checkpoints")
        if isinstance(checkpoints, dict):
            pairs |= {(str(name), str(digest)) for name, digest in checkpoints.items()}
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
