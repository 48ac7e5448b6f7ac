"""Deforming with real pointer and key events: the canvas holds what Python makes of the operation in the history."""

import time

import cv2
import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.deform import KINDS
from echo_studio.anatomy.shape.handles import automatic_handles
from echo_studio.data.template import template
from tests.anatomy.replay import replay
from tests.browser.brush import ATRIUM, CAVITY, MYOCARDIUM, drag, set_size
from tests.browser.desk import labels, last_op, position, put, to_screen

pytestmark = pytest.mark.browser

TOOL = "window.echoStudio.editor.tools.deform"
AS_AT_FIRST = f"for (const [key, value] of [['kind', 'rigid'], ['linked', true]]) {TOOL}.setOption(key, value)"
Place = tuple[float, float]


@pytest.fixture
def page(desk):
    """The open studio with its tools as they are at first."""
    desk.evaluate(AS_AT_FIRST)
    return desk


def open_heart(page, name: str = "4ch-ed", side: int = 256, spacing: tuple[float, float] | None = None) -> LabelMap:
    """A bundled heart on the canvas, and the Deform tool with its handles chosen."""
    label_map = LabelMap(cv2.resize(template(name).ids, (side, side), interpolation=cv2.INTER_NEAREST), spacing)
    open_map(page, label_map)
    page.keyboard.press("d")
    wait_for_handles(page)
    return label_map


def open_map(page, label_map: LabelMap) -> None:
    put(page, label_map.ids, ",".join(str(size) for size in label_map.spacing_mm or ()), sector_region(label_map))


def wait_for_handles(page, condition: str = "true") -> None:
    page.wait_for_function(f"() => {{ const tool = {TOOL}; return tool.handles.length > 0 && {condition}; }}")


def handles(page) -> dict[str, dict]:
    return {handle["key"]: handle for handle in page.evaluate(f"{TOOL}.handles")}


def on_canvas(page, key: str) -> Place:
    """Where a handle is as the canvas counts: corners at whole numbers."""
    x, y = handles(page)[key]["place"]
    return x + 0.5, y + 0.5


def pull(page, key: str, dx: float, dy: float, steps: int = 4) -> None:
    x, y = on_canvas(page, key)
    drag(page, [(x + dx * k / steps, y + dy * k / steps) for k in range(steps + 1)])


def replayed(page, label_map: LabelMap) -> np.ndarray:
    """What Python makes of the last operation, on the map before it and the canvas's sector."""
    return replay(label_map, labels(page, "sector") > 0, last_op(page)).ids


def click(page, at: Place, modifiers: list[str] | None = None) -> None:
    for key in modifiers or []:
        page.keyboard.down(key)
    drag(page, [at])
    for key in modifiers or []:
        page.keyboard.up(key)


def double_click(page, at: Place) -> None:
    """Two clicks a tenth of a second apart by the events' own clock, however slow the machine is."""
    [(x, y)], _ = to_screen(page, [at])
    devices = page.context.new_cdp_session(page)
    began = time.time()
    for after in (0.0, 0.1):
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1, "timestamp": began + after}
            devices.send("Input.dispatchMouseEvent", event)
    devices.detach()


def test_the_handles_are_those_that_python_places(page) -> None:
    label_map = open_heart(page)
    wanted = automatic_handles(label_map)
    found = handles(page)
    assert list(found) == [handle.key for handle in wanted]
    for handle in wanted:
        assert found[handle.key]["structure"] == handle.structure
        assert found[handle.key]["place"] == pytest.approx(list(handle.place))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spacing", [None, (0.5, 0.8)])
def test_a_drag_is_one_step_that_python_replays_to_the_byte(page, kind: str, spacing) -> None:
    label_map = open_heart(page, spacing=spacing)
    page.locator("[data-part=options] select").select_option(kind)
    before, steps = handles(page), position(page)
    pull(page, "endo-left-1", -14, 6)
    assert position(page) == steps + 1
    assert last_op(page)["kind"] == kind
    assert last_op(page)["structures"] == [CAVITY, MYOCARDIUM]
    drawn = labels(page)
    assert (drawn != label_map.ids).sum() > 200
    assert np.array_equal(drawn, replayed(page, label_map))
    # The next drag starts from where this one ended.
    after = handles(page)
    assert after["endo-left-1"]["place"] == pytest.approx(np.add(before["endo-left-1"]["place"], [-14, 6]), abs=1)
    pull(page, "apex", 4, -12)
    assert last_op(page)["before"][1] == after["apex"]["place"]
    assert np.array_equal(labels(page), replayed(page, LabelMap(drawn, spacing)))


