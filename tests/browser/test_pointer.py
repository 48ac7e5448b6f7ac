"""Other pointers and other views: pen, touch, dense screens, zoom and pan leave the labels exact."""

import numpy as np
import pytest

from tests.browser.brush import CAVITY, ZIGZAG, Model, drag, ids_of, set_size
from tests.browser.desk import put
from tests.browser.visit import visit
from tests.studio.fakes import blank

pytestmark = pytest.mark.browser

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
  delete surface.setPointerCapture;
}"""


@pytest.fixture
def page(desk):
    """The studio with a blank sector."""
    put(desk, blank().ids, "0.5,0.5")
    return desk


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


def test_painting_is_exact_on_a_dense_screen(chromium, address: str) -> None:
    with visit(chromium, address, device_scale_factor=2) as dense:
        model = Model(blank().ids)
        model.stroke(drag(dense, ZIGZAG), 12, CAVITY)
        assert np.array_equal(ids_of(dense), model.ids)
        surface = "document.querySelector('[data-surface=edit]')"
        assert dense.evaluate(f"{surface}.width === 2 * {surface}.clientWidth")


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
