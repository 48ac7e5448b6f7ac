"""The Models tab: a constant HTML template and classic scripts inside one `gr.HTML`; and what is told of each model."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import gradio as gr

from echo_studio.types import Json
from echo_studio.web.tabs.tab import tab

if TYPE_CHECKING:
    from echo_studio.studio.models import Model

MAX_WEIGHTS = 2 * 2**30  # bytes that may be sent; `generate.importing` has the same limit
MAX_CARD = 2**20

MODELS_SCRIPTS = ("words", "plot", "card", "checkpoint_files", "importer", "models")

# What a person is told of a card; the network's configuration and its numbers stay in the file.
CARD_ENTRIES = (
    "title",
    "kind",
    "description",
    "paper",
    "resolution",
    "makes",
    "advised_nfe",
    "advised_solver",
    "needs",
    "data",
    "split",
    "licence",
    "images_seen",
    "minutes",
    "machine",
    "scores",
    "sha256",
)


def models_tab() -> gr.HTML:
    """The Models tab."""
    limits = {"weights": MAX_WEIGHTS, "card": MAX_CARD}
    return tab("models", MODELS_SCRIPTS, values=f"const LIMITS = {json.dumps(limits)};")


def told(model: Model) -> Json:
    """A model as the page is told it; `card` is null where it cannot be read."""
    entries = asdict(model)
    card = entries.pop("card")
    return {**entries, "card": card and {name: card[name] for name in CARD_ENTRIES}}
