"""Comparisons over HTTP: what a page asks for, what it is told, what it may fetch."""

import io
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import RequestError
from echo_studio.studio.jobs.service import KINDS
from echo_studio.studio.studio import Studio
from echo_studio.web.routes import add_studio_routes
from tests.studio.fakes import FakeEngine, blank, fake_studio, frame_request, heart, speckle

HEADER = "X-Studio-Session"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = fake_studio(FakeEngine(), tmp_path_factory.mktemp("projects"))
    yield studio
    studio.close()


@pytest.fixture
def engine(studio: Studio) -> Any:
    studio.engine.seconds_per_nfe, studio.engine.failure = 0.0, None
    return studio.engine


@pytest.fixture(scope="module")
def pages(studio: Studio) -> TestClient:
    app = FastAPI()
    add_studio_routes(app, studio)
    return TestClient(app)


@pytest.fixture
def client(pages: TestClient, studio: Studio, engine: FakeEngine) -> TestClient:
    """A page with a project of its own."""
    pages.headers[HEADER] = studio.open_session("new").token
    return pages


def order(client: TestClient, studio: Studio, **changes: Any) -> dict[str, Any]:
    session = studio.sessions.get(client.headers[HEADER])
    return {
        "rows": {"name": "generator", "values": ["edm-l64", "vp-256"]},
        "columns": {"name": "nfe", "values": ["1", "2"]},
        "fixed": {"seed": str(2**60), "solver": "", "guidance": ""},
        "maps": [{"kind": "canvas", "name": ""}],
        "revision": session.revision,
        "view": "4CH",
        "phase": "ED",
        **changes,
    }


