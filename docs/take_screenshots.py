"""Take the pictures of the documentation: start the studio on the bundled weights, use every tool by hand, photograph.

python docs/take_screenshots.py            all of them
python docs/take_screenshots.py deform     those whose name begins so
"""

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).resolve().parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SIZE = {"width": 1280, "height": 720}
READY = "() => window.echoStudio && window.echoStudio.document.revision >= 0"

Point = tuple[float, float]
Scene = Callable[[Page], None]


@contextmanager
def studio() -> Iterator[str]:
    """The address of a studio with projects of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as projects:
        arguments = ["--port", str(port), "--projects", projects]
        server = subprocess.Popen([sys.executable, "app.py", *arguments], cwd=DOCS.parent)
        try:
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=60).close()
                    break
                except (urllib.error.URLError, ConnectionError) as error:
                    if server.poll() is not None:
                        raise RuntimeError("the studio stopped before it served a page") from error
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def on_screen(page: Page, point: Point) -> Point:
    """Where a point of the map lies in the window."""
    x, y = page.evaluate(
        "([x, y]) => { const box = document.querySelector('[data-surface=edit]').getBoundingClientRect();"
        "const [px, py] = window.echoStudio.viewport.toPane(x, y); return [px + box.left, py + box.top]; }",
        point,
    )
    return x, y


def drag(page: Page, points: list[Point], *, release: bool = True) -> None:
    page.mouse.move(*on_screen(page, points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*on_screen(page, point), steps=6)
    if release:
        page.mouse.up()


def settled(page: Page) -> None:
    """Wait for the refined frame of the map on the canvas."""
    page.wait_for_function(
        "() => { const { result, document: map } = window.echoStudio;"
        " return result.kind === 'final' && result.revision === map.revision; }",
        timeout=120_000,
    )
    page.wait_for_timeout(400)


def brush(page: Page) -> None:
    page.keyboard.press("1")
    drag(page, [(82, 118), (104, 116)])
    settled(page)
    page.mouse.move(*on_screen(page, (60, 190)))


def eraser(page: Page) -> None:
    page.keyboard.press("e")
    drag(page, [(118, 225), (150, 222), (150, 205), (120, 205)])
    settled(page)


def fill(page: Page) -> None:
    page.keyboard.press("f")
    page.keyboard.press("4")
    drag(page, [(135, 210)])
    settled(page)


def polygon(page: Page) -> None:
    page.keyboard.press("p")
    page.keyboard.press("2")
    for corner in ((112, 80), (124, 70), (140, 80), (142, 100)):
        drag(page, [corner])
    page.mouse.move(*on_screen(page, (122, 106)))


def lasso(page: Page) -> None:
    page.keyboard.press("l")
    page.keyboard.press("2")
    drag(page, [(112, 84), (120, 74), (132, 76), (138, 90), (128, 100), (116, 96)], release=False)


def move(page: Page) -> None:
    page.keyboard.press("m")
    drag(page, [(138, 210)])
    drag(page, [(138, 205), (146, 214)])
    settled(page)


def deform(page: Page) -> None:
    page.keyboard.press("d")
    page.wait_for_function("() => window.echoStudio.editor.tool.handles.length > 8")
    x, y = page.evaluate("() => window.echoStudio.editor.tool.handles.find(({ key }) => key === 'endo-left-1').place")
    drag(page, [(x + 0.5, y + 0.5), (x - 9, y - 2)])
    settled(page)


def shape(page: Page) -> None:
    page.keyboard.press("s")
    slider = page.get_by_role("slider", name="LV size")
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1500)
    settled(page)


def defects(page: Page) -> None:
    page.keyboard.press("x")
    page.locator("[data-panel=defects] button", has_text="Septal defect").click()
    page.wait_for_timeout(1500)
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)
    settled(page)
    page.locator("[data-panel=defects] button", has_text="Pericardial effusion").click()
    page.wait_for_timeout(1500)


def measure(page: Page) -> None:
    page.keyboard.press("3")
    drag(page, [(60, 180), (64, 184)])
    page.keyboard.press("i")
    settled(page)
    page.wait_for_timeout(1500)


def history(page: Page) -> None:
    brush(page)
    move(page)
    page.keyboard.press("y")
    page.wait_for_timeout(300)


def tray(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("k")
        page.wait_for_timeout(600)
        page.keyboard.press("r")
        page.wait_for_function(
            "() => { const { result, settings } = window.echoStudio;"
            " return result.kind === 'final' && result.facts.seed === settings.values.seed; }",
            timeout=120_000,
        )


def split(page: Page) -> None:
    page.locator("[data-view=split]").click()
    page.wait_for_timeout(500)


def shortcuts(page: Page) -> None:
    page.keyboard.press("?")
    page.wait_for_timeout(500)


def light(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(500)


def tab(page: Page, name: str) -> None:
    page.locator("#tabs > .tab-wrapper").get_by_role("tab", name=name).click()


def compare(page: Page) -> None:
    """Every generator on three hearts, each as its card advises."""
    tab(page, "Compare")
    page.locator("[data-cmp=root][data-ready=yes]").wait_for()
    page.locator("[data-axis=rows] select").select_option("label_map")
    page.locator("[data-axis=columns] select").select_option("generator")
    maps = page.locator("[data-axis=rows] input[type=checkbox]")
    for place in range(maps.count()):
        wanted = maps.nth(place).input_value() in ("canvas:", "template:2ch-ed", "template:4ch-ed-thick-wall")
        maps.nth(place).set_checked(wanted, force=True)
    page.locator("[data-cmp=run]").click()
    page.wait_for_function(
        "() => { const { status, grid } = window.echoStudio.tabs.compare;"
        " return status?.state === 'done' && grid.cells.every(({ tile }) => tile.bitmap); }",
        timeout=900_000,
    )
    page.wait_for_timeout(500)


def models(page: Page) -> None:
    tab(page, "Models")
    page.wait_for_timeout(2500)


def video(page: Page) -> None:
    """A loop of Free-Echo with its measured curve and an M-mode through the ventricle."""
    page.locator("#template").select_option(label="2CH, end diastole")
    settled(page)
    tab(page, "Video")
    page.locator("[data-vid=use]").click()
    page.wait_for_timeout(2500)
    page.locator("[data-vid=generator]").select_option("free-echo")
    page.locator("[data-vid=generate]").click()
    page.wait_for_selector("[data-vid=report]:not([hidden])", timeout=300_000)
    page.wait_for_timeout(4000)
    page.locator("[data-vid=mmode]").click()
    box = page.locator("[data-vid=views] canvas").first.bounding_box()
    assert box is not None
    left, top = box["x"], box["y"] + 0.45 * box["height"]
    page.mouse.move(left + 0.3 * box["width"], top)
    page.mouse.down()
    page.mouse.move(left + 0.72 * box["width"], top, steps=8)
    page.mouse.up()
    page.wait_for_timeout(1500)


SCENES: dict[str, Scene] = {
    "studio": brush,
    "eraser": eraser,
    "fill": fill,
    "polygon": polygon,
    "lasso": lasso,
    "move": move,
    "deform": deform,
    "shape": shape,
    "defects": defects,
    "measure": measure,
    "history": history,
    "tray": tray,
    "split": split,
    "shortcuts": shortcuts,
    "light": light,
    "compare": compare,
    "models": models,
    "video": video,
}


def main(wanted: str = "") -> None:
    with studio() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, scene in SCENES.items():
            if not name.startswith(wanted):
                continue
            context = browser.new_context(viewport=SIZE, color_scheme="dark")
            # The hint of the first start would stand in every picture.
            context.add_init_script('localStorage.setItem("echo-studio.first-steps", JSON.stringify({ seen: true }))')
            page = context.new_page()
            page.goto(f"{address}/?project=new")
            page.wait_for_function(READY, timeout=120_000)
            settled(page)
            scene(page)
            shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            assert np.ptp(np.asarray(shot)) > 100, f"nothing is to be seen of {name}"
            shot.save(DOCS / "screens" / f"{name}.webp", quality=88, method=6)
            context.close()
        browser.close()


if __name__ == "__main__":
    (DOCS / "screens").mkdir(exist_ok=True)
    main(*sys.argv[1:2])
