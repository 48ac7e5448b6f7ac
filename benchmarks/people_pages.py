"""People at the studio in real pages in Chromium, driven in turn."""

import random
import shutil
import threading
import time

import httpx

from benchmarks.people import PASSWORD, PATIENCE, TOKEN, Tally, server_copy

CHROMIUM = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def run_pages(
    address: str, names: list[str], ready: threading.Barrier, seconds: float, generator: str, tally: Tally
) -> None:
    """Real pages, driven in turn: strokes of the brush and the key that generates."""
    if not names:
        ready.wait(PATIENCE)
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        try:
            pages = [_open_page(browser, address, name, generator, tally) for name in names]
            ready.wait(PATIENCE)
            end = time.monotonic() + seconds
            dice = random.Random(0)
            while time.monotonic() < end:
                for page in pages:
                    box = page.locator("[data-surface=edit]").bounding_box()
                    x, y = (
                        box[side] + box[size] * dice.uniform(0.4, 0.6)
                        for side, size in (("x", "width"), ("y", "height"))
                    )
                    page.mouse.move(x, y)
                    page.mouse.down()
                    page.mouse.move(x + 20, y + 20, steps=4)
                    page.mouse.up()
                    if not page.evaluate("window.drawing"):  # a newer wish would cancel the one that waits
                        page.keyboard.press("g")
                    tally.edits += 1
            for name, page in zip(names, pages, strict=True):
                page.evaluate("window.echoStudio.link.flush()")
                ids = bytes(page.evaluate("Array.from(window.echoStudio.document.ids)"))
                token = page.evaluate("window.echoStudio.link.token")
                cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
                with httpx.Client(base_url=address, timeout=PATIENCE, cookies=cookies, headers={TOKEN: token}) as http:
                    told, kept = server_copy(http)
                revision = page.evaluate("window.echoStudio.document.revision")
                tally.lost += kept != ids or told["revision"] != revision
                tally.frames += (frames := page.evaluate("window.framesSeen"))
                tally.by_user[name] += frames
        finally:
            browser.close()


def _open_page(browser: object, address: str, name: str, generator: str, tally: Tally) -> object:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()  # type: ignore[attr-defined]
    page.set_default_timeout(PATIENCE * 1000)

    def told(message: object) -> None:
        if message.type != "error":  # type: ignore[attr-defined]
            return
        words = message.text  # type: ignore[attr-defined]
        if "503" in words:
            tally.refusals["(told in a page)"] += 1
        else:
            tally.errors.append(f"{name}: {words}")

    page.on("console", told)
    page.on("pageerror", lambda error: tally.errors.append(f"{name}: {error}"))
    page.goto(f"{address}/?project=new")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.echoStudio && window.echoStudio.document.revision >= 0")
    page.evaluate(
        """(generator) => {
          window.framesSeen = 0;
          window.drawing = false;
          const { settings, generation } = window.echoStudio;
          settings.set({ live: false, generator, nfe: 1 });
          generation.listeners.add(({ state }) => {
            window.framesSeen += state === 'done';
            window.drawing = state === 'waiting' || state === 'running';
          });
        }""",
        generator,
    )
    return page
