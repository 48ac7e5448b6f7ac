"""Sets over HTTP: planned, made, curated, exported; nothing but the user's own folders can be reached."""

import io
import json
import secrets
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from starlette.types import Receive, Scope, Send

from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.export.formats import read_set
from echo_studio.errors import DataError
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.web.routes import add_studio_routes
from echo_studio.web.wire.wire import USER
from tests.studio.fake_sets import FakeSets
from tests.studio.fakes import FakeEngine, fake_studio, heart

HEADER = "X-Studio-Session"
ROOT = "/studio/dataset"
FORGED = (
    "%2e%2e",
    "%2e%2e%2fprojects",
    "..%2f..%2fetc",
    "/etc",
    ".hidden",
    "a b",
    "a.b",
    "x" * 49,
    "con/aux",
    "%00",
    "sets\\..",
)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = fake_studio(FakeEngine(0.0), tmp_path_factory.mktemp("projects"))
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def app(studio: Studio) -> FastAPI:
    app = FastAPI()
    add_studio_routes(app, studio)
    return app


def page(app: FastAPI, studio: Studio, user: str) -> TestClient:
    studio.engine.sets = FakeSets()
    session = studio.open_session("new", user)
    session.label_map = heart()

    async def logged_in(scope: Scope, receive: Receive, send: Send) -> None:
        scope[USER] = user
        await app(scope, receive, send)

    return TestClient(logged_in, headers={HEADER: session.token})


@pytest.fixture
def client(app: FastAPI, studio: Studio) -> TestClient:
    """The page of a user of this test alone, whose folder holds no set yet."""
    return page(app, studio, secrets.token_hex(8))


def session_of(client: TestClient, studio: Studio) -> Session:
    session = studio.sessions.known(client.headers[HEADER])
    assert session is not None
    return session


def order(client: TestClient, studio: Studio, **changes: Any) -> dict[str, Any]:
    session = session_of(client, studio)
    return {
        **{"name": "pilot", "maps": "canvas", "revision": session.revision, "view": "4CH", "phase": "ED"},
        **{"map_view": "", "map_phase": "", "generators": ["edm-l64"], "solver": "", "nfe": []},
        **{"variations": 3, "seeds": 2, "seed": 5, "ranges": {}, "defects": {}, "ef": None, "workers": 1},
        **changes,
    }


def rest(client: TestClient, name: str = "pilot") -> dict[str, Any]:
    """The set once nothing is done to it any more."""
    deadline = time.monotonic() + 120
    while True:
        told = client.get(f"{ROOT}/sets/{name}").json()
        if not any(task["state"] in ("waiting", "running") for task in told["tasks"].values()):
            return told
        assert time.monotonic() < deadline


def made(client: TestClient, studio: Studio, **changes: Any) -> dict[str, Any]:
    reply = client.post(f"{ROOT}/sets", json=order(client, studio, **changes))
    assert reply.status_code == 200, reply.text
    return rest(client, reply.json()["name"])


def numbers(client: TestClient, **wanted: Any) -> list[int]:
    reply = client.post(f"{ROOT}/sets/pilot/numbers", json=wanted)
    assert reply.status_code == 200, reply.text
    return np.frombuffer(reply.content, "<u4").tolist()


def test_a_set_is_planned_made_and_measured(client: TestClient, studio: Studio) -> None:
    plan = client.post(f"{ROOT}/plan", json=order(client, studio)).json()
    assert (plan["samples"], plan["label_maps"], plan["minutes"]) == (6, 1, 1.0)
    assert client.get(ROOT).json()["sets"] == []
    told = made(client, studio)
    assert client.get(ROOT).json()["sets"] == [{"name": "pilot", "making": False}]
    assert (told["samples"], told["planned"], told["unmeasured"]) == (6, 6, 0)
    assert told["tasks"]["make"]["state"] == told["tasks"]["measure"]["state"] == "done"
    assert numbers(client) == [0, 1, 2, 3, 4, 5]
    details = client.post(f"{ROOT}/sets/pilot/samples", json={"numbers": [4, 2, 99]}).json()
    assert [one["number"] for one in details] == [4, 2]
    assert details[0]["adherence"] == pytest.approx(0.9)
    assert (details[0]["generator"], details[0]["view"], details[0]["nfe"]) == ("edm-l64", "4CH", 20)


