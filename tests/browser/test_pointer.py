"""Other pointers and other views: pen, touch, dense screens, zoom and pan leave the labels exact."""

import numpy as np
import pytest

from tests.browser.brush import CAVITY, ZIGZAG, Model, drag, ids_of
from tests.browser.desk import put
from tests.browser.visit import visit
from tests.studio.fakes import blank

pytestmark = pytest.mark.browser

# Playwright has no pen: pointer events at pixel centres of the map, with the given button and buttons.


@pytest.fixture
def page(desk):
    """The studio with a blank sector."""
    put(desk, blank().ids, "0.5,0.5")
    return desk


def test_painting_is_exact_on_a_dense_screen(chromium, address: str) -> None:
    with visit(chromium, address, device_scale_factor=2) as dense:
        model = Model(blank().ids)
        model.stroke(drag(dense, ZIGZAG), 12, CAVITY)
        assert np.array_equal(ids_of(dense), model.ids)
        surface = "document.querySelector('[data-surface=edit]')"
        assert dense.evaluate(f"{surface}.width === 2 * {surface}.clientWidth")


def test_space_pans_after_a_button_was_clicked(page) -> None:
    drag(page, ZIGZAG)
    drag(page, [(100, 150), (150, 150)])
    page.get_by_role("button", name="Undo").click()
    painted = ids_of(page)
    page.locator("[data-surface=edit]").hover()
    page.keyboard.press("Space")
    assert np.array_equal(ids_of(page), painted), "Space must not press Undo again"
