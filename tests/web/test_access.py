"""Logins: what no stranger reaches, whose token is whose, how tries at passwords are slowed, what is written down."""

import asyncio
import hashlib
import json
import os
import re
import stat
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.staticfiles import StaticFiles

from echo_studio.errors import DataError, EchoStudioError
from echo_studio.studio.projects import NEW
from echo_studio.studio.studio import Studio
from echo_studio.studio.users import passwords
from echo_studio.studio.users.audit_log import folder_sha256
from echo_studio.studio.users.logins import FIRST_SECONDS, HOURS, MAX_LOGINS, MAX_SECONDS, Attempts, Logins
from echo_studio.studio.users.users import Users
from echo_studio.web.middleware.body_limit import FILES_OF_ONE, MAX_JSON, BodyLimit
from echo_studio.web.middleware.login import COOKIE, OPEN
from echo_studio.web.server import create_app
from echo_studio.web.static_files import static_path
from echo_studio.web.tabs.login_page import safe_next
from echo_studio.web.wire.wire import session_of
from tests.studio.fakes import FakeEngine, fake_studio

T = TypeVar("T")
TOKEN = "X-Studio-Session"
WORDS = {"anna": "correct horse", "ben": "battery staple"}
FREE_OF_TOKENS = {"/studio/leave", "/studio/sessions"}  # the one has its token in the body, the other makes one


