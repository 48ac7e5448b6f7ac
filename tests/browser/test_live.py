"""Live previews: a draft, then the frame, always of the newest map; nothing older is shown as if it were new."""

from collections import Counter
from urllib.parse import urlparse

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.generate.request import GenerationRequest
from echo_studio.studio.frames import DRAFT_NFE, DRAFT_SOLVER
from tests.browser.brush import drag, ids_of, open_template
from tests.browser.desk import bytes_of
from tests.browser.test_generating import Running, result_pixels, running, wait_for_state
from tests.browser.window import wait_until_open
from tests.studio.fakes import FakeEngine, frame_request, speckle

pytestmark = pytest.mark.browser
__all__ = ["running"]  # the fixture

NOTE = "[data-part=stale]"
RECORD = """() => {
    const { result, document } = window.echoStudio;
    const begun = Boolean(window.shown);
    window.shown = [];
    if (!begun) result.listeners.add(() => {
        const { kind, revision, facts } = result;
        if (facts) window.shown.push({ kind, revision, now: document.revision, job: facts.job, nfe: facts.nfe });
    });
}"""

# Pauses before something is tried again take a tenth of their time.
HASTE = """() => {
  const later = (window.unhurried = window.setTimeout);
  window.setTimeout = (done, ms, ...more) => later(done, ms / 10, ...more);
}"""


@pytest.fixture
def live(desk, engine: FakeEngine):
    """The page on a heart, with live previews switched on and its first frame on the screen."""
    open_template(desk, "four-chamber")
    desk.locator("#live").check()
    wait_until_newest(desk)
    desk.evaluate(RECORD)
    return desk


def wait_until_newest(page) -> None:
    page.wait_for_function(
        "() => { const { result, generation } = window.echoStudio;"
        "return result.kind === 'final' && !result.stale && !generation.pending; }",
    )


def stroke(page, k: int) -> None:
    x = 40.0 + 12 * k
    drag(page, [(x, 150.0), (x + 30, 170.0), (x + 20, 120.0)])


def begin_stroke(page) -> None:
    """Press and move until a draft follows; the hand stays down."""
    left, top, width, height = page.locator("[data-surface=edit]").bounding_box().values()
    page.keyboard.press("3")
    page.mouse.move(left + 0.4 * width, top + 0.4 * height)
    page.mouse.down()
    page.mouse.move(left + 0.5 * width, top + 0.5 * height)
    page.wait_for_function("() => window.echoStudio.result.page?.following")


def test_strokes_in_quick_succession_show_the_newest_map_and_no_older_one(live, engine: FakeEngine) -> None:
    page = live
    engine.seconds_per_nfe = 0.01
    for k, pause in enumerate([0, 60, 120, 0, 260, 90, 400, 40]):  # before the draft, after it, after the frame
        page.keyboard.press(str(k % 3 + 1))
        stroke(page, k)
        page.wait_for_timeout(pause)
    wait_until_newest(page)
    shown = page.evaluate("window.shown")
    assert shown
    assert [s for s in shown if s["revision"] != s["now"]] == []
    newest = [s["kind"] for s in shown if s["revision"] == shown[-1]["now"]]
    assert newest in (["draft", "final"], ["final"]), "no second draft of a map that one is shown of"
    seed = int(page.locator("#seed").input_value())
    request = frame_request(LabelMap(ids_of(page), (0.5, 0.5)), "4CH", "ED", "edm-l64", "heun", 20, seed)
    assert np.array_equal(result_pixels(page), speckle(request, 1.0))


