"""Videos over HTTP: the label cycle that is shaped, one job a project, what a page may fetch, what it is refused."""

import hashlib
import io
import json
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import Motion, end_systole
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import CheckpointError
from echo_studio.studio.jobs.service import KINDS
from echo_studio.studio.studio import Studio
from echo_studio.web.routes import add_studio_routes
from tests.studio.fake_videos import FakeVideos, speckled
from tests.studio.fakes import FakeEngine, blank, fake_studio, heart

HEADER = "X-Studio-Session"
SMALL = heart().resized(96, 96)
SETTINGS: dict[str, Any] = {
    "view": "4CH",
    "motion": {"ef": 40},
    "frames": 6,
    "generator": "video-spade",
    "solver": "heun",
    "nfe": 2,
    "guidance": 0,
    "start_step": 0,
    "seed": str(2**60),
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = fake_studio(FakeEngine(), tmp_path_factory.mktemp("projects"))
    yield studio
    studio.close()


@pytest.fixture
def engine(studio: Studio) -> Iterator[FakeVideos]:
    videos = studio.engine.videos
    videos.gate, videos.failure, videos.evaluations = None, None, 0
    yield videos
    if videos.gate is not None:
        videos.gate.release(1000)


@pytest.fixture(scope="module")
def pages(studio: Studio) -> TestClient:
    app = FastAPI()
    add_studio_routes(app, studio)
    return TestClient(app)


@pytest.fixture
def client(pages: TestClient, studio: Studio, engine: FakeVideos) -> TestClient:
    """A page with a project of its own."""
    pages.headers[HEADER] = studio.open_session("new").token
    return pages


def post(client: TestClient, path: str = "", es: LabelMap | None = None, ed: LabelMap = SMALL, **changes: Any) -> Any:
    height, width = ed.shape
    query: dict[str, Any] = {"width": width, "height": height, "spacing": "1.3,1.3"}
    if es is not None:
        query |= {"es_height": es.shape[0], "es_width": es.shape[1]}
    body = ed.ids.tobytes() + (es.ids.tobytes() if es else b"") + json.dumps({**SETTINGS, **changes}).encode()
    return client.post(f"/studio/videos{path}", params=query, content=body)


def until_ended(client: TestClient, told: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while told["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        told = client.get(f"/studio/videos/{told['video']}").json()
        time.sleep(0.01)
    return told


def unpacked(content: bytes) -> tuple[dict[str, Any], np.ndarray]:
    """The header, and uint8 (parts · t, h, w)."""
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    pixels = np.frombuffer(content, np.uint8, offset=4 + length)
    return header, pixels.reshape(-1, header["height"], header["width"])


def test_the_label_cycle_is_told_with_volumes_and_ef(client: TestClient) -> None:
    header, ids = unpacked(post(client, "/cycle").content)
    assert (header["frames"], len(ids), header["unit"]) == (6, 6, "mL")
    assert np.argmin(header["volumes"]) == header["es"]
    assert np.argmax(header["volumes"]) == 0
    _, calm = unpacked(post(client, "/cycle", motion={"ef": 20}).content)
    assert np.sum(ids[header["es"]] == 1) < np.sum(calm[header["es"]] == 1)
    drawn = end_systole(SMALL, Motion(ef=60), "4CH")
    _, by_hand = unpacked(post(client, "/cycle", es=drawn).content)
    assert np.mean(by_hand[header["es"]] == drawn.ids) > 0.97


def test_a_video_comes_with_its_frames_labels_and_files(client: TestClient, studio: Studio) -> None:
    assert client.get("/studio/videos").json() == {}
    told = until_ended(client, post(client).json())
    assert (told["state"], told["nfe_run"]) == ("done", 2)
    path = f"/studio/videos/{told['video']}"
    header, both = unpacked(client.get(f"{path}/clip").content)
    clip, ids = np.split(both, 2)
    assert header["notice"] == NOTICE
    assert header["ef"] == pytest.approx(told["ef_drawn"])
    video = studio.videos.find(studio.sessions.get(client.headers[HEADER]), told["video"]).outcome
    assert np.array_equal(clip, speckled(video.generated.cycle, 2**60))
    assert np.array_equal(ids, video.generated.cycle.ids)
    preview = client.get(f"{path}/preview")
    assert preview.headers["X-Spacing"] == header["spacing"] != ""
    middle = Image.open(io.BytesIO(preview.content))
    assert np.array_equal(np.asarray(middle), clip[3])
    assert middle.info["Comment"] == NOTICE
    reply = client.get(f"{path}/download/png")
    assert f"echo-video-video-spade-seed{2**60}-png.zip" in reply.headers["Content-Disposition"]
    packed = zipfile.ZipFile(io.BytesIO(reply.content))
    first = next(name for name in packed.namelist() if name.endswith(".png"))
    assert Image.open(packed.open(first)).size == (96, 96)
    assert video.record()["measured"]["clip_sha256"] == hashlib.sha256(clip.tobytes()).hexdigest()
    assert client.get(f"{path}/download/passwd").status_code == 404


def test_a_reload_finds_the_video_its_order_and_its_keyframes(client: TestClient, studio: Studio) -> None:
    drawn = end_systole(SMALL, Motion(ef=60), "4CH")
    told = until_ended(client, post(client, es=drawn).json())
    session = studio.sessions.get(client.headers[HEADER])
    client.headers[HEADER] = studio.open_session(session.project.id).token
    again = client.get("/studio/videos").json()
    assert (again["video"], again["order"]) == (told["video"], SETTINGS)
    path = f"/studio/videos/{told['video']}"
    assert client.get(f"{path}/end-diastole").content == SMALL.ids.tobytes()
    assert client.get(f"{path}/end-systole").content == drawn.ids.tobytes()
    shaped = until_ended(client, post(client).json())
    assert client.get(f"/studio/videos/{shaped['video']}/end-systole").status_code == 404


def test_the_ventricle_is_measured_once(client: TestClient, engine: FakeVideos) -> None:
    told = until_ended(client, post(client).json())
    engine.measured = 0
    replies = [client.get(f"/studio/videos/{told['video']}/curve").json() for _ in range(2)]
    assert replies[0] == replies[1]
    assert len(replies[0]["areas_px"]) == 6
    assert engine.measured == 1


def test_cancel_stops_between_two_nfe_and_the_video_before_it_stays(client: TestClient, engine: FakeVideos) -> None:
    first = until_ended(client, post(client).json())
    engine.gate = threading.Semaphore(1)
    engine.evaluations = 0
    told = post(client, nfe=50).json()
    while told["nfe"] < 1:
        told = client.get(f"/studio/videos/{told['video']}").json()
        time.sleep(0.01)
    stopping = client.post(f"/studio/videos/{told['video']}/cancel").json()
    assert stopping["stopping"]
    engine.gate.release()
    ended = until_ended(client, stopping)
    assert (ended["state"], engine.evaluations) == ("cancelled", 2), "the NFE under way was the last one"
    assert client.get(f"/studio/videos/{told['video']}/clip").status_code == 409
    assert client.get("/studio/videos").json()["video"] == first["video"]
    assert client.get(f"/studio/videos/{first['video']}/clip").status_code == 200


def test_a_newer_video_cancels_the_older_one(client: TestClient, studio: Studio, engine: FakeVideos) -> None:
    engine.gate = threading.Semaphore(0)
    older = post(client, nfe=50).json()
    session = studio.sessions.get(client.headers[HEADER])
    job = studio.videos.newest(session)
    newer = post(client, nfe=1).json()
    assert job.progress().stopping or job.progress().ended
    engine.gate.release(1000)
    assert until_ended(client, newer)["state"] == "done"
    assert job.progress().state == "cancelled"
    told = client.get(f"/studio/videos/{older['video']}").json()
    assert (told["video"], told["state"]) == (older["video"], "cancelled"), "its page may just be asking"


def test_a_starting_frame_is_there_for_generators_with_a_start_step_alone(client: TestClient) -> None:
    reply = post(client, "/starting-frame", generator="free-echo", start_step=35)
    assert Image.open(io.BytesIO(reply.content)).size == (96, 96)
    refused = post(client, "/starting-frame")
    assert refused.status_code == 422
    assert "a start step" in refused.json()["detail"]


def test_a_video_that_fails_tells_why(client: TestClient, engine: FakeVideos) -> None:
    engine.failure = CheckpointError(expected="weights", got="none", remedy="import them")
    told = until_ended(client, post(client).json())
    assert (told["state"], told["message"]) == ("failed", str(engine.failure))


def test_a_video_whose_pages_are_all_closed_stops_after_a_while(
    client: TestClient, studio: Studio, engine: FakeVideos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("echo_studio.studio.jobs.job.ALONE_SECONDS", -1.0)
    engine.gate = threading.Semaphore(0)
    session = studio.sessions.get(client.headers[HEADER])
    post(client, nfe=50)
    job = studio.videos.newest(session)
    studio.sessions.close(session.token)
    engine.gate.release(1000)
    deadline = time.monotonic() + 120
    while not job.progress().ended:
        assert time.monotonic() < deadline
    assert job.progress().state == "cancelled"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"frames": 0}, "frames from 2 to 64"),
        ({"frames": 1}, "frames from 2 to 64"),
        ({"frames": 100_000}, "frames from 2 to 64"),
        ({"frames": ""}, "an empty field"),
        ({"nfe": "x"}, "a whole number as NFE, got 'x'"),
        ({"nfe": 2.5}, "a whole number as NFE, got 2.5"),
        ({"seed": True}, "a number as seed, got True"),
        ({"guidance": "nan"}, "a number as guidance"),
        ({"motion": {"ef": 0}}, "ef from 5 to 85"),
        ({"motion": {"ef": "40"}}, "ef from 5 to 85"),
        ({"motion": {"speed": 1}}, "speed"),
        ({"motion": None}, "a JSON object as motion"),
        ({"motion": {"regional": [{"segment": "tail", "kind": "akinetic"}]}}, "wall segment"),
        ({"motion": {"ef": 120}}, "ef from 5 to 85"),
        ({"generator": "video-x"}, "video generator"),
        ({"view": "PLAX"}, "view"),
        ({"nfe": 0}, "an NFE from 1"),
        ({"seed": "-"}, "'-'"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(changes: dict[str, Any], says: str, client: TestClient) -> None:
    reply = post(client, **changes)
    assert reply.status_code == 422
    assert says in reply.json()["detail"]
    assert "\n" not in reply.json()["detail"]


def test_keyframes_that_do_not_fit_are_refused_and_a_sector_alone_stands_still(client: TestClient) -> None:
    tall = LabelMap(SMALL.ids[:80], SMALL.spacing_mm)
    contracted = end_systole(SMALL, Motion(ef=50), "4CH")
    for reply in (post(client, "/cycle", es=tall), post(client, "/cycle", ed=contracted, es=SMALL)):
        assert reply.status_code == 422
        assert "\n" not in reply.json()["detail"]
    header, ids = unpacked(post(client, "/cycle", ed=blank().resized(64, 64)).content)
    assert (header["ef"], set(header["volumes"])) == (None, {None})
    assert all(np.array_equal(one, ids[0]) for one in ids)


def test_bodies_are_bounded(client: TestClient) -> None:
    query = {"width": 96, "height": 96}
    size = SMALL.ids.size
    assert client.post("/studio/videos", params=query, content=b"\0" * (size - 1)).status_code == 422
    assert client.post("/studio/videos", params=query, content=b"\0" * (size + 20_000)).status_code == 413
    assert client.post("/studio/videos", params=query, content=b"\0" * size + b"[1]").status_code == 422
    assert client.post("/studio/videos", params=query, content=b"\x09" * size + b"{}").status_code == 422
    assert client.post("/studio/videos", params={**query, "es_width": 5}, content=b"").status_code == 422
    assert client.post("/studio/videos", params={**query, "es_width": -5}, content=b"").status_code == 422
    assert client.post("/studio/videos", params={"width": 99_999, "height": 96}, content=b"").status_code == 422


def test_no_route_opens_without_a_token_nor_for_another_project(client: TestClient, studio: Studio) -> None:
    told = until_ended(client, post(client).json())
    paths = ["", "/catalog", *(f"/{told['video']}{part}" for part in ("", "/clip", "/curve", "/download/gif"))]
    for path in paths:
        assert client.get(f"/studio/videos{path}", headers={HEADER: "wrong"}).status_code == 401
    for path in ("", "/cycle", "/starting-frame", f"/{told['video']}/cancel"):
        assert client.post(f"/studio/videos{path}", headers={HEADER: "wrong"}).status_code == 401
    stranger = {HEADER: studio.open_session("new").token}
    for path in paths[2:]:
        assert client.get(f"/studio/videos{path}", headers=stranger).status_code == 404


def test_many_projects_keep_only_their_newest_videos(client: TestClient, studio: Studio) -> None:
    max_kept = KINDS["video"].max_kept
    tokens = []
    for _ in range(max_kept + 1):
        client.headers[HEADER] = studio.open_session("new").token
        tokens.append(client.headers[HEADER])
        until_ended(client, post(client, nfe=1).json())
    kept = [client.get("/studio/videos", headers={HEADER: token}).json() != {} for token in tokens]
    assert kept == [False] + [True] * max_kept


def test_frames_that_are_ready_come_while_the_others_are_made(client: TestClient, engine: FakeVideos) -> None:
    engine.gate = threading.Semaphore(1)
    path = f"/studio/videos/{post(client, generator='beat-tiny').json()['video']}"
    deadline = time.monotonic() + 60
    while client.get(path).json()["parts"] < 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    header, frames = unpacked(client.get(f"{path}/frames").content)
    assert (header["parts"], header["places"], header["frames"], header["es"]) == (1, [0, 2, 4], 6, 2)
    header, none = unpacked(client.get(f"{path}/frames?since=1").content)
    assert (header["places"], len(none)) == ([], 0)
    engine.gate.release(10)
    assert until_ended(client, client.get(path).json())["state"] == "done"
    _, both = unpacked(client.get(f"{path}/clip").content)
    assert np.array_equal(frames, both[[0, 2, 4]])
    assert unpacked(client.get(f"{path}/frames").content)[0]["parts"] == 0, "the clip has them all"


def test_the_heart_that_is_drawn_beats_beside_the_video(client: TestClient) -> None:
    video = until_ended(client, post(client).json())
    path = "/studio/videos"
    body = {"width": 96, "height": 96, "spacing": "1.3,1.3", "drawn": "true"}
    content = SMALL.ids.tobytes() + json.dumps({**SETTINGS, "generator": "beat-tiny"}).encode()
    drawn = until_ended(client, client.post(path, params=body, content=content).json())
    assert (drawn["state"], drawn["kind"]) == ("done", "beat")
    assert client.get(path).json()["video"] == video["video"], "the Video tab keeps its own"
    assert client.get(f"{path}/{drawn['video']}/clip").status_code == 200


def test_the_catalog_tells_what_can_be_chosen(client: TestClient) -> None:
    told = client.get("/studio/videos/catalog").json()
    assert [entry["name"] for entry in told["generators"]] == ["video-spade", "beat-tiny", "free-echo"]
    assert told["limits"]["ef"] == [5, 85]
    assert [motion["ef"] for motion in told["usual"]] == list(range(5, 86))
    assert told["frames"] == [2, 64]
    assert "apex" in told["segments"]["2CH"]
    assert {one["name"] for one in told["formats"]} >= {"mp4", "gif", "png", "nifti", "dicom"}
