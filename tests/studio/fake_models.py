"""Models without torch: what can be loaded, imported and removed in tests of the page."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from echo_studio.errors import CheckpointError, NameTakenError, UnknownNameError
from echo_studio.generate.checkpoint import ONE_CALL, Card
from echo_studio.generate.sampling import Precision
from echo_studio.studio.engine.engine import CARD_ENTRIES
from echo_studio.studio.engine.model_cache import LoadState
from echo_studio.types import Json

ROWS = [
    {"solver": solver, "nfe": nfe, "lv_endo": 0.95 - gap / nfe, "lv_epi": 0.96, "la": 0.9, "frechet": 9 + gap / nfe}
    for solver, gap in (("heun", 0.4), ("euler", 0.6))
    for nfe in (5, 10, 20, 50)
]


def fake_card(name: str = "edm-l64", title: str = "EDM, latent 64", kind: str = "edm", **entries: Any) -> Card:
    """A card of a generator of frames, on CAMUS, unless `entries` say otherwise."""
    about: Json = {
        "description": "noise in the sector",
        "paper": "003: Stojanovski et al.",
        "network": {},
        "settings": {},
        "resolution": 256,
        "makes": "frame",
        "advised_nfe": 20,
        "advised_solver": "heun",
        "data": "CAMUS",
        "split": "training",
        "licence": "CC BY-NC-SA 4.0",
        "images_seen": 52528,
        "minutes": 172.9,
        "machine": "x86_64 cpu",
        "sha256": "0" * 64,
    }
    return Card(name=name, title=title, kind=kind, **{**about, **entries})


SCORES = {"by_nfe": ROWS, "validation": {"n": 200, "lv_endo": 0.919}}
BUNDLED = [
    fake_card(needs={"gamma-vae-64": "1" * 64}, scores=SCORES),
    fake_card("vp-256", "VP, pixels 256", "vp", advised_nfe=50, settings={"label_dropout": 0.1}),
]
PART = fake_card("gamma-vae-64", "Gamma-VAE", "gamma-vae", makes="", sha256="1" * 64)


class FakeModels:
    """The part of an engine that keeps models; `own` are imported ones, by name."""

    def __init__(self) -> None:
        self.own: dict[str, Card] = {}
        self.faults: dict[str, str] = {}
        self.loaded: set[str] = set()
        self.loads: list[str] = []

    def quickest_precision(self) -> Precision:
        return "float32"

    def with_look(self) -> set[str]:
        return {"edm-l64"}

    def cards(self) -> list[Card]:
        return [*BUNDLED, *(card for card in self.own.values() if card.makes)]

    def models(self) -> list[Json]:
        known = [(False, card) for card in (*BUNDLED, PART)] + [(True, card) for card in self.own.values()]
        return [
            _model(card.name, own, card, state=LoadState.LOADED if card.name in self.loaded else LoadState.ABSENT)
            for own, card in known
        ] + [_model(name, True, None, fault) for name, fault in self.faults.items()]

    def load(self, name: str) -> None:
        if name not in [card.name for card in self.cards()]:
            raise UnknownNameError("generator", name, [card.name for card in self.cards()])
        self.loads.append(name)
        self.loaded.add(name)

    def unload(self, name: str) -> None:
        self.loaded.discard(name)

    def import_model(self, source: Path, name: str = "") -> Card:
        """Takes any weights but those that begin with `bad`."""
        entries = json.loads((source / "card.json").read_text())
        if (source / "model.safetensors").read_bytes().startswith(b"bad"):
            raise CheckpointError(
                expected=f"a safetensors file at {source}/model.safetensors", got="nonsense", remedy="restore it"
            )
        card = replace(fake_card(), **entries)
        card = replace(card, name=name or card.name)
        if card.name in [model["name"] for model in self.models()]:
            raise NameTakenError(expected="a free name", got=card.name, remedy="import it under another name")
        self.own[card.name] = card
        return card

    def remove_model(self, name: str) -> None:
        if name not in self.own and name not in self.faults:
            raise UnknownNameError("checkpoint that you imported", name, self.own)
        self.own.pop(name, None)
        self.faults.pop(name, None)
        self.unload(name)


def _model(name: str, own: bool, card: Card | None, fault: str = "", state: LoadState = LoadState.ABSENT) -> Json:
    return {
        "name": name,
        "own": own,
        "card": card and {entry: getattr(card, entry) for entry in CARD_ENTRIES},
        "fault": fault,
        "one_call": card is not None and card.kind in ONE_CALL,
        "parameters": 6_934_849,
        "file_bytes": 13_892_570,
        "memory_bytes": 31_662_448,
        "state": state,
    }


def fake_checkpoint(folder: Path, weights: bytes = b"good", **entries: Any) -> Path:
    """A folder that `FakeModels.import_model` takes."""
    folder.mkdir(parents=True)
    card = {**asdict(fake_card("mine", "My own")), **entries}
    (folder / "card.json").write_text(json.dumps(card))
    (folder / "model.safetensors").write_bytes(weights)
    return folder
