"""The Shape, Defects and Measure panels in use: axe-core, targets for fingers, the keyboard, nothing cut off."""

import pytest

from tests.browser.desk import put
from tests.browser.panels import HEART, SPACING
from tests.browser.test_measure_panel import odd
from tests.browser.test_people import SMALL
from tests.browser.visit import faults_in_both_themes, visit

pytestmark = pytest.mark.browser

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


def test_a_finger_finds_everything(chromium, address: str) -> None:
    with visit(chromium, address, viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True) as page:
        for panel in in_use(page):
            assert page.evaluate(WIDE) == [], panel
            assert page.evaluate(SMALL, 40) == [], panel


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
