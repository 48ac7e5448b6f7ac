"""How the frame is looked at: split, overlay, flicker, the comparison while a key is held, the whole stage."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.browser.brush import ZIGZAG, drag, open_template
from tests.browser.test_generating import wait_for_state

pytestmark = pytest.mark.browser


AS_AT_FIRST = """() => {
  const at = (part) => document.querySelector(`[data-part=${part}]`);
  const put = (control, value, kind) => {
    control.value = value;
    control.dispatchEvent(new Event(kind, { bubbles: true }));
  };
  put(at('comparison'), 'labels', 'change');
  for (const part of ['overlay', 'opacity']) put(at(part), at(part).defaultValue, 'input');
}"""

# Ten turns a second instead of two.
QUICK_TURNS = """() => {
  const { setInterval: original } = window;
  if (window.quickTurns) return;
  window.quickTurns = true;
  window.setInterval = (done, ms) => original(done, ms === 500 ? 100 : ms);
}"""


def turns_go_by(page) -> None:
    page.evaluate(
        "new Promise((done) => { let turns = 0;"
        " const timer = setInterval(() => ++turns === 3 && done(clearInterval(timer)), 500); })"
    )


@pytest.fixture
def two(desk):
    """The page with a frame and an earlier one of another map and another seed, side by side."""
    if not desk.evaluate("window.hasTwoFrames"):
        open_template(desk, "four-chamber")
        desk.keyboard.press("c")
        generate(desk)
        desk.keyboard.press("3")
        drag(desk, ZIGZAG)
        desk.keyboard.press("r")
        generate(desk)
        desk.evaluate("window.hasTwoFrames = true")
    desk.evaluate(AS_AT_FIRST)
    desk.mouse.move(5, 5)
    return desk


def generate(page) -> None:
    job = page.evaluate("window.echoStudio.result.job")
    page.keyboard.press("g")
    page.wait_for_function("job => window.echoStudio.result.job > job", arg=job)
    wait_for_state(page, "Done in")
    page.wait_for_function("() => window.echoStudio.result.kind === 'final' && !window.echoStudio.result.stale")


def pane(page) -> np.ndarray:
    """float (h, w, 3) of the pane as it is on the screen, below the comparison bar."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shot = page.locator("[data-surface=result]").screenshot(animations="disabled")  # at the end of a transition
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), float)
    return pixels[len(pixels) // 4 :]


def halves(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Left and right of the middle, without the divider and its handle."""
    middle = pixels.shape[1] // 2
    return pixels[:, : middle - 12], pixels[:, middle + 12 :]


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.abs(a - b).max() < 3)


def test_split_shows_the_comparison_at_the_left_and_the_frame_at_the_right(two) -> None:
    frame = pane(two)
    two.keyboard.press("6")
    labels_and_frame = pane(two)
    assert same(halves(labels_and_frame)[1], halves(frame)[1])
    assert not same(halves(labels_and_frame)[0], halves(frame)[0])
    two.locator("[data-part=comparison]").select_option("previous")
    frames = pane(two)
    assert same(halves(frames)[1], halves(frame)[1])
    assert not same(halves(frames)[0], halves(labels_and_frame)[0])
    assert not same(halves(frames)[0], halves(frame)[0])


def test_the_divider_is_dragged_and_moved_with_keys(two) -> None:
    frame = pane(two)
    two.keyboard.press("6")
    divider = two.get_by_role("separator")
    box, stage = divider.bounding_box(), two.locator("[data-surface=result]").bounding_box()
    two.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    two.mouse.down()
    two.mouse.move(stage["x"] + 0.25 * stage["width"], box["y"] + 220, steps=4)
    two.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "25"
    divider.press("ArrowRight")
    assert divider.get_attribute("aria-valuenow") == "27"
    divider.press("Home")
    two.mouse.move(5, 5)
    assert same(pane(two)[:, 20:], frame[:, 20:]), "at the left edge all is frame"
    divider.press("End")
    assert not same(pane(two)[:, :-20], frame[:, :-20])
    divider.dblclick()
    assert divider.get_attribute("aria-valuenow") == "50"


def test_overlay_blends_the_comparison_by_its_opacity(two) -> None:
    frame = pane(two)
    two.keyboard.press("7")
    two.locator("[data-part=overlay]").fill("30")
    light = pane(two)
    two.locator("[data-part=overlay]").fill("90")
    heavy = pane(two)
    assert 0 < np.abs(light - frame).sum() < np.abs(heavy - frame).sum()
    two.locator("[data-part=comparison]").select_option("previous")
    assert not same(pane(two), heavy)


def test_flicker_alternates_frame_and_comparison_and_a_held_key_keeps_the_comparison(two) -> None:
    two.evaluate(QUICK_TURNS)
    two.keyboard.press("8")
    for swapped in (True, False, True):
        two.wait_for_function("swapped => window.echoStudio.views.pane.swapped === swapped", arg=swapped)
    two.keyboard.down("`")
    held = pane(two)
    turns_go_by(two)
    assert same(pane(two), held), "no turn while the key is held"
    two.keyboard.up("`")
    two.keyboard.press("5")
    assert not same(pane(two), held)
    two.keyboard.down("`")
    assert same(pane(two), held), "the key works in every view"
    two.keyboard.up("`")


def test_with_reduced_motion_nothing_flickers_by_itself(two) -> None:
    two.evaluate(QUICK_TURNS)
    two.emulate_media(reduced_motion="reduce")
    two.keyboard.press("8")
    first = pane(two)
    turns_go_by(two)
    assert same(pane(two), first)
    assert not two.evaluate("window.echoStudio.views.pane.swapped")
    two.locator("[data-part=peek]").focus()
    two.keyboard.down("Enter")
    assert not same(pane(two), first)
    two.keyboard.up("Enter")
    assert same(pane(two), first)
    two.emulate_media(reduced_motion="no-preference")


def test_wide_gives_one_pane_the_whole_stage_and_back(two) -> None:
    edit, result = two.locator("[data-surface=edit]"), two.locator("[data-surface=result]")
    whole = edit.bounding_box()["width"] + result.bounding_box()["width"]
    result.hover()
    two.keyboard.press("w")
    assert not edit.is_visible()
    assert result.bounding_box()["width"] == pytest.approx(whole, abs=3)
    two.wait_for_function(
        "() => { const { viewport: v, document: d } = window.echoStudio;"
        "const box = window.document.querySelector('[data-surface=result]');"
        "return Math.abs(v.x + v.scale * d.width / 2 - box.clientWidth / 2) < 2; }"
    )
    two.keyboard.press("w")
    assert edit.is_visible()
    edit.hover()
    two.keyboard.press("w")
    assert not result.is_visible()
    two.get_by_role("button", name="Wide label map").click()
    assert result.is_visible()


def test_a_picture_that_is_handed_in_is_compared_in_a_split(two) -> None:
    two.evaluate(
        "async () => { const { result } = window.echoStudio, { ids, width, height } = result;"
        "const bitmap = await createImageBitmap(new ImageData(width, height));"
        "result.compareWith({ bitmap, ids, width, height, title: 'Seed 12' }); }"
    )
    assert two.locator("[data-view=split]").get_attribute("aria-pressed") == "true"
    assert two.locator("[data-part=comparison] option:checked").inner_text() == "Seed 12"
    assert halves(pane(two))[0].max() < 20, "the picture is black, and so is the pane around it"
    for following in ("spread", "labels"):
        two.keyboard.press("9")
        assert two.locator("[data-part=comparison]").input_value() == following


def test_the_labels_in_the_comparison_take_the_colours_of_the_person(two) -> None:
    two.keyboard.press("6")
    before = pane(two)
    two.evaluate(
        "() => { const { pane } = window.echoStudio.views, kept = (pane.kept = pane.labels);"
        "pane.labels = kept.map((label) => ({ ...label, colour: [255, 255, 0] })); pane.repaint(); }"
    )
    assert not same(halves(pane(two))[0], halves(before)[0])
    two.evaluate(
        "() => { const { pane } = window.echoStudio.views; pane.labels = pane.kept; delete pane.kept; pane.repaint(); }"
    )
    assert same(pane(two), before)


def test_the_mark_stays_in_every_view(two) -> None:
    two.locator("[data-surface=result]").hover()
    for key in "5678w":
        two.keyboard.press(key)
        mark = two.locator(".mark:visible")
        assert mark.inner_text() == "SYNTHETIC", key
        assert two.evaluate(
            "() => { const mark = [...document.querySelectorAll('.mark')].find((m) => m.offsetParent);"
            "const box = mark.getBoundingClientRect(), style = getComputedStyle(mark);"
            "return box.width > 40 && style.opacity === '1' && Number(style.zIndex) > 0; }"
        ), key
    two.keyboard.press("w")


def test_labels_that_let_a_synthetic_frame_through_carry_the_mark_too(two) -> None:
    mark = two.locator(".pane", has=two.locator("[data-surface=edit]")).locator(".mark")
    assert mark.is_hidden()
    two.locator("[data-part=opacity]").fill("60")
    mark.wait_for()
