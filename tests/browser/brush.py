"""A model in NumPy of what strokes leave on the canvas, and how to drag over it with real pointer events."""

import math
from itertools import pairwise

import numpy as np

from tests.browser.desk import labels

CAVITY, MYOCARDIUM, ATRIUM, SECTOR = 1, 2, 3, 4


class Model:
    """What the canvas must hold: discs of whole pixels along whole-pixel lines, locks, the sector beneath."""

    def __init__(self, ids: np.ndarray) -> None:
        self.ids = ids.copy()
        self.sector = ids != 0
        self.locked = {0}

    def stroke(self, points: list[tuple[float, float]], size: int, label: int | None) -> None:
        cells = [tuple(math.floor(c) if size % 2 else math.floor(c + 0.5) for c in point) for point in points]
        self._dab(*cells[0], size, label)
        for (x0, y0), (x1, y1) in pairwise(cells):
            count = max(abs(x1 - x0), abs(y1 - y0))
            for k in range(1, count + 1):
                x, y = (math.floor(a + (b - a) * k / count + 0.5) for a, b in ((x0, x1), (y0, y1)))
                self._dab(x, y, size, label)

    def _dab(self, column: int, row: int, size: int, label: int | None) -> None:
        rows, columns = (slice(max(0, at - size), max(0, at + size + 1)) for at in (row, column))
        ids, sector = self.ids[rows, columns], self.sector[rows, columns]
        y, x = np.mgrid[: ids.shape[0], : ids.shape[1]]
        offset = 0 if size % 2 else 0.5
        disc = (x + columns.start - column + offset) ** 2 + (y + rows.start - row + offset) ** 2 <= size * size / 4
        disc &= ~np.isin(ids, list(self.locked))
        ids[disc] = np.where(sector, SECTOR, 0)[disc] if label is None else label


def ids_of(page) -> np.ndarray:
    """uint8 (h, w) on the canvas."""
    return labels(page)


def drag(page, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Drag over points in pixels of the map; the positions that the page saw, after rounding to the screen."""
    place = page.evaluate(
        "() => { const v = window.echoStudio.viewport, b = document.querySelector('[data-surface=edit]')"
        ".getBoundingClientRect(); return [v.x + b.left, v.y + b.top, v.scale, v.scale * v.aspect]; }"
    )
    left, top, scale, tall = place
    screen = [(round(x * scale + left), round(y * tall + top)) for x, y in points]
    page.mouse.move(*screen[0])
    page.mouse.down()
    for x, y in screen[1:]:
        page.mouse.move(x, y)
    page.mouse.up()
    return [((x - left) / scale, (y - top) / tall) for x, y in screen]


STROKES = """(strokes) => {
  const surface = document.querySelector('[data-surface=edit]'), box = surface.getBoundingClientRect();
  const send = (kind, [x, y], buttons) => {
    const [px, py] = window.echoStudio.viewport.toPane(x, y);
    const place = { clientX: Math.round(px + box.left), clientY: Math.round(py + box.top), bubbles: true };
    surface.dispatchEvent(new PointerEvent(kind, { ...place, pointerId: 1, pointerType: 'mouse', button: 0, buttons }));
  };
  surface.setPointerCapture = () => {};
  for (const points of strokes) {
    send('pointermove', points[0], 0);
    send('pointerdown', points[0], 1);
    for (const point of points.slice(1)) send('pointermove', point, 1);
    send('pointerup', points.at(-1), 0);
  }
  delete surface.setPointerCapture;
}"""


def drag_at_once(page, *strokes: list[tuple[float, float]]) -> None:
    """Drag over points in pixels of the map, all in one turn of the page: where what is drawn counts, and not how."""
    page.evaluate(STROKES, strokes)


def set_size(page, size: int) -> None:
    page.locator("[data-part=size]").evaluate(
        "(input, size) => { input.value = size; input.dispatchEvent(new Event('input', { bubbles: true })); }", size
    )


def open_template(page, title: str) -> None:
    before = page.evaluate("window.echoStudio.document.revision")
    chosen = page.locator("#template option", has_text=title).first.get_attribute("value")
    page.locator("#template").select_option(chosen)
    page.wait_for_function("before => window.echoStudio.document.revision > before", arg=before)


ZIGZAG = [(90.0, 90.0), (150.0, 100.0), (151.0, 160.0), (96.0, 121.0)]
