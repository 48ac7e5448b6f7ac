"""Take docs/studio.png: start the studio, open the septum of the mean heart by hand, generate, photograph.

python docs/take_screenshots.py
"""

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).resolve().parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    server = subprocess.Popen([sys.executable, "app.py", "--port", address.rsplit(":", 1)[1]], cwd=DOCS.parent)
    try:
        while True:
            try:
                urllib.request.urlopen(address, timeout=60).close()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.wait_for_function("() => window.echoStudio && window.echoStudio.document.number > 0")
            photograph(page)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def photograph(page: Page) -> None:
    page.keyboard.press("1")
    left, top, scale = page.evaluate(
        "() => { const v = window.echoStudio.viewport, b = document.querySelector('[data-surface=edit]')"
        ".getBoundingClientRect(); return [v.x + b.left, v.y + b.top, v.scale]; }"
    )
    page.mouse.move(left + 82 * scale, top + 118 * scale)
    page.mouse.down()
    page.mouse.move(left + 104 * scale, top + 116 * scale, steps=8)
    page.mouse.up()
    seed = page.locator("#seed input[type=number]")
    seed.fill("1")
    seed.blur()
    page.keyboard.press("g")
    page.wait_for_function(
        "() => document.querySelector('[data-part=state]').textContent.includes('Done in')", timeout=120_000
    )
    page.mouse.move(left + 40 * scale, top + 200 * scale)
    page.wait_for_timeout(500)
    page.screenshot(path=DOCS / "studio.png")


if __name__ == "__main__":
    main()
