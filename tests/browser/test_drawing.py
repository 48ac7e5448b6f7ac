"""Brush, eraser, fill, polygon, lasso, tidying: the labels on the canvas against SciPy, scikit-image and NumPy."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import points_in_poly
from skimage.segmentation import flood

from tests.browser.brush import Model, drag, ids_of, open_template, set_size
from tests.browser.desk import drawing, labels, last_op, mirrored, position, put, settle, to_screen

pytestmark = pytest.mark.browser

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
STAR = [(0.5, 0.15), (0.62, 0.75), (0.25, 0.4), (0.75, 0.38), (0.37, 0.78)]


@pytest.mark.parametrize("shape", SIZES)
def test_brush_and_eraser_on_maps_of_any_size(page, shape: tuple[int, int]) -> None:
    put(page, drawing(*shape))
    model = Model(drawing(*shape))
    for key, size, label in (("3", 7, 3), ("e", 12, None)):
        page.keyboard.press(key)
        set_size(page, size)
        model.stroke(drag(page, scaled(shape, STROKE)), size, label)
        assert np.array_equal(labels(page), model.ids)


@pytest.mark.parametrize("shape", SIZES)
def test_fill_takes_the_region_that_scikit_image_floods(page, shape: tuple[int, int]) -> None:
    wanted = drawing(*shape)
    put(page, wanted)
    page.keyboard.press("f")
    for key, (x, y) in (("3", (0.51, 0.44)), ("2", (0.51, 0.75)), ("1", (0.3, 0.6))):
        page.keyboard.press(key)
        [(px, py)] = drag(page, scaled(shape, [(x, y)]))
        wanted[flood(wanted, (int(py), int(px)), connectivity=1)] = int(key)
        assert np.array_equal(labels(page), wanted)


@pytest.mark.parametrize("shape", SIZES)
def test_a_polygon_fills_its_inside_by_the_even_odd_rule(page, shape: tuple[int, int]) -> None:
    ids = drawing(*shape)
    put(page, ids)
    page.keyboard.press("p")
    page.keyboard.press("3")
    corners = [corner for point in scaled(shape, STAR) for corner in drag(page, [point])]
    page.keyboard.press("Enter")
    wanted = np.where(inside(shape, corners) & (ids != 0), 3, ids)
    assert np.array_equal(labels(page), wanted)
    centres = np.stack(np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5, axis=-1).reshape(-1, 2)
    other = points_in_poly(centres, [(y, x) for x, y in corners]).reshape(shape)
    assert (other != inside(shape, corners)).mean() < 1e-3, "scikit-image knows another rule on the outline alone"


@pytest.mark.parametrize("shape", SIZES)
def test_a_lasso_fills_what_was_drawn_around_when_it_is_released(page, shape: tuple[int, int]) -> None:
    ids = drawing(*shape)
    put(page, ids)
    page.keyboard.press("l")
    page.keyboard.press("3")
    turn = np.linspace(0, 4 * np.pi, 60)
    radius = 0.25 + 0.1 * np.sin(turn * 1.5)  # goes round twice: what lies inside both rounds is outside
    path = [(0.5 + r * np.cos(t), 0.5 + r * np.sin(t)) for t, r in zip(turn, radius, strict=True)]
    points = [tuple(np.floor(np.array(point) * 100 + 0.5) / 100) for point in drag(page, scaled(shape, path))]
    wanted = np.where(inside(shape, points) & (ids != 0), 3, ids)
    assert np.array_equal(labels(page), wanted)
    assert (wanted != ids).mean() > 0.05
    assert last_op(page)["tool"] == "lasso"
    page.keyboard.press("Control+z")
    assert np.array_equal(labels(page), ids), "one step"


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


def test_locked_labels_stay_under_fill_polygon_and_lasso(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    page.keyboard.press("Shift+Digit2")
    page.keyboard.press("l")
    page.keyboard.press("3")
    points = [tuple(np.round(point, 2)) for point in drag(page, scaled(ids.shape, STAR))]
    assert np.array_equal(labels(page), np.where(inside(ids.shape, points) & ~np.isin(ids, [0, 2]), 3, ids))
    assert last_op(page)["locked"] == [0, 2]
    page.keyboard.press("f")
    now = labels(page)
    drag(page, [(130, 49)])
    assert ids[49, 130] == 2
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


def test_a_tidying_that_is_overtaken_by_a_stroke_is_dropped(page) -> None:
    ids = drawing(256, 256)
    ids[150:160, 50:60] = 1
    put(page, ids)
    held = []
    page.route("**/studio/edit?*", lambda route: held.append(route))
    page.locator("[data-surface=edit]").focus()
    with page.expect_request("**/studio/edit?*"):
        page.keyboard.press("n")
    model = Model(ids)
    model.stroke(drag(page, [(128, 190), (140, 195)]), 12, 1)
    held[0].continue_()
    page.wait_for_function(
        "() => document.querySelector('[data-part=problem]').textContent.includes('nothing was done')"
    )
    page.unroute("**/studio/edit?*")
    assert np.array_equal(labels(page), model.ids)


def test_a_locked_structure_is_not_tidied_and_the_sector_is_no_structure(page) -> None:
    put(page, drawing(256, 256))
    page.keyboard.press("Shift+Digit1")
    page.keyboard.press("t")
    assert "LV cavity is locked" in page.locator("[data-part=problem]").inner_text()
    page.keyboard.press("4")
    assert page.get_by_role("button", name="Remove islands").is_disabled()
    page.keyboard.press("n")
    assert "Choose LV cavity" in page.locator("[data-part=problem]").inner_text()


def test_a_stroke_keeps_the_size_and_the_label_that_it_began_with(page) -> None:
    put(page, drawing(256, 256))
    model = Model(drawing(256, 256))
    screen, seen = to_screen(page, [(90, 90), (140, 120), (150, 180)])
    page.mouse.move(*screen[0])
    page.mouse.down()
    page.mouse.move(*screen[1])
    for key in ("3", "]", "]", "Shift+Digit2"):
        page.keyboard.press(key)
    page.mouse.move(*screen[2])
    page.mouse.up()
    model.stroke(seen, 12, 1)
    assert np.array_equal(labels(page), model.ids)
    assert last_op(page)["size"] == 12
    assert last_op(page)["locked"] == [0]


def test_escape_takes_a_stroke_back_while_it_is_drawn(page) -> None:
    ids = drawing(256, 256)
    put(page, ids)
    screen, _ = to_screen(page, [(90, 90), (140, 120), (150, 180)])
    page.mouse.move(*screen[0])
    page.mouse.down()
    page.mouse.move(*screen[1])
    page.keyboard.press("Escape")
    page.mouse.move(*screen[2])
    page.mouse.up()
    assert np.array_equal(labels(page), ids)


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
