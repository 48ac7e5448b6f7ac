"""What the tests of the Shape, Defects and Measure panels ask of the page."""

import base64
from typing import Any

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from tests.anatomy.replay_past import Moment, replay_past
from tests.browser.desk import BYTES, labels, position, settle
from tests.studio.fakes import heart

HEART = heart()
SPACING = "0.5,0.5"


def ghost(page) -> np.ndarray | None:
    """uint8 (h, w) the map that is proposed on the canvas."""
    text = page.evaluate(f"() => {{ const {{ ghost }} = window.echoStudio.editor; return ghost && ({BYTES})(ghost); }}")
    if text is None:
        return None
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(labels(page).shape)


def wait_for_ghost(page, wanted: LabelMap) -> None:
    """Until exactly this map is proposed."""
    text = base64.b64encode(wanted.ids.tobytes()).decode()
    page.wait_for_function(
        "(text) => { const { ghost } = window.echoStudio.editor;"
        f" return Boolean(ghost) && ({BYTES})(ghost) === text; }}",
        arg=text,
    )


def press_and_settle(page, key: str) -> None:
    """Press a key that leads to one step of the history, and wait for it."""
    before = position(page)
    page.keyboard.press(key)
    settle(page, before)
    assert position(page) == before + 1


def click_and_settle(page, control) -> None:
    before = position(page)
    control.click()
    settle(page, before)
    assert position(page) == before + 1


def on_canvas(page) -> LabelMap:
    spacing = page.evaluate("window.echoStudio.document.spacingMm")
    return LabelMap(labels(page), tuple(spacing) if spacing else None)


def replayed(page, steps: int) -> LabelMap:
    """The canvas as the edit log alone makes it: the newest so many steps replayed on the map before them."""
    ops: list[dict[str, Any]] = page.evaluate("window.echoStudio.document.undoStack.map((step) => step.op)")[-steps:]
    for _ in ops:
        page.evaluate("window.echoStudio.document.undo()")
    first = position(page)
    past = [Moment(on_canvas(page), labels(page, "sector") > 0, {})]
    for op in ops:
        made = replay_past(past, first, op)
        page.evaluate("window.echoStudio.document.redo()")
        past.append(Moment(made, labels(page, "sector") > 0, op))
    return past[-1].label_map
