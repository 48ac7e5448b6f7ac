"""The sheet of keys says what keys do, and nothing else; the first steps are shown once."""

import string

import pytest

from tests.browser.brush import ZIGZAG, drag, open_template
from tests.browser.window import Window, wait_until_open

pytestmark = pytest.mark.browser
DRAWING = True

NAMES = {"Esc": "Escape", "Ctrl": "Control", "Arrows": "ArrowLeft", "`": "Backquote", "?": "?"}
# Keys that mean something to one tool alone: what is pressed before.
FIRST = {"Polygon": ["p"], "Move": ["m"], "Deform": ["d", "."]}
# Kept by the browser, or the same key on another keyboard.
UNLISTED = {"=", "Escape"}

CALM = """() => {
  const { handled } = window;
  const { editor, views } = window.echoStudio;
  document.querySelectorAll('dialog:modal').forEach((dialog) => dialog.close());
  for (const id of [0, 1, 2, 3, 4]) editor.document.locked.delete(id);
  editor.choose('brush');
  editor.chooseLabel(1);
  window.getSelection().removeAllRanges();
  document.querySelector('[data-surface=edit]').focus();
  window.handled = null;
  return handled;
}"""


def pressed(page, keys: str) -> bool:
    """Whether the page used a key, as Playwright names it, and so kept the browser from doing so; calm afterwards."""
    page.keyboard.press(keys)
    return page.evaluate(CALM) is True


def no_file(chooser: object) -> None:
    """The dialog of the browser stays closed."""


@pytest.fixture(scope="module")
def keyboard(window: Window):
    """The page with a heart on it, which remembers whether it used the last key."""
    page = window.new_project()
    page.on("filechooser", no_file)
    open_template(page, "four-chamber")
    # Copy, cut and paste are events of their own after the key.
    page.evaluate(
        "for (const kind of ['keydown', 'copy', 'cut', 'paste'])"
        " window.addEventListener(kind, (event) => (window.handled = event.defaultPrevented))"
    )
    # No frame: the next key may change the map before the server has heard of the wish.
    page.evaluate("() => { window.echoStudio.generation.post = () => new Promise(() => {}); }")
    page.evaluate(CALM)
    yield page
    window.check()
    page.remove_listener("filechooser", no_file)


def rows(page) -> list[tuple[list[str], str]]:
    """([key, …], what they do) of every row of the sheet."""
    page.keyboard.press("?")
    found = page.evaluate(
        "[...document.querySelectorAll('#help [data-keys]')]"
        ".map((row) => [row.dataset.keys.split(' '), row.querySelector('dd').textContent])"
    )
    page.evaluate(CALM)
    return found


def test_every_key_on_the_sheet_does_something(keyboard) -> None:
    for keys, words in rows(keyboard):
        for key in keys:
            tool = words.split(":")[0].split(",")[0]
            for before in FIRST.get(tool, []):
                keyboard.keyboard.press(before)
                keyboard.wait_for_function(
                    "() => { const { tool } = window.echoStudio.editor; return !tool.handles || tool.handles.length; }"
                )
            parts = [key] if key == "+" else key.split("+")
            combination = "+".join(NAMES.get(part, part.lower() if len(part) == 1 else part) for part in parts)
            if combination.startswith("Shift+"):
                combination = combination.replace("Shift+", "Shift+Digit")
            assert pressed(keyboard, combination), f"{key}: {words}"


def test_every_key_that_does_something_is_on_the_sheet(keyboard) -> None:
    listed = {key for keys, _ in rows(keyboard) for key in keys}
    for key in [*string.ascii_lowercase, *string.digits, *"[]+-=,.;'`/?", "Escape", "Delete", "Home", "End"]:
        if pressed(keyboard, key) and key not in UNLISTED:
            assert key.upper() in listed, f"{key} is missing"
    for key in set(string.ascii_lowercase) - set("nrtw"):  # the browser's own: windows, tabs, reload
        if pressed(keyboard, f"Control+{key}"):
            assert f"Ctrl+{key.upper()}" in listed, f"Ctrl+{key} is missing"


def test_every_row_is_there_once_and_has_words(desk) -> None:
    told = [(*keys, words) for keys, words in rows(desk)]
    assert len(told) == len(set(told)) >= 50
    assert all(len(words) > 3 for *_, words in told)


def test_the_sheet_holds_the_focus_takes_no_keys_and_closes_by_escape(desk) -> None:
    page = desk
    page.locator("#open-help").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("b")
    page.keyboard.press("e")
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || Boolean(document.activeElement.closest('#help'))"
        )
    assert page.evaluate("window.echoStudio.editor.toolName") == "brush"
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    assert page.evaluate("document.activeElement.id") == "open-help"


def test_the_first_steps_are_shown_once_and_never_over_the_canvas(page) -> None:
    card = page.locator("#first-steps")
    assert "1 of 3: Paint or deform" in card.inner_text()
    box = card.bounding_box()
    for surface in ("edit", "result"):
        pane = page.locator(f"[data-surface={surface}]").bounding_box()
        assert pane["x"] + pane["width"] <= box["x"]
    drag(page, ZIGZAG)
    assert "2 of 3: Look at the frame" in card.inner_text(), "who paints has understood the first step"
    card.get_by_role("button", name="Next").click()
    assert "3 of 3: Pin or download" in card.inner_text()
    card.get_by_role("button", name="Done").click()
    assert not card.is_visible()
    page.reload()
    wait_until_open(page)
    assert not card.is_visible()
    page.keyboard.press("?")
    page.get_by_role("button", name="Show the first steps").click()
    assert "1 of 3" in card.inner_text()
    card.get_by_role("button", name="Close").click()
    assert not card.is_visible()
