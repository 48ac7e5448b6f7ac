"""The shape panel: sliders show a ghost, a release is one step, and every byte is what anatomy makes of it."""

import numpy as np
import pytest

from echo_studio.anatomy.edits.apply import sector_after
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.shape.sliders import SLIDERS, Shape, reshape
from echo_studio.data.deform import DEFORMATION, random_variation
from tests.browser.brush import ZIGZAG, drag
from tests.browser.desk import labels, last_op, position, put, settle, watched
from tests.browser.panels import (
    HEART,
    SPACING,
    click_and_settle,
    ghost,
    on_canvas,
    press_and_settle,
    replayed,
    wait_for_ghost,
)

pytestmark = pytest.mark.browser
DRAWING = True


@pytest.fixture
def panel(desk):
    """The page with a heart on it and the shape panel open."""
    put(desk, HEART.ids, SPACING)
    desk.keyboard.press("s")
    yield desk
    desk.keyboard.press("q")


def slider(page, name: str):
    return page.locator(f"[data-slider={name}]")


def readings(page) -> dict[str, float]:
    """Where the sliders stand that are not neutral."""
    values = {name: float(slider(page, name).input_value()) for name in SLIDERS}
    return {name: value for name, value in values.items() if value != SLIDERS[name].neutral}


def hold(page, name: str, value: float) -> None:
    """Press on the thumb and drag it near a value, without releasing it."""
    control = slider(page, name)
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    shown, low, high = float(control.input_value()), SLIDERS[name].low, SLIDERS[name].high
    radius = box["height"] / 4  # the thumb's middle stays so far from the ends
    at = [box["x"] + radius + (box["width"] - 2 * radius) * (v - low) / (high - low) for v in (shown, value)]
    page.mouse.move(at[0], box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in (0.3, 0.6, 1.0):
        page.mouse.move(at[0] + share * (at[1] - at[0]), box["y"] + box["height"] / 2)


def slide(page, name: str, value: float) -> float:
    """Drag a slider as one step; where it came to stand."""
    before = position(page)
    hold(page, name, value)
    page.mouse.up()
    settle(page, before)
    assert position(page) == before + 1
    return float(slider(page, name).input_value())


def test_a_drag_shows_a_ghost_and_its_release_is_one_step(panel) -> None:
    steps = position(panel)
    hold(panel, "lv_size", 1.25)
    value = float(slider(panel, "lv_size").input_value())
    assert value == pytest.approx(1.25, abs=0.05)
    wanted = reshape(HEART, Shape(lv_size=value))
    wait_for_ghost(panel, wanted)
    assert np.array_equal(labels(panel), HEART.ids), "nothing is done yet"
    assert position(panel) == steps
    panel.mouse.up()
    settle(panel, steps)
    assert position(panel) == steps + 1
    assert on_canvas(panel) == wanted
    assert ghost(panel) is None
    assert last_op(panel) == {"tool": "shape", "values": {"lv_size": value}}


def test_sliders_go_on_from_the_map_before_the_first_one_and_undo_takes_them_along(panel) -> None:
    steps = position(panel)
    size = slide(panel, "lv_size", 1.2)
    tilt = slide(panel, "tilt", -12)
    both = {"lv_size": size, "tilt": tilt}
    assert last_op(panel) == {"tool": "shape", "values": both, "base": steps}
    assert on_canvas(panel) == reshape(HEART, Shape(**both)) == replayed(panel, 2)
    panel.keyboard.press("Control+z")
    assert readings(panel) == {"lv_size": size}
    assert on_canvas(panel) == reshape(HEART, Shape(lv_size=size))
    panel.keyboard.press("Control+z")
    assert readings(panel) == {}
    panel.keyboard.press("Control+y")
    panel.keyboard.press("Control+y")
    assert readings(panel) == both
    smaller = slide(panel, "lv_size", 0.8)
    assert on_canvas(panel) == reshape(HEART, Shape(lv_size=smaller, tilt=tilt)), "never two warps in a row"


def test_after_anything_else_the_canvas_is_the_new_base(panel) -> None:
    size = slide(panel, "lv_size", 1.2)
    panel.keyboard.press("3")
    drag(panel, ZIGZAG)
    assert readings(panel) == {}
    painted = on_canvas(panel)
    wall = slide(panel, "wall", 1.6)
    assert last_op(panel) == {"tool": "shape", "values": {"wall": wall}}
    assert on_canvas(panel) == reshape(painted, Shape(wall=wall))
    panel.keyboard.press("Control+z")
    panel.keyboard.press("Control+z")
    assert readings(panel) == {"lv_size": size}, "the stroke is undone, the sliders may go on"


def test_neutral_comes_by_double_click_by_dot_and_for_all(panel) -> None:
    slide(panel, "lv_size", 1.2)
    tilt = slide(panel, "tilt", 20)
    steps = position(panel)
    with watched(panel):
        slider(panel, "lv_size").dblclick(position={"x": 40, "y": 14})
        settle(panel, steps)
    assert position(panel) == steps + 1, "one step, not one for each click"
    assert on_canvas(panel) == reshape(HEART, Shape(tilt=tilt))
    assert panel.get_by_role("button", name="Reset LV size").is_disabled()
    click_and_settle(panel, panel.get_by_role("button", name="Reset Tilt"))
    assert on_canvas(panel) == HEART
    slide(panel, "sphericity", 1.3)
    slide(panel, "apex_across", 0.2)
    click_and_settle(panel, panel.get_by_role("button", name="Reset all"))
    assert on_canvas(panel) == HEART == replayed(panel, 7)
    assert readings(panel) == {}
    assert panel.get_by_role("button", name="Reset all").is_disabled()


def test_held_arrow_keys_are_one_step(panel) -> None:
    steps = position(panel)
    slider(panel, "tilt").focus()
    with watched(panel):
        for _ in range(6):
            panel.keyboard.down("ArrowRight")
        panel.keyboard.up("ArrowRight")
        settle(panel, steps)
    assert position(panel) == steps + 1
    assert on_canvas(panel) == reshape(HEART, Shape(tilt=6.0))
    assert slider(panel, "tilt").get_attribute("aria-valuetext") == "+6°"


def test_the_sector_goes_along_and_comes_back(panel) -> None:
    sector = labels(panel, "sector") > 0
    angle = slide(panel, "fan_angle", 0.8)
    op = last_op(panel)
    wanted = reshape(HEART, Shape(fan_angle=angle))
    assert on_canvas(panel) == wanted
    assert np.array_equal(labels(panel, "sector") > 0, sector_after(HEART, sector, wanted, op))
    size = slide(panel, "lv_size", 1.1)
    assert on_canvas(panel) == reshape(HEART, Shape(fan_angle=angle, lv_size=size)) == replayed(panel, 2)
    click_and_settle(panel, panel.get_by_role("button", name="Reset all"))
    assert on_canvas(panel) == HEART
    assert np.array_equal(labels(panel, "sector") > 0, sector)


def test_millimetres_need_a_spacing_and_say_so(panel) -> None:
    assert slider(panel, "wall_mm").is_enabled()
    added = slide(panel, "wall_mm", 3)
    assert on_canvas(panel) == reshape(HEART, Shape(wall_mm=added))
    put(panel, HEART.ids)
    assert slider(panel, "wall_mm").is_disabled()
    assert "size of a pixel" in slider(panel, "wall_mm").get_attribute("title")
    wall = slide(panel, "wall", 1.5)
    assert on_canvas(panel) == reshape(LabelMap(HEART.ids), Shape(wall=wall))


def test_every_variation_is_of_the_same_map_and_can_be_undone(panel) -> None:
    steps = position(panel)
    seeds = []
    panel.keyboard.press("q")  # the key works whatever panel is open
    for _ in range(3):
        press_and_settle(panel, "/")
        seeds.append(last_op(panel)["seed"])
        assert on_canvas(panel) == random_variation(HEART, seeds[-1])
    panel.keyboard.press("s")
    assert f"seed {seeds[-1]}" in panel.locator("[data-part=vary-seed]").inner_text()
    assert len(set(seeds)) == 3
    assert last_op(panel) == {"tool": "vary", "seed": seeds[-1], "deformation": DEFORMATION, "base": steps}
    assert on_canvas(panel) == replayed(panel, 3)
    panel.keyboard.press("Control+z")
    assert on_canvas(panel) == random_variation(HEART, seeds[1])
    varied = on_canvas(panel)
    size = slide(panel, "lv_size", 1.2)
    assert on_canvas(panel) == reshape(varied, Shape(lv_size=size))


def test_what_is_only_shown_goes_with_the_panel(panel) -> None:
    steps = position(panel)
    hold(panel, "lv_size", 1.3)
    panel.wait_for_function("() => window.echoStudio.editor.ghost")
    with watched(panel):
        panel.keyboard.press("q")
        assert ghost(panel) is None
        panel.mouse.up()
    assert position(panel) == steps
    assert np.array_equal(labels(panel), HEART.ids)


def test_a_map_without_a_heart_is_told_in_the_panel(page) -> None:
    page.expected_problem = "status of 422"
    page.keyboard.press("s")
    slider(page, "lv_size").focus()
    page.keyboard.press("ArrowRight")
    told = page.locator("[data-panel=shape] .panel-problem")
    told.wait_for()
    assert "ventricle" in told.inner_text()
    assert not page.locator("#problem-dialog").is_visible()
    assert ghost(page) is None