def finished(client: TestClient, told: dict[str, Any], reference: int = 0) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while told["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        told = client.get(f"/studio/comparisons/{told['comparison']}?reference={reference}").json()
        time.sleep(0.01)
    return told


def test_cells_come_with_settings_figures_and_frames(client: TestClient, studio: Studio) -> None:
    assert client.get("/studio/comparisons").json() == {}
    told = finished(client, client.post("/studio/comparisons", json=order(client, studio)).json())
    assert told["state"] == "done"
    assert told["columns"] == {"name": "nfe", "title": "NFE", "values": ["1", "2"], "headings": ["NFE 1", "NFE 2"]}
    cell = told["cells"][3]
    assert (cell["row"], cell["column"], cell["state"]) == (1, 1, "done")
    assert cell["settings"] == {
        **{"label_map": "Canvas", "view": "4CH", "phase": "ED", "generator": "vp-256", "solver": "heun"},
        **{"schedule": "", "nfe": 2, "seed": str(2**60), "guidance": 0.0},
    }
    assert cell["figures"]["lv_endo"] is None, "a new project begins with an empty sector"
    assert told["cells"][0]["figures"]["rmse"] == 0
    frame = client.get(f"/studio/comparisons/{told['comparison']}/cells/3/frame")
    image = Image.open(io.BytesIO(frame.content))
    request = frame_request(blank(), "4CH", "ED", "vp-256", "heun", 2, 2**60)
    assert np.array_equal(np.asarray(image), speckle(request, 1.0))
    assert image.info["Comment"] == NOTICE
    assert client.get("/studio/comparisons").json()["comparison"] == told["comparison"], "a reload finds it again"


def test_label_maps_are_templates_and_kept_maps_with_their_view_and_phase(client: TestClient, studio: Studio) -> None:
    studio.sessions.get(client.headers[HEADER]).project.set_slot("2CH-ES", heart())
    maps = [{"kind": "template", "name": "4ch-ed"}, {"kind": "slot", "name": "2CH-ES"}, {"kind": "canvas", "name": ""}]
    wanted = order(client, studio, rows={"name": "label_map", "values": []}, maps=maps)
    wanted["fixed"]["generator"] = "edm-l64"
    told = finished(client, client.post("/studio/comparisons", json=wanted).json())
    names = ["Apical four-chamber, end diastole", "Kept 2CH-ES", "Canvas"]
    assert told["rows"]["headings"] == names
    assert [(cell["settings"]["view"], cell["settings"]["phase"]) for cell in told["cells"][::2]] == [
        *(("4CH", "ED"), ("2CH", "ES"), ("4CH", "ED"))
    ]
    kept = client.get(f"/studio/comparisons/{told['comparison']}/cells/2/label-map")
    assert kept.content[: heart().ids.size] == heart().ids.tobytes()


def test_a_reference_changes_the_rmse_and_the_files(client: TestClient, studio: Studio) -> None:
    wanted = order(client, studio, columns={"name": "seed", "values": ["1", "2"]}, fixed={"nfe": "1"})
    told = finished(client, client.post("/studio/comparisons", json=wanted).json())
    path = f"/studio/comparisons/{told['comparison']}"
    moved = client.get(f"{path}?reference=1").json()
    assert [cell["figures"]["rmse"] for cell in moved["cells"]][1] == 0
    assert moved["cells"][0]["figures"]["rmse"] > 0
    assert client.get(f"{path}?reference=9").status_code == 422
    table = client.get(f"{path}/download/figures.csv?reference=1")
    assert "echo-comparison-figures.csv" in table.headers["Content-Disposition"]
    assert ",yes," in table.text.splitlines()[2]
    assert Image.open(io.BytesIO(client.get(f"{path}/download/sheet.png").content)).info["Comment"] == NOTICE
    packed = zipfile.ZipFile(io.BytesIO(client.get(f"{path}/download/all.zip").content))
    assert {"sheet.png", "figures.csv", "r1c2-edm-l64-seed2.json"} <= set(packed.namelist())
    assert client.get(f"{path}/download/passwd").status_code == 404


def test_a_cell_that_fails_says_why(client: TestClient, studio: Studio, engine: FakeEngine) -> None:
    engine.failure = RequestError(expected="label dropout", got="none", remedy="ask for guidance 0")
    told = finished(client, client.post("/studio/comparisons", json=order(client, studio)).json())
    assert told["state"] == "done"
    assert {cell["message"] for cell in told["cells"]} == {str(engine.failure)}
    path = f"/studio/comparisons/{told['comparison']}"
    assert client.get(f"{path}/cells/0/frame").status_code == 409
    assert client.get(f"{path}/cells/4/frame").status_code == 404


def test_cancel_stops_every_cell_and_a_newer_comparison_replaces_the_older(
    client: TestClient, studio: Studio, engine: FakeEngine
) -> None:
    engine.seconds_per_nfe = 0.01
    wanted = order(client, studio, columns={"name": "nfe", "values": ["1000"]})
    told = client.post("/studio/comparisons", json=wanted).json()
    client.post(f"/studio/comparisons/{told['comparison']}/cancel")
    ended = finished(client, told)
    assert (ended["state"], {cell["state"] for cell in ended["cells"]}) == ("cancelled", {"cancelled"})
    first = client.post("/studio/comparisons", json=wanted).json()
    second = client.post("/studio/comparisons", json=order(client, studio)).json()
    assert client.get(f"/studio/comparisons/{first['comparison']}").status_code == 404
    assert finished(client, second)["state"] == "done"


def test_a_comparison_whose_pages_are_all_closed_stops_after_a_while(
    client: TestClient, studio: Studio, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.seconds_per_nfe = 0.01
    wanted = order(client, studio, columns={"name": "nfe", "values": ["1000"]})
    session = studio.sessions.get(client.headers[HEADER])
    client.post("/studio/comparisons", json=wanted)
    studio.sessions.close(session.token)
    client.headers[HEADER] = studio.open_session(session.project.id).token  # a reload
    told = client.get("/studio/comparisons").json()
    assert told["state"] == "running"
    assert told["order"] == wanted
    monkeypatch.setattr("echo_studio.studio.jobs.job.ALONE_SECONDS", 0.0)
    job = studio.comparisons.current(session)
    studio.sessions.close(client.headers[HEADER])
    deadline = time.monotonic() + 120
    while not job.progress().ended:
        assert time.monotonic() < deadline
    assert job.progress().state == "cancelled"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rows": {"name": "size", "values": ["1"]}}, "row or column"),
        ({"rows": None}, "JSON object"),
        ({"rows": {"name": "seed", "values": "1"}}, "a list"),
        ({"columns": {"name": "nfe", "values": [str(k) for k in range(1, 34)]}}, "at most 64 cells"),
        ({"columns": {"name": "seed", "values": ["1"]}}, "values of seed in one place"),
        ({"columns": {"name": "nfe", "values": ["x"]}}, "'x'"),
        ({"maps": []}, "a label map"),
        ({"maps": [{"kind": "slot", "name": "4CH-ED"}]}, "kept label map"),
        ({"maps": [{"kind": "file", "name": "/etc/passwd"}]}, "canvas, template or slot"),
        ({"revision": 99}, "press Run again"),
        ({"revision": "x"}, "a whole number as revision"),
        ({"fixed": {"seed": "-1"}}, "a seed from 0"),
        ({"fixed": ["seed"]}, "JSON object"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(
    changes: dict[str, Any], says: str, client: TestClient, studio: Studio
) -> None:
    reply = client.post("/studio/comparisons", json=order(client, studio, **changes))
    assert reply.status_code == 422
    assert says in reply.json()["detail"]


def test_no_route_opens_without_a_token_nor_for_another_project(client: TestClient, studio: Studio) -> None:
    told = finished(client, client.post("/studio/comparisons", json=order(client, studio)).json())
    paths = ["", f"/{told['comparison']}", f"/{told['comparison']}/cells/0/frame"]
    for path in paths:
        assert client.get(f"/studio/comparisons{path}", headers={HEADER: "wrong"}).status_code == 401
    stranger = {HEADER: studio.open_session("new").token}
    assert client.get("/studio/comparisons", headers=stranger).json() == {}
    for path in paths[1:]:
        assert client.get(f"/studio/comparisons{path}", headers=stranger).status_code == 404


def test_many_projects_keep_only_their_newest_comparisons(client: TestClient, studio: Studio) -> None:
    kept, tokens = KINDS["comparison"].max_kept, []
    for _ in range(kept + 1):
        client.headers[HEADER] = studio.open_session("new").token
        tokens.append(client.headers[HEADER])
        finished(client, client.post("/studio/comparisons", json=order(client, studio)).json())
    found = [client.get("/studio/comparisons", headers={HEADER: token}).json() != {} for token in tokens]
    assert found == [False] + [True] * kept
