"""The routes of the canvas: whose they are, what they refuse, what they give back."""

import asyncio
import io
import json
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from starlette.types import Message

from echo_studio.data.formats.label_file import read_label_map
from echo_studio.studio.frames import BUNDLES, FrameRequest
from echo_studio.studio.projects import NEW
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.web.middleware.body_limit import BodyLimit
from echo_studio.web.routes import add_studio_routes
from tests.studio.fakes import FakeEngine, blank, fake_studio, frame_request, heart

SETTINGS = {"live": False, "view": "4CH", "phase": "ED", "generator": "edm-l64", "solver": "heun", "nfe": 3, "seed": 5}


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    studio = fake_studio(FakeEngine(seconds_per_nfe=0.001))
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def app(studio: Studio) -> FastAPI:
    """One for all tests: its routes take half a second to build."""
    app = FastAPI()
    app.add_middleware(BodyLimit, max_bytes=20 * 2**20)
    add_studio_routes(app, studio)
    return app


@pytest.fixture
def session(studio: Studio) -> Session:
    return studio.open_session(NEW)


@pytest.fixture
def client(app: FastAPI, session: Session) -> TestClient:
    """A page with a project of its own."""
    return TestClient(app, headers={"X-Studio-Session": session.token})


def put(client: TestClient, ids: np.ndarray, op: bytes = b'{"tool":"brush"}', **changes: object) -> tuple[int, str]:
    height, width = ids.shape
    query = {"revision": 1, "position": 1, "width": width, "height": height, "spacing": "0.5,0.25", **changes}
    body = ids.tobytes() + np.ones_like(ids).tobytes() + op
    reply = client.put("/studio/label-map", params=query, content=body)
    return reply.status_code, str(reply.json().get("detail", ""))


def finished_job(studio: Studio, session: Session) -> int:
    job = studio.frames.start(session, FrameRequest(frame_request(session.label_map, nfe=3, seed=5), session.revision))
    deadline = time.monotonic() + 120
    while not job.progress().ended or studio.frames.find(session, job.number) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return job.number


def test_a_label_map_is_taken_in_byte_for_byte_and_saved(client: TestClient, session: Session) -> None:
    assert put(client, heart().ids)[0] == 200
    assert np.array_equal(session.label_map.ids, heart().ids)
    assert session.label_map.spacing_mm == (0.5, 0.25)
    assert session.sector.all()
    assert session.project.canvas().label_map == session.label_map
    assert session.project.history().__next__().op == {}


@pytest.mark.parametrize("token", [None, "", "guess"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/studio/catalog"),
        ("GET", "/studio/templates/blank"),
        ("PUT", "/studio/label-map?revision=1&position=1&width=8&height=8"),
        ("POST", "/studio/edit?width=8&height=8"),
        ("POST", "/studio/handles?width=8&height=8"),
        ("POST", "/studio/jobs"),
        ("GET", "/studio/events"),
        ("GET", "/studio/jobs/1"),
        ("POST", "/studio/cancel"),
        ("GET", "/studio/project"),
        ("GET", "/studio/project/history"),
        ("GET", "/studio/project/log"),
        ("GET", "/studio/project/copy"),
        ("GET", "/studio/projects"),
        ("POST", "/studio/projects"),
        ("DELETE", "/studio/projects/0123456789012345678901"),
        ("POST", "/studio/projects/import"),
        ("GET", "/studio/results"),
        ("GET", "/studio/results/1/frame"),
        ("GET", "/studio/slots/4CH-ED"),
        ("POST", "/studio/open"),
        ("GET", "/studio/recording/0"),
        ("GET", "/studio/jobs/1/label-map"),
        ("GET", "/studio/jobs/1/frame"),
        ("GET", "/studio/jobs/1/download/all.zip"),
    ],
)
def test_no_route_opens_without_a_token(client: TestClient, method: str, path: str, token: str | None) -> None:
    client.headers.pop("X-Studio-Session")
    headers = {} if token is None else {"X-Studio-Session": token}
    reply = client.request(method, path, headers={"X-File-Name": "a.png", **headers})
    assert reply.status_code in (401, 422)
    assert reply.status_code == 401 or "detail" in reply.json()


