"""The routes of the Models tab: what is listed, loaded, imported and removed, and what is refused in words."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from echo_studio.studio.projects import NEW
from echo_studio.studio.studio import Studio
from echo_studio.web.middleware.body_limit import BodyLimit
from echo_studio.web.routes import add_studio_routes
from tests.studio.fake_models import fake_checkpoint
from tests.studio.fakes import FakeEngine, fake_studio

LIMIT = 2**20


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    studio = fake_studio(FakeEngine(0))
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def app(studio: Studio) -> FastAPI:
    app = FastAPI()
    app.add_middleware(BodyLimit, max_bytes=LIMIT)
    add_studio_routes(app, studio)
    return app


@pytest.fixture
def engine(studio: Studio) -> FakeEngine:
    """With the bundled models alone, none of them loaded."""
    engine: FakeEngine = studio.engine  # type: ignore[assignment]
    for known in (engine.own, engine.faults, engine.loaded, engine.loads):
        known.clear()
    return engine


@pytest.fixture
def client(app: FastAPI, studio: Studio, engine: FakeEngine) -> TestClient:
    return TestClient(app, headers={"X-Studio-Session": studio.open_session(NEW).token})


def take_in(client: TestClient, folder: Path, name: str = "") -> Response:
    card, weights = ((folder / file).read_bytes() for file in ("card.json", "model.safetensors"))
    return client.post("/studio/models/import", params={"card": len(card), "name": name}, content=card + weights)


def names(client: TestClient) -> list[str]:
    return [model["name"] for model in client.get("/studio/models").json()["models"]]


def test_models_are_told_without_their_networks(client: TestClient) -> None:
    told = client.get("/studio/models").json()
    first = told["models"][0]
    assert (first["name"], first["own"], first["state"]) == ("edm-l64", False, "not loaded")
    assert first["card"]["licence"] == "CC BY-NC-SA 4.0"
    assert "settings" not in first["card"]
    assert told["solvers"]["heun"] == "Heun (2nd order)"


def test_a_model_is_loaded_and_unloaded(client: TestClient, engine: FakeEngine) -> None:
    loaded = client.post("/studio/models/edm-l64/load").json()["models"]
    assert loaded[0]["state"] == "loaded"
    assert client.post("/studio/models/edm-l64/unload").json()["models"][0]["state"] == "not loaded"
    refused = client.post("/studio/models/none/load")
    assert refused.status_code == 422
    assert "choose one of" in refused.json()["detail"]


def test_an_import_is_there_at_once_and_can_be_chosen(client: TestClient, tmp_path: Path) -> None:
    reply = take_in(client, fake_checkpoint(tmp_path / "mine", b"good" * 1000))
    assert (reply.status_code, reply.json()) == (200, {"name": "mine"})
    assert "mine" in names(client)
    offered = [generator["name"] for generator in client.get("/studio/catalog").json()["generators"]]
    assert offered == ["edm-l64", "vp-256", "mine"]
    assert client.delete("/studio/models/mine").status_code == 200
    assert "mine" not in names(client)


def test_card_and_weights_arrive_byte_for_byte(
    client: TestClient, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    take = engine.import_model

    def look(source: Path, name: str = "") -> object:
        seen.extend((source / file).read_bytes() for file in ("card.json", "model.safetensors"))
        return take(source, name)

    monkeypatch.setattr(engine, "import_model", look)
    folder = fake_checkpoint(tmp_path / "mine", bytes(range(256)) * 1000)
    assert take_in(client, folder).status_code == 200
    assert seen == [(folder / "card.json").read_bytes(), (folder / "model.safetensors").read_bytes()]


def test_a_taken_name_is_a_conflict_and_another_one_is_taken(client: TestClient, tmp_path: Path) -> None:
    folder = fake_checkpoint(tmp_path / "mine", name="edm-l64")
    refused = take_in(client, folder)
    assert refused.status_code == 409
    assert "another name" in refused.json()["detail"]
    assert take_in(client, folder, "other").json() == {"name": "other"}


def test_a_refused_checkpoint_is_told_without_the_place_of_its_copy(client: TestClient, tmp_path: Path) -> None:
    refused = take_in(client, fake_checkpoint(tmp_path / "mine", b"bad"))
    assert refused.status_code == 422
    assert "file at model.safetensors, got nonsense" in refused.json()["detail"]


def test_bodies_are_bounded(client: TestClient, tmp_path: Path) -> None:
    assert take_in(client, fake_checkpoint(tmp_path / "mine", b"g" * LIMIT)).status_code == 413
    for card in (0, 2**20 + 1, "many"):
        assert client.post("/studio/models/import", params={"card": card}, content=b"{}").status_code == 422
    assert names(client).count("mine") == 0


@pytest.mark.parametrize("name", ["edm-l64", "nowhere", "..%2F..%2Fetc"])
def test_only_what_was_imported_can_be_removed(client: TestClient, name: str) -> None:
    assert client.delete(f"/studio/models/{name}").status_code in (404, 422)
    assert "edm-l64" in names(client)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/studio/models"),
        ("POST", "/studio/models/import?card=2"),
        ("POST", "/studio/models/edm-l64/load"),
        ("POST", "/studio/models/edm-l64/unload"),
        ("DELETE", "/studio/models/edm-l64"),
    ],
)
def test_no_route_opens_without_a_token(client: TestClient, method: str, path: str) -> None:
    client.headers.pop("X-Studio-Session")
    assert client.request(method, path, content=json.dumps({})).status_code == 401


def test_a_damaged_import_is_listed_without_a_card(client: TestClient, engine: FakeEngine) -> None:
    engine.faults["broken"] = "expected a card, got nonsense"
    damaged = client.get("/studio/models").json()["models"][-1]
    assert (damaged["name"], damaged["card"], damaged["own"]) == ("broken", None, True)
