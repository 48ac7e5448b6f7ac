"""A studio with users: the login page, whose page is whose, a login that ends while somebody draws, the logout."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from echo_studio.studio.users import passwords
from echo_studio.studio.users.users import Users
from tests.browser.proxy import proxy_of
from tests.browser.serving import serving
from tests.browser.visit import faults, generated, ready
from tests.studio.fakes import FakeEngine, fake_studio

WORDS = {"anna": "correct horse", "ben": "battery staple"}


@pytest.fixture
def guarded(tmp_path: Path, address: str) -> Iterator[str]:
    """Where a studio with two users answers; `address` has made Gradio stay offline."""
    with serving(guarded_app(tmp_path)) as at:
        yield at


def guarded_app(folder: Path) -> FastAPI:
    from echo_studio.web.server import create_app

    users = Users(folder / "users.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "LOG2_N", 4)  # the same function at a cost that tests can pay
        for name, password in WORDS.items():
            users.add(name, password)
    return create_app(fake_studio(FakeEngine(0.001), folder / "projects"), users)


def log_in(page, name: str) -> None:
    page.fill("#name", name)
    page.fill("#password", WORDS[name])
    page.keyboard.press("Enter")


def saved(page) -> None:
    page.wait_for_function("() => document.querySelector('[data-part=save-state]').textContent === 'Saved'")


def test_two_users_log_in_draw_and_meet_only_their_own_projects(chromium, guarded: str) -> None:
    contexts = [chromium.new_context() for _ in WORDS]
    anna, ben = (context.new_page() for context in contexts)
    anna.goto(f"{guarded}/?project=new")
    assert faults(anna) == []
    anna.fill("#name", "anna")
    anna.fill("#password", "a wrong one")
    anna.keyboard.press("Enter")
    anna.get_by_role("alert").wait_for()
    assert anna.evaluate("document.activeElement.id") == "password", "only that has to be typed again"
    log_in(anna, "anna")
    ready(anna)
    saved(anna)
    project = anna.evaluate("echoStudio.link.project")
    ben.goto(f"{guarded}/?project={project}")
    log_in(ben, "ben")
    ready(ben)
    saved(ben)
    assert ben.evaluate("echoStudio.link.project") != project
    assert ben.get_by_role("button", name="Log out ben").is_visible()
    told = ben.evaluate(
        """async (token) => (await fetch('/studio/project', { headers: { 'X-Studio-Session': token } })).status""",
        anna.evaluate("echoStudio.link.token"),
    )
    assert told == 401, "her token with his cookie"

    # Her login ends while she draws: nothing is lost, and it goes on once she is back.
    contexts[0].clear_cookies()
    anna.evaluate("echoStudio.link.json('/project').catch(() => {})")
    anna.get_by_role("heading", name="Log in again").wait_for()
    again = contexts[0].new_page()
    again.goto(f"{guarded}/login")
    log_in(again, "anna")
    again.wait_for_url("**/?*")
    anna.get_by_role("heading", name="Log in again").wait_for(state="hidden")
    saved(anna)

    ben.get_by_role("button", name="Log out ben").click()
    ben.wait_for_url("**/login")
    ben.goto(f"{guarded}/")
    ben.wait_for_url("**/login")
    for context in contexts:
        context.close()


def test_below_the_prefix_of_a_proxy_one_logs_in_draws_and_logs_out(chromium, tmp_path: Path, address: str) -> None:
    with serving(guarded_app(tmp_path), root_path="/echo") as inner, serving(proxy_of(inner, "/echo")) as outer:
        context = chromium.new_context()
        page = context.new_page()
        refused: list[str] = []
        page.on("response", lambda reply: refused.append(reply.url) if reply.status >= 400 else None)
        page.goto(f"{outer}/echo/?project=new")
        page.wait_for_url("**/echo/login?next=*")
        log_in(page, "anna")
        page.wait_for_url("**/echo/?project=new")
        ready(page)
        saved(page)
        generated(page)
        page.get_by_role("button", name="Log out anna").click()
        page.wait_for_url("**/echo/login")
        assert refused == []
        context.close()
