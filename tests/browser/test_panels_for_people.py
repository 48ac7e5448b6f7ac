"""The Shape, Defects and Measure panels in use: axe-core, the keyboard, nothing cut off; fingers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.browser.brush import CAVITY, ids_of
from tests.browser.desk import put
from tests.browser.panels import HEART, SPACING
from tests.browser.test_measure_panel import odd
from tests.browser.test_people import FITTED, SMALL
from tests.browser.visit import faults_in_both_themes, visit
from tests.studio.fakes import blank

pytestmark = pytest.mark.browser
DRAWING = True

WIDE = """() => [...document.querySelectorAll('.inspector .panel:not([hidden]), .inspector .panel:not([hidden]) *')]
  .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1)
  .filter((one) => !one.matches('canvas, input, select, label.switch'))
  .map((one) => `${one.className || one.tagName}: ${one.scrollWidth} in ${one.clientWidth}`)"""


def in_use(page):
    """Each panel with everything open in it."""
    put(page, odd().ids, SPACING)
    page.keyboard.press("s")
    page.locator("[data-slider=tilt]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => window.echoStudio.document.undoStack.at(-1).op.tool === 'shape'")
    yield "shape"
    page.keyboard.press("x")
    for defect in ("aneurysm", "mass"):
        page.locator(f"[data-defect={defect}]:not([data-position])").click()
        page.get_by_role("button", name="Apply").click()
        page.locator(f"[data-defect={defect}][data-position]").wait_for()
    yield "defects"
    page.keyboard.press("i")
    page.locator("[data-finding]").first.click()
    page.get_by_role("button", name="Keep this map").click()
    page.get_by_label("Intended:").last.check()
    page.locator("[data-part=pair] dd").first.wait_for()
    yield "measure"


def test_axe_finds_nothing_serious_and_nothing_is_cut_off(desk) -> None:
    for panel in in_use(desk):
        assert faults_in_both_themes(desk, ".inspector") == [], panel
        assert desk.evaluate(WIDE) == [], panel
        assert desk.evaluate(SMALL, 28) == [], panel


@pytest.fixture(scope="module")
def touched(chromium, address: str) -> Iterator[Any]:
    """The studio on a screen that is touched."""
    with visit(chromium, address, viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True) as page:
        yield page


def test_a_finger_finds_everything(touched) -> None:
    touched.set_viewport_size({"width": 1024, "height": 768})
    for panel in in_use(touched):
        assert touched.evaluate(WIDE) == [], panel
        assert touched.evaluate(SMALL, 40) == [], panel
    touched.keyboard.press("q")


def test_a_finger_paints_two_fingers_zoom_and_targets_are_wide(touched) -> None:
    page = touched
    client = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": px, "y": py, "id": number} for number, (px, py) in enumerate(points)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    for width, height in ((1024, 768), (768, 1024)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(FITTED)
        put(page, blank().ids)
        assert page.evaluate(SMALL, 40) == []
        page.get_by_role("button", name="Paint LV cavity").tap()
        box = page.locator("[data-surface=edit]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.touchscreen.tap(x, y)
        painted = ids_of(page)
        assert 100 < (painted == CAVITY).sum() < 130, "one dab of 12 pixels"
        page.get_by_role("button", name="Undo", exact=True).first.tap()
        assert np.array_equal(ids_of(page), blank().ids)
        touch("touchStart", (x - 20, y))
        touch("touchMove", (x + 20, y))
        touch("touchEnd")
        assert (ids_of(page) == CAVITY).sum() > 250, "a stroke, not a scroll of the page"
        painted = ids_of(page)
        before = page.evaluate("window.echoStudio.viewport.scale")
        touch("touchStart", (x - 30, y), (x + 30, y))
        touch("touchMove", (x - 60, y), (x + 60, y))
        touch("touchEnd")
        assert page.evaluate("window.echoStudio.viewport.scale") / before == pytest.approx(2, rel=0.1)
        assert page.evaluate("window.visualViewport.scale") == pytest.approx(1), "the canvas zooms, not the page"
        assert np.array_equal(ids_of(page), painted)
        page.keyboard.press("h")


def test_the_panels_work_by_keyboard_alone(desk) -> None:
    page = desk
    put(page, HEART.ids, SPACING)
    page.keyboard.press("x")
    page.locator("[data-defect=septal]").focus()
    page.keyboard.press("Enter")
    page.locator("#defect-at").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "defect-at"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.locator("[data-defect=septal][data-position]").wait_for()
    assert page.evaluate("document.activeElement.id") == "defect-at", "the focus goes along with the controls"
    assert page.evaluate("window.echoStudio.document.undoStack.at(-1).op.values.at") == 0.61
