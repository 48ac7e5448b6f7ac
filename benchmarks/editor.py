"""How the editor feels on this machine: frames while drawing, stroke to picture, memory after many edits.

python benchmarks/editor.py [--quick] [--part drawing] [--part pictures]
    [--part following] [--part memory]

Starts the studio with its bundled weights in a process of its own, and Chromium in front of it, driven
with real pointer and key events. "Work" is what the page's own handlers and drawing take in one frame;
"shown" is from the first handler of a frame to the end of its drawing, with the wait for the screen.
"""

import argparse
import math
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PARTS = ("drawing", "pictures", "following", "memory")
TEMPLATE = "4ch-ed"
MOVE_SECONDS = 1 / 125  # between the moves of a drag, as a mouse reports them; the driver's own work comes on top
console = Console(width=120)


@contextmanager
def studio() -> Iterator[tuple[str, int]]:
    """(address, process id) of a studio with an empty folder of projects."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as projects:
        command = [sys.executable, "app.py", "--port", str(port), "--projects", projects]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            while True:
                try:
                    with urllib.request.urlopen(address, timeout=120) as page:
                        page.read()
                    break
                except (urllib.error.URLError, ConnectionError):
                    if server.poll() is not None:
                        raise SystemExit("app.py stopped before it served a page") from None
                    time.sleep(0.1)
            yield address, server.pid
        finally:
            server.terminate()
            server.wait()


@contextmanager
def browser_page(address: str) -> Iterator[Any]:
    """The open studio in Chromium, with the hooks in place and live preview off."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("the benchmark drives Chromium with Playwright: pip install 'echo-studio[dev]'") from None
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit(f"the benchmark needs Chromium: none of {', '.join(BROWSERS)} is on the PATH")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        page.add_init_script(path=Path(__file__).with_name("hooks.js"))
        page.goto(address)
        page.wait_for_function("() => window.echoStudio && window.echoStudio.document.revision >= 0")
        set_live(page, False)
        page.evaluate("bench.watch()")
        yield page
        browser.close()


def set_live(page: Any, on: bool) -> None:
    page.evaluate("on => window.echoStudio.settings.set({ live: on })", on)


def open_map(page: Any, side: int) -> None:
    """The template on the canvas, enlarged by whole pixels."""
    page.evaluate(
        """async ([name, side]) => {
            const { document, link } = window.echoStudio;
            const page = await link.template(name), step = side / page.width;
            const grow = (cells) => Uint8Array.from({ length: side * side },
                (_, i) => cells[Math.floor(i / side / step) * page.width + Math.floor((i % side) / step)]);
            const spacing = page.spacing.split(",").map((mm) => mm / step).join(",");
            document.open({ width: side, height: side, ids: grow(page.ids), sector: grow(page.sector), spacing },
                { tool: "open", what: "label map" });
        }""",
        [TEMPLATE, side],
    )
    page.wait_for_function("side => window.echoStudio.document.width === side", arg=side)
    page.wait_for_timeout(300)


def place(page: Any, x: float, y: float) -> tuple[float, float]:
    """Of the screen, for a position in shares of the map."""
    found: list[float] = page.evaluate(
        "([x, y]) => { const { viewport, document } = window.echoStudio;"
        "const box = window.document.querySelector('[data-surface=edit]').getBoundingClientRect();"
        "const [px, py] = viewport.toPane(x * document.width, y * document.height);"
        "return [px + box.left, py + box.top]; }",
        [x, y],
    )
    return found[0], found[1]


def circle(page: Any, count: int, centre: tuple[float, float] = (0.5, 0.55), radius: float = 0.2) -> None:
    """Press, move on a circle (in shares of the map), release."""
    left, top = place(page, 0, 0)
    right, bottom = place(page, 1, 1)
    for k in range(count + 1):
        angle = 4 * math.pi * k / count
        x, y = centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)
        page.mouse.move(left + x * (right - left), top + y * (bottom - top))
        if k == 0:
            page.mouse.down()
    page.mouse.up()