@pytest.fixture(scope="module", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """The same function at a cost that tests can pay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG2_N", 4)
        patch.setattr(passwords, "P", 1)
        passwords._anybody.cache_clear()
        yield
    passwords._anybody.cache_clear()


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Users:
    users = Users(tmp_path_factory.mktemp("auth") / "users.json")
    for name, password in WORDS.items():
        users.add(name, password)
    return users


def run(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: where browser tests ran before, Playwright's loop still runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    studio = fake_studio(FakeEngine(0), tmp_path_factory.mktemp("projects"))
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def app(studio: Studio, users: Users) -> FastAPI:
    async def made() -> FastAPI:
        return create_app(studio, users)

    return run(made())  # where no loop runs, Gradio makes several and closes none


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    return TestClient(app, follow_redirects=False)


def logged_in(app: FastAPI, name: str) -> TestClient:
    client = TestClient(app, follow_redirects=False)
    assert client.post("/login", data={"name": name, "password": WORDS[name]}).status_code == 303
    return client


def routes_of(routes: Any, prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """(method, path, route) of everything that an application answers, mounted ones too."""
    for route in routes:
        if inner := getattr(route, "original_router", None):
            yield from routes_of(inner.routes, prefix + route.include_context.prefix)
        elif inner := getattr(route, "routes", None):
            yield from routes_of(inner, prefix + route.path)
        else:
            is_folder = isinstance(getattr(route, "app", None), StaticFiles)
            for method in getattr(route, "methods", None) or (["GET"] if is_folder else ["WEBSOCKET"]):
                yield method, prefix + route.path, route


def needs_session(dependant: Any) -> bool:
    return any(inner.call is session_of or needs_session(inner) for inner in dependant.dependencies)


def test_every_registered_route_refuses_without_a_login(app: FastAPI, stranger: TestClient) -> None:
    found = {(method, path) for method, path, _ in routes_of(app.routes)}
    assert {("POST", "/studio/jobs"), ("POST", "/gradio_api/queue/join"), ("GET", "/assets/{path:path}")} <= found
    for method, path in sorted(found):
        assert method != "WEBSOCKET", f"{path}: the login closes websockets, but nothing here tried it"
        place = re.sub(r"\{[^}]*\}", "1", path)
        reply = stranger.request(method, place)
        assert place in OPEN or reply.status_code == 401, (method, path, reply.status_code)
        assert reply.headers.get("X-Studio-Login") == "needed" or place in OPEN


def test_every_route_of_the_studio_asks_for_a_token_and_refuses_that_of_another_user(
    app: FastAPI, studio: Studio
) -> None:
    found = [(m, p, route) for m, p, route in routes_of(app.routes) if p.startswith("/studio/")]
    assert len(found) > 60
    anna, ben = logged_in(app, "anna"), logged_in(app, "ben")
    token = studio.open_session(NEW, "anna").token
    assert anna.get("/studio/project", headers={TOKEN: token}).json()["user"] == "anna"
    for method, path, route in found:
        if path in FREE_OF_TOKENS or path == static_path():
            continue
        assert needs_session(route.dependant), f"{method} {path} opens without a session's token"
        reply = ben.request(method, re.sub(r"\{[^}]*\}", "1", path), headers={TOKEN: token, "X-File-Name": "a.png"})
        assert reply.status_code in (401, 422), (method, path, reply.status_code)
    assert ben.get("/studio/project", headers={TOKEN: token}).status_code == 401
    ben.post("/studio/leave", content=token)
    assert anna.get("/studio/project", headers={TOKEN: token}).status_code == 200, "nobody else ends a session"


def test_no_user_enters_or_lists_or_deletes_the_project_of_another(app: FastAPI, studio: Studio) -> None:
    anna, ben = logged_in(app, "anna"), logged_in(app, "ben")
    project = studio.open_session(NEW, "anna").project.id
    token = ben.post("/studio/sessions", params={"project": project, "user": "ben"}).json()["token"]
    own = {TOKEN: token}
    assert ben.get("/studio/project", headers=own).json()["id"] != project
    assert project not in [listed["id"] for listed in ben.get("/studio/projects", headers=own).json()]
    for guess in (project, f"..%2fuser-anna%2f{project}", "..", "%2e%2e%2f%2e%2e%2fusers.json"):
        assert ben.get(f"/studio/projects/{guess}/label-map", headers=own).status_code in (404, 422)
        assert ben.delete(f"/studio/projects/{guess}", headers=own).status_code in (404, 405, 422)
    assert anna.post("/studio/sessions", params={"project": project, "user": "ben"}).status_code == 403
    token = anna.post("/studio/sessions", params={"project": project, "user": "anna"}).json()["token"]
    assert anna.get("/studio/project", headers={TOKEN: token}).json()["id"] == project


def test_gradios_uploads_files_and_proxies_are_shut_for_users_too(app: FastAPI) -> None:
    anna = logged_in(app, "anna")
    assert anna.post("/gradio_api/upload", files={"files": b"x" * 100}).status_code == 404
    for path in ("file=/etc/passwd", "proxy=http://localhost/", "file/etc/passwd", "info"):
        assert anna.get(f"/gradio_api/{path}").status_code == 404


def test_a_login_gives_a_cookie_that_no_script_reads_and_leads_to_the_page(stranger: TestClient) -> None:
    asked = stranger.get("/?project=abc", headers={"Accept": "text/html"})
    assert (asked.status_code, asked.headers["Location"]) == (303, "/login?next=%2F%3Fproject%3Dabc")
    assert 'value="/?project=abc"' in stranger.get(asked.headers["Location"]).text
    reply = stranger.post("/login", data={"name": "Anna", "password": WORDS["anna"], "next": "/?project=abc"})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/?project=abc")
    assert {"HttpOnly", "SameSite=lax"} <= set(reply.headers["Set-Cookie"].split("; "))
    assert stranger.get("/login").headers["Location"] == "/"


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example/", "/logout", "/\\evil", "/?project=a&b=c", ""]
)
def test_a_login_leads_nowhere_else(place: str) -> None:
    assert safe_next(place) == "/"


def test_a_wrong_name_and_a_wrong_password_are_answered_alike_and_shown_as_text(stranger: TestClient) -> None:
    pages = [
        stranger.post("/login", data={"name": name, "password": password})
        for name, password in (("anna", "guess guess"), ("nobody", "guess guess"), ("<script>", "guess guess"))
    ]
    assert [page.status_code for page in pages] == [401] * 3
    assert pages[0].text.replace("anna", "") == pages[1].text.replace("nobody", "")
    assert "<script>" not in pages[2].text.split("<main>")[1]


def test_after_the_logout_the_cookie_and_the_session_open_nothing(app: FastAPI, studio: Studio) -> None:
    anna = logged_in(app, "anna")
    cookie, token = anna.cookies[COOKIE], studio.open_session(NEW, "anna").token
    assert anna.post("/logout", data={"session": token}).headers["Location"] == "/login"
    anna.cookies.set(COOKIE, cookie)
    assert anna.get("/studio/project", headers={TOKEN: token}).status_code == 401
    assert studio.sessions.get(token, "anna") is None


@pytest.mark.parametrize("forged", ["", "x", "a" * 43, '"; echo_studio_login=x', "\u00e9" * 20])
def test_a_forged_cookie_opens_nothing(stranger: TestClient, forged: str) -> None:
    headers = {"Cookie": f"{COOKIE}={forged}".encode()}
    assert stranger.get("/studio/project", headers=headers).status_code == 401


def test_another_sites_page_makes_nobody_act(app: FastAPI) -> None:
    anna = logged_in(app, "anna")
    assert anna.post("/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert anna.get("/config").status_code == 200


def test_a_removed_user_and_an_old_password_are_out_at_once_and_a_login_lasts_a_day(tmp_path: Path) -> None:
    users, now = Users(tmp_path / "users.json"), [0.0]
    logins = Logins(users, lambda: now[0])
    for name, password in WORDS.items():
        users.add(name, password)
    assert logins.begin("anna", "guess guess") is None
    anna, ben = (logins.begin(name, password) or "" for name, password in WORDS.items())
    assert (logins.user(anna), logins.user(ben), logins.user("")) == ("anna", "ben", None)
    Users(users.path).set_password("anna", "another one")
    Users(users.path).remove("ben")
    assert logins.user(anna) is logins.user(ben) is None
    kept = [logins.begin("anna", "another one") or "" for _ in range(MAX_LOGINS + 1)]
    assert [logins.user(token) for token in kept] == [None, *["anna"] * MAX_LOGINS]
    now[0] = HOURS * 3600.0
    assert logins.user(kept[-1]) is None


def test_failures_make_the_next_try_wait_twice_as_long_and_touch_no_one_else() -> None:
    attempts, waits = Attempts(free=3, at_once=2), []
    for _ in range(9):
        with attempts.trying("anna") as attempt:
            waits.append(attempt.wait)
    assert waits == [0, 0, 0, *(FIRST_SECONDS * 2**k for k in range(4)), MAX_SECONDS, MAX_SECONDS]
    with attempts.trying("ben") as other, attempts.trying("anna") as attempt:
        assert (other.wait, attempt.wait) == (0, MAX_SECONDS)
        attempt.right = True
    with attempts.trying("anna") as first, attempts.trying("anna") as second, attempts.trying("anna") as third:
        assert (first.wait, second.wait, third.wait) == (0, 0, None)


def test_a_slowed_try_sleeps_on_the_event_loop(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    client = TestClient(app, follow_redirects=False)
    monkeypatch.setattr("echo_studio.web.routes.login.asyncio", type("Clock", (), {"sleep": staticmethod(sleep)}))
    for _ in range(5):
        client.post("/login", data={"name": "carla", "password": "guess guess"})
    assert slept == [0, 0, 0, FIRST_SECONDS, 2 * FIRST_SECONDS]


def test_the_file_of_users_is_its_owners_alone_and_holds_salted_hashes(tmp_path: Path) -> None:
    users = Users(tmp_path / "users.json")
    for name in ("anna", "ben"):
        users.add(name, "the same words")
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600 or os.name != "posix"
    hashes = users.hashes()
    assert hashes["anna"] != hashes["ben"]
    assert "the same words" not in users.path.read_text()
    assert users.check("anna", "the same words")
    assert not users.check("anna", "the same word")
    with pytest.raises(EchoStudioError, match="user password"):
        users.add("anna", "other words")
    assert users.hashes() == hashes


@pytest.mark.parametrize("text", ["", "[]", '{"users": {}}', '{"kind": "echo-studio users/1", "users": {"../a": ""}}'])
def test_a_file_that_is_none_of_users_lets_nobody_in(tmp_path: Path, text: str) -> None:
    (tmp_path / "users.json").write_text(text)
    with pytest.raises(DataError, match="a file of users"):
        Users(tmp_path / "users.json").check("anna", "words words")


@pytest.mark.parametrize(
    "kept", ["", "plain", "scrypt$40$8$1$AAAA$AAAA", "scrypt$4$8$1$AAAA$AAAA", "md5$4$8$1$AAAA$AAAA"]
)
def test_a_damaged_or_a_monstrous_hash_is_refused_before_it_is_computed(kept: str) -> None:
    with pytest.raises(DataError, match="scrypt"):
        passwords.matches("words words", kept)


def test_each_export_and_each_login_leaves_a_line(app: FastAPI, studio: Studio) -> None:
    before = len(studio.audit_log.path.read_text().splitlines()) if studio.audit_log.path.exists() else 0
    anna, session = logged_in(app, "anna"), studio.open_session(NEW, "anna")
    copy = anna.get("/studio/project/copy", headers={TOKEN: session.token})
    assert copy.status_code == 200
    login, export = (json.loads(line) for line in studio.audit_log.path.read_text().splitlines()[before:])
    assert (login["act"], login["user"], login["address"]) == ("login", "anna", "testclient")
    assert export.pop("at") >= login["at"]
    assert export == {
        "user": "anna",
        "act": "export",
        "address": "testclient",
        "project": session.project.id,
        "what": "/studio/project/copy",
        "file": "project.echo",
        "bytes": len(copy.content),
        "sha256": hashlib.sha256(copy.content).hexdigest(),
    }
    assert stat.S_IMODE(studio.audit_log.path.stat().st_mode) == 0o600 or os.name != "posix"


def test_a_folder_has_one_hash_for_the_names_and_contents_of_its_files(tmp_path: Path) -> None:
    files = {"a.txt": b"one", "b/c.txt": b"two"}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    listed = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    assert folder_sha256(tmp_path) == (hashlib.sha256(listed.encode()).hexdigest(), 6)


def test_nobody_who_logs_in_imports_or_removes_the_models_of_all(app: FastAPI, studio: Studio) -> None:
    anna, session = logged_in(app, "anna"), studio.open_session(NEW, "anna")
    headers = {TOKEN: session.token}
    assert anna.post("/studio/models/import?card=2", headers=headers, content=b"{}").status_code == 403
    assert anna.delete("/studio/models/edm-l64", headers=headers).status_code == 403
    assert anna.get("/studio/models", headers=headers).status_code == 200


def test_what_cannot_be_written_down_is_not_exported(app: FastAPI, studio: Studio, tmp_path: Path) -> None:
    anna, session = logged_in(app, "anna"), studio.open_session(NEW, "anna")
    place = studio.audit_log.path
    studio.audit_log.path = tmp_path / "a file" / "audit.jsonl"
    (tmp_path / "a file").touch()
    reply = anna.get("/studio/project/copy", headers={TOKEN: session.token})
    studio.audit_log.path = place
    assert reply.status_code == 507
    assert "Nothing was exported" in reply.json()["detail"]


def test_json_is_bounded_more_tightly_than_maps(app: FastAPI, studio: Studio) -> None:
    anna, session = logged_in(app, "anna"), studio.open_session(NEW, "anna")
    headers = {TOKEN: session.token, "Content-Type": "application/json"}
    reply = anna.post("/studio/jobs", headers=headers, content=b" " * (MAX_JSON + 1))
    assert reply.status_code == 413


def test_a_user_sends_few_files_at_once_and_holds_up_nobody_else() -> None:
    async def trial() -> list[int]:
        go = asyncio.Event()
        statuses: list[int] = []

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await go.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        limit = BodyLimit(slow, max_bytes=10, larger={"/open": 1000})

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        def ask(user: str) -> Any:
            scope = {"type": "http", "path": "/open", "headers": [], "echo_studio.user": user}
            return asyncio.ensure_future(limit(scope, lambda: None, send))

        coming = [ask(user) for user in ("anna",) * (FILES_OF_ONE + 1) + ("ben",)]
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*coming)
        await ask("anna")
        return statuses

    assert run(trial()) == [503] + [200] * (FILES_OF_ONE + 2)


def test_the_page_s_scripts_need_a_login_and_may_be_kept_as_long_as_they_stay_the_same(
    app: FastAPI, stranger: TestClient
) -> None:
    module = f"{static_path()}/canvas/main.js"
    assert stranger.get(module).status_code == 401
    reply = logged_in(app, "anna").get(module)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert reply.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert logged_in(app, "anna").get("/studio/static/0123456789ab/canvas/main.js").status_code == 404
    assert logged_in(app, "anna").get(f"{static_path()}/../launch.py").status_code == 404
