"""A real frame that is edited: in memory alone, of one page, marked wherever its result goes."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.cycle import label_cycle
from echo_studio.anatomy.motion.motion import Motion, end_systole, usual_motion
from echo_studio.anatomy.shape.sliders import Shape, reshape
from echo_studio.data.clips.export import Clip, write_clip
from echo_studio.studio.projects import NEW
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.web.routes import add_studio_routes
from tests.studio.fakes import FakeEngine, fake_studio, heart
from tests.web.test_routes import SETTINGS, put

NOTICE = "edited real frame: personal data, not for diagnosis"


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(seconds_per_nfe=0.001)


@pytest.fixture
def studio(engine: FakeEngine) -> Iterator[Studio]:
    studio = fake_studio(engine)
    yield studio
    studio.close()


@pytest.fixture
def app(studio: Studio) -> FastAPI:
    app = FastAPI()
    add_studio_routes(app, studio)
    return app


@pytest.fixture
def session(studio: Studio) -> Session:
    return studio.open_session(NEW)


@pytest.fixture
def page(app: FastAPI, session: Session) -> TestClient:
    """A page that has opened a real frame, its labels on the canvas."""
    page = TestClient(app, headers={"X-Studio-Session": session.token})
    picture = io.BytesIO()
    grey = np.array([0, 20, 150, 25, 60], np.uint8)[heart().ids]
    grain = np.random.default_rng(0).integers(0, 16, grey.shape).astype(np.uint8)
    Image.fromarray(np.where(grey > 0, grey + grain, 0).astype(np.uint8)).save(picture, "PNG")
    assert (
        page.post("/studio/open", content=picture.getvalue(), headers={"X-File-Name": "Smith.png"}).status_code == 200
    )
    labels = page.get("/studio/recording/0/label-map")
    assert labels.status_code == 200
    ids = np.frombuffer(labels.content[: 256 * 256], np.uint8).reshape(256, 256)
    assert put(page, ids)[0] == 200
    return page


def job(page: TestClient, revision: int = 1, **source: object) -> dict[str, object]:
    """The last progress of a job with the real frame as its source."""
    reply = page.post("/studio/jobs", json={**SETTINGS, "revision": revision, "source": source})
    progress = reply.json()
    assert reply.status_code == 200, progress
    while progress["state"] in ("waiting", "running"):
        time.sleep(0.01)
        progress = page.get(f"/studio/jobs/{progress['job']}").json()
    return dict(progress)


def test_an_edited_frame_is_marked_on_the_page_and_in_every_file(page: TestClient) -> None:
    done = job(page, keep=0.75)
    assert (done["state"], done["edited"]) == ("done", True)
    picture = Image.open(io.BytesIO(page.get(f"/studio/jobs/{done['job']}/frame").content))
    assert picture.info["Comment"] == NOTICE
    reply = page.get(f"/studio/jobs/{done['job']}/download/all.zip")
    assert "edited-real-frame" in reply.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        record = json.loads(archive.read("record.json"))
        written = Image.open(io.BytesIO(archive.read("frame.png")))
    assert (record["kind"], record["notice"], record["source"]["keep"]) == ("edited real frame", NOTICE, 0.75)
    assert NOTICE in written.info.values()


def test_nothing_of_it_reaches_the_project(page: TestClient, session: Session) -> None:
    done = job(page)
    assert session.project.results() == ()
    refused = page.post(f"/studio/jobs/{done['job']}/pin")
    assert refused.status_code == 422
    assert "personal data and is not kept with a project; download it" in refused.json()["detail"]
    assert not [
        path for path in Path(session.folder).rglob("*") if path.is_file() and b"edited real" in path.read_bytes()
    ]


def test_a_draft_is_marked_too(page: TestClient) -> None:
    settings = json.dumps({**SETTINGS, "nfe": 20, "source": {}}).encode()
    query = {"width": 256, "height": 256, "spacing": ""}
    reply = page.post("/studio/drafts", params=query, content=heart().ids.tobytes() + settings)
    assert reply.status_code == 200
    assert Image.open(io.BytesIO(reply.content)).info["Comment"] == NOTICE


def test_without_a_source_frames_stay_synthetic(page: TestClient, session: Session) -> None:
    reply = page.post("/studio/jobs", json={**SETTINGS, "revision": 1})
    while (progress := page.get(f"/studio/jobs/{reply.json()['job']}").json())["state"] != "done":
        time.sleep(0.01)
    assert progress["edited"] is False
    assert len(session.project.results()) == 1


def test_corrected_labels_become_those_of_the_frame(page: TestClient, session: Session) -> None:
    ids = session.label_map.ids.copy()
    ids[100:110, 120:130] = 2
    assert put(page, ids, revision=2, position=2)[0] == 200
    assert page.put("/studio/real-frame/label-map", json={"revision": 1}).status_code == 422
    assert page.put("/studio/real-frame/label-map", json={"revision": 2}).status_code == 200
    assert session.real_frame is not None
    assert np.array_equal(session.real_frame.label_map.ids, ids)


def test_a_frame_that_was_left_is_out_of_memory_and_asked_for_again(
    page: TestClient, engine: FakeEngine, session: Session
) -> None:
    job(page)
    assert page.delete("/studio/real-frame").status_code == 200
    assert len(engine.forgotten) == 1
    assert session.real_frame is None
    reply = page.post("/studio/jobs", json={**SETTINGS, "revision": 1, "source": {}})
    assert reply.status_code == 422
    assert reply.json()["detail"].endswith("got none in memory any more; open its file again")
    assert page.put("/studio/real-frame/label-map", json={"revision": 1}).status_code == 404


def test_a_page_that_closes_takes_its_frame_along(page: TestClient, engine: FakeEngine, studio: Studio) -> None:
    job(page)
    studio.sessions.close(page.headers["X-Studio-Session"])
    assert len(engine.forgotten) == 1


@pytest.mark.parametrize(
    ("source", "words"), [({"keep": 2}, "keep from 0 to 1, got 2"), ({"keep": "x"}, "keep"), (3, "source")]
)
def test_a_wrong_source_is_refused_in_one_line(page: TestClient, source: object, words: str) -> None:
    reply = page.post("/studio/jobs", json={**SETTINGS, "revision": 1, "source": source})
    assert reply.status_code == 422
    assert words in reply.json()["detail"]


def test_a_map_of_another_size_is_no_edit_of_it(page: TestClient) -> None:
    assert put(page, np.full((64, 64), 4, np.uint8), revision=2, position=2)[0] == 200
    reply = page.post("/studio/jobs", json={**SETTINGS, "revision": 2, "source": {}})
    assert reply.status_code == 422
    assert "an edited label map of the frame's size, 256x256, got 64x64" in reply.json()["detail"]


def test_a_real_frame_that_beats_is_of_this_page_alone_and_marked(
    page: TestClient, app: FastAPI, studio: Studio
) -> None:
    token = page.headers["X-Studio-Session"]
    mine = studio.sessions.known(token)
    assert mine is not None
    other = studio.open_session(mine.project.id)
    settings = {"view": "4CH", "frames": 4, "generator": "beat-tiny", "solver": "heun", "nfe": 2, "seed": 1}
    body = json.dumps({**settings, "motion": Motion().to_json(), "source": {"keep": 0.5}}).encode()
    query = {"width": 256, "height": 256, "spacing": ""}
    reply = page.post("/studio/videos", params=query, content=heart().ids.tobytes() + body)
    assert reply.status_code == 200, reply.text
    number = reply.json()["video"]
    while (progress := page.get(f"/studio/videos/{number}").json())["state"] in ("waiting", "running"):
        time.sleep(0.01)
    assert progress["state"] == "done"
    clip = page.get(f"/studio/videos/{number}/clip").content
    header = json.loads(clip[4 : 4 + int.from_bytes(clip[:4], "little")])
    assert header["notice"] == NOTICE
    stranger = TestClient(app, headers={"X-Studio-Session": other.token})
    assert stranger.get(f"/studio/videos/{number}").status_code == 404
    assert stranger.get("/studio/videos").json() == {}
    studio.sessions.close(token)
    assert studio.jobs.find("video", token, number) is None


FRAMES = 6


@pytest.fixture
def loop_page(app: FastAPI, session: Session, tmp_path: Path) -> TestClient:
    """A page that has opened a loop and edits its second frame, at end diastole."""
    page = TestClient(app, headers={"X-Studio-Session": session.token})
    motion = usual_motion(50)
    cycle = label_cycle(heart(), end_systole(heart(), motion), FRAMES, motion)
    ids = np.roll(cycle.ids, 1, axis=0)
    grain = np.random.default_rng(0).integers(0, 16, ids.shape).astype(np.uint8)
    grey = np.array([0, 20, 150, 60, 60], np.uint8)[ids]
    write_clip(
        tmp_path / "loop.nii.gz", Clip(np.where(grey > 0, grey + grain, 0).astype(np.uint8), 7.0, None, None, {})
    )
    sent = (tmp_path / "loop.nii.gz").read_bytes()
    opened = page.post("/studio/open", content=sent, headers={"X-File-Name": "loop.nii.gz"})
    assert opened.headers["X-Frames"] == str(FRAMES)
    labels = page.get("/studio/recording/1/label-map")
    assert put(page, labels_of(labels))[0] == 200
    return page


def labels_of(reply: httpx.Response) -> np.ndarray:
    height, width = heart().shape
    return np.frombuffer(reply.content[: height * width], np.uint8).reshape(height, width)


def test_the_recordings_own_beat_begins_at_the_edited_frame(loop_page: TestClient) -> None:
    beat = loop_page.post("/studio/recording/beat").json()
    assert beat["ef_percent"] == pytest.approx(50, abs=4)
    assert (beat["first"], beat["motion"]["ef"]) == (1, round(beat["ef_percent"]))
    assert len(beat["volumes"]) == beat["frames"] == FRAMES - 1


def posted(page: TestClient, ids: np.ndarray, **settings: object) -> httpx.Response:
    """A label cycle of the recording, with its own motion unless another one is given."""
    beat = page.post("/studio/recording/beat").json()
    body = {"view": "4CH", "motion": beat["motion"], "frames": beat["frames"], "source": {"every_frame": True}}
    height, width = ids.shape
    content = ids.tobytes() + json.dumps({**body, **settings}).encode()
    return page.post("/studio/videos/cycle", params={"width": width, "height": height, "spacing": ""}, content=content)


def test_the_label_cycle_follows_the_recording_or_the_motion_that_is_asked(loop_page: TestClient) -> None:
    own = labels_of(loop_page.get("/studio/recording/1/label-map"))
    recorded, asked = posted(loop_page, own), posted(loop_page, own, motion=usual_motion(20).to_json())
    assert recorded.status_code == asked.status_code == 200
    assert recorded.content != asked.content


def test_a_correction_is_carried_to_the_neighbours_on_both_sides(loop_page: TestClient) -> None:
    loop_page.post("/studio/recording/beat")
    before = [labels_of(loop_page.get(f"/studio/recording/{k}/label-map")) for k in range(1, FRAMES)]
    right = reshape(LabelMap(labels_of(loop_page.get("/studio/recording/3/label-map"))), Shape(lv_size=1.15)).ids
    assert put(loop_page, right, revision=2)[0] == 200
    assert loop_page.put("/studio/real-frame/label-map", json={"revision": 2}).status_code == 200
    after = [labels_of(loop_page.get(f"/studio/recording/{k}/label-map")) for k in range(1, FRAMES)]
    assert np.array_equal(after[2], right)
    for k in (1, 3):
        assert (after[k] == 1).sum() > (before[k] == 1).sum()
    assert np.array_equal(after[0], before[0])  # the frame that the person labelled first


def test_a_loop_is_forgotten_with_its_frame(loop_page: TestClient, session: Session, engine: FakeEngine) -> None:
    loop_page.post("/studio/recording/beat")
    assert session.real_loop is not None
    first = session.real_loop.source.sha256
    loop_page.get("/studio/recording/4/label-map")  # another frame of the same loop: it stays
    assert session.real_loop is not None
    assert first not in engine.forgotten
    assert loop_page.delete("/studio/real-frame").status_code == 200
    assert session.real_loop is None
    assert first in engine.forgotten
    assert loop_page.post("/studio/recording/beat").status_code == 422


def test_a_still_has_no_beat(page: TestClient) -> None:
    refused = page.post("/studio/recording/beat")
    assert refused.status_code == 422
    assert "2 to 64 frames" in refused.json()["detail"]
