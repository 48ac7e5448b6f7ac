"""Random operations that undo, redo, the server and a replay in Python agree on."""

import base64

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from tests.anatomy.replay import replay
from tests.browser.brush import drag_at_once, set_size
from tests.browser.desk import BYTES, drawing, grip, labels, mirrored, put

pytestmark = pytest.mark.browser

SIDE = 160
SEED = 20


@pytest.fixture
def page(desk):
    return desk


class Hand:
    """Random operations by pointer and key; each drag in one turn of the page, which then draws once."""

    def __init__(self, page, rng: np.random.Generator) -> None:
        self.page, self.rng = page, rng

    def place(self, low: float = 0.15, high: float = 0.85) -> tuple[float, float]:
        x, y = self.rng.uniform(low, high, 2) * SIDE
        return x, y

    def way(self, count: int, reach: float = 0.2) -> list[tuple[float, float]]:
        x, y = self.place()
        steps = self.rng.normal(0, reach * SIDE, (count, 2))
        return [(x, y), *((x + dx, y + dy) for dx, dy in steps)]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def label(self, *choices: int) -> None:
        self.press(str(self.rng.choice(choices or [1, 2, 3, 4])))

    def brush(self) -> None:
        self.press("b")
        self.label()
        set_size(self.page, int(self.rng.integers(1, 25)))
        drag_at_once(self.page, self.way(3))

    def eraser(self) -> None:
        self.press("e")
        drag_at_once(self.page, self.way(3))

    def fill(self) -> None:
        self.press("f")
        self.label()
        drag_at_once(self.page, [self.place()])

    def polygon(self) -> None:
        self.press("p")
        self.label()
        for point in self.way(4):
            drag_at_once(self.page, [point])
        self.press("Enter")

    def lasso(self) -> None:
        self.press("l")
        self.label()
        drag_at_once(self.page, self.way(12, 0.12))

    def move(self) -> None:
        self.press("m")
        self.label(1, 2, 3)
        if self.rng.random() < 0.3:
            self.press("j")
        if self.page.evaluate("window.echoStudio.editor.tool.box === null"):
            return
        kind, gx, gy = [("move", 0, 0), ("turn", 0, 0), ("scale", 0, 0), ("scale", 1, 1)][self.rng.integers(4)]
        x, y = grip(self.page, kind, gx, gy)
        dx, dy = self.rng.normal(0, 12, 2)
        drag_at_once(self.page, [(x, y), (x + dx / 2, y), (x + dx, y + dy)])

    def nudge(self) -> None:
        self.press("m")
        self.label(1, 2, 3)
        self.press(
            str(self.rng.choice(["ArrowLeft", "Shift+ArrowDown", "Period", "Shift+Comma", "PageUp", "PageDown"]))
        )

    def paste(self) -> None:
        self.label(1, 2, 3)
        self.press(str(self.rng.choice(["Control+c", "Control+c", "Control+x"])))
        if self.page.evaluate("window.echoStudio.editor.clipboard === null"):
            return
        self.page.mouse.move(*(int(place) for place in self.rng.integers(200, 550, 2)))
        self.press("Control+v")
        if self.rng.random() < 0.5:
            self.press("Shift+Period", "PageUp", "ArrowLeft")
        self.press(str(self.rng.choice(["Enter", "Enter", "b", "Escape"])))

    def deform(self) -> None:
        self.press("d")
        self.page.wait_for_function("() => !window.echoStudio.editor.tool.stale")
        handles = self.page.evaluate("window.echoStudio.editor.tool.handles.map(({ place }) => place)")
        if handles:
            x, y = handles[self.rng.integers(len(handles))]
            dx, dy = self.rng.normal(0, 8, 2)
            drag_at_once(self.page, [(x + 0.5, y + 0.5), (x + dx, y + dy)])

    def tidy(self) -> None:
        self.label(1, 2, 3)
        self.press("b", str(self.rng.choice(["t", "n"])))
        self.page.wait_for_function("() => !document.querySelector('[data-action=smooth]').disabled")

    def lock(self) -> None:
        self.press(f"Shift+Digit{self.rng.integers(5)}")

    def travel(self) -> None:
        for _ in range(self.rng.integers(1, 5)):
            self.press(str(self.rng.choice(["Control+z", "Control+z", "Control+y", "Control+Shift+z"])))

    def jump(self) -> None:
        self.press("y")
        steps = self.page.locator("[data-panel=history] [data-position]")
        count = steps.count()
        steps.nth(int(self.rng.integers(max(0, count - 8), count))).click()
        self.press("q")

    def reopen(self) -> None:
        put(self.page, drawing(SIDE, SIDE))


@pytest.mark.slow
def test_random_operations_are_undone_redone_mirrored_and_replayed_byte_by_byte(page) -> None:
    rng = np.random.default_rng(SEED)
    put(page, drawing(SIDE, SIDE), "0.5,0.4")
    hand = Hand(page, rng)
    often = [hand.brush, hand.eraser, hand.fill, hand.polygon, hand.lasso, hand.move, hand.nudge, hand.paste]
    acts = [*often, *often, hand.deform, hand.tidy, hand.lock, hand.travel, hand.travel, hand.jump]
    for number in range(200):
        (hand.reopen if number % 67 == 66 else acts[rng.integers(len(acts))])()
    page.keyboard.press("b")
    assert np.array_equal(mirrored(page), labels(page))
    page.keyboard.press("y")
    steps = page.locator("[data-panel=history] [data-position]")
    steps.last.click()
    ops = page.evaluate("window.echoStudio.document.undoStack.map((step) => step.op)")
    assert steps.count() == len(ops) + 1 > 40
    states = walk(page, len(ops))[::-1]
    assert steps.first.get_attribute("aria-current") == "step", "the first state that is kept"
    for (ids, _, _), (wanted, _, _) in zip(walk(page, len(ops), redo=True), states, strict=True):
        assert np.array_equal(ids, wanted)
    assert np.array_equal(mirrored(page), states[-1][0])
    for number, (op, (before, sector, spacing), (after, _, _)) in enumerate(
        zip(ops, states[:-1], states[1:], strict=True)
    ):
        if op["tool"] != "open":
            drawn = replay(LabelMap(before, spacing), sector > 0, op).ids
            assert np.array_equal(drawn, after), f"step {number}: {op['tool']}"
    assert {"brush", "eraser", "fill", "polygon", "lasso", "transform", "paste"} <= {op["tool"] for op in ops}
    page.keyboard.press("q")


# One press after the other, in one go; labels, sector and spacing before the first and after each.
WALK = f"""([presses, shiftKey]) => {{
  const bytes = {BYTES};
  const state = () => {{
    const {{ height, width, ids, sector, spacingMm }} = window.echoStudio.document;
    return [[height, width], bytes(ids), bytes(sector), spacingMm];
  }};
  const states = [state()];
  for (let k = 0; k < presses; k += 1) {{
    window.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'z', ctrlKey: true, shiftKey }}));
    states.push(state());
  }}
  return states;
}}"""
State = tuple[np.ndarray, np.ndarray, tuple[float, float] | None]


def walk(page, presses: int, redo: bool = False) -> list[State]:
    """Undo or redo so often; the states of the canvas on the way, with the first and the last."""

    def array(text: str, shape: list[int]) -> np.ndarray:
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape)

    return [
        (array(ids, shape), array(sector, shape), tuple(spacing) if spacing else None)
        for shape, ids, sector, spacing in page.evaluate(WALK, [presses, redo])
    ]
