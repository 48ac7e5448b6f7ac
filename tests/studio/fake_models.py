"""Models without torch: what can be loaded, imported and removed in tests of the page."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from echo_studio.errors import CheckpointError, NameTakenError, UnknownNameError
from echo_studio.studio.model_cache import LoadState
from echo_studio.types import Json

ROWS = [
    {"solver": solver, "nfe": nfe, "lv_endo": 0.95 - gap / nfe, "lv_epi": 0.96, "la": 0.9, "frechet": 9 + gap / nfe}
    for solver, gap in (("heun", 0.4), ("euler", 0.6))
    for nfe in (5, 10, 20, 50)
]


@dataclass(frozen=True)
class FakeCard:
    name: str = "edm-l64"
    title: str = "EDM, latent 64"
    kind: str = "edm"
    description: str = "noise in the sector"
    paper: str = "003: Stojanovski et al."
    makes: str = "frame"
    resolution: int = 256
    advised_nfe: int = 20
    advised_solver: str = "heun"
    advised_guidance: float = 0.0
    needs: dict[str, str] = field(default_factory=dict)
    distilled_from: dict[str, str] = field(default_factory=dict)
    data: str = "CAMUS"
    split: str = "training"
    licence: str = "CC BY-NC-SA 4.0"
    images_seen: int = 52528
    minutes: float = 172.9
    machine: str = "x86_64 cpu"
    scores: Json = field(default_factory=dict)
    settings: Json = field(default_factory=dict)
    sha256: str = "0" * 64

    @property
    def weights(self) -> dict[str, str]:
        return {self.name: self.sha256, **self.needs}


@dataclass(frozen=True)
class FakeModel:
    name: str
    own: bool
    card: FakeCard | None
    fault: str = ""
    one_call: bool = False
    parameters: int = 6_934_849
    file_bytes: int = 13_892_570
    memory_bytes: int = 31_662_448
    state: LoadState = LoadState.ABSENT


BUNDLED = [
    FakeCard(needs={"gamma-vae-64": "1" * 64}, scores={"by_nfe": ROWS, "validation": {"n": 200, "lv_endo": 0.919}}),
    FakeCard("vp-256", "VP, pixels 256", "vp", advised_nfe=50, settings={"label_dropout": 0.1}),
]
PART = FakeCard("gamma-vae-64", "Gamma-VAE", "gamma-vae", makes="", sha256="1" * 64)


class FakeModels:
    """The part of an engine that keeps models; `own` are imported ones, by name."""

    one_call = frozenset({"cyclegan"})  # kinds

    def __init__(self) -> None:
        self.own: dict[str, FakeCard] = {}
        self.faults: dict[str, str] = {}
        self.loaded: set[str] = set()
        self.loads: list[str] = []

    def cards(self) -> list[Any]:
        return [*BUNDLED, *(card for card in self.own.values() if card.makes)]

    def models(self) -> list[FakeModel]:
        known = [(False, card) for card in (*BUNDLED, PART)] + [(True, card) for card in self.own.values()]
        return [
            FakeModel(
                card.name,
                own,
                card,
                one_call=card.kind in self.one_call,
                state=LoadState.LOADED if card.name in self.loaded else LoadState.ABSENT,
            )
            for own, card in known
        ] + [FakeModel(name, True, None, fault) for name, fault in self.faults.items()]

    def load(self, name: str) -> None:
        if name not in [card.name for card in self.cards()]:
            raise UnknownNameError("generator", name, [card.name for card in self.cards()])
        self.loads.append(name)
        self.loaded.add(name)

    def unload(self, name: str) -> None:
        self.loaded.discard(name)

    def import_model(self, source: Path, name: str = "") -> FakeCard:
        """Takes any weights but those that begin with `bad`."""
        entries = json.loads((source / "card.json").read_text())
        if (source / "model.safetensors").read_bytes().startswith(b"bad"):
            raise CheckpointError(
                expected=f"a safetensors file at {source}/model.safetensors", got="nonsense", remedy="restore it"
            )
        card = replace(FakeCard(), **entries)
        card = replace(card, name=name or card.name)
        if card.name in [model.name for model in self.models()]:
            raise NameTakenError(expected="a free name", got=card.name, remedy="import it under another name")
        self.own[card.name] = card
        return card

    def remove_model(self, name: str) -> None:
        if name not in self.own and name not in self.faults:
            raise UnknownNameError("checkpoint that you imported", name, self.own)
        self.own.pop(name, None)
        self.faults.pop(name, None)
        self.unload(name)


def fake_checkpoint(folder: Path, weights: bytes = b"good", **entries: Any) -> Path:
    """A folder that `FakeModels.import_model` takes."""
    folder.mkdir(parents=True)
    card = {**asdict(FakeCard("mine", "My own")), **entries}
    (folder / "card.json").write_text(json.dumps(card))
    (folder / "model.safetensors").write_bytes(weights)
    return folder
