"""The defects panel: a ghost before a defect is applied, one step when it is, and applied ones that stay editable."""

import numpy as np
import pytest

from echo_studio.anatomy.edits.defects import DEFECTS, Choice, apply_defect
from echo_studio.anatomy.edits.place import defect_at
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, SCHEMA_2
from tests.browser.brush import drag, set_size
from tests.browser.desk import labels, last_op, position, put, settle, to_screen
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

SEPTAL = {"at": 0.6, "width_mm": 8.0}
ACROSS_THE_SEPTUM = [(84.0, 150.0), (112.0, 118.0)]


@pytest.fixture
def panel(desk):
    """The page with a heart on it and the defects panel open."""
    put(desk, HEART.ids, SPACING)
    desk.keyboard.press("x")
    yield desk
    choose_evictions(desk)
    desk.keyboard.press("q")


def choose_evictions(page) -> None:
    chosen = page.locator("[data-panel=defects] [aria-expanded=true]")
    if chosen.count():
        chosen.click()


def choose(page, name: str) -> None:
    page.locator(f"[data-defect={name}]:not([data-position])").click()


def applied(page, name: str):
    return page.locator(f"[data-defect={name}][data-position]")


def type_in(page, name: str, value: float) -> None:
    page.locator(f"#defect-{name}").fill(f"{value:g}")


def apply_chosen(page) -> None:
    click_and_settle(page, page.get_by_role("button", name="Apply"))


def update(page) -> None:
    click_and_settle(page, page.get_by_role("button", name="Update"))


@pytest.mark.parametrize("name", DEFECTS)
def test_every_defect_is_shown_first_and_then_applied_byte_for_byte(panel, name: str) -> None:
    assert ghost(panel) is None, "nothing is proposed before one is chosen"
    choose(panel, name)
    values = {key: parameter.default for key, parameter in DEFECTS[name].parameters.items()}
    wanted = apply_defect(HEART, name, values)
    wait_for_ghost(panel, wanted)
    assert np.array_equal(labels(panel), HEART.ids)
    press_and_settle(panel, "Enter")
    assert ghost(panel) is None
    assert on_canvas(panel) == wanted == replayed(panel, 1)
    assert last_op(panel) == {"tool": "defect", "defect": name, "values": values, "schema": SCHEMA_2}
    assert applied(panel, name).count() == 1


def test_controls_change_the_ghost_and_name_their_parameters(panel) -> None:
    choose(panel, "mass")
    for key, parameter in DEFECTS["mass"].parameters.items():
        assert panel.get_by_label(parameter.title, exact=True).count() == 1
        if isinstance(parameter, Choice):
            panel.locator(f"select[data-parameter={key}]").select_option("right")
    type_in(panel, "diameter_mm", 12)
    slider = panel.get_by_label("Place, apex to base slider")
    slider.focus()
    for _ in range(15):
        panel.keyboard.press("ArrowRight")
    assert panel.locator("#defect-at").input_value() == "25"
    wanted = apply_defect(HEART, "mass", {"at": 0.25, "side": "right", "diameter_mm": 12, "inward": 0})
    wait_for_ghost(panel, wanted)
    press_and_settle(panel, "Enter")
    assert on_canvas(panel) == wanted


def test_lengths_are_pixels_where_their_size_is_not_known(panel) -> None:
    put(panel, HEART.ids)
    choose(panel, "septal")
    assert panel.locator("#defect-width_mm").count() == 0
    type_in(panel, "width_px", 20)
    wanted = apply_defect(LabelMap(HEART.ids), "septal", {"at": 0.6, "width_px": 20})
    wait_for_ghost(panel, wanted)
    apply_chosen(panel)
    assert on_canvas(panel) == wanted
    type_in(panel, "width_px", 9)
    update(panel)
    assert on_canvas(panel) == apply_defect(LabelMap(HEART.ids), "septal", {"at": 0.6, "width_px": 9})
    assert "9 px" in applied(panel, "septal").inner_text()


def test_an_edited_defect_keeps_the_stroke_that_came_after_it(panel) -> None:
    start = position(panel)
    choose(panel, "septal")
    apply_chosen(panel)
    panel.keyboard.press("3")
    set_size(panel, 9)
    before = labels(panel)
    drag(panel, ACROSS_THE_SEPTUM)
    stroke = labels(panel) != before
    assert stroke.any()
    choose_evictions(panel)
    applied(panel, "septal").click()
    assert ghost(panel) is None, "it is in the map as it is"
    type_in(panel, "at", 30)
    type_in(panel, "width_mm", 14)
    wanted = apply_defect(HEART, "septal", {"at": 0.3, "width_mm": 14}).ids.copy()
    wanted[stroke] = LEFT_ATRIUM
    wait_for_ghost(panel, LabelMap(wanted))
    update(panel)
    assert np.array_equal(labels(panel), wanted)
    values = {"at": 0.3, "width_mm": 14}
    assert last_op(panel) == {
        "tool": "defect-edit",
        "position": start + 1,
        "defect": "septal",
        "values": values,
        "schema": SCHEMA_2,
    }
    type_in(panel, "at", 80)
    update(panel)
    again = apply_defect(HEART, "septal", {"at": 0.8, "width_mm": 14}).ids.copy()
    again[stroke] = LEFT_ATRIUM
    assert np.array_equal(labels(panel), again), "an edit leaves nothing of the edit before it"
    assert on_canvas(panel) == replayed(panel, 4)
    applied(panel, "septal").click()
    click_and_settle(panel, panel.get_by_role("button", name="Remove", exact=True))
    assert np.array_equal(labels(panel), np.where(stroke, LEFT_ATRIUM, HEART.ids))
    assert applied(panel, "septal").count() == 0
    assert on_canvas(panel) == replayed(panel, 5)
    panel.keyboard.press("Control+z")
    assert applied(panel, "septal").count() == 1
    applied(panel, "septal").click()
    assert panel.locator("#defect-at").input_value() == "80"