def test_the_older_job_stops_between_two_nfe(live, engine: FakeEngine) -> None:
    page = live
    page.locator("#nfe").fill("100")
    wait_until_newest(page)
    page.evaluate("() => { window.shown.length = 0; }")
    engine.seconds_per_nfe = 0.1  # so that the older one would go on for ten seconds
    before = len(engine.evaluated)
    stroke(page, 0)
    page.wait_for_function("() => window.shown.some(({ kind }) => kind === 'draft')")
    wait_for_state(page, "Refining: NFE")
    stroke(page, 1)
    page.wait_for_function("() => window.shown.filter(({ kind }) => kind === 'draft').length === 2")
    engine.seconds_per_nfe = 0.0
    page.wait_for_function("() => window.echoStudio.result.kind === 'final' && !window.echoStudio.result.stale")
    spent = engine.evaluated[before:]
    newest = spent[-1]
    assert spent.count(newest) in (100, DRAFT_NFE + 100)
    assert set(spent[spent.index(newest) :]) == {newest}, "none of an older map once the newest has begun"
    assert len(spent) < 2 * (DRAFT_NFE + 100), "the older job has stopped early"
    *drafts, last = [s["kind"] for s in page.evaluate("window.shown")]
    assert (set(drafts), last) == ({"draft"}, "final")


def test_the_draft_is_asked_for_with_its_own_solver_and_is_the_frame_s_seed(live, engine: FakeEngine) -> None:
    asked: list[GenerationRequest] = []
    generate = engine.generate

    def spy(request: GenerationRequest, on_step=None):
        asked.append(request)
        return generate(request, on_step)

    engine.generate = spy
    try:
        stroke(live, 0)
        wait_until_newest(live)
    finally:
        del engine.generate
    *drafts, final = asked
    assert {(draft.sampling.solver, draft.sampling.nfe) for draft in drafts} == {(DRAFT_SOLVER, DRAFT_NFE)}
    assert (final.sampling.solver, final.sampling.nfe) == ("heun", 20)
    assert {draft.seed for draft in drafts} == {final.seed}
    assert drafts[-1].label_map == final.label_map


def test_an_older_frame_is_marked_while_the_newest_is_made_and_when_nothing_is(live, engine: FakeEngine) -> None:
    page = live
    surface = page.locator("[data-surface=result]").locator("..")
    assert page.locator(NOTE).is_hidden()
    engine.seconds_per_nfe = 0.1
    stroke(page, 0)
    assert page.locator(NOTE).inner_text() == "Updating …"
    assert "older" in surface.get_attribute("class")
    page.wait_for_function("() => window.echoStudio.result.kind === 'draft'")
    assert page.locator(NOTE).inner_text() == "Draft"
    assert "older" not in surface.get_attribute("class")
    engine.seconds_per_nfe = 0.01
    wait_until_newest(page)
    page.keyboard.press("v")
    stroke(page, 1)
    assert page.locator(NOTE).inner_text() == "The map has changed since this frame."
    assert "older" in surface.get_attribute("class")


def test_the_frame_is_marked_from_the_first_pixel_of_a_stroke(live, engine: FakeEngine) -> None:
    page = live
    engine.seconds_per_nfe = 0.5
    box = page.locator("[data-surface=edit]").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    page.keyboard.press("3")
    page.mouse.down()
    assert page.locator(NOTE).inner_text() == "Updating …"
    engine.seconds_per_nfe = 0.01
    page.mouse.up()
    wait_until_newest(page)


def test_drafts_follow_the_hand_and_each_is_newer_than_the_one_before(live, engine: FakeEngine) -> None:
    page = live
    page.evaluate("""() => {
        const { result } = window.echoStudio;
        window.followed = [];
        result.listeners.add(() => result.page?.following && window.followed.push(Array.from(result.ids).join("")));
    }""")
    left, top, width, height = page.locator("[data-surface=edit]").bounding_box().values()
    page.keyboard.press("3")
    page.mouse.move(left + 0.4 * width, top + 0.4 * height)
    page.mouse.down()
    for k in range(4):
        page.mouse.move(left + (0.4 + 0.05 * k) * width, top + (0.4 + 0.03 * k) * height)
        page.wait_for_function("count => window.followed.length > count", arg=k)
    assert not page.evaluate("window.echoStudio.document.undoStack.at(-1).op.tool === 'brush'"), "the hand is down"
    assert page.locator(NOTE).inner_text() == "Draft"
    page.mouse.up()
    wait_until_newest(page)
    followed = page.evaluate("window.followed")
    assert len(set(followed)) == len(followed) >= 4
    count = len(followed)
    stroke(page, 1)
    page.keyboard.press("v")  # switched off: nothing follows
    stroke(page, 2)
    page.wait_for_function("() => !window.echoStudio.document.stroke")
    assert page.evaluate("window.followed.length") - count <= 2


