"""The event stream: what a page hears of its jobs, when, and after a connection that broke."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.web.paths import PREFIX
from echo_studio.web.routes import add_studio_routes, events
from tests.browser.serving import serving, whole_app
from tests.studio.fakes import FakeEngine, fake_studio, heart

HEADER = "X-Studio-Session"
HEARTBEAT = 0.2
Event = tuple[str, str, Any]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    studio = fake_studio(FakeEngine(), tmp_path)
    yield studio
    studio.close()


@pytest.fixture
def at(studio: Studio) -> Iterator[str]:
    """Where the studio answers."""
    app = FastAPI()
    add_studio_routes(app, studio)
    app.state.end_streams = studio.jobs.close
    with serving(app) as address:
        yield address


@pytest.fixture
def engine(studio: Studio) -> Any:
    studio.engine.seconds_per_nfe = 0.0
    return studio.engine


@pytest.fixture
def session(studio: Studio, engine: FakeEngine) -> Session:
    session = studio.open_session("new")
    session.label_map = heart()
    return session


@contextmanager
def stream(at: str, session: Session, ids: str = "", path: str = f"{PREFIX}/events") -> Iterator[Iterator[Event]]:
    headers = {HEADER: session.token, "Last-Event-ID": ids}
    with httpx.stream("GET", f"{at}{path}", headers=headers, timeout=60) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert (reply.headers["cache-control"], reply.headers["x-accel-buffering"]) == ("no-store", "no")
        yield parsed(reply.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[Event]:
    """Name, id and data of each event; comments have their text as a name."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields.get("event", fields.get("", "")), fields.get("id", ""), json.loads(fields.get("data", "null"))
            fields = {}


def until(heard: Iterator[Event], wanted: Callable[[Any], bool]) -> list[Event]:
    """Events of jobs up to the first wanted one."""
    found: list[Event] = []
    for event in heard:
        if event[0] == "job":
            found.append(event)
            if wanted(event[2]):
                return found
    raise AssertionError(f"the stream ended after {found}")


def ended(state: Any) -> bool:
    return state["state"] not in ("waiting", "running")


def start(at: str, session: Session, nfe: int = 2) -> Any:
    body = {"revision": session.revision, "view": "4CH", "phase": "ED", "generator": "edm-l64", "solver": "heun"}
    return ask(at, session, "POST", "/jobs", json={**body, "nfe": nfe, "seed": 1})


def ask(at: str, session: Session, method: str, path: str, **wishes: Any) -> Any:
    reply = httpx.request(method, f"{at}{PREFIX}{path}", headers={HEADER: session.token}, timeout=60, **wishes)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_page_hears_of_its_jobs_first_what_there_is_then_each_change_in_order(at: str, session: Session) -> None:
    older = start(at, session)
    with stream(at, session) as heard:
        hello = next(heard)
        assert (hello[0], hello[2]["jobs"]) == ("hello", [older["number"]])
        assert hello[2]["last"] >= older["number"]
        until(heard, ended)
        newer = start(at, session)
        found = until(heard, lambda state: state["number"] == newer["number"] and ended(state))
    stamps = [state["stamp"] for _, _, state in found if state["number"] == newer["number"]]
    assert stamps == sorted(set(stamps))
    run = hello[2]["run"]
    assert [key for _, key, _ in found] == [f"{run}.{state['number']}.{state['stamp']}" for _, _, state in found]
    assert found[-1][2] == ask(at, session, "GET", f"/jobs/{newer['job']}"), "an event is the whole state"


def test_counts_come_ten_times_a_second_at_most_and_pictures_at_once(
    at: str, session: Session, engine: FakeEngine
) -> None:
    engine.seconds_per_nfe = 0.01
    with stream(at, session) as heard:
        job = start(at, session, 150)
        found = until(heard, ended)
    seconds = found[-1][2]["seconds"]
    # One each tenth of a second, one for each picture on the way (one in 0.3 s), and a few at the ends.
    assert len(found) <= seconds * (10 + 3.4) + 5, (len(found), seconds)
    assert len({state["preview"] for _, _, state in found}) > 1
    assert {state["number"] for _, _, state in found} == {job["number"]}


def test_a_page_that_comes_back_hears_what_is_newer_and_nothing_twice(
    at: str, session: Session, engine: FakeEngine
) -> None:
    engine.seconds_per_nfe = 0.02
    start(at, session, 60)
    with stream(at, session) as heard:
        first = until(heard, lambda state: state["nfe"] > 2)[-1]
    with stream(at, session, f"{first[1]}, nonsense") as heard:
        rest = until(heard, ended)
    assert rest[0][2]["stamp"] > first[2]["stamp"]
    reply = httpx.get(
        f"{at}{PREFIX}/events?once=true", headers={HEADER: session.token, "Last-Event-ID": rest[-1][1]}, timeout=60
    )
    assert [name for name, _, _ in parsed(iter(reply.text.split("\n")))] == ["hello"], "it has the end already"
    foreign = "0" + rest[-1][1]
    with stream(at, session, foreign) as heard:
        assert until(heard, ended)[0][2]["stamp"] == rest[-1][2]["stamp"], "stamps of another run say nothing"