def test_neighbours_follow_less_with_distance_and_pinned_ones_and_the_annulus_stay(page) -> None:
    open_heart(page)
    click(page, on_canvas(page, "endo-left-2"), ["Shift"])
    before = handles(page)
    assert before["endo-left-2"]["pinned"]
    assert sum(handle["pinned"] for handle in before.values()) == 1
    pull(page, "endo-left-1", -20, 0)
    moved = {key: before[key]["place"][0] - handle["place"][0] for key, handle in handles(page).items()}
    assert moved["endo-left-1"] == pytest.approx(20, abs=1)
    assert 10 < moved["epi-left-1"] < moved["endo-left-1"]
    assert 0 < moved["epi-left-2"] < moved["epi-left-1"]
    still = ["endo-left-2", "hinge-left", "hinge-right", "endo-right-2", *(key for key in before if "atrium" in key)]
    assert {moved[key] for key in still} == {0}
    assert handles(page)["endo-left-2"]["pinned"], "a pin outlives the drag"


def test_a_drag_away_and_back_leaves_no_trace(page) -> None:
    label_map = open_heart(page)
    steps = position(page)
    x, y = on_canvas(page, "epi-right-1")
    drag(page, [(x, y), (x + 30, y - 10), (x - 25, y + 40), (x, y)])
    assert np.array_equal(labels(page), label_map.ids)
    assert position(page) == steps


def test_escape_gives_the_map_and_the_handles_back(page) -> None:
    label_map = open_heart(page)
    before, steps = handles(page), position(page)
    x, y = on_canvas(page, "apex")
    place = page.evaluate(
        "([x, y]) => { const b = document.querySelector('[data-surface=edit]').getBoundingClientRect(),"
        " p = window.echoStudio.viewport.toPane(x, y); return [p[0] + b.left, p[1] + b.top]; }",
        [x, y],
    )
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.move(place[0] + 40, place[1] + 10)
    assert not np.array_equal(labels(page), label_map.ids)
    page.keyboard.press("Escape")
    page.mouse.move(place[0] + 60, place[1] + 10)
    page.mouse.up()
    assert np.array_equal(labels(page), label_map.ids)
    assert handles(page) == before
    assert position(page) == steps


def test_what_moves_is_what_is_linked(page) -> None:
    label_map = open_heart(page)
    moved: list[tuple[str, list[int]]] = []

    def structures_of(key: str) -> list[int]:
        pull(page, key, 6, 5)
        assert np.array_equal(labels(page), replayed(page, label_map))
        structures = last_op(page)["structures"]
        page.keyboard.press("Control+z")
        assert np.array_equal(labels(page), label_map.ids)
        moved.append((key, structures))
        return structures

    assert structures_of("epi-left-1") == [CAVITY, MYOCARDIUM]
    assert structures_of("atrium-1") == [ATRIUM]
    assert structures_of("hinge-left") == [CAVITY, MYOCARDIUM, ATRIUM], "the atrium goes with the annulus"
    page.keyboard.press("Shift+Digit3")
    assert structures_of("hinge-left") == [CAVITY, MYOCARDIUM], "unless it is locked"
    page.keyboard.press("Shift+Digit3")
    page.get_by_label("Cavity and wall together").uncheck()
    for key, structure in (
        ("endo-left-1", CAVITY),
        ("epi-left-1", MYOCARDIUM),
        ("atrium-1", ATRIUM),
        ("hinge-left", CAVITY),
    ):
        assert structures_of(key) == [structure]


def test_a_locked_structure_refuses_and_other_locked_labels_are_not_covered(page) -> None:
    label_map = open_heart(page)
    steps = position(page)
    page.keyboard.press("Shift+Digit2")
    pull(page, "endo-left-1", -10, 0)
    assert np.array_equal(labels(page), label_map.ids)
    assert position(page) == steps
    assert "LV myocardium is locked" in page.locator("[data-part=problem]").inner_text()
    page.get_by_label("Cavity and wall together").uncheck()
    pull(page, "endo-left-1", -10, 0)
    assert last_op(page)["locked"] == [0, MYOCARDIUM]
    drawn = labels(page)
    assert np.array_equal(drawn, replayed(page, label_map))
    assert ((drawn == MYOCARDIUM) == (label_map.ids == MYOCARDIUM)).all()


