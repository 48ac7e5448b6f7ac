"""Deforming with real pointer and key events: the canvas holds what Python makes of the operation in the history."""

import cv2
import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.handles import automatic_handles
from echo_studio.data.template import template
from tests.anatomy.replay import replay
from tests.browser.brush import CAVITY, MYOCARDIUM, drag
from tests.browser.desk import labels, last_op, position, put

pytestmark = pytest.mark.browser
DRAWING = True

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


def test_the_handles_are_those_that_python_places(page) -> None:
    label_map = open_heart(page)
    wanted = automatic_handles(label_map)
    found = handles(page)
    assert list(found) == [handle.key for handle in wanted]
    for handle in wanted:
        assert found[handle.key]["structure"] == handle.structure
        assert found[handle.key]["place"] == pytest.approx(list(handle.place))


@pytest.mark.parametrize(("kind", "spacing"), [("rigid", None), ("affine", (0.5, 0.8))])
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


def test_the_focus_can_leave_the_canvas(page) -> None:
    open_heart(page)
    page.locator("[data-surface=edit]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.surface") != "edit"