def test_pictures_and_label_maps_of_samples(client: TestClient, studio: Studio) -> None:
    made(client, studio)
    for outlined in (False, True):
        reply = client.post(f"{ROOT}/sets/pilot/thumbnails", json={"numbers": [1, 0], "outlined": outlined})
        body, found = reply.content, []
        while body:
            number, size = struct.unpack_from("<II", body)
            picture = Image.open(io.BytesIO(body[8 : 8 + size]))
            found.append((number, picture.size, picture.mode, picture.info["comment"].decode()))
            body = body[8 + size :]
        assert found == [(number, (128, 128), "RGB" if outlined else "L", NOTICE) for number in (1, 0)]
    frame = Image.open(io.BytesIO(client.get(f"{ROOT}/sets/pilot/samples/0/frame").content))
    assert (frame.size, frame.info["Comment"]) == ((256, 256), NOTICE)
    labels = client.get(f"{ROOT}/sets/pilot/samples/0/label-map")
    assert set(labels.content[: 256 * 256]) == {0, 1, 2, 3, 4}
    assert client.get(f"{ROOT}/sets/pilot/samples/0/record").json()["record"]["generator"] == "edm-l64"
    for path in ("frame", "label-map", "record"):
        assert client.get(f"{ROOT}/sets/pilot/samples/99/{path}").status_code == 422


def test_a_clip_comes_whole_with_its_labels(client: TestClient, studio: Studio) -> None:
    told = made(client, studio, generators=["free-echo", "edm-l64"], ef=[30, 60], variations=1, seeds=1)
    assert told["samples"] == 2
    reply = client.get(f"{ROOT}/sets/pilot/samples/0/clip").content
    (length,) = struct.unpack_from("<I", reply)
    header = json.loads(reply[4 : 4 + length])
    assert header == {"frames": 4, "height": 256, "width": 256, "seconds": 0.5, "notice": NOTICE, "spacing": "0.5,0.5"}
    images, ids = np.frombuffer(reply, np.uint8, offset=4 + length).reshape(2, 4, 256, 256)
    first = Image.open(io.BytesIO(client.get(f"{ROOT}/sets/pilot/samples/0/frame").content))
    assert np.array_equal(images[0], np.asarray(first))
    assert np.array_equal(ids[1], np.roll(ids[0], 1, axis=0))
    frame = client.get(f"{ROOT}/sets/pilot/samples/1/clip")
    assert frame.status_code == 422
    assert "ask for its frame" in frame.json()["detail"]


def test_what_is_decided_is_counted_filtered_undone_and_exported(app: FastAPI, studio: Studio) -> None:
    client = page(app, studio, "")  # without a login a reviewer gives a name
    made(client, studio)
    at = f"{ROOT}/sets/pilot"
    act = {"numbers": [0, 1, 2], "verdict": "keep", "reason": "", "reviewer": "Ada"}
    assert client.post(f"{at}/decide", json=act).json() == {"samples": 3}
    assert client.post(f"{at}/decide", json={**act, "numbers": [2], "verdict": "reject"}).json() == {"samples": 1}
    assert client.post(f"{at}/tag", json={"numbers": [0], "tag": "teaching"}).json() == {"samples": 1}
    assert numbers(client, choices={"verdict": ["keep"]}) == [0, 1]
    assert numbers(client, choices={"tag": ["teaching"]}) == [0]
    assert numbers(client, sort="number", descending=True) == [5, 4, 3, 2, 1, 0]
    assert client.post(f"{at}/undo").json() == {"act": "tag", "what": "teaching", "samples": 1}
    assert client.get(at).json()["choices"]["verdict"] == {"": 3, "keep": 2, "reject": 1}
    wanted = {"format": "png", "out": "first", "only": "kept", "validation": 0, "testing": 0, "seed": 0}
    assert client.post(f"{at}/export", json=wanted).json() == {"export": "first"}
    assert rest(client)["tasks"]["export"]["outcome"]["frames"] == 2
    assert client.get(ROOT).json()["exports"] == ["first"]
    packed = client.get(f"{ROOT}/exports/first")
    assert 'filename="first.zip"' in packed.headers["Content-Disposition"]
    names = zipfile.ZipFile(io.BytesIO(packed.content)).namelist()
    assert {"first/README.md", "first/s0000000/frame.png"} <= set(names)
    assert "first/s0000002/frame.png" not in names
    session = session_of(client, studio)
    kept = list(read_set(session.folder / "exports" / "first"))
    assert [one.header.record["curation"]["reviewer"] for one in kept] == ["Ada", "Ada"]
    assert client.post(f"{at}/export", json=wanted).status_code == 422, "no export is written over"
    bad = {**wanted, "out": "second", "format": "gif"}
    client.post(f"{at}/export", json=bad)
    assert "frames" in rest(client)["tasks"]["export"]["message"]