def test_handles_are_added_and_removed_by_pointer_and_by_key(page) -> None:
    label_map = open_heart(page)
    count = len(handles(page))
    double_click(page, (130.5, 110.5))
    click(page, (140.5, 225.5), ["Alt"])
    added = handles(page)
    assert len(added) == count + 2
    assert added["own-1"]["structure"] == CAVITY
    assert added["own-1"]["place"] == pytest.approx([130, 110], abs=0.5)
    assert added["own-2"]["structure"] == ATRIUM
    pull(page, "own-1", 8, 8)
    assert last_op(page)["structures"] == [CAVITY, MYOCARDIUM]
    assert np.array_equal(labels(page), replayed(page, label_map))
    page.keyboard.press("Delete")
    click(page, on_canvas(page, "own-2"), ["Alt"])
    click(page, on_canvas(page, "apex"), ["Alt"])
    assert len(handles(page)) == count - 1
    assert not {"own-1", "own-2", "apex"} & set(handles(page))
    double_click(page, (20.5, 20.5))
    assert len(handles(page)) == count - 1, "outside there is nothing to hold"
    page.get_by_role("button", name="Place handles again").click()
    wait_for_handles(page, f"tool.handles.length === {count}")


def test_a_double_click_beside_a_border_adds_a_handle_on_it(page) -> None:
    label_map = open_heart(page)
    row = 110
    column = int(np.flatnonzero(label_map.ids[row] == MYOCARDIUM)[0])
    double_click(page, (column - 2.5, row + 0.5))
    added = handles(page)["own-1"]
    assert added["structure"] == MYOCARDIUM
    x, y = added["place"]
    assert label_map.ids[int(y), int(x)] == MYOCARDIUM


def test_arrows_nudge_the_chosen_handle_one_step_for_each_press(page) -> None:
    label_map = open_heart(page)
    steps = position(page)
    page.locator("[data-surface=edit]").focus()
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.keyboard.press(",")
    assert page.evaluate(f"{TOOL}.set.chosen.key") == "hinge-left"
    for _ in range(3):
        page.keyboard.press(".")
    before = handles(page)["apex-epi"]["place"]
    page.keyboard.press("Shift+ArrowUp")
    assert handles(page)["apex-epi"]["place"] == pytest.approx([before[0], before[1] - 10])
    assert position(page) == steps + 1
    drawn = labels(page)
    assert np.array_equal(drawn, replayed(page, label_map))
    for _ in range(4):  # a key that is held repeats
        page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowLeft")
    assert handles(page)["apex-epi"]["place"] == pytest.approx([before[0] - 4, before[1] - 10])
    assert position(page) == steps + 2
    assert np.array_equal(labels(page), replayed(page, LabelMap(drawn)))
    page.keyboard.press("Enter")
    assert handles(page)["apex-epi"]["pinned"]
    page.keyboard.press("Enter")
    assert not handles(page)["apex-epi"]["pinned"]
    page.keyboard.press("Delete")
    assert "apex-epi" not in handles(page)


def test_the_focus_can_leave_the_canvas(page) -> None:
    open_heart(page)
    page.locator("[data-surface=edit]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.surface") != "edit"


def test_undo_and_redo_take_the_handles_along(page) -> None:
    open_heart(page)
    rest = handles(page)
    pull(page, "endo-right-1", 15, 0)
    dragged = handles(page)
    pull(page, "apex", 0, -9)
    page.keyboard.press("Control+z")
    assert handles(page) == dragged
    page.keyboard.press("Control+z")
    assert handles(page) == rest
    page.keyboard.press("Control+y")
    assert handles(page) == dragged


def test_another_tool_s_change_places_the_handles_again_and_keeps_the_pins(page) -> None:
    open_heart(page)
    click(page, on_canvas(page, "endo-right-1"), ["Shift"])
    pull(page, "apex", 0, -12)
    page.keyboard.press("b")
    page.keyboard.press("3")
    set_size(page, 20)
    drag(page, [(140, 235), (165, 240)])
    page.keyboard.press("d")
    wanted = automatic_handles(LabelMap(labels(page)))
    apex = next(handle.place for handle in wanted if handle.key == "apex")
    wait_for_handles(page, f"Math.abs(tool.handles.find((h) => h.key === 'apex').place[1] - {apex[1]}) < 1e-6")
    found = handles(page)
    assert list(found) == [handle.key for handle in wanted]
    assert [key for key, handle in found.items() if handle["pinned"]] == ["endo-right-1"]


def test_a_map_without_structures_says_so(page) -> None:
    open_map(page, template("blank"))
    page.keyboard.press("d")
    page.wait_for_function("() => document.querySelector('[data-part=problem]').textContent.includes('no structure')")
    assert handles(page) == {}