def test_defects_of_an_older_page_are_not_offered(panel) -> None:
    choose(panel, "septal")
    apply_chosen(panel)
    put(panel, HEART.ids, SPACING)
    assert panel.locator("[data-position]").locator("visible=true").count() == 0
    wait_for_ghost(panel, apply_defect(HEART, "septal", SEPTAL))
    assert panel.get_by_role("button", name="Apply").is_enabled(), "it may be applied to the new map"
    panel.keyboard.press("Control+z")
    assert applied(panel, "septal").count() == 1


def test_undo_proposes_the_defect_again_and_another_panel_hides_it(panel) -> None:
    choose(panel, "hypertrophy")
    apply_chosen(panel)
    panel.keyboard.press("Control+z")
    wanted = apply_defect(HEART, "hypertrophy")
    wait_for_ghost(panel, wanted)
    panel.keyboard.press("i")
    assert ghost(panel) is None
    panel.keyboard.press("Enter")
    panel.keyboard.press("x")
    wait_for_ghost(panel, wanted)
    assert np.array_equal(labels(panel), HEART.ids)
    steps = position(panel)
    panel.locator("[data-surface=edit]").focus()
    press_and_settle(panel, "Enter")
    assert position(panel) == steps + 1
    assert on_canvas(panel) == wanted


def test_what_is_typed_outlives_a_stroke(panel) -> None:
    choose(panel, "septal")
    apply_chosen(panel)
    type_in(panel, "width_mm", 25)
    panel.get_by_role("button", name="Paint Left atrium").click()  # "3" would be typed
    set_size(panel, 5)
    drag(panel, [(40.0, 200.0), (60.0, 210.0)])
    assert panel.locator("#defect-width_mm").input_value() == "25"
    painted = labels(panel) == LEFT_ATRIUM
    wanted = apply_defect(HEART, "septal", {"at": 0.6, "width_mm": 25}).ids.copy()
    wanted[painted] = LEFT_ATRIUM
    wait_for_ghost(panel, LabelMap(wanted))


def test_what_is_impossible_is_told_in_the_panel(page) -> None:
    page.expected_problem = "status of 422"
    page.keyboard.press("x")
    choose(page, "septal")
    told = page.locator("[data-panel=defects] .panel-problem")
    told.wait_for()
    assert "ventricle" in told.inner_text()
    put(page, HEART.ids, SPACING)
    wait_for_ghost(page, apply_defect(HEART, "septal", SEPTAL))
    assert not told.is_visible()
    type_in(page, "width_mm", 400)
    told.wait_for()
    assert "0 to 40" in told.inner_text()
    assert ghost(page) is None
    type_in(page, "width_mm", 8)
    wait_for_ghost(page, apply_defect(HEART, "septal", SEPTAL))
    assert not page.locator("#problem-dialog").is_visible()
    steps = position(page)
    page.locator("#defect-width_mm").press("Enter")
    settle(page, steps)
    assert on_canvas(page) == apply_defect(HEART, "septal", SEPTAL)


def test_a_defect_that_has_a_place_is_dragged_on_the_canvas(panel) -> None:
    page = panel
    choose(page, "septal")
    wait_for_ghost(page, apply_defect(HEART, "septal", SEPTAL))
    y, x = (axis.mean() + 0.5 for axis in np.nonzero(ghost(page) != HEART.ids))
    before = position(page)
    page.evaluate("() => { window.first = window.echoStudio.editor.ghost; }")
    [start, end], [_, end_on_map] = to_screen(page, [(x, y), (x + 12, y - 60)])
    at = defect_at(HEART, "septal", SEPTAL, end_on_map, "4CH")["at"]
    assert at < 0.4
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    page.wait_for_function("() => window.echoStudio.editor.ghost && window.echoStudio.editor.ghost !== window.first")
    page.mouse.up()
    # Places on the way are answered too: the last one counts.
    page.wait_for_function(
        "at => Math.abs(Number(document.querySelector('#defect-at').value) / 100 - at) < 1e-6", arg=at
    )
    wait_for_ghost(page, apply_defect(HEART, "septal", {**SEPTAL, "at": at}))
    assert position(page) == before, "no stroke of the brush"
    press_and_settle(page, "Enter")
    assert last_op(page)["values"]["at"] == pytest.approx(at)
    assert page.evaluate("() => document.querySelectorAll('[data-surface=edit].grabs').length") <= 1
