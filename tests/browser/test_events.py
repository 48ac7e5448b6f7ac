"""The event stream in a browser: proxies that hold answers back, several pages, a server that is started again."""

import threading
from pathlib import Path

import pytest

from tests.browser.proxy import proxy_of
from tests.browser.serving import serving, whole_app
from tests.browser.test_generating import wait_for_state
from tests.browser.visit import ready, visit
from tests.studio.fakes import FakeEngine, fake_studio

pytestmark = pytest.mark.browser

EVENTS = "/studio/events"


def asked(page) -> list[str]:
    """Addresses of the event stream that the page asks for from now on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if EVENTS in request.url else None)
    return found


def test_a_proxy_that_holds_the_stream_back_makes_the_page_poll(chromium, address: str, engine: FakeEngine) -> None:
    engine.seconds_per_nfe, engine.failure = 0.02, None
    with serving(proxy_of(address, holds=EVENTS)) as proxy, visit(chromium, proxy) as page:
        addresses = asked(page)
        page.locator("#nfe").fill("200")
        engine.seconds_per_nfe = 0.05
        page.locator("#generate").click()
        wait_for_state(page, "NFE ")
        assert page.evaluate("window.echoStudio.link.events.buffered"), "the stream itself brought nothing"
        assert sum(url.endswith(EVENTS) for url in addresses) <= 1, "one try is enough"
        assert addresses[-1].endswith("?once=true")
        engine.seconds_per_nfe = 0.0
        wait_for_state(page, "Done in")


def test_three_pages_that_follow_jobs_leave_each_other_connections(chromium, address: str, engine: FakeEngine) -> None:
    engine.seconds_per_nfe, engine.failure = 0.3, None
    with visit(chromium, address) as first:
        pages = [first, first.context.new_page(), first.context.new_page()]
        for page in pages[1:]:
            page.goto(f"{address}/?project=new")
            ready(page)
        opened: set = set()
        for page in pages:
            page.on("request", lambda request: opened.add(request) if request.url.endswith(EVENTS) else None)
            page.on("requestfinished", lambda request: opened.discard(request))
            page.on("requestfailed", lambda request: opened.discard(request))
        for page in pages:
            page.locator("#nfe").fill("300")
            page.locator("#generate").click()
        for page in pages:  # one is served, whose turn it is, and the others wait for its frame
            page.wait_for_function("() => /^NFE|ahead/.test(document.querySelector('[data-part=state]').textContent)")
        assert len(opened) <= 1, "only one page at a time streams"
        for page in pages:
            page.locator("#cancel").click(timeout=20_000)
            wait_for_state(page, "Cancelled")
    engine.seconds_per_nfe = 0.02


def test_a_server_that_is_started_again_is_found_and_says_that_the_job_is_gone(chromium, tmp_path: Path) -> None:
    first, second = (whole_app(fake_studio(FakeEngine(seconds), tmp_path)) for seconds in (0.1, 0.001))
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    with serving(first) as at:
        page.goto(f"{at}/?project=new")
        ready(page)
        page.locator("#nfe").fill("300")
        page.locator("#generate").click()
        wait_for_state(page, "NFE ")
        stopping = threading.Event()
        page.on("requestfailed", lambda request: stopping.set() if EVENTS in request.url else None)
    with serving(second, int(at.rpartition(":")[2])):
        wait_for_state(page, "No frame was made")
        assert "Generate it again" in page.locator("[data-part=error]").inner_text()
        page.locator("#nfe").fill("4")
        page.locator("#generate").click()
        wait_for_state(page, "Done in")
        assert page.evaluate("!window.echoStudio.link.events.buffered")
    assert stopping.is_set(), "the page came back by itself"
    context.close()