def test_no_session_reads_the_results_of_another(client: TestClient, studio: Studio, session: Session) -> None:
    number = finished_job(studio, session)
    stranger = {"X-Studio-Session": studio.open_session(NEW).token}
    for name in ("frame", "label-map", "download/record.json"):
        assert client.get(f"/studio/jobs/{number}/{name}").status_code == 200
        assert client.get(f"/studio/jobs/{number}/{name}", headers=stranger).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"width": 255}, 422, "expected JSON"),
        ({"width": 257}, 422, "got 131088"),
        ({"width": 0}, 422, "Expected 1 to 4096"),
        ({"height": 5000}, 422, "Expected 1 to 4096"),
        ({"spacing": "0,1"}, 422, "two positive numbers"),
        ({"spacing": "wide"}, 422, "two positive numbers"),
        ({"revision": 0}, 409, "newer"),
        ({"position": 7}, 507, "expected"),
        ({"op": b"[1]"}, 422, "expected a JSON object"),
        ({"op": b"{" * 100_000}, 422, "expected JSON"),
    ],
)
def test_a_wrong_label_map_is_refused_in_words(
    client: TestClient, session: Session, changes: dict[str, object], status: int, words: str
) -> None:
    got, detail = put(client, heart().ids, **changes)
    assert got == status
    assert words in detail
    assert session.label_map == blank()


def test_unknown_label_ids_are_refused(client: TestClient) -> None:
    status, detail = put(client, np.full((16, 16), 9, np.uint8))
    assert status == 422
    assert "unknown label ids 9" in detail


def test_an_older_revision_never_replaces_a_newer_one(client: TestClient, session: Session) -> None:
    assert put(client, heart().ids, revision=5)[0] == 200
    assert put(client, blank().ids, revision=4)[0] == 409
    assert np.array_equal(session.label_map.ids, heart().ids)


def test_a_live_job_that_a_newer_edit_overtook_is_cancelled_and_no_error(client: TestClient, session: Session) -> None:
    order = {**SETTINGS, "revision": session.revision + 1}
    reply = client.post("/studio/jobs", json={**order, "live": True})
    assert (reply.status_code, reply.json()["state"], reply.json()["job"]) == (200, "cancelled", 0)
    reply = client.post("/studio/jobs", json={**order, "live": False})
    assert reply.status_code == 422
    assert "press Generate again" in reply.json()["detail"]


def test_a_page_that_closes_while_it_sends_is_no_error(client: TestClient, session: Session) -> None:
    sent: list[Message] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    token = (b"x-studio-session", session.token.encode())
    scope = {"type": "http", "method": "POST", "path": "/studio/leave", "query_string": b"", "headers": [token]}
    with ThreadPoolExecutor(1) as pool:  # a loop runs in this thread where browser tests came before
        pool.submit(asyncio.run, client.app(scope, gone, send)).result()
    assert sent == []


def test_a_body_over_the_limit_is_refused_whether_it_is_announced_or_not(client: TestClient) -> None:
    url = "/studio/label-map?position=1&revision=1&width=4096&height=4096"
    assert client.put(url, content=b"\0" * (21 * 2**20)).status_code == 413
    chunks = (b"\0" * 2**20 for _ in range(21))
    assert client.put(url, content=chunks).status_code == 413


