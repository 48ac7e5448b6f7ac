"""The history panel: steps in words, and the way to any of them by click and by keyboard."""

import numpy as np
import pytest

from tests.browser.brush import drag, open_template
from tests.browser.desk import drawing, labels, mirrored, position, put, settle

pytestmark = pytest.mark.browser
DRAWING = True


@pytest.fixture
def page(desk):
    return desk


def entries(page) -> list[str]:
    return [text.split("\n")[-1] for text in page.locator("[data-panel=history] li").all_inner_texts()]


def current(page) -> int:
    return int(page.locator("[data-panel=history] [aria-current=step]").get_attribute("data-position"))


def test_the_panel_tells_the_steps_in_words_and_a_click_goes_to_any_of_them(page) -> None:
    put(page, drawing(256, 256), "0.5,0.5")
    first = position(page)
    states = {first: labels(page)}

    def done() -> None:
        states[position(page)] = labels(page)

    open_template(page, "four-chamber")
    done()
    page.keyboard.press("y")
    drag(page, [(100, 100), (120, 130)])
    done()
    page.keyboard.press("m")
    drag(page, [(130, 110), (137, 113)])
    done()
    page.keyboard.press("t")
    settle(page, max(states))
    done()
    assert entries(page)[-5:] == [
        "Opened a label map",
        "Opened 4CH, end diastole",
        "Brush · LV cavity",
        "Move · Ventricle",
        "Smooth · LV cavity",
    ]
    assert current(page) == first + 4
    for target in (first, first + 3, first + 1, first + 4, first + 2):
        page.locator(f"[data-panel=history] [data-position='{target}']").click()
        assert np.array_equal(labels(page), states[target])
        assert current(page) == target
    assert page.locator("[data-panel=history] .undone").count() == 2
    assert np.array_equal(mirrored(page), states[first + 2])
    page.get_by_role("button", name="Step back").click()
    assert np.array_equal(labels(page), states[first + 1])
    page.get_by_role("button", name="Step forward").click()
    # By keyboard: from the current step down by arrows, Enter goes there.
    page.locator("[data-panel=history] [aria-current=step]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert np.array_equal(labels(page), states[first + 4])
    assert page.evaluate("document.activeElement.dataset.position") == str(first + 4)
    page.keyboard.press("q")
