"""The real application on a free port with an engine that needs no torch, and Chromium in front of it.

A worker has one server, one browser and one `Window`: `page` opens a new project in it, `desk` keeps the project of the
tests before it in the same file and puts the controls back.
"""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.serving import serving
from tests.browser.window import Window
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
FAILED = pytest.StashKey[bool]()


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def window(chromium, address: str) -> Iterator[Window]:
    window = Window(chromium, address)
    yield window
    window.close()


@pytest.fixture
def page(window: Window, engine: FakeEngine, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A new project in the open studio; afterwards: no error on the console and no request to another host."""
    quick(engine)
    yield window.new_project()
    leave(window, request)


@pytest.fixture
def desk(window: Window, engine: FakeEngine, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The open studio as the tests before left its project, with its controls as they are at first.

    A file has a project of its own; those with `DRAWING = True`, which put a map of their own on the canvas first,
    share one: to open it anew costs seconds.
    """
    quick(engine)
    yield window.same_project("drawing" if getattr(request.module, "DRAWING", False) else request.path.name)
    leave(window, request)


def quick(engine: FakeEngine) -> None:
    engine.seconds_per_nfe, engine.failure = 0.001, None


def leave(window: Window, request: pytest.FixtureRequest) -> None:
    """After a test that failed the next one opens a window of its own."""
    if request.node.stash.get(FAILED, False):
        window.close()
    else:
        window.check()
