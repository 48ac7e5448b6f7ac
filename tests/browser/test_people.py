"""Everybody can use the editor: axe-core, windows of every size, fingers, zoomed pages, people who want no motion."""

import numpy as np
import pytest

from tests.browser.brush import CAVITY, ids_of, open_template
from tests.browser.desk import put
from tests.browser.visit import faults_in_both_themes, generated, visit
from tests.studio.fakes import blank, heart

pytestmark = pytest.mark.browser

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


def test_a_finger_paints_two_fingers_zoom_and_targets_are_wide(chromium, address: str) -> None:
    with visit(chromium, address, viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True) as page:
        client = page.context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            fingers = [{"x": px, "y": py, "id": number} for number, (px, py) in enumerate(points)]
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

        for width, height in ((1024, 768), (768, 1024)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(FITTED)
            put(page, blank().ids)
            assert page.evaluate(SMALL, 40) == []
            page.get_by_role("button", name="Paint LV cavity").tap()
            box = page.locator("[data-surface=edit]").bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.touchscreen.tap(x, y)
            painted = ids_of(page)
            assert 100 < (painted == CAVITY).sum() < 130, "one dab of 12 pixels"
            page.get_by_role("button", name="Undo", exact=True).first.tap()
            assert np.array_equal(ids_of(page), blank().ids)
            touch("touchStart", (x - 20, y))
            touch("touchMove", (x + 20, y))
            touch("touchEnd")
            assert (ids_of(page) == CAVITY).sum() > 250, "a stroke, not a scroll of the page"
            painted = ids_of(page)
            before = page.evaluate("window.echoStudio.viewport.scale")
            touch("touchStart", (x - 30, y), (x + 30, y))
            touch("touchMove", (x - 60, y), (x + 60, y))
            touch("touchEnd")
            assert page.evaluate("window.echoStudio.viewport.scale") / before == pytest.approx(2, rel=0.1)
            assert page.evaluate("window.visualViewport.scale") == pytest.approx(1), "the canvas zooms, not the page"
            assert np.array_equal(ids_of(page), painted)
            page.keyboard.press("h")


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
