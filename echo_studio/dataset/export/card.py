"""The card of a set that leaves the studio: what is in it, how it was made, what it may be used for, how good it is."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from echo_studio import __version__
from echo_studio.anatomy.labels import LABELS, SCHEMA
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.export.brief import SampleSummary
from echo_studio.dataset.split import SPLITS, Split
from echo_studio.types import Json

__all__ = ["card_json", "card_markdown"]


def card_json(briefs: Sequence[SampleSummary], split_of: dict[str, Split], form: str, scores: Json) -> Json:
    """The card as JSON.

    Args:
        briefs: of every sample.
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
        "samples": len(briefs),
        "frames": sum(not one.is_clip for one in briefs),
        "clips": sum(one.is_clip for one in briefs),
        "label_maps": len({one.base for one in briefs}),
        "splits": {name: _split(briefs, split_of, name) for name in SPLITS},
        "views": _count(one.view for one in briefs),
        "phases": _count(one.phase or "whole cycle" for one in briefs),
        "tags": _count(tag for one in briefs for tag in one.tags),
        "generators": _count(one.made_with for one in briefs),
        "weights": _weights(briefs),
        "licences": _count(one.licence for one in briefs),
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


def _split(briefs: Sequence[SampleSummary], split_of: dict[str, Split], name: Split) -> Json:
    part = [one for one in briefs if split_of[one.id] == name]
    return {"samples": len(part), "label_maps": len({one.base for one in part})}


def _weights(briefs: Sequence[SampleSummary]) -> Json:
    """sha256 of every checkpoint that took part; two under one name are told apart by their hash."""
    pairs = {pair for one in briefs for pair in one.weights}
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
