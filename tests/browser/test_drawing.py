"""Brush, eraser, fill, polygon, lasso, tidying: the labels on the canvas against SciPy, scikit-image and NumPy."""

import numpy as np
import pytest
from scipy import ndimage

from tests.browser.brush import Model, drag, ids_of, open_template, set_size
from tests.browser.desk import drawing, labels, last_op, mirrored, position, put, settle, to_screen

pytestmark = pytest.mark.browser
DRAWING = True

SIZES = [(64, 64), (200, 256), (1024, 1024)]


@pytest.fixture
def page(desk):
    return desk


def inside(shape: tuple[int, int], points: list[tuple[float, float]]) -> np.ndarray:
    """(h, w) by the even-odd rule: pixel centres with an odd number of crossings at their left."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    odd = np.zeros(shape, bool)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        if ay == by:
            continue
        odd ^= ((ay <= y) != (by <= y)) & (ax + (y - ay) / (by - ay) * (bx - ax) <= x)
    return odd


def scaled(shape: tuple[int, int], points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * shape[1], y * shape[0]) for x, y in points]


STROKE = [(0.35, 0.3), (0.62, 0.34), (0.6, 0.7), (0.3, 0.6)]
# Crosses itself, so that the even-odd rule leaves a hole.


@pytest.mark.parametrize("shape", SIZES)
def test_brush_and_eraser_on_maps_of_any_size(page, shape: tuple[int, int]) -> None:
    put(page, drawing(*shape))
    model = Model(drawing(*shape))
    for key, size, label in (("3", 7, 3), ("e", 12, None)):
        page.keyboard.press(key)
        set_size(page, size)
        model.stroke(drag(page, scaled(shape, STROKE)), size, label)
        assert np.array_equal(labels(page), model.ids)


def test_a_finger_draws_a_lasso_a_second_one_drops_it_and_escape_too(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("l")
    client = page.context.new_cdp_session(page)
    screen, seen = to_screen(page, [(60, 120), (180, 110), (190, 200), (70, 190)])

    def touch(kind: str, *fingers: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", screen[0])
    touch("touchMove", screen[1])
    touch("touchStart", screen[1], (screen[1][0] + 60, screen[1][1]))
    touch("touchEnd")
    assert np.array_equal(labels(page), ids)
    page.keyboard.press("h")
    touch("touchStart", screen[0])
    for point in screen[1:]:
        touch("touchMove", point)
    touch("touchEnd")
    # The sector is painted, the corners outside it are locked. Touches come between frames, so the way may be coarser.
    wanted = np.where(inside(ids.shape, seen) & (ids != 0), 1, ids)
    assert (labels(page) != wanted).mean() < 0.002
    now = labels(page)
    page.mouse.move(*screen[0])
    page.mouse.down()
    page.mouse.move(*screen[2])
    page.mouse.move(*screen[3])
    page.keyboard.press("Escape")
    page.mouse.up()
    assert np.array_equal(labels(page), now)


def test_islands_keeps_the_largest_piece_as_scipy_numbers_pieces(page) -> None:
    ids = drawing(256, 256)
    y, x = np.mgrid[0:256, 0:256]
    for cy, cx, radius in ((150, 60, 9), (210, 110, 4), (214, 115, 2), (150, 190, 1)):
        ids[(y - cy) ** 2 + (x - cx) ** 2 <= radius * radius] = 1
    assert (ids == 1)[213, 114]
    put(page, ids)
    before = position(page)
    page.get_by_role("button", name="Remove islands").click()
    settle(page, before)
    pieces, _ = ndimage.label(ids == 1, np.ones((3, 3)))
    largest = np.bincount(pieces[pieces > 0]).argmax()
    assert np.array_equal(labels(page), np.where((ids == 1) & (pieces != largest), 4, ids))
    assert np.array_equal(mirrored(page), labels(page))


def test_smooth_rounds_a_notch_with_the_chosen_radius_and_touches_nothing_else(page) -> None:
    ids = drawing(256, 256)
    ids[110:114, 128:170] = 4  # a notch through cavity and wall
    put(page, ids)
    page.keyboard.press("3")
    before = position(page)
    page.keyboard.press("1")
    page.locator("[data-part=radius]").select_option("5")
    page.locator("[data-surface=edit]").focus()
    page.keyboard.press("t")
    settle(page, before)
    assert last_op(page) == {"tool": "smooth", "label": 1, "radius": 5}
    now = labels(page)
    # The border in one dimension less: the blurred cavity above one half, away from what was the rim.
    blurred = ndimage.gaussian_filter((ids == 1).astype(float), 5, mode="nearest", truncate=3)
    sure = abs(blurred - 0.5) > 0.01
    assert np.array_equal((now == 1)[sure], (blurred > 0.5)[sure])
    assert np.array_equal(now[(ids != 1) & (now != 1)], ids[(ids != 1) & (now != 1)])


def test_another_working_size_resamples_the_map_to_the_nearest_label_and_can_be_undone(page) -> None:
    open_template(page, "four-chamber")
    before = ids_of(page)
    page.locator("#size").select_option("1024")
    page.wait_for_function("() => window.echoStudio.document.width === 1024")
    assert np.array_equal(ids_of(page), np.kron(before, np.ones((4, 4), np.uint8)))
    assert page.evaluate("window.echoStudio.document.spacing") == "0.125,0.125"
    page.locator("#size").select_option("64")
    page.wait_for_function("() => window.echoStudio.document.width === 64")
    assert np.array_equal(ids_of(page), before[2::4, 2::4])
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    assert np.array_equal(ids_of(page), before)
    assert page.locator("#size").input_value() == "256"
