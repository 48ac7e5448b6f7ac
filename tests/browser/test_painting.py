"""Painting with real pointer events: the labels on the canvas are compared, byte by byte, with a model in NumPy."""

import numpy as np
import pytest

from tests.browser.brush import (
    ATRIUM,
    CAVITY,
    MYOCARDIUM,
    SECTOR,
    ZIGZAG,
    Model,
    drag,
    ids_of,
    open_template,
    set_size,
)
from tests.browser.desk import put
from tests.studio.fakes import blank, heart

pytestmark = pytest.mark.browser
DRAWING = True


@pytest.fixture
def page(desk):
    """The studio with a blank sector."""
    put(desk, blank().ids, "0.5,0.5")
    return desk


def test_a_stroke_paints_exactly_the_discs_along_its_way(page) -> None:
    for size in (1, 2, 5, 12, 31):
        model = Model(blank().ids)
        set_size(page, size)
        model.stroke(drag(page, ZIGZAG), size, CAVITY)
        assert np.array_equal(ids_of(page), model.ids), size
        assert (model.ids == CAVITY).sum() >= 150 * min(size, 2)
        page.keyboard.press("Control+z")


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


def test_choosing_the_same_template_again_starts_it_afresh(page) -> None:
    open_template(page, "four-chamber")
    drag(page, ZIGZAG)
    open_template(page, "four-chamber")
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
    page.locator("#seed").click()
    page.keyboard.type("3142")
    assert page.evaluate("window.echoStudio.editor.label") == CAVITY
    assert page.locator("#seed").input_value().endswith("3142")
