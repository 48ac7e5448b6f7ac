"""Painting with real pointer events: the labels on the canvas are compared, byte by byte, with a model in NumPy."""

import math
from itertools import pairwise

import numpy as np
import pytest

from tests.ui.fakes import blank, heart

pytestmark = pytest.mark.browser

CAVITY, MYOCARDIUM, ATRIUM, SECTOR = 1, 2, 3, 4


class Model:
    """What the canvas must hold: discs of whole pixels along whole-pixel lines, locks, the fan beneath."""

    def __init__(self, ids: np.ndarray) -> None:
        self.ids = ids.copy()
        self.fan = ids != 0
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
        y, x = np.mgrid[0 : self.ids.shape[0], 0 : self.ids.shape[1]]
        offset = 0 if size % 2 else 0.5
        disc = (x - column + offset) ** 2 + (y - row + offset) ** 2 <= size * size / 4
        disc &= ~np.isin(self.ids, list(self.locked))
        self.ids[disc] = np.where(self.fan, SECTOR, 0)[disc] if label is None else label


def ids_of(page) -> np.ndarray:
    """uint8 (h, w) on the canvas."""
    width, height, ids = page.evaluate(
        "() => { const d = window.echoStudio.document; return [d.width, d.height, Array.from(d.ids)]; }"
    )
    return np.array(ids, np.uint8).reshape(height, width)