def test_a_stroke_that_is_taken_back_leaves_no_draft_of_it(live, engine: FakeEngine) -> None:
    page = live
    drawing = ids_of(page)
    begin_stroke(page)
    page.keyboard.press("Escape")
    page.mouse.up()
    wait_until_newest(page)
    shown = np.array(page.evaluate("Array.from(window.echoStudio.result.ids)"), np.uint8).reshape(256, 256)
    assert np.array_equal(shown, drawing)
    assert np.array_equal(ids_of(page), drawing)


def test_edits_keep_the_seed_and_r_rolls_another_one_of_the_same_anatomy(live) -> None:
    page = live
    seed = page.locator("#seed").input_value()
    stroke(page, 0)
    wait_until_newest(page)
    assert page.evaluate("window.echoStudio.result.facts.seed") == seed
    before, drawing = result_pixels(page), ids_of(page)
    page.keyboard.press("r")
    rolled = page.locator("#seed").input_value()
    assert rolled != seed
    page.wait_for_function("seed => window.echoStudio.result.facts?.seed === seed", arg=rolled)
    wait_until_newest(page)
    assert np.array_equal(ids_of(page), drawing)
    assert not np.array_equal(result_pixels(page), before)


def test_escape_keeps_the_draft_of_the_newest_map_rather_than_an_older_frame(
    live, engine: FakeEngine, running: Running
) -> None:
    page = live
    engine.seconds_per_nfe = 0.05
    stroke(page, 0)
    page.wait_for_function("() => window.echoStudio.result.kind === 'draft'")
    page.keyboard.press("Escape")
    wait_for_state(page, "Cancelled")
    kind, stale = page.evaluate("[window.echoStudio.result.kind, window.echoStudio.result.stale]")
    assert (kind, stale) == ("draft", False)
    before = len(engine.evaluated)
    engine.seconds_per_nfe = 0.2
    stroke(page, 1)
    with page.expect_response("**/cancel"):
        page.keyboard.press("Escape")  # before the server has heard of it
    running.wait()
    assert len(engine.evaluated) - before < DRAFT_NFE + 20
    engine.seconds_per_nfe = 0.05
    assert page.locator(NOTE).inner_text() == "The map has changed since this frame."
    stroke(page, 2)
    wait_until_newest(page)


def test_a_lost_server_is_told_once_and_the_next_edit_tries_again(live) -> None:
    page = live
    page.expected_problem = "Failed to load resource"
    failed: Counter[str] = Counter()
    page.on("requestfailed", lambda request: failed.update([urlparse(request.url).path]))
    page.route("**/studio/**", lambda route: route.abort())
    page.evaluate(HASTE)
    stroke(page, 0)
    page.get_by_text("The studio does not answer").first.wait_for()
    wait_for_state(page, "No frame was made")
    # What is drawn is offered again and again, and so is the sign of life; drafts may be asked for until the first
    # refusal is back; nothing else is asked for a second time.
    while failed["/studio/label-map"] < 3:
        page.wait_for_event("requestfailed")
    assert max(failed.values()) < 12, failed
    again = {path for path, count in failed.items() if count > 1}
    assert again <= {"/studio/label-map", "/studio/project", "/studio/drafts"}
    assert page.locator(NOTE).inner_text() == "The map has changed since this frame."
    page.unroute("**/studio/**")
    page.evaluate("() => { window.setTimeout = window.unhurried; }")
    stroke(page, 1)
    wait_until_newest(page)
    assert np.array_equal(bytes_of(page, "window.echoStudio.result.ids"), ids_of(page).ravel())


def test_a_reload_in_the_middle_of_a_drag_keeps_what_was_settled(live, engine: FakeEngine) -> None:
    page = live
    stroke(page, 0)
    wait_until_newest(page)
    drawing = ids_of(page)
    begin_stroke(page)
    page.goto(page.evaluate("`${location.origin}/?project=${window.echoStudio.link.project}`"))
    wait_until_open(page)
    page.mouse.up()
    wait_until_newest(page)
    assert np.array_equal(ids_of(page), drawing)
