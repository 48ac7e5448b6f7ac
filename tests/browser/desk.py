"""One open studio for many tests of the drawing tools, and what they ask of it."""

import base64
import io
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image

from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR

BYTES = """(array) => { let text = "";
  for (let i = 0; i < array.length; i += 8192) text += String.fromCharCode(...array.subarray(i, i + 8192));
  return btoa(text); }"""
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
OPEN = """([width, height, ids, sector, spacing]) => {
  const { document: map, editor } = window.echoStudio;
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  editor.tool.cancel();
  editor.choose("brush");
  editor.hidden.clear();
  editor.clipboard = null;
  map.locked.clear();
  map.locked.add(0);
  map.open({ width, height, ids: bytes(ids), sector: bytes(sector), spacing }, { tool: "open", what: "label map" });
  editor.chooseLabel(1);
  editor.resize(12);
}"""


# What the page has put off with a pause, and its requests that are not answered.
WATCH = """() => {
  const { setTimeout: later, clearTimeout: forget, fetch: original } = window;
  const open = new Set();
  const stop = () => Object.assign(window, { setTimeout: later, clearTimeout: forget, fetch: original });
  window.watched = { open, stop };
  window.setTimeout = (done, ms, ...more) => {
    const id = later(() => { open.delete(id); done(...more); }, ms);
    open.add(id);
    return id;
  };
  window.clearTimeout = (id) => { open.delete(id); forget(id); };
  window.fetch = (...asked) => {
    const request = {};
    open.add(request);
    return original(...asked).finally(() => open.delete(request));
  };
}"""


@contextmanager
def watched(page) -> Iterator[None]:
    """At the end nothing is on its way of what began in here: what has not happened by then does not happen."""
    page.evaluate(WATCH)
    yield
    page.wait_for_function("() => window.watched.open.size === 0")
    page.evaluate(f"async () => {{ window.watched.stop(); await window.echoStudio.link.flush(); await {PAINTED}; }}")


def drawing(height: int, width: int) -> np.ndarray:
    """uint8 (h, w) a ventricle of two ellipses and an atrium in a wedge, whatever the size."""
    y, x = (np.mgrid[0:height, 0:width] + 0.5) / np.array([height, width]).reshape(2, 1, 1)
    ids = np.where((abs(x - 0.5) < 0.06 + 0.55 * y) & (y < 0.95), np.uint8(SECTOR), np.uint8(0))
    for label, (cy, cx, ry, rx) in (
        (LV_MYOCARDIUM, (0.42, 0.51, 0.27, 0.16)),
        (LV_CAVITY, (0.44, 0.51, 0.22, 0.11)),
        (LEFT_ATRIUM, (0.75, 0.52, 0.10, 0.12)),
    ):
        ids[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1] = label
    return ids


def put(page, ids: np.ndarray, spacing: str = "", sector: np.ndarray | None = None) -> None:
    """Open a map as a new step, with the tools as they are at first; its own sector is where the map is not 0."""
    parts = (ids, ids != 0 if sector is None else sector)
    packed = [base64.b64encode(part.astype(np.uint8).tobytes()).decode() for part in parts]
    page.evaluate(OPEN, [ids.shape[1], ids.shape[0], *packed, spacing])
    page.mouse.move(5, 715)


def bytes_of(page, array: str) -> np.ndarray:
    """uint8 (n,) what a typed array of the page holds; `array` is an expression, which may wait for it."""
    return np.frombuffer(base64.b64decode(page.evaluate(f"async () => ({BYTES})({array})")), np.uint8)


def on_canvas(page, canvas) -> np.ndarray:
    """uint8 (h, w, 4) of what a canvas shows, once it is painted."""
    page.evaluate(PAINTED)
    drawn = canvas.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(drawn.split(",")[1]))).convert("RGBA"))


def shape_on(page, canvas) -> float:
    """The height over the width of the picture on a canvas that is clear around it."""
    rows, columns = np.nonzero(on_canvas(page, canvas)[..., 3] > 127)
    return float((np.ptp(rows) + 1) / (np.ptp(columns) + 1))


def true_proportions(page, on: bool) -> None:
    """The switch of the Edit tab, which must be shown."""
    page.get_by_role("button", name="Display").click()
    page.get_by_label("True proportions").set_checked(on)
    page.keyboard.press("Escape")


def labels(page, what: str = "ids") -> np.ndarray:
    """uint8 (h, w) on the canvas: the labels, or the `sector`."""
    height, width, text = page.evaluate(
        f"() => {{ const d = window.echoStudio.document; return [d.height, d.width, ({BYTES})(d.{what})]; }}"
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width)


def mirrored(page) -> np.ndarray:
    """uint8 (h, w) as the server keeps it, once everything has arrived; the format is in `web.wire.history_pack`."""
    page.evaluate("window.echoStudio.link.flush()")
    packed = replied(page, "/project/history").tobytes()
    (length,) = struct.unpack_from("<I", packed)
    told = json.loads(packed[4 : 4 + length])
    shown = told["pages"][told["states"][told["position"] - told["base"]]]
    size = shown["width"] * shown["height"]
    ids = np.frombuffer(packed, np.uint8, size, 4 + length + shown["ids"])
    return ids.reshape(shown["height"], shown["width"])


def replied(page, path: str) -> np.ndarray:
    """uint8 (n,) the body of the server's reply."""
    return bytes_of(page, f"new Uint8Array(await (await window.echoStudio.link.request('{path}')).arrayBuffer())")


def last_op(page) -> dict[str, Any]:
    return page.evaluate("window.echoStudio.document.undoStack.at(-1).op")


def position(page) -> int:
    return page.evaluate("window.echoStudio.document.position")


def to_screen(page, points: list[tuple[float, float]]) -> tuple[list[tuple[int, int]], list[tuple[float, float]]]:
    """Points of the map as whole pixels of the screen, and where on the map these are."""
    left, top, scale, tall = page.evaluate(
        "() => { const v = window.echoStudio.viewport, b = document.querySelector('[data-surface=edit]')"
        ".getBoundingClientRect(); return [v.x + b.left, v.y + b.top, v.scale, v.scale * v.aspect]; }"
    )
    screen = [(round(x * scale + left), round(y * tall + top)) for x, y in points]
    return screen, [((x - left) / scale, (y - top) / tall) for x, y in screen]


def grip(page, kind: str, gx: float = 0.5, gy: float = 0.5) -> tuple[float, float]:
    """Where on the map a grip of the box is, or its middle."""
    if kind == "move":
        return tuple(page.evaluate("window.echoStudio.editor.tool.box.place(0.5, 0.5)"))
    return tuple(
        page.evaluate(
            "([kind, gx, gy]) => { const { editor, viewport } = window.echoStudio;"
            " const { grips } = editor.tool.box.layout(viewport);"
            " return viewport.toMap(...grips.find((g) => g.kind === kind &&"
            " (kind === 'turn' || (g.gx === gx && g.gy === gy))).at); }",
            [kind, gx, gy],
        )
    )


def settle(page, before: int) -> None:
    """Wait for an edit that the server computes."""
    page.wait_for_function("before => window.echoStudio.document.position > before", arg=before)
