"""Copy, cut and paste: floating pieces on the canvas against an inverse mapping in NumPy."""

import numpy as np
import pytest

from tests.browser.affine import ATRIUM, CAVITY, edges, pasted, pull, shift, whole
from tests.browser.desk import drawing, grip, labels, last_op, mirrored, position, put, to_screen

pytestmark = pytest.mark.browser


@pytest.fixture
def page(desk):
    return desk


def test_a_copy_floats_at_the_cursor_until_enter_sets_it_down(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("3")
    page.keyboard.press("Control+c")
    screen, [cursor] = to_screen(page, [(80.2, 150.7)])
    page.mouse.move(*screen[0])
    before = position(page)
    page.keyboard.press("Control+v")
    x0, y0, x1, y1 = edges(ids, [ATRIUM])
    matrix = shift(*whole(np.array(cursor) - [(x0 + x1) / 2, (y0 + y1) / 2]))
    assert np.array_equal(labels(page), pasted(ids, ids, ATRIUM, matrix)), "seen before it is set down"
    assert position(page) == before
    start, end = pull(page, grip(page, "move"), (12, 9))
    matrix = shift(*whole(end - start)) @ matrix
    page.keyboard.press("Enter")
    assert position(page) == before + 1
    wanted = pasted(ids, ids, ATRIUM, matrix)
    assert np.array_equal(labels(page), wanted)
    assert np.array_equal(mirrored(page), wanted)
    op = last_op(page)
    assert op["box"] == [x0, y0, x1 - 1, y1 - 1]
    runs = [int(run) for run in op["mask"].split(",")]
    mask = np.repeat(np.arange(len(runs)) % 2, runs).reshape(y1 - y0, x1 - x0)
    assert np.array_equal(mask == 1, ids[y0:y1, x0:x1] == ATRIUM)


def test_a_floating_piece_is_resampled_once_however_often_it_is_dragged(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("Control+c")
    screen, _ = to_screen(page, [(90, 130)])
    page.mouse.move(*screen[0])
    page.keyboard.press("Control+v")
    for _ in range(24):
        page.keyboard.press("Shift+Period")
    start, end = pull(page, grip(page, "scale", 1, 0.5), (11, 0))
    grown = page.evaluate("window.echoStudio.editor.tool.box.matrix")
    x0, _, x1, _ = edges(ids, [CAVITY])
    factor = (x1 - x0 + whole(end - start)[0]) / (x1 - x0)
    assert np.allclose(grown[:4], [factor, 0, 0, 1], atol=1e-9)
    pull(page, (240, 20))  # a click outside sets it down
    assert last_op(page)["tool"] == "paste"
    wanted = pasted(
        ids, ids, CAVITY, np.array([[grown[0], grown[2], grown[4]], [grown[1], grown[3], grown[5]], [0, 0, 1]])
    )
    assert np.array_equal(labels(page), wanted)


def test_escape_and_undo_drop_a_floating_piece_and_another_tool_sets_it_down(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    before = position(page)
    page.keyboard.press("3")
    page.get_by_role("button", name="Copy structure").click()
    for drop in ("Escape", "Control+z"):
        page.get_by_role("button", name="Paste structure").click()
        assert not np.array_equal(labels(page), ids)
        page.keyboard.press(drop)
        assert np.array_equal(labels(page), ids)
        assert position(page) == before
    page.get_by_role("button", name="Paste structure").click()
    page.get_by_role("button", name="Drop piece").click()
    assert np.array_equal(labels(page), ids)
    page.get_by_role("button", name="Paste structure").click()
    page.keyboard.press("b")
    assert np.array_equal(labels(page), pasted(ids, ids, ATRIUM, shift(8, 8)))
    assert position(page) == before + 1


def test_cut_leaves_sector_and_paste_in_a_larger_map_keeps_the_pixels(page) -> None:
    ids = drawing(128, 128)
    put(page, ids)
    page.keyboard.press("Control+x")
    assert np.array_equal(labels(page), np.where(ids == CAVITY, 4, ids))
    other = drawing(256, 300)
    clipboard = page.evaluate_handle("window.echoStudio.editor.clipboard")
    put(page, other)
    page.evaluate("clipboard => { window.echoStudio.editor.clipboard = clipboard; }", clipboard)
    screen, [cursor] = to_screen(page, [(100, 200)])
    page.mouse.move(*screen[0])
    page.keyboard.press("Control+v")
    page.get_by_role("button", name="Set down").click()
    x0, y0, x1, y1 = edges(ids, [CAVITY])
    matrix = shift(*whole(np.array(cursor) - [(x0 + x1) / 2, (y0 + y1) / 2]))
    assert np.array_equal(labels(page), pasted(other, ids, CAVITY, matrix))
    assert np.array_equal(mirrored(page), labels(page))


def test_another_map_under_a_floating_piece_ends_it_and_a_locked_structure_is_not_cut(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    page.locator("#template").select_option("blank")
    page.wait_for_function("() => document.querySelector('[data-part=problem]').textContent.includes('paste it again')")
    assert set(np.unique(labels(page))) == {0, 4}
    put(page, ids)
    page.keyboard.press("Shift+Digit1")
    page.keyboard.press("Control+x")
    assert np.array_equal(labels(page), ids)
    assert "locked" in page.locator("[data-part=problem]").inner_text()