def drag(page, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Drag over points in pixels of the map; the positions that the page saw, after rounding to the screen."""
    place = page.evaluate(
        "() => { const v = window.echoStudio.viewport, b = document.querySelector('[data-surface=edit]')"
        ".getBoundingClientRect(); return [v.x + b.left, v.y + b.top, v.scale]; }"
    )
    left, top, scale = place
    screen = [(round(x * scale + left), round(y * scale + top)) for x, y in points]
    page.mouse.move(*screen[0])
    page.mouse.down()
    for x, y in screen[1:]:
        page.mouse.move(x, y)
    page.mouse.up()
    return [((x - left) / scale, (y - top) / scale) for x, y in screen]


def set_size(page, size: int) -> None:
    page.locator("[data-part=size]").evaluate(
        "(input, size) => { input.value = size; input.dispatchEvent(new Event('input', { bubbles: true })); }", size
    )


def open_template(page, title: str) -> None:
    before = page.evaluate("window.echoStudio.document.number")
    page.locator("#template input").click()
    page.get_by_role("option", name=title).click()
    page.wait_for_function("before => window.echoStudio.document.number > before", arg=before)


# Playwright has no pen: pointer events at pixel centres of the map, with the given button and buttons.
PEN = """([points, button, buttons]) => {
  const surface = document.querySelector('[data-surface=edit]'), box = surface.getBoundingClientRect();
  surface.setPointerCapture = () => {};
  const send = (type, [x, y], down) => {
    const [px, py] = window.echoStudio.viewport.toPane(x + 0.5, y + 0.5);
    surface.dispatchEvent(new PointerEvent(type, { pointerType: 'pen', pointerId: 7, clientX: px + box.left,
      clientY: py + box.top, button, buttons: down ? buttons : 0, bubbles: true }));
  };
  send('pointerdown', points[0], true);
  for (const point of points.slice(1)) send('pointermove', point, true);
  send('pointerup', points[points.length - 1], false);
}"""
ZIGZAG = [(90.0, 90.0), (150.0, 100.0), (151.0, 160.0), (96.0, 121.0)]


@pytest.mark.parametrize("size", [1, 2, 5, 12, 31])
def test_a_stroke_paints_exactly_the_discs_along_its_way(page, size: int) -> None:
    model = Model(blank().ids)
    set_size(page, size)
    model.stroke(drag(page, ZIGZAG), size, CAVITY)
    assert np.array_equal(ids_of(page), model.ids)
    assert (model.ids == CAVITY).sum() >= 150 * min(size, 2)


def test_labels_by_key_and_by_button_and_the_eraser_gives_the_sector_back(page) -> None:
    model = Model(blank().ids)
    page.keyboard.press("2")
    model.stroke(drag(page, ZIGZAG), 12, MYOCARDIUM)
    page.get_by_role("button", name="Paint Left atrium").click()
    model.stroke(drag(page, [(128, 180), (120, 190)]), 12, ATRIUM)
    page.keyboard.press("e")
    page.keyboard.press("]")
    model.stroke(drag(page, [(100, 80), (140, 170)]), 13, None)
    assert np.array_equal(ids_of(page), model.ids)
    assert set(np.unique(model.ids)) == {0, MYOCARDIUM, ATRIUM, SECTOR}


def test_locked_labels_are_never_overwritten(page) -> None:
    open_template(page, "four-chamber")
    model = Model(heart().ids)
    page.get_by_role("button", name="Lock LV myocardium").click()
    model.locked.add(MYOCARDIUM)
    page.keyboard.press("3")
    model.stroke(drag(page, [(60, 90), (220, 120)]), 12, ATRIUM)
    page.keyboard.press("e")
    model.stroke(drag(page, [(128, 30), (131, 200)]), 12, None)
    assert np.array_equal(ids_of(page), model.ids)
    assert ((heart().ids == MYOCARDIUM) == (model.ids == MYOCARDIUM)).all()


def test_paint_beyond_the_fan_needs_the_lock_of_outside_open_and_the_eraser_brings_outside_back(page) -> None:
    model = Model(blank().ids)
    across = [(20.0, 60.0), (120.0, 60.0)]
    model.stroke(drag(page, across), 12, CAVITY)
    assert np.array_equal(ids_of(page), model.ids)
    page.keyboard.press("Shift+Digit0")
    model.locked.clear()
    model.stroke(drag(page, across), 12, CAVITY)
    assert np.array_equal(ids_of(page), model.ids)
    assert (model.ids[~model.fan] == CAVITY).any()
    page.keyboard.press("e")
    model.stroke(drag(page, across), 12, None)
    assert np.array_equal(ids_of(page), model.ids)
    assert np.array_equal(model.ids, blank().ids)


def test_undo_and_redo_walk_through_every_stroke(page) -> None:
    model = Model(blank().ids)
    states = [model.ids.copy()]
    for label, (x, y) in enumerate([(100, 100), (130, 120), (128, 180)], start=1):
        page.keyboard.press(str(label))
        model.stroke(drag(page, [(x, y), (x + 20, y + 5)]), 12, label)
        states.append(model.ids.copy())
    for wanted in (states[2], states[1], states[0], states[0]):
        page.keyboard.press("Control+z")
        assert np.array_equal(ids_of(page), wanted)
    page.keyboard.press("Control+Shift+z")
    assert np.array_equal(ids_of(page), states[1])
    page.keyboard.press("Control+y")
    assert np.array_equal(ids_of(page), states[2])
    # A new stroke after an undo forgets the future.
    page.get_by_role("button", name="Undo").click()
    drag(page, [(90, 140), (95, 140)])
    assert page.get_by_role("button", name="Redo").is_disabled()


def test_a_hundred_steps_can_be_undone(page) -> None:
    set_size(page, 1)
    for step in range(101):
        drag(page, [(100.5 + step % 50, 120.5 + 2 * (step // 50))])
    for _ in range(110):
        page.keyboard.press("Control+z")
    left = ids_of(page) == CAVITY
    assert left.sum() == 1, "only the first of 101 strokes is beyond the history"


def test_painting_is_exact_when_zoomed_in_and_panned(page) -> None:
    model = Model(blank().ids)
    surface = page.locator("[data-surface=edit]")
    box = surface.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 300)
    for _ in range(5):
        page.mouse.wheel(0, -200)
    page.keyboard.down("Space")
    page.mouse.down()
    page.mouse.move(box["x"] + 190, box["y"] + 280, steps=3)
    page.mouse.up()
    page.keyboard.up("Space")
    assert page.evaluate("window.echoStudio.viewport.scale") > 5
    assert np.array_equal(ids_of(page), model.ids), "panning paints nothing"
    middle = page.evaluate("([x, y]) => window.echoStudio.viewport.toMap(x, y)", [box["width"] / 2, box["height"] / 2])
    set_size(page, 7)
    points = [(middle[0] - 15, middle[1]), (middle[0] + 12.3, middle[1] + 9.7), (middle[0], middle[1] + 20)]
    model.stroke(drag(page, points), 7, CAVITY)
    assert np.array_equal(ids_of(page), model.ids)


def test_painting_is_exact_on_a_dense_screen(page, chromium, address: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=2)
    dense = context.new_page()
    dense.goto(address)
    dense.wait_for_function("() => window.echoStudio && window.echoStudio.document.number > 0")
    model = Model(blank().ids)
    model.stroke(drag(dense, ZIGZAG), 12, CAVITY)
    assert np.array_equal(ids_of(dense), model.ids)
    surface = "document.querySelector('[data-surface=edit]')"
    assert dense.evaluate(f"{surface}.width === 2 * {surface}.clientWidth")
    context.close()


def test_a_pen_paints_and_its_other_end_erases(page) -> None:
    model = Model(blank().ids)
    page.evaluate(PEN, [[[100, 100], [140, 130]], 0, 1])
    model.stroke([(100.5, 100.5), (140.5, 130.5)], 12, CAVITY)
    assert np.array_equal(ids_of(page), model.ids)
    page.evaluate(PEN, [[[100, 130], [140, 100]], 5, 32])
    model.stroke([(100.5, 130.5), (140.5, 100.5)], 12, None)
    assert np.array_equal(ids_of(page), model.ids)
    assert page.evaluate("window.echoStudio.editor.toolName") == "brush"


def test_two_fingers_zoom_and_take_the_first_finger_s_paint_back(page) -> None:
    client = page.context.new_cdp_session(page)
    box = page.locator("[data-surface=edit]").bounding_box()
    x, y = box["x"] + 200, box["y"] + 350

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": px, "y": py, "id": number} for number, (px, py) in enumerate(points)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    before = page.evaluate("window.echoStudio.viewport.scale")
    touch("touchStart", (x - 30, y))
    touch("touchStart", (x - 30, y), (x + 30, y))
    touch("touchMove", (x - 60, y), (x + 60, y))
    touch("touchEnd")
    assert page.evaluate("window.echoStudio.viewport.scale") / before == pytest.approx(2, rel=0.1)
    assert np.array_equal(ids_of(page), blank().ids)


def test_undo_takes_back_the_last_corner_of_an_outline_before_a_stroke(page) -> None:
    model = Model(blank().ids)
    model.stroke(drag(page, ZIGZAG), 12, CAVITY)
    page.keyboard.press("p")
    for corner in ((100, 150), (150, 150), (150, 180)):
        drag(page, [corner])
    page.keyboard.press("Control+z")
    assert page.evaluate("window.echoStudio.editor.tool.points.length") == 2
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    assert np.array_equal(ids_of(page), model.ids)


def test_space_pans_after_a_button_was_clicked(page) -> None:
    drag(page, ZIGZAG)
    drag(page, [(100, 150), (150, 150)])
    page.get_by_role("button", name="Undo").click()
    painted = ids_of(page)
    page.locator("[data-surface=edit]").hover()
    page.keyboard.press("Space")
    assert np.array_equal(ids_of(page), painted), "Space must not press Undo again"


def test_zooming_keeps_the_pixel_under_the_cursor(page) -> None:
    box = page.locator("[data-surface=edit]").bounding_box()
    at = [130, 250]
    page.mouse.move(box["x"] + at[0], box["y"] + at[1])
    before = page.evaluate("([x, y]) => window.echoStudio.viewport.toMap(x, y)", at)
    page.mouse.wheel(0, -400)
    after = page.evaluate("([x, y]) => window.echoStudio.viewport.toMap(x, y)", at)
    assert np.allclose(before, after, atol=1e-6)
    page.keyboard.press("h")
    assert page.evaluate("window.echoStudio.viewport.fitted")


def test_fill_takes_the_connected_region_and_polygon_its_inside(page) -> None:
    open_template(page, "four-chamber")
    wanted = heart().ids.copy()
    page.keyboard.press("f")
    page.keyboard.press("2")
    drag(page, [(130.5, 110.5)])
    wanted[wanted == CAVITY] = MYOCARDIUM
    assert np.array_equal(ids_of(page), wanted)
    page.keyboard.press("p")
    page.keyboard.press("1")
    corners = [corner for point in ((110, 80), (150, 80), (150, 140), (110, 140)) for corner in drag(page, [point])]
    page.keyboard.press("Enter")
    (x0, y0), (x1, y1) = np.min(corners, axis=0), np.max(corners, axis=0)
    y, x = np.mgrid[0:256, 0:256] + 0.5
    wanted[(x >= x0) & (x < x1) & (y > y0) & (y <= y1)] = CAVITY
    assert np.array_equal(ids_of(page), wanted)


def test_opening_a_template_by_mistake_can_be_undone(page) -> None:
    model = Model(blank().ids)
    model.stroke(drag(page, ZIGZAG), 12, CAVITY)
    open_template(page, "two-chamber")
    assert np.array_equal(ids_of(page), heart().ids)
    page.locator("[data-surface=edit]").hover()
    page.get_by_role("button", name="Undo").click()
    assert np.array_equal(ids_of(page), model.ids)
    page.get_by_role("button", name="Redo").click()
    assert np.array_equal(ids_of(page), heart().ids)


def test_the_status_line_tells_position_label_size_and_zoom(page) -> None:
    open_template(page, "four-chamber")
    drag(page, [(130.5, 190.5)])
    status = page.locator(".status").inner_text()
    assert "x 130  y 190" in status
    assert "LV cavity" in status
    assert "Brush 12 px" in status
    assert page.locator("[data-part=zoom-value]").inner_text().endswith("%")


def test_keys_do_nothing_while_the_person_types(page) -> None:
    page.locator("#seed input").click()
    page.keyboard.type("3142")
    assert page.evaluate("window.echoStudio.editor.label") == CAVITY
    assert page.locator("#seed input").input_value().endswith("3142")