def test_an_answer_to_once_comes_with_the_first_news_and_ends(at: str, session: Session, engine: FakeEngine) -> None:
    engine.seconds_per_nfe = 0.02
    state, ids, answers = start(at, session, 100), "", 0
    while not ended(state):
        headers = {HEADER: session.token, "Last-Event-ID": ids}
        reply = httpx.get(f"{at}{PREFIX}/events?once=true", headers=headers, timeout=60)
        found = [event for event in parsed(iter(reply.text.split("\n"))) if event[0] == "job"]
        if found:
            assert found[-1][2]["stamp"] > (0 if not ids else state["stamp"])
            (_, ids, state), answers = found[-1], answers + 1
    assert answers > 1
    assert state["state"] == "done"


def test_a_quiet_stream_has_a_heartbeat(at: str, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", HEARTBEAT)
    began = time.monotonic()
    with stream(at, session) as heard:
        assert [next(heard)[0] for _ in range(4)] == ["hello", *["heartbeat"] * 3]
    assert time.monotonic() - began > 3 * HEARTBEAT - 0.05


def test_jobs_of_another_session_never_appear_and_those_of_the_same_project_do(
    at: str, session: Session, studio: Studio
) -> None:
    stranger, second = studio.open_session("new"), studio.open_session(session.project.id)
    stranger.label_map = heart()
    comparison = {
        **{"rows": {"name": "generator", "values": ["edm-l64"]}, "columns": {"name": "nfe", "values": ["1", "2"]}},
        **{"fixed": {"seed": "1"}, "maps": [{"kind": "template", "name": "4ch-ed"}]},
        **{"revision": session.revision, "view": "4CH", "phase": "ED"},
    }
    with stream(at, second) as heard:
        assert next(heard)[2]["jobs"] == []
        started = ask(at, session, "POST", "/comparisons", json=comparison)
        ask(at, stranger, "POST", "/comparisons", json={**comparison, "revision": stranger.revision})
        start(at, session)
        start(at, stranger)
        last = start(at, second)
        found = until(heard, lambda state: state["number"] == last["number"] and ended(state))
        if not any(state["number"] == started["number"] and ended(state) for _, _, state in found):
            found += until(heard, lambda state: state["number"] == started["number"] and ended(state))
    assert {state["number"] for _, _, state in found} == {started["number"], last["number"]}
    told = next(state for _, _, state in reversed(found) if state["kind"] == "comparison")
    assert told == ask(at, session, "GET", f"/comparisons/{started['comparison']}")
    for page in (stranger, second):
        studio.sessions.close(page.token)


def test_what_is_done_to_a_set_is_reported_to_its_user_with_counts(at: str, session: Session) -> None:
    body = {
        **{"name": "events", "maps": "bundled", "revision": session.revision, "view": "4CH", "phase": "ED"},
        **{"generators": ["edm-l64"], "variations": 2, "seeds": 2, "seed": 5, "workers": 1},
    }
    with stream(at, session) as heard:
        ask(at, session, "POST", "/dataset/sets", json=body)
        found = until(heard, lambda state: state["kind"] == "measure" and ended(state))
    made = [state for _, _, state in found if state["kind"] == "make"][-1]
    assert (made["set"], made["state"], made["done"]) == ("events", "done", made["of"])
    tasks = ask(at, session, "GET", "/dataset/sets/events")["tasks"]
    assert {kind: task["number"] for kind, task in tasks.items()} == {
        "make": made["number"],
        "measure": found[-1][2]["number"],
    }


def test_the_stream_ends_with_its_session(at: str, session: Session, studio: Studio) -> None:
    with stream(at, session) as heard:
        assert next(heard)[0] == "hello"
        threading.Timer(0.1, studio.sessions.close, [session.token]).start()
        assert list(heard) == []
    reply = httpx.get(f"{at}{PREFIX}/events", headers={HEADER: session.token})
    assert reply.status_code == 401


def test_a_page_that_is_gone_is_not_listened_for_any_more(at: str, session: Session, studio: Studio) -> None:
    before = studio.jobs._listeners
    with stream(at, session) as heard:
        next(heard)
        assert len(studio.jobs._listeners) == len(before) + 1
    deadline = time.monotonic() + 30
    while len(studio.jobs._listeners) > len(before):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_server_stops_at_once_under_open_pages(tmp_path: Path) -> None:
    studio = fake_studio(FakeEngine(0.05), tmp_path)
    page = studio.open_session("new")
    page.label_map = heart()
    with serving(whole_app(studio)) as address:
        beats = httpx.Client(timeout=60)
        heartbeat = beats.send(beats.build_request("GET", f"{address}/gradio_api/heartbeat/x"), stream=True)
        assert next(heartbeat.iter_lines()) == "data: ALIVE"
        start(address, page, 400)
        listening = stream(address, page)
        heard = listening.__enter__()
        assert next(heard)[0] == "hello"
        began = time.monotonic()
    assert time.monotonic() - began < 9, "`serving` waits ten seconds for its server"
    assert {name for name, _, _ in heard} <= {"job"}, "the stream has ended"
    listening.__exit__(None, None, None)
    beats.close()