def test_a_frame_and_its_map_are_those_of_the_job(client: TestClient, studio: Studio, session: Session) -> None:
    put(client, heart().ids)
    number = finished_job(studio, session)
    put(client, blank().ids, revision=2, position=2)
    assert client.get(f"/studio/jobs/{number}/label-map").content == heart().ids.tobytes()
    frame = Image.open(io.BytesIO(client.get(f"/studio/jobs/{number}/frame").content))
    job = studio.frames.find(session, number)
    assert job is not None
    assert job.outcome is not None
    assert np.array_equal(np.asarray(frame), job.outcome.generated.image)
    assert "not for diagnosis" in frame.info["Comment"]


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_downloads_hold_what_they_promise(client: TestClient, studio: Studio, session: Session, name: str) -> None:
    number = finished_job(studio, session)
    reply = client.get(f"/studio/jobs/{number}/download/{name}")
    assert reply.status_code == 200
    assert f"nfe3-seed5-{name}" in reply.headers["Content-Disposition"]
    if name.endswith(".zip"):
        assert tuple(zipfile.ZipFile(io.BytesIO(reply.content)).namelist()) == BUNDLES[name]
    else:
        record = json.loads(reply.content)
        assert record["seed"] == 5
        assert record["measured"]["adherence"] == {"lv_endo": None, "lv_epi": None, "la": None}


def test_a_downloaded_label_map_is_the_one_that_was_painted(
    client: TestClient, studio: Studio, session: Session, tmp_path: Path
) -> None:
    put(client, heart().ids)
    number = finished_job(studio, session)
    content = client.get(f"/studio/jobs/{number}/download/all.zip").content
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    assert read_label_map(tmp_path / "label_map.png") == session.label_map
    assert read_label_map(tmp_path / "label_map.nii.gz") == session.label_map


def test_an_unknown_download_lists_the_choices(client: TestClient, studio: Studio, session: Session) -> None:
    reply = client.get(f"/studio/jobs/{finished_job(studio, session)}/download/passwords.txt")
    assert reply.status_code == 404
    assert "all.zip" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nfe": ""}, "expected a whole number as NFE, got an empty field"),
        ({"nfe": 2.5}, "a whole number as NFE, got 2.5"),
        ({"nfe": 0}, "expected an NFE from 1 to 1000, got 0"),
        ({"nfe": {"a": 1}}, "a whole number as NFE"),
        ({"seed": False}, "a number as seed, got False"),
        ({"seed": "9" * 5000}, "seed"),
        ({"seed": -1}, "a seed from 0"),
        ({"guidance": "inf"}, "a number as guidance"),
        ({"view": "3CH"}, "'2CH' or '4CH' as view, got '3CH'"),
        ({"generator": None}, "text as generator"),
        ({"solver": "guess"}, "choose one of"),
        ({"revision": "x" * 5000}, "a whole number as revision"),
    ],
)
def test_an_impossible_frame_is_refused_in_one_line(
    client: TestClient, session: Session, changes: dict[str, object], words: str
) -> None:
    put(client, heart().ids)
    reply = client.post("/studio/jobs", json={**SETTINGS, "revision": session.revision, **changes})
    assert reply.status_code == 422
    assert words in reply.json()["detail"]
    assert "\n" not in reply.json()["detail"]
    assert len(reply.json()["detail"]) < 400


def test_numbers_may_come_as_text_since_those_of_javascript_end_at_2_to_the_53(
    client: TestClient, studio: Studio, session: Session
) -> None:
    body = {**SETTINGS, "revision": str(session.revision), "nfe": " 2 ", "seed": str(2**60 + 1), "guidance": "1.5"}
    number = client.post("/studio/jobs", json=body).json()["job"]
    job = studio.frames.find(session, number)
    assert job is not None
    request = job.request.generation
    assert (request.sampling.nfe, request.seed, request.sampling.guidance) == (2, 2**60 + 1, 1.5)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"7", b"null", b"[" * 100_000, b"\xff\xfe"])
def test_a_body_that_is_no_object_is_refused_in_one_line(client: TestClient, body: bytes) -> None:
    reply = client.post("/studio/jobs", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code in (400, 422)
    assert isinstance(reply.json()["detail"], str)
    assert "\n" not in reply.json()["detail"]


def test_an_address_that_cannot_be_is_refused_in_one_line(client: TestClient) -> None:
    for path in ("jobs/x", "jobs/1.5", "templates/none", "comparisons/x", "videos/1.5"):
        reply = client.get(f"/studio/{path}")
        assert reply.status_code in (404, 422)
        assert isinstance(reply.json()["detail"], str)
