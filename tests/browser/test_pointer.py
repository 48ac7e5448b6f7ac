"""Other pointers and other views: pen, touch, dense screens, zoom and pan leave the labels exact."""

import numpy as np
import pytest

from tests.browser.brush import CAVITY, ZIGZAG, Model, drag, ids_of
from tests.browser.desk import put
from tests.studio.fakes import blank

pytestmark = pytest.mark.browser
DRAWING = True

# Playwright has no pen: pointer events at pixel centres of the map, with the given button and buttons.


@pytest.fixture
def page(desk):
    """The studio with a blank sector."""
    put(desk, blank().ids, "0.5,0.5")
    return desk


def test_painting_is_exact_on_a_dense_screen(page) -> None:
    surface = "document.querySelector('[data-surface=edit]')"
    dense = f"() => {surface}.width === 2 * {surface}.clientWidth"
    assert not page.evaluate(dense)
    client = page.context.new_cdp_session(page)
    screen = {"height": 720, "mobile": False}
    client.send("Emulation.setDeviceMetricsOverride", {**screen, "width": 1270, "deviceScaleFactor": 2})
    page.wait_for_function(dense)
    model = Model(blank().ids)
    model.stroke(drag(page, ZIGZAG), 12, CAVITY)
    assert np.array_equal(ids_of(page), model.ids)
    client.send("Emulation.setDeviceMetricsOverride", {**screen, "width": 1280, "deviceScaleFactor": 1})
    page.wait_for_function(f"() => {surface}.width === {surface}.clientWidth")
    client.detach()


def test_space_pans_after_a_button_was_clicked(page) -> None:
    drag(page, ZIGZAG)
    drag(page, [(100, 150), (150, 150)])
    page.get_by_role("button", name="Undo").click()
    painted = ids_of(page)
    page.locator("[data-surface=edit]").hover()
    page.keyboard.press("Space")
    assert np.array_equal(ids_of(page), painted), "Space must not press Undo again"
