"""Move, rotate and scale with the box: the labels on the canvas against an inverse mapping in NumPy."""

import numpy as np
import pytest

from tests.browser.affine import ATRIUM, CAVITY, WALL, about, edges, moved, pull, shift, whole
from tests.browser.desk import drawing, grip, labels, last_op, mirrored, position, put, to_screen

pytestmark = pytest.mark.browser


@pytest.fixture
def page(desk):
    return desk


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