def test_a_set_stops_between_samples_and_goes_on_from_there(client: TestClient, studio: Studio) -> None:
    studio.engine.sets.seconds = 0.05
    client.post(f"{ROOT}/sets", json=order(client, studio, variations=10))
    deadline = time.monotonic() + 120
    while (told := client.get(f"{ROOT}/sets/pilot").json())["samples"] < 2:
        assert time.monotonic() < deadline
    assert told["tasks"]["make"]["state"] == "running"
    again = client.post(f"{ROOT}/sets", json=order(client, studio, variations=10))
    assert again.status_code == 503
    assert client.delete(f"{ROOT}/sets/pilot").status_code == 503, "a set that is being made stays"
    client.post(f"{ROOT}/sets/pilot/stop/make")
    told = rest(client)
    assert told["tasks"]["make"]["state"] == "cancelled"
    assert 2 <= told["samples"] < 20
    studio.engine.sets.seconds = 0.0
    assert client.post(f"{ROOT}/sets/pilot/continue", json={"workers": 2}).status_code == 200
    told = rest(client)
    assert told["samples"] == 20
    studio.engine.sets.version = "2"
    assert "this version" in client.post(f"{ROOT}/sets/pilot/continue", json={"workers": 1}).json()["detail"]
    assert client.delete(f"{ROOT}/sets/pilot").json() == {}
    assert client.get(f"{ROOT}/sets/pilot").status_code == 422


def test_a_run_that_fails_says_why(client: TestClient, studio: Studio) -> None:
    studio.engine.sets.failure = DataError(expected="room", got="a full disk", remedy="make some")
    told = made(client, studio)
    assert told["tasks"]["make"]["message"] == "expected room, got a full disk; make some"


def test_label_maps_come_from_files_archives_templates_and_kept_views(
    client: TestClient, studio: Studio, tmp_path: Path
) -> None:
    write_label_map(tmp_path / "heart_4CH_ED.png", heart())
    data = (tmp_path / "heart_4CH_ED.png").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../escape_2CH_ES.png", data)
        archive.writestr("__MACOSX/._x.png", b"no")
        archive.writestr("notes.txt", b"no")
    send = f"{ROOT}/maps"
    assert client.post(send, content=data, headers={"X-File-Name": "a_4CH_ED.png"}).json()["taken"] == 1
    assert client.post(send, content=data, headers={"X-File-Name": "..%2Fa_4CH_ED.png"}).json()["taken"] == 1
    told = client.post(send, content=packed.getvalue(), headers={"X-File-Name": "maps.zip"}).json()
    assert told["names"] == ["a_4CH_ED-2.png", "a_4CH_ED.png", "escape_2CH_ES.png"]
    assert client.get(send).json() == told["names"]
    for name, body in (("x.exe", b"MZ"), ("broken.zip", b"PK"), ("empty.zip", _empty_zip())):
        assert client.post(send, content=body, headers={"X-File-Name": name}).status_code == 422
    assert client.post(f"{ROOT}/plan", json=order(client, studio, maps="files")).json()["label_maps"] == 3
    assert (
        client.post(f"{ROOT}/plan", json=order(client, studio, maps="files", map_view="2CH")).json()["label_maps"] == 1
    )
    assert client.delete(send).json() == {}
    assert "choose files" in client.post(f"{ROOT}/plan", json=order(client, studio, maps="files")).json()["detail"]
    bundled = client.post(f"{ROOT}/plan", json=order(client, studio, maps="bundled", map_view="4CH")).json()
    assert bundled["label_maps"] >= 4
    assert client.post(f"{ROOT}/plan", json=order(client, studio, maps="slots")).status_code == 422
    session = session_of(client, studio)
    session.project.set_slot("2CH-ES", heart())
    assert client.post(f"{ROOT}/plan", json=order(client, studio, maps="slots")).json()["label_maps"] == 1


