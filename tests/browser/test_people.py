"""Everybody can use the editor: axe-core, windows of every size, zoomed pages, people who want no motion."""

import numpy as np
import pytest

from tests.browser.brush import ids_of, open_template
from tests.browser.visit import faults_in_both_themes, generated
from tests.studio.fakes import heart

pytestmark = pytest.mark.browser
DRAWING = True

# Everything that is pressed and seen; radio buttons and ticks count with their labels.
SMALL = """least => [...document.querySelectorAll(".studio :is(button, select, input, .segments label, .switch)")]
  .filter((one) => one.checkVisibility() && !["radio", "checkbox"].includes(one.type))
  .map((one) => [one.id || one.title || one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < least || height < least)
  .map(([name, { width, height }]) => `${name}: ${width} x ${height}`)"""

RESULT = ".pane:has([data-surface=result])"
OPENED = "dialog:modal, .menu:popover-open"
# In a window of another size the panes have fitted the map anew.
FITTED = """() => {
  const { viewport, document: map } = window.echoStudio, pane = document.querySelector("[data-surface=edit]");
  return Math.abs(viewport.x + (viewport.scale * map.width) / 2 - pane.clientWidth / 2) < 2;
}"""
PANELS = {"q": "generate", "s": "shape", "x": "defects", "i": "measure", "y": "history"}


def test_axe_finds_nothing_serious_in_any_panel_or_dialog(page) -> None:
    page.emulate_media(reduced_motion="reduce")
    assert faults_in_both_themes(page) == [], "the first steps and the empty canvas"
    open_template(page, "four-chamber")
    generated(page)
    page.locator("#pin:enabled").click()
    page.locator(".pinned").wait_for()
    assert faults_in_both_themes(page) == [], "a frame, and one that is pinned"
    for (key, panel), view, tool in zip(PANELS.items(), "67895", "pldmb", strict=True):  # each in its part of the page
        for pressed in (view, tool, key):
            page.keyboard.press(pressed)
        page.locator(f"[data-panel={panel}]").wait_for()
        assert faults_in_both_themes(page, ".inspector", RESULT, ".rail") == [], f"{panel}, view {view}, tool {tool}"
    for opener in ("#open-help", "#projects", "[popovertarget=display-menu]"):
        page.locator(opener).click()
        page.locator(OPENED).wait_for()
        assert faults_in_both_themes(page, OPENED) == [], opener
        page.keyboard.press("Escape")
    page.evaluate("window.echoStudio.editor.complain('Cannot be read', 'Expected a picture.')")
    assert faults_in_both_themes(page, OPENED) == [], "a problem"


def test_nothing_scrolls_the_canvas_away(desk) -> None:
    page = desk
    open_template(page, "four-chamber")
    generated(page)
    page.locator("#pin:enabled").click()
    page.locator(".pinned").wait_for()
    for width, height in ((1280, 720), (1920, 1080), (1024, 768), (768, 1024)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(FITTED)
        whole = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert whole == [width, height]
        for surface in ("edit", "result"):
            box = page.locator(f"[data-surface={surface}]").bounding_box()
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
            assert min(box["width"], box["height"]) >= 250, f"{surface} {box}"
        shown = page.locator(".studio > .rail, .studio > .inspector, .studio > .status, .notice, .project-bar")
        for part in shown.all():
            box = part.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
        notice, bar = (page.locator(part).bounding_box() for part in (".notice", ".project-bar"))
        assert notice["x"] + notice["width"] <= bar["x"], "the notice is never covered"
        assert page.evaluate(SMALL, 28) == []


def test_at_200_percent_everything_can_be_reached_without_scrolling_sideways(desk) -> None:
    page = desk
    page.set_viewport_size({"width": 640, "height": 360})
    page.wait_for_function(FITTED)
    assert page.evaluate("document.documentElement.scrollWidth") == 640
    open_template(page, "four-chamber")
    for name in ("Paint Left atrium", "Generate", "New seed", "Keys and gestures"):
        page.get_by_role("button", name=name, exact=name != "Generate").first.click(trial=True)
    assert page.locator("[data-surface=edit]").bounding_box()["height"] >= 150


def test_the_editor_can_be_used_by_keyboard_alone_with_the_focus_seen(desk) -> None:
    page = desk
    open_template(page, "four-chamber")
    page.locator("#project-title").focus()
    seen: list[str] = []
    for _ in range(90):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            "() => { const one = document.activeElement;"
            " const style = getComputedStyle(one.closest('.segments label') || one);"
            " return [one.closest('.project-bar, .rail, .pane, .inspector')?.classList[0] || '', style.outlineStyle,"
            " one.getAttribute('aria-label') || one.title || one.textContent.trim()]; }"
        )
        if not stop[0]:
            break
        assert stop[1] != "none", f"the focus on {stop[2]} cannot be seen"
        seen.append(stop[0])
    order = list(dict.fromkeys(seen))
    assert order == ["project-bar", "rail", "pane", "inspector"], "header, tools, panes, inspector"
    assert np.array_equal(ids_of(page), heart().ids)


def test_nothing_moves_for_who_wants_no_motion(desk) -> None:
    desk.emulate_media(reduced_motion="reduce")
    moving = desk.evaluate(
        "[...document.querySelectorAll('.studio *')].map((one) => getComputedStyle(one)).filter((style) =>"
        " (style.transitionDuration !== '0s' && style.transitionProperty !== 'none')"
        " || style.animationName !== 'none').length"
    )
    assert moving == 0