def frames_of(page: Any, kind: str) -> list[dict[str, float]]:
    page.wait_for_timeout(100)
    return [frame for frame in page.evaluate("bench.take()") if frame["kind"] == kind]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def brush(page: Any, side: int, count: int) -> list[dict[str, float]]:
    page.keyboard.press("b")
    page.keyboard.press("1")
    page.evaluate("size => window.echoStudio.editor.resize(size)", 12 * side // 256)
    page.evaluate("bench.take()")
    circle(page, count)
    return frames_of(page, "pointermove")


def handle_drag(page: Any, count: int) -> list[dict[str, float]]:
    page.keyboard.press("d")
    page.wait_for_function(
        "() => window.echoStudio.editor.tool.handles && window.echoStudio.editor.tool.handles.length"
    )
    x, y = page.evaluate(
        "() => { const { document: map, editor } = window.echoStudio, { handles } = editor.tool;"
        "const [px, py] = handles[Math.floor(handles.length / 2)].place; return [px / map.width, py / map.height]; }"
    )
    page.evaluate("bench.take()")
    circle(page, count, (x - 0.05, y), 0.05)
    return frames_of(page, "pointermove")


def fill(page: Any, times: int) -> list[dict[str, float]]:
    page.keyboard.press("f")
    found = []
    for k in range(times):
        page.keyboard.press(str(1 + k % 2))
        page.mouse.move(*place(page, 0.5, 0.5))
        page.wait_for_timeout(60)
        page.evaluate("bench.take()")
        page.mouse.down()
        found += frames_of(page, "pointerdown")
        page.mouse.up()
    return found


def undo(page: Any, times: int) -> list[dict[str, float]]:
    found = []
    for _ in range(times):
        page.evaluate("bench.take()")
        page.keyboard.press("Control+z")
        found += [frame for frame in frames_of(page, "keydown") if frame["shown"] > 0]
    return found


def measure_drawing(page: Any, quick: bool) -> Table:
    table = Table("Drawing, ms", "frames", "work p50", "work p95", "shown p50", "shown p95", "target work p95")
    count, times = (80, 6) if quick else (400, 20)
    for side in (256, 1024):
        open_map(page, side)
        rows = {
            f"brush, {side}²": (brush(page, side, count), 16),
            f"fill, {side}²": (fill(page, times), None),
            f"undo, {side}²": (undo(page, times), None),
            f"handle drag, {side}²": (handle_drag(page, count // 2), 16 if side == 256 else 50),
        }
        for name, (frames, target) in rows.items():
            if not frames:
                table.add_row(name, "0", *["–"] * 5)
                continue
            figures = [
                percentile([frame[key] for frame in frames], share)
                for key in ("work", "shown")
                for share in (0.5, 0.95)
            ]
            goal = f"< {target}" + ("" if figures[1] < target else "  MISSED") if target else ""
            table.add_row(name, str(len(frames)), *[f"{value:.1f}" for value in figures], goal)
    return table


def small_stroke(page: Any, dice: random.Random) -> None:
    """A short stroke somewhere in the heart, with a label or the eraser."""
    page.keyboard.press(dice.choice(["b", "e"]))
    page.keyboard.press(dice.choice("123"))
    x, y = dice.uniform(0.35, 0.65), dice.uniform(0.35, 0.75)
    page.mouse.move(*place(page, x, y))
    page.mouse.down()
    page.mouse.move(*place(page, x + dice.uniform(-0.06, 0.06), y + dice.uniform(-0.06, 0.06)), steps=4)
    page.mouse.up()


def wait_for_frame(page: Any) -> None:
    page.wait_for_function(
        "() => { const { result, generation } = window.echoStudio;"
        "return result.kind === 'final' && !result.stale && !generation.pending; }"
    )


def measure_pictures(page: Any, quick: bool) -> Table:
    table = Table("Stroke to picture, s", "strokes", "median", "p90", "target median")
    open_map(page, 256)
    page.evaluate("window.echoStudio.editor.resize(12)")
    set_live(page, True)
    wait_for_frame(page)
    dice = random.Random(1)
    seconds: dict[str, list[float]] = {"draft": [], "final": []}
    for _ in range(5 if quick else 15):
        while True:  # a stroke over its own colour changes nothing
            before = page.evaluate("window.echoStudio.document.revision")
            page.evaluate("bench.ends.length = bench.pictures.length = 0")
            small_stroke(page, dice)
            if page.evaluate("window.echoStudio.document.revision") > before:
                break
        wait_for_frame(page)
        page.wait_for_timeout(100)
        end = page.evaluate("bench.ends.at(-1)")
        for picture in page.evaluate("bench.pictures"):
            if picture["kind"] in seconds:
                seconds[picture["kind"]].append((picture["time"] - end) / 1000)
    set_live(page, False)
    for kind, words, target in (("draft", "draft", 1.5), ("final", "refined", None)):
        values = seconds[kind]
        median = statistics.median(values)
        goal = f"<= {target}" + ("" if median <= target else "  MISSED") if target else ""
        table.add_row(words, str(len(values)), f"{median:.2f}", f"{percentile(values, 0.9):.2f}", goal)
    return table


def measure_following(page: Any, quick: bool) -> Table:
    """A handle is dragged all the time: how many different pictures appear, and how old what is shown is."""
    seconds = 4 if quick else 10
    table = Table(f"A drag of {seconds} s", "value", "target")
    open_map(page, 256)
    set_live(page, True)
    wait_for_frame(page)
    page.keyboard.press("d")
    page.wait_for_function(
        "() => window.echoStudio.editor.tool.handles && window.echoStudio.editor.tool.handles.length"
    )
    x, y = page.evaluate(
        "() => { const { document: map, editor } = window.echoStudio, { handles } = editor.tool;"
        "const [px, py] = handles[Math.floor(handles.length / 2)].place; return [px / map.width, py / map.height]; }"
    )
    left, top = place(page, 0, 0)
    right, bottom = place(page, 1, 1)
    page.mouse.move(left + x * (right - left), top + y * (bottom - top))
    page.mouse.down()
    page.evaluate("() => { bench.take(); bench.followed.length = 0; bench.begun = performance.now(); }")
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds:
        angle = 2 * math.pi * elapsed / 3
        at = (x - 0.05 + 0.05 * math.cos(angle), y + 0.05 * math.sin(angle))
        page.mouse.move(left + at[0] * (right - left), top + at[1] * (bottom - top))
        time.sleep(MOVE_SECONDS)
    ended = page.evaluate("performance.now()")
    followed, begun = page.evaluate("[bench.followed, bench.begun]")
    page.mouse.up()
    frames = [frame["work"] for frame in frames_of(page, "pointermove")]
    set_live(page, False)
    different = [one for k, one in enumerate(followed) if k == 0 or one["ids"] != followed[k - 1]["ids"]]
    ages: list[float] = []
    for one, after in zip(different, [*different[1:], {"shown": ended}], strict=True):
        step = 5.0
        ages += [one["shown"] + step * k - one["sent"] for k in range(int((after["shown"] - one["shown"]) / step))]
    rate = len(different) / ((ended - begun) / 1000)
    age = statistics.median(ages) / 1000 if ages else math.inf
    work = percentile(frames, 0.95) if frames else math.nan
    for name, value, words, missed in (
        ("different pictures a second", f"{rate:.1f}", ">= 3", rate < 3),
        ("age of what is shown, median s", f"{age:.2f}", "<= 0.6", age > 0.6),
        ("work of a frame, p95 ms", f"{work:.1f}", "< 16", work >= 16),
    ):
        table.add_row(name, value, words + ("  MISSED" if missed else ""))
    return table


def memory(page: Any, server: int) -> tuple[float, float]:
    """MiB of the server (resident) and of the page (JavaScript with its buffers), after collecting garbage."""
    link = page.context.new_cdp_session(page)
    link.send("HeapProfiler.enable")
    for _ in range(2):
        link.send("HeapProfiler.collectGarbage")
    usage = link.send("Runtime.getHeapUsage")
    link.detach()
    heap = sum(usage.get(key, 0) for key in ("usedSize", "embedderHeapUsedSize", "backingStorageSize"))
    status = Path(f"/proc/{server}/status")
    resident = math.nan
    if status.is_file():
        resident = next(float(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return resident / 1024, heap / 2**20


def measure_memory(page: Any, server: int, quick: bool) -> Table:
    last = 60 if quick else 500
    table = Table("Memory, MiB", "after 20 edits", f"after {last} edits", "growth", "target")
    open_map(page, 256)
    set_live(page, True)
    wait_for_frame(page)
    dice = random.Random(2)
    found = {}
    for edit in range(1, last + 1):
        small_stroke(page, dice)
        if dice.random() < 0.1:
            page.keyboard.press("Control+z")
        if edit % 10 == 0:
            wait_for_frame(page)
        else:
            page.wait_for_timeout(dice.choice([30, 150, 400]))
        if edit in (20, last):
            wait_for_frame(page)
            found[edit] = memory(page, server)
    set_live(page, False)
    for name, before, after in zip(("server, resident", "page, JavaScript"), found[20], found[last], strict=True):
        growth = after / before - 1
        table.add_row(
            name, f"{before:.1f}", f"{after:.1f}", f"{growth:+.1%}", "< +10 %" + ("" if growth < 0.1 else "  MISSED")
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer strokes and edits")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; may be given again")
    args = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f} before it started" if hasattr(os, "getloadavg") else ""
    console.print(f"{os.cpu_count()} cores{load}")
    with studio() as (address, server), browser_page(address) as page:
        for part in args.part or PARTS:
            if part == "drawing":
                table = measure_drawing(page, args.quick)
            elif part == "pictures":
                table = measure_pictures(page, args.quick)
            elif part == "following":
                table = measure_following(page, args.quick)
            else:
                table = measure_memory(page, server, args.quick)
            console.print(table)


if __name__ == "__main__":
    main()
