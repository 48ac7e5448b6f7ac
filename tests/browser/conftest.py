"""The real application on a free port with an engine that needs no torch, and Chromium in front of it."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.serving import serving
from tests.studio.fakes import FakeEngine, fake_studio

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000  # ms: a busy machine is no failure
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install '.[dev]'")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"needs Chromium: none of {', '.join(NAMES)} is on the PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        opened = browser.new_context

        def patient(**wishes: Any) -> Any:
            context = opened(**wishes)
            context.set_default_timeout(PATIENCE)
            return context

        browser.new_context = patient
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture(scope="session")
def address(engine: FakeEngine) -> Iterator[str]:
    """Where the studio answers."""
    from echo_studio.web.launch import stay_offline

    stay_offline(os.environ)
    from echo_studio.web.server import create_app

    with serving(create_app(fake_studio(engine))) as at:
        yield at


@pytest.fixture
def page(chromium, address: str, engine: FakeEngine):
    """The open studio; afterwards: no error on the console and no request to another host."""
    engine.seconds_per_nfe, engine.failure = 0.02, None
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    problems: list[str] = []
    elsewhere: list[str] = []
    page.on(
        "console",
        lambda message: (
            problems.append(f"{message.text} {message.location.get('url', '')}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: elsewhere.append(request.url) if not _local(request.url, address) else None)
    page.expected_problem = ""  # what Chromium itself notes of a reply that the test wants
    page.goto(f"{address}/?project=new")
    page.wait_for_function("() => window.echoStudio && window.echoStudio.document.revision >= 0")
    # Live previews have tests of their own; elsewhere a job runs when a test asks for it.
    page.locator("#live").uncheck()
    # The live job of the opening may be on its way: its "Done" is not that of the job that a test asks for.
    page.wait_for_function("() => !window.echoStudio.generation.pending")
    page.evaluate("() => { document.querySelector('[data-part=state]').textContent = 'Ready'; }")
    yield page
    context.close()
    assert elsewhere == []
    assert bool(problems) == bool(page.expected_problem), problems
    assert all(page.expected_problem in problem for problem in problems), problems


def _local(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:", f"blob:{address}/"))
