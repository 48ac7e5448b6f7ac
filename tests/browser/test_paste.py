"""Copy, cut and paste: floating pieces on the canvas against an inverse mapping in NumPy."""

import numpy as np
import pytest

from tests.browser.affine import ATRIUM, CAVITY, edges, pasted, pull, shift, whole
from tests.browser.desk import drawing, grip, labels, last_op, mirrored, position, put, to_screen
from tests.browser.window import wait_until_open

pytestmark = pytest.mark.browser
DRAWING = True


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


def test_a_structure_goes_from_one_page_to_another_by_the_system_s_clipboard(page, chromium, address: str) -> None:
    ids = drawing(128, 128)
    put(page, ids)
    page.keyboard.press("1")
    page.keyboard.press("Control+x")
    assert np.array_equal(labels(page), np.where(ids == CAVITY, 4, ids))
    other = page.context.new_page()
    other.goto(f"{address}/?project=new")
    wait_until_open(other)
    other.locator("#live").uncheck()
    larger = drawing(256, 300)
    put(other, larger)
    screen, [cursor] = to_screen(other, [(100, 200)])
    other.mouse.move(*screen[0])
    other.keyboard.press("Control+v")
    other.keyboard.press("Enter")
    x0, y0, x1, y1 = edges(ids, [CAVITY])
    matrix = shift(*whole(np.array(cursor) - [(x0 + x1) / 2, (y0 + y1) / 2]))
    assert np.array_equal(labels(other), pasted(larger, ids, CAVITY, matrix))
    assert np.array_equal(mirrored(other), labels(other))
    other.close()