def _empty_zip() -> bytes:
    packed = io.BytesIO()
    zipfile.ZipFile(packed, "w").close()
    return packed.getvalue()


WRONG: tuple[dict[str, Any], ...] = (
    {"name": "../escape"},
    {"name": ""},
    {"maps": "/etc"},
    {"maps": None},
    {"revision": 99},
    {"view": "3CH"},
    {"map_view": "3CH", "maps": "bundled"},
    {"generators": "edm-l64"},
    {"generators": ["nothing"]},
    {"generators": [1]},
    {"nfe": ["10"]},
    {"variations": "3"},
    {"variations": True},
    {"variations": -1},
    {"variations": 9999, "seeds": 9999},
    {"seed": 2**60},
    {"ranges": {"rotation_deg": 5}},
    {"ranges": {"colour": [5]}},
    {"defects": {"septal": "often"}},
    {"defects": {"septal": 2}},
    {"defects": {"a\nb" * 1000: "often"}},
    {"defects": ["septal"]},
    {"ef": [25]},
    {"ef": [65, 25]},
    {"workers": 0},
    {"workers": 99},
)


def test_what_no_set_can_be_made_of_is_refused_in_words(client: TestClient, studio: Studio) -> None:
    for changes in WRONG:
        for path in ("plan", "sets"):
            reply = client.post(f"{ROOT}/{path}", json=order(client, studio, **changes))
            assert reply.status_code == 422, changes
            assert reply.json()["detail"].startswith("expected ")
            assert len(reply.json()["detail"].splitlines()) == 1
    assert client.get(ROOT).json()["sets"] == []


def test_no_name_leads_out_of_the_users_folder(client: TestClient, studio: Studio) -> None:
    for name in FORGED:
        for method, path in (
            *(("get", f"sets/{name}"), ("delete", f"sets/{name}"), ("get", f"exports/{name}")),
            *(("post", f"sets/{name}/undo"), ("post", f"sets/{name}/measure")),
        ):
            assert client.request(method, f"{ROOT}/{path}").status_code in (404, 405, 422), name
    assert client.get(f"{ROOT}/sets/nobody").status_code == 422


def test_numbers_that_are_none_are_refused(client: TestClient, studio: Studio) -> None:
    made(client, studio, variations=0, seeds=1)
    for wrong in ([-1], ["0"], [True], [1.5], [2**40], "all", None):
        for path in ("samples", "thumbnails", "decide", "tag"):
            body = {"numbers": wrong, "verdict": "keep", "tag": "x"}
            assert client.post(f"{ROOT}/sets/pilot/{path}", json=body).status_code == 422, wrong
    assert client.post(f"{ROOT}/sets/pilot/samples", json={"numbers": list(range(201))}).status_code == 422


def test_another_user_sees_none_of_it_and_no_route_opens_without_a_token(client: TestClient, studio: Studio) -> None:
    made(client, studio, variations=0)
    stranger = studio.open_session("new", "eve")
    foreign = {HEADER: stranger.token}
    assert stranger.folder != session_of(client, studio).folder
    paths = ("", "/sets/pilot", "/sets/pilot/samples/0/frame", "/maps", "/exports/x")
    for path in paths:
        assert client.get(f"{ROOT}{path}", headers={HEADER: "forged"}).status_code == 401
        assert client.get(f"{ROOT}{path}", headers=foreign).status_code == 401, "a token opens for its user alone"


def test_a_privacy_report_fills_the_distance_to_training_images(client: TestClient, studio: Studio) -> None:
    made(client, studio)
    frames = [
        {"name": "s0000001/frame", "grain": 0.3, "flags": []},
        {"name": "s0000002/frame", "grain": 0.9, "flags": ["grain"]},
        {"name": "maps/canvas", "grain": 0.1, "flags": []},
    ]
    at = f"{ROOT}/sets/pilot"
    assert client.post(f"{at}/privacy", json={"frames": frames}).json() == {"samples": 2}
    assert numbers(client, flagged=True) == [2]
    assert numbers(client, ranges={"privacy": [0.5, None]}) == [1]
    for wrong in ({}, {"frames": [{"name": 7}]}, {"frames": [{"name": "x", "grain": "?"}]}, {"frames": frames[2:]}):
        assert client.post(f"{at}/privacy", json=wrong).status_code == 422
    assert json.loads(client.get(at).text)["flagged"] == 1
