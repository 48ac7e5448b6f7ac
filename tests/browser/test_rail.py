"""The rail beside the canvas: what is seen of labels, the brush in millimetres, room in a small window."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.browser.brush import Model, drag
from tests.browser.desk import PAINTED, drawing, labels, put, to_screen

pytestmark = pytest.mark.browser
DRAWING = True


@pytest.fixture
def page(desk):
    return desk


def test_hide_and_solo_change_what_is_seen_and_not_what_is_there(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)

    def colour(x: float, y: float) -> tuple[int, ...]:
        [(left, top)], _ = to_screen(page, [(x, y)])
        picture = page.screenshot(clip={"x": left, "y": top, "width": 1, "height": 1})
        return Image.open(io.BytesIO(picture)).convert("RGB").getpixel((0, 0))

    cavity, wall = (130.5, 112.5), (130.5, 50.5)
    shown = colour(*cavity)
    page.keyboard.press("u")
    assert page.get_by_role("button", name="Hide LV cavity").get_attribute("aria-pressed") == "true"
    assert colour(*cavity) != shown
    page.get_by_role("button", name="Hide LV cavity").click()
    assert colour(*cavity) == shown
    wall_shown = colour(*wall)
    page.keyboard.press("o")
    assert colour(*cavity) == shown
    assert colour(*wall) != wall_shown
    page.keyboard.press("o")
    assert colour(*wall) == wall_shown
    assert np.array_equal(labels(page), ids)
    # A hidden label is not a locked one.
    page.keyboard.press("u")
    page.keyboard.press("3")
    model = Model(ids)
    model.stroke(drag(page, [(120, 112), (140, 112)]), 12, 3)
    assert np.array_equal(labels(page), model.ids)


def test_the_brush_is_given_in_pixels_or_millimetres(page) -> None:
    put(page, drawing(256, 256), "0.4,0.225")  # the mean of the sides is 0.3 mm
    field = page.locator("[data-part=size-field]")
    assert field.input_value() == "12 px · 3.6 mm"
    for typed, size in (("4 mm", 13), ("20", 20), ("7 px", 7), ("2,7mm", 9), ("0.1 mm", 1)):
        field.click()
        field.fill(typed)
        page.keyboard.press("Enter")
        assert page.evaluate("window.echoStudio.editor.size") == size
        assert field.input_value() == f"{size} px · {size * 0.3:.1f} mm"
    assert f"Brush {field.input_value()}" in page.locator(".status").inner_text()
    put(page, drawing(256, 256))
    assert field.input_value() == "12 px"
    field.fill("4 mm")
    page.keyboard.press("Enter")
    assert "not known" in page.locator("[data-part=problem]").inner_text()
    assert field.input_value() == "12 px"


def test_the_rail_needs_no_scrolling_in_a_window_of_720_pixels(page) -> None:
    put(page, drawing(256, 256), "0.3,0.3")
    for key in "bmd":
        page.keyboard.press(key)
        page.evaluate(PAINTED)
        assert page.evaluate(
            "(() => { const r = document.querySelector('.rail'); return r.scrollHeight <= r.clientHeight; })()"
        )
        assert page.evaluate(
            "(() => { const r = document.querySelector('.rail'); return r.scrollWidth <= r.clientWidth; })()"
        )
