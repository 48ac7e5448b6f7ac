"""Move, rotate, scale, copy, cut and paste: the labels on the canvas against an inverse mapping in NumPy."""

import numpy as np
import pytest

from tests.browser.desk import desk, drawing, grip, labels, last_op, mirrored, position, put, to_screen

pytestmark = pytest.mark.browser

CAVITY, WALL, ATRIUM = 1, 2, 3


@pytest.fixture(scope="module")
def page(chromium, address: str):
    with desk(chromium, address) as open_page:
        yield open_page


def edges(ids: np.ndarray, structures: list[int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of structures, in pixels from the map's corner."""
    y, x = np.nonzero(np.isin(ids, structures))
    return x.min(), y.min(), x.max() + 1, y.max() + 1


def looked_up(ids: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(h, w) what a forward matrix (3, 3) brings to every pixel of another map; 0 from beyond."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    back = np.linalg.inv(matrix) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    column, row = np.floor(back[:2] + 1e-6).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < ids.shape[1]) & (row < ids.shape[0])
    found = np.zeros(x.size, np.uint8)
    found[inside] = ids[row[inside], column[inside]]
    return found.reshape(shape)


def moved(ids: np.ndarray, structures: list[int], matrix: np.ndarray, locked: tuple[int, ...] = (0,)) -> np.ndarray:
    """uint8 (h, w) structures taken off the map, then put down where the matrix has them; fan: where ids is not 0."""
    shown = looked_up(np.where(np.isin(ids, structures), ids, 0), matrix, ids.shape)
    left = np.where(np.isin(ids, structures), 4, ids)
    stays = np.isin(ids, [label for label in locked if label not in structures])
    return np.where((shown > 0) & ~stays, shown, left)


def shift(dx: float, dy: float) -> np.ndarray:
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], float)


def about(x: float, y: float, matrix: list[list[float]]) -> np.ndarray:
    """A 2 x 2 matrix about a point."""
    whole = np.eye(3)
    whole[:2, :2] = matrix
    return shift(x, y) @ whole @ shift(-x, -y)


def pull(page, start: tuple[float, float], *ways: tuple[float, float], shift_key: bool = False) -> np.ndarray:
    """Drag from a point of the map by way of others, relative to it; (2, 2) the first and the last as the page saw."""
    points = [start, *((start[0] + dx, start[1] + dy) for dx, dy in ways)]
    screen, seen = to_screen(page, points)
    page.mouse.move(*screen[0])
    page.mouse.down()
    if shift_key:
        page.keyboard.down("Shift")
    for point in screen[1:]:
        page.mouse.move(*point)
    page.mouse.up()
    if shift_key:
        page.keyboard.up("Shift")
    return np.array([seen[0], seen[-1]])


def whole(delta: np.ndarray) -> np.ndarray:
    return np.floor(delta + 0.5)


@pytest.mark.parametrize("shape", [(64, 64), (200, 256), (1024, 1024)])
def test_a_drag_inside_the_box_moves_the_ventricle_by_whole_pixels(page, shape: tuple[int, int]) -> None:
    ids = drawing(*shape)
    put(page, ids)
    page.keyboard.press("m")
    step = shape[0] / 20
    for way in ((2.3 * step, -step), (-5.1 * step, 2.2 * step)):
        start, end = pull(page, grip(page, "move"), (40.0, 40.0), way)
        dx, dy = whole(end - start)
        ids = moved(ids, [CAVITY, WALL], shift(dx, dy))
        assert np.array_equal(labels(page), ids)
        assert last_op(page) == {
            "tool": "transform",
            "structures": [CAVITY, WALL],
            "matrix": [1, 0, 0, 1, dx, dy],
            "locked": [0],
        }
    assert np.array_equal(mirrored(page), ids)


def test_moving_there_and_back_over_bare_sector_resamples_nothing(page) -> None:
    ids = drawing(256, 256)
    ids[ids == ATRIUM] = 4
    put(page, ids)
    page.keyboard.press("m")
    for key in ("ArrowDown", "ArrowRight", "Shift+ArrowDown", "ArrowUp", "ArrowLeft", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert np.array_equal(labels(page), ids)
    assert last_op(page)["matrix"] == [1, 0, 0, 1, 0, -10]


def test_one_structure_alone_where_the_option_is_off(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("m")
    page.keyboard.press("j")
    assert not page.get_by_label("Cavity and wall together").is_checked()
    start, end = pull(page, grip(page, "move"), (30, 12))
    ids = moved(ids, [CAVITY], shift(*whole(end - start)))
    assert np.array_equal(labels(page), ids)
    page.get_by_label("Cavity and wall together").check()


@pytest.mark.parametrize(("gx", "gy"), [(0, 0), (0.5, 0), (1, 0), (0, 0.5), (1, 0.5), (0, 1), (0.5, 1), (1, 1)])
@pytest.mark.parametrize("steady", [False, True])
def test_each_grip_scales_about_what_lies_opposite(page, gx: float, gy: float, steady: bool) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("m")
    x0, y0, x1, y1 = edges(ids, [CAVITY, WALL])
    start, end = pull(page, grip(page, "scale", gx, gy), (70, 55), (19, -27), shift_key=steady)
    dx, dy = end - start
    wide, high = x1 - x0, y1 - y0
    fx = {0: (wide + whole(-dx)) / wide, 0.5: 1, 1: (wide + whole(dx)) / wide}[gx]
    fy = {0: (high + whole(-dy)) / high, 0.5: 1, 1: (high + whole(dy)) / high}[gy]
    if steady:
        fx = fy = max(fx, fy, key=lambda factor: abs(np.log(factor)))
    matrix = about(x0 + (1 - gx) * wide, y0 + (1 - gy) * high, [[fx, 0], [0, fy]])
    assert np.array_equal(labels(page), moved(ids, [CAVITY, WALL], matrix))
    assert np.allclose(last_op(page)["matrix"], [fx, 0, 0, fy, matrix[0, 2], matrix[1, 2]])


@pytest.mark.parametrize("steady", [False, True])
@pytest.mark.parametrize("spacing", ["", "0.5,0.3"])
def test_the_upper_grip_turns_as_in_millimetres(page, spacing: str, steady: bool) -> None:
    ids = drawing(256, 256)
    put(page, ids, spacing)
    page.keyboard.press("m")
    aspect = 0.5 / 0.3 if spacing else 1
    x0, y0, x1, y1 = edges(ids, [CAVITY, WALL])
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    start, end = (pull(page, grip(page, "turn"), (90, 30), (41, 13), shift_key=steady) - centre) * [1, aspect]
    turn = np.arctan2(end[1], end[0]) - np.arctan2(start[1], start[0])
    if steady:
        turn = np.round(turn / np.radians(15)) * np.radians(15)
    assert np.radians(5) < turn < np.radians(60)
    stretch = np.diag([1, aspect])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = about(*centre, np.linalg.inv(stretch) @ rotation @ stretch)
    wanted = moved(ids, [CAVITY, WALL], matrix)
    assert np.array_equal(labels(page), wanted)
    assert np.allclose(last_op(page)["matrix"], matrix[:2].T.ravel())
    # The next drag starts anew from the map that this one left.
    box = edges(wanted, [CAVITY, WALL])
    assert page.evaluate("window.echoStudio.editor.tool.box.box") == [box[0], box[1], box[2] - 1, box[3] - 1]


def test_keys_turn_and_scale_and_one_press_is_one_step(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("m")
    x0, y0, x1, y1 = edges(ids, [CAVITY, WALL])
    before = position(page)
    page.keyboard.down("Shift")
    page.keyboard.down("Period")
    page.keyboard.down("Period")
    page.keyboard.up("Period")
    page.keyboard.up("Shift")
    turn = np.radians(30)
    ids = moved(
        ids,
        [CAVITY, WALL],
        about((x0 + x1) / 2, (y0 + y1) / 2, [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]),
    )
    assert np.array_equal(labels(page), ids)
    x0, y0, x1, y1 = edges(ids, [CAVITY, WALL])
    page.keyboard.press("PageDown")
    ids = moved(ids, [CAVITY, WALL], about((x0 + x1) / 2, (y0 + y1) / 2, [[1 / 1.02, 0], [0, 1 / 1.02]]))
    assert np.array_equal(labels(page), ids)
    assert position(page) == before + 2


def test_a_click_chooses_a_structure_and_a_press_outside_the_box_drags_it_at_once(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("m")
    start, end = pull(page, (133.5, 195.5), (-30, 4))
    ids = moved(ids, [ATRIUM], shift(*whole(end - start)))
    assert np.array_equal(labels(page), ids)
    assert page.evaluate("window.echoStudio.editor.label") == ATRIUM
    pull(page, (130.5, 50.5))
    assert page.evaluate("window.echoStudio.editor.label") == WALL
    assert np.array_equal(labels(page), ids)


def test_locks_hold_against_what_moves_and_keep_what_is_locked_from_moving(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("Shift+Digit3")
    page.keyboard.press("m")
    start, end = pull(page, grip(page, "move"), (0, 40))
    ids = moved(ids, [CAVITY, WALL], shift(*whole(end - start)), locked=(0, ATRIUM))
    assert np.array_equal(labels(page), ids)
    page.keyboard.press("Shift+Digit2")
    pull(page, grip(page, "move"), (20, 0))
    assert np.array_equal(labels(page), ids)
    assert "LV myocardium is locked" in page.locator("[data-part=problem]").inner_text()


def test_escape_and_a_second_finger_take_a_drag_back(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("m")
    screen, _ = to_screen(page, [(130, 112), (160, 130)])
    page.mouse.move(*screen[0])
    page.mouse.down()
    page.mouse.move(*screen[1])
    assert not np.array_equal(labels(page), ids)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert np.array_equal(labels(page), ids)
    client = page.context.new_cdp_session(page)
    fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(screen)]
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": fingers[:1]})
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": fingers})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert np.array_equal(labels(page), ids)
    page.keyboard.press("h")


def pasted(ids: np.ndarray, source: np.ndarray, label: int, matrix: np.ndarray) -> np.ndarray:
    found = looked_up((source == label).astype(np.uint8), matrix, ids.shape)
    return np.where((found > 0) & (ids != 0), label, ids)


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
