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
    drag_at_once,
    ids_of,
    open_template,
    set_size,
)
from tests.browser.desk import put
from tests.studio.fakes import blank, heart

pytestmark = pytest.mark.browser

UNDO = """(times) => {
  for (let k = 0; k < times; k += 1) window.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true }));
}"""


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


def test_paint_beyond_the_sector_needs_the_lock_of_outside_open_and_the_eraser_brings_outside_back(page) -> None:
    model = Model(blank().ids)
    across = [(20.0, 60.0), (120.0, 60.0)]
    model.stroke(drag(page, across), 12, CAVITY)
    assert np.array_equal(ids_of(page), model.ids)
    page.keyboard.press("Shift+Digit0")
    model.locked.clear()
    model.stroke(drag(page, across), 12, CAVITY)
    assert np.array_equal(ids_of(page), model.ids)
    assert (model.ids[~model.sector] == CAVITY).any()
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
    for wanted in (states[2], states[1], states[0]):
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
    drag_at_once(page, *([(100.5 + step % 50, 120.5 + 2 * (step // 50))] for step in range(101)))
    assert (ids_of(page) == CAVITY).sum() == 101
    page.evaluate(UNDO, 99)
    assert (ids_of(page) == CAVITY).sum() == 2
    page.evaluate(UNDO, 11)
    left = ids_of(page) == CAVITY
    assert left.sum() == 1, "only the first of 101 strokes is beyond the history"


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
