"""Projects in the browser: saved at once, back after a kill, safe between two tabs, the same bytes again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.browser.brush import ZIGZAG, drag, ids_of, open_template
from tests.browser.desk import bytes_of
from tests.browser.visit import settings_kept
from tests.browser.window import Window, wait_until_open

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
# Imports once; each line that it reads is then a studio of its own, which can be killed and started again.
STARTER = """
import os, signal, sys
from pathlib import Path
from echo_studio.web.launch import stay_offline
stay_offline(os.environ)
import uvicorn
from echo_studio.web.server import create_app
from tests.studio.fakes import FakeEngine, fake_studio
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        studio = fake_studio(FakeEngine(0.002), Path(sys.argv[1]))
        uvicorn.run(create_app(studio), port=int(sys.argv[2]), log_level="warning")
        os._exit(0)
    print(child, flush=True)
"""


class Server:
    """A studio with the fake engine in a process of its own, which can be killed and started again."""

    def __init__(self, projects: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        arguments = [sys.executable, "-c", STARTER, str(projects), str(self.port)]
        pipe = subprocess.PIPE
        self.starter = subprocess.Popen(arguments, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self.start()

    def start(self) -> None:
        self.starter.stdin.write("\n")
        self.starter.stdin.flush()
        self.process = int(self.starter.stdout.readline())
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.address, timeout=60):
                return
            assert self.alive(), "the server stopped before it served a page"
            assert time.monotonic() < deadline, "no page after two minutes"
            time.sleep(0.05)

    def alive(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, 0)
            return True
        return False

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        while self.alive():
            time.sleep(0.01)

    def close(self) -> None:
        self.kill()
        with self.starter:
            self.starter.terminate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "projects")
    yield server
    server.close()


def opened(context, address: str):
    page = context.new_page()
    page.goto(address)
    wait_until_open(page)
    page.evaluate("window.echoStudio.settings.set({ live: false })")  # a dialog may lie over the switch
    return page


def saved(page) -> None:
    page.wait_for_function("() => document.querySelector('[data-part=save-state]').dataset.state === 'saved'")


def kept(page) -> np.ndarray:
    page.wait_for_function("() => window.echoStudio.slots.get('4CH-ED')")
    return bytes_of(page, "window.echoStudio.slots.get('4CH-ED').ids")


def generated(page) -> None:
    page.locator("#generate").click()
    page.wait_for_function(  # the frame of this job, not that of a live one before it
        "() => { const { result, generation } = window.echoStudio;"
        " return result.kind === 'final' && generation.job && result.facts?.job === generation.job; }"
    )
    page.wait_for_function("() => document.querySelector('[data-part=state]').textContent.includes('Done in')")


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_a_killed_server_loses_nothing_that_was_saved_and_a_page_that_outlives_it_saves_the_rest(
    server: Server, chromium
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = opened(context, f"{server.address}?project=new")
    open_template(page, "four-chamber")
    states = [ids_of(page)]
    for label in "123":
        page.keyboard.press(label)
        drag(page, [(x + 9 * int(label), y) for x, y in ZIGZAG])
        states.append(ids_of(page))
    page.keyboard.press("Control+z")
    page.locator("#seed").fill("77")
    generated(page)
    page.locator("#pin").click()
    page.locator(".pinned").wait_for()
    page.keyboard.press("i")
    page.get_by_role("button", name="Keep this map").click()
    saved(page)
    settings_kept(page)
    address = page.url
    outlives = opened(context, f"{server.address}?project=new")
    drag(outlives, ZIGZAG)
    saved(outlives)

    server.kill()
    page.close(run_before_unload=False)
    drag(outlives, [(90, 140), (120, 150)])
    outlives.wait_for_function("() => document.querySelector('[data-part=save-state]').dataset.state === 'unsaved'")
    drag(outlives, [(150, 140), (160, 150)])
    drawn = ids_of(outlives)
    outlives.keyboard.press("i")
    outlives.get_by_role("button", name="Keep this map").click()
    server.start()
    saved(outlives)
    other = opened(context, outlives.url)
    assert np.array_equal(ids_of(other), drawn)
    assert np.array_equal(kept(other), drawn.ravel())

    page = opened(context, address)
    assert np.array_equal(ids_of(page), states[2])
    assert page.locator("#seed").input_value() == "77"
    page.locator(".pinned").wait_for()
    assert np.array_equal(kept(page), states[2].ravel())
    page.wait_for_function("() => window.echoStudio.result.shown")
    assert page.locator("[data-part=stale]").is_hidden(), "the frame belongs to the map that is back"
    page.keyboard.press("Control+Shift+z")
    assert np.array_equal(ids_of(page), states[3])
    for wanted in reversed(states[:3]):
        page.keyboard.press("Control+z")
        assert np.array_equal(ids_of(page), wanted)
    saved(page)
    context.close()


def test_a_kept_map_counts_as_saved_only_once_the_server_has_it(page) -> None:
    saved(page)
    held = []
    page.route("**/slots/*", lambda route: held.append(route))
    page.keyboard.press("i")
    with page.expect_request("**/slots/*"):
        page.get_by_role("button", name="Keep this map").click()
    assert page.locator("[data-part=save-state]").text_content() == "Saving …"
    held.pop().continue_()
    saved(page)


def test_a_reload_brings_back_canvas_and_history_across_pages_of_other_size(page) -> None:
    first = ids_of(page)
    page.evaluate(
        "() => { const ids = new Uint8Array(96 * 64).fill(4), sector = new Uint8Array(96 * 64).fill(1);"
        "window.echoStudio.document.open({ width: 96, height: 64, ids, sector, spacing: '0.3,0.7' },"
        " { tool: 'open', what: 'label map' }); }"
    )
    drag(page, [(30, 30), (50, 40)])
    small = ids_of(page)
    open_template(page, "four-chamber")
    drag(page, ZIGZAG)
    large = ids_of(page)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    saved(page)
    page.reload()
    wait_until_open(page)
    assert np.array_equal(ids_of(page), small)
    assert page.evaluate("window.echoStudio.document.spacing") == "0.3,0.7"
    for _ in range(2):
        page.keyboard.press("Control+y")
    assert np.array_equal(ids_of(page), large)
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert np.array_equal(ids_of(page), first)


def test_the_second_tab_is_told_and_overwrites_nothing(page, window: Window) -> None:
    first, context = page, page.context
    drag(first, ZIGZAG)
    saved(first)
    kept = ids_of(first)
    second = opened(context, first.url)
    second.get_by_role("heading", name="open in another tab").wait_for()
    second.get_by_role("button", name="Only look").click()
    drag(second, [(60, 150), (120, 170)])
    second.get_by_role("heading", name="open in another tab").wait_for()
    assert not np.array_equal(ids_of(second), kept)
    third = opened(context, first.url)
    assert np.array_equal(ids_of(third), kept), "what the second tab drew was not written"
    third.close()

    second.get_by_role("button", name="Keep this drawing as a new project").click()
    second.wait_for_url(lambda url: url != first.url)
    wait_until_open(second)
    assert not np.array_equal(ids_of(second), kept)
    second.close()

    other = opened(context, first.url)
    other.get_by_role("button", name="Work here instead").click()
    other.wait_for_function(
        "() => window.echoStudio && !document.querySelector('dialog[open]') && window.echoStudio.project.mine"
    )
    other.wait_for_function("() => window.echoStudio.document.revision >= 0")
    drag(other, [(60, 150), (120, 170)])
    saved(other)
    drag(first, [(90, 90), (99, 99)])  # unless the sign of life was quicker, whose dialog lies over the canvas
    told = first.get_by_role("heading", name="open in another tab")
    told.wait_for()
    drag(first, [(90, 90), (99, 99)])  # beside the dialog
    page.expected_problem = "status of 423" if window.problems else ""
    other.close()
    assert told.is_visible(), "whether to go on without saving is not decided by a stray click"


def test_reproduce_brings_back_the_exact_inputs_and_tells_that_the_bytes_are_the_same(page) -> None:
    open_template(page, "four-chamber")
    page.locator("#seed").fill("9007199254740993")  # one more than a number of JavaScript can hold
    generated(page)
    page.keyboard.press("k")
    page.locator(".pinned").wait_for()
    pinned = ids_of(page)
    drag(page, ZIGZAG)
    page.keyboard.press("r")
    page.get_by_role("button", name="Reproduce").click()
    page.get_by_text("every byte is the same").wait_for()
    assert np.array_equal(ids_of(page), pinned)
    assert page.locator("#seed").input_value() == "9007199254740993"
    page.locator(".pinned").get_by_role("button", name="Remove").click()
    page.wait_for_function("() => !document.querySelector('.pinned')")


def test_projects_are_listed_named_copied_and_deleted(page, tmp_path: Path) -> None:
    drag(page, ZIGZAG)
    page.locator("#project-title").fill("Wide septal defect")
    page.locator("#project-title").blur()
    saved(page)
    drawn = ids_of(page)
    page.locator("#projects").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="Save a copy").click()
    copy = tmp_path / "copy.echo"
    caught.value.save_as(copy)
    page.locator("#project-dialog").get_by_role("button", name="Close").click()
    before = page.url
    page.locator("#file").set_input_files(copy)
    page.wait_for_url(lambda url: "project=" in url and url != before)
    wait_until_open(page)
    assert np.array_equal(ids_of(page), drawn)
    assert page.locator("#project-title").input_value() == "Wide septal defect"
    page.locator("#projects").click()
    rows = page.locator(".project-list li", has_text="Wide septal defect")
    rows.nth(1).wait_for()
    other = rows.filter(has=page.locator(".project-name:not([disabled])"))
    other.get_by_role("button", name="Delete").click()
    other.get_by_role("button", name="Really?").click()
    rows.nth(1).wait_for(state="detached")
