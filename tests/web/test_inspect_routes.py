"""Measurements and findings over HTTP, and what the record of a frame says of its map."""

import json
import time
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM
from echo_studio.anatomy.measure.inspect import inspect_map, inspect_pair
from echo_studio.anatomy.measure.plausibility import check_plausibility
from echo_studio.data.deform import DEFORMATION, random_variation
from echo_studio.studio.frames import Frame, FrameRequest
from echo_studio.studio.projects import NEW
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.web.routes import add_studio_routes
from tests.studio.fakes import FakeEngine, fake_studio, frame_request, heart

SETTINGS = {"view": "4CH", "phase": "ED", "generator": "edm-l64", "solver": "heun", "nfe": 2, "seed": 5}


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    studio = fake_studio(FakeEngine(seconds_per_nfe=0.001))
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def app(studio: Studio) -> FastAPI:
    app = FastAPI()
    add_studio_routes(app, studio)
    return app


@pytest.fixture
def session(studio: Studio) -> Session:
    return studio.open_session(NEW)


@pytest.fixture
def client(app: FastAPI, session: Session) -> TestClient:
    """A page with a project of its own."""
    return TestClient(app, headers={"X-Studio-Session": session.token})


def odd() -> LabelMap:
    """The heart with a piece of atrium beside it."""
    ids = heart().ids.copy()
    ids[120:130, 60:70] = LEFT_ATRIUM
    return LabelMap(ids, (0.5, 0.5))


@pytest.mark.parametrize("op", [{"tool": "vary", "seed": 5, "deformation": DEFORMATION}, {"tool": "vary", "seed": 5}])
def test_a_variation_is_made_by_the_deformation_that_it_names(client: TestClient, op: dict[str, object]) -> None:
    label_map = heart()
    body = label_map.ids.tobytes() + label_map.inside.tobytes() + json.dumps(op).encode()
    answer = client.post("/studio/edit", params={"width": 256, "height": 256, "spacing": ""}, content=body).content
    wanted = random_variation(LabelMap(label_map.ids), 5, deformation=op.get("deformation"))  # type: ignore[arg-type]
    assert answer[: wanted.ids.size] == wanted.ids.tobytes()


@pytest.mark.parametrize("view", ["2CH", "4CH"])
@pytest.mark.parametrize("spacing", [None, (0.5, 0.5)])
def test_a_map_is_inspected_as_anatomy_inspects_it(client: TestClient, view, spacing) -> None:
    label_map = LabelMap(odd().ids, spacing)
    query = {"width": 256, "height": 256, "spacing": "0.5,0.5" if spacing else "", "view": view}
    told = client.post("/studio/inspect", params=query, content=label_map.ids.tobytes())
    assert told.json() == json.loads(json.dumps(inspect_map(label_map, view)))
    assert client.post("/studio/inspect", params={**query, "view": "5CH"}, content=b"").status_code == 422


def test_maps_of_different_sizes_are_paired(client: TestClient) -> None:
    small = LabelMap(heart().ids[:250, 10:], (0.5, 0.5))
    maps = {"4CH-ED": heart(), "4CH-ES": LabelMap(small.ids, (0.4, 0.4)), "2CH-ED": small}
    slots = [
        {"name": name, "width": m.shape[1], "height": m.shape[0], "spacing": "{},{}".format(*m.spacing_mm)}
        for name, m in maps.items()
    ]
    body = b"".join(label_map.ids.tobytes() for label_map in maps.values())
    told = client.post("/studio/pair", params={"slots": json.dumps(slots)}, content=body)
    assert told.json() == inspect_pair(maps)
    assert any(row["key"] == "4CH_ef" for row in told.json()["measurements"])
    assert client.post("/studio/pair", params={"slots": json.dumps(slots)}, content=body[:-1]).status_code == 422
    assert client.post("/studio/pair", params={"slots": json.dumps(slots)}, content=body + b"0").status_code == 413


@pytest.mark.parametrize(
    "slots",
    ["", "[]", "{}", "7", '[{"name": "5CH-ED", "width": 8, "height": 8, "spacing": ""}]', "[" * 9000]
    + [
        json.dumps([{"name": "4CH-ED", "width": width, "height": 8, "spacing": spacing}])
        for width, spacing in (("8", ""), (True, ""), (-8, ""), (99999, ""), (8, None), (8, "1,2,3"))
    ],
)
def test_impossible_slots_are_refused_in_words(client: TestClient, slots: str) -> None:
    reply = client.post("/studio/pair", params={"slots": slots}, content=np.zeros(64, np.uint8).tobytes())
    assert reply.status_code == 422
    assert "xpected" in reply.json()["detail"]


def made(studio: Studio, session: Session, *intended: str) -> Frame:
    request = FrameRequest(frame_request(session.label_map, nfe=2, seed=5), session.revision, intended=intended)
    job = studio.frames.start(session, request)
    deadline = time.monotonic() + 120
    while job.outcome is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return job.outcome


def test_the_record_names_the_findings_of_the_map_and_which_are_intended(studio: Studio, session: Session) -> None:
    session.update(session.revision + 1, 1, odd(), odd().inside, {"tool": "brush"})
    kinds = [finding.kind for finding in check_plausibility(odd())]
    assert "island" in kinds
    outcome = made(studio, session, "island")
    assert outcome.record()["plausibility"] == {"findings": list(dict.fromkeys(kinds)), "intended": ["island"]}
    assert studio.frames.keep(session, outcome, "pinned").record["plausibility"] == outcome.plausibility
    assert made(studio, session).plausibility["intended"] == []


@pytest.mark.parametrize("intended", ["island", [1], {"island": True}, ["island"] * 1000, None])
def test_intended_kinds_are_a_short_list_of_names(client: TestClient, session: Session, intended: object) -> None:
    reply = client.post("/studio/jobs", json={**SETTINGS, "revision": session.revision, "intended": intended})
    assert reply.status_code == 422
    assert "as intended" in reply.json()["detail"]
