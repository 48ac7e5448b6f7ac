"""The Video tab: a heart from the canvas, its motion, a job that is watched and cancelled, player, M-mode, files."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from echo_studio.anatomy.motion.motion import usual_motion
from tests.browser.brush import open_template
from tests.browser.desk import bytes_of, on_canvas, put, shape_on, true_proportions
from tests.browser.test_people import SMALL
from tests.browser.visit import faults_in_both_themes
from tests.browser.window import Window
from tests.studio.fake_videos import speckled
from tests.studio.fakes import FakeEngine, heart

pytestmark = pytest.mark.browser

TAB = "window.echoStudio.tabs.video"
CLIP = f"{TAB}.stage.video.clip"
WIDE = """() => [...document.querySelectorAll('.studio.video, .studio.video *')]
  .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1)
  .filter((one) => !one.matches('canvas, input, select, figcaption, .vid-foot, svg, svg *'))
  .map((one) => `${one.className || one.tagName}: ${one.scrollWidth} in ${one.clientWidth}`)"""
NAMELESS = """() => [...document.querySelectorAll('.studio.video :is(button, select, input)')]
  .filter((one) => !one.title && !one.closest('[title]')).map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def page(window: Window) -> Iterator[Any]:
    page = window.new_project()
    page.emulate_media(reduced_motion="reduce")  # a video that is done waits for Space
    open_template(page, "four-chamber")
    yield page
    window.check()


@pytest.fixture
def video(page, engine: FakeEngine) -> Iterator[Any]:
    """The tab, with a heart and six frames; what is generated then takes no time."""
    engine.videos.gate, engine.videos.failure = None, None
    show(page, "Video")
    page.locator("[data-vid=root][data-ready=yes]").wait_for()
    page.get_by_label("Frames", exact=True).first.wait_for()
    number(page, "Frames").fill("6")
    cycle_of(page, 6)
    yield page
    if engine.videos.gate is not None:
        engine.videos.gate.release(1000)


def show(page, tab: str) -> None:
    page.locator("#tabs > .tab-wrapper").get_by_role("tab", name=tab).click()


def number(page, name: str) -> Any:
    return page.locator(f".studio.video input[type=number][aria-label^='{name}']")


def cycle_of(page, frames: int) -> None:
    page.wait_for_function(f"n => {TAB}.stage.cycle?.frames === n && !{TAB}.cycles.running", arg=frames)


def generate(page) -> None:
    """Generate with the key, and wait until the video is shown."""
    before = page.evaluate(f"{TAB}.job.status?.video ?? 0")
    page.keyboard.press("g")
    page.wait_for_function(f"n => {TAB}.job.status?.video > n && {TAB}.report.video > n", arg=before)


def frame(page) -> int:
    return page.evaluate(f"{TAB}.clock.frame")


def test_the_label_cycle_follows_the_sliders_at_once(video) -> None:
    assert video.locator("[data-vid=heart]").inner_text() == "4CH · 256 × 256"
    before = float(video.locator("[data-vid=ef]").inner_text().removeprefix("EF ").removesuffix(" %"))
    slider = video.get_by_label("Ejection fraction", exact=True).first
    slider.focus()
    for _ in range(20):
        video.keyboard.press("ArrowLeft")
    video.wait_for_function(f"ef => {TAB}.motion.values.ef === 35 && {TAB}.stage.cycle.ef < ef - 10", arg=before)
    usual = round(100 * usual_motion(35).shortening)
    assert float(number(video, "Longitudinal shortening").input_value()) == usual, "it follows until it is moved"
    number(video, "Wall thickening").fill("30")
    volume = video.locator("[data-vid=volume] svg").get_attribute("aria-label")
    assert volume.startswith("Volume of the ventricle (mL)")
    video.locator("[data-vid=add-regional]").click()
    assert video.get_by_label("Segment 1").input_value() == "apex"
    video.wait_for_function(f"() => !{TAB}.cycles.running")
    video.get_by_role("button", name="Remove the apex segment").click()
    number(video, "Ejection fraction").fill("120")
    video.locator("[data-vid=motion-problem]:visible").wait_for()
    assert "expected 5 to 85 %, got 120" in video.locator("[data-vid=motion-problem]").inner_text()
    assert video.locator("[data-vid=generate]").is_disabled()
    number(video, "Ejection fraction").fill("55")
    video.locator("[data-vid=generate]:enabled").wait_for()


def test_a_video_plays_steps_and_shows_what_was_asked_and_measured(video) -> None:
    video.locator(".vid-view canvas").click()
    generate(video)
    grey, labels = (bytes_of(video, f"{CLIP}.{part}").reshape(6, 256, 256) for part in ("grey", "ids"))
    fake = speckled(type("Cycle", (), {"ids": labels}), 0)
    assert np.array_equal(grey, fake), "every pixel as it was made"
    assert "judge finds" in video.locator("[data-vid=facts]").inner_text()
    video.keyboard.press("Home")
    assert frame(video) == 0
    video.keyboard.press("ArrowRight")
    video.keyboard.press("ArrowRight")
    video.keyboard.press("ArrowLeft")
    assert frame(video) == 1
    video.keyboard.press("End")
    assert frame(video) == video.evaluate(f"{TAB}.stage.video.clip.es")
    video.keyboard.press("Space")
    video.wait_for_function(f"k => {TAB}.clock.playing && {TAB}.clock.frame !== k", arg=frame(video))
    assert video.get_by_role("button", name="Pause").is_visible()
    video.keyboard.press("Space")
    assert not video.evaluate(f"{TAB}.clock.playing")
    scrub = video.locator("[data-vid=scrub]")
    scrub.fill("4")
    assert video.locator("[data-vid=frame]").inner_text().startswith("5 / 6")
    video.keyboard.press("l")
    assert video.locator("[data-vid=loop]").get_attribute("aria-pressed") == "false"
    video.keyboard.press("l")
    video.keyboard.press("o")
    assert video.locator("[data-vid=overlay]").is_checked()
    video.keyboard.press("o")


def test_a_line_drawn_with_the_pointer_gives_the_m_mode(video) -> None:
    generate(video)
    box = video.locator(".vid-view canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    video.mouse.move(x - 100, y)
    video.mouse.down()
    video.mouse.move(x + 50, y, steps=3)
    assert video.locator("[data-vid=mmodes]").is_hidden(), "nothing moves while the line is drawn"
    video.mouse.move(x + 100, y, steps=2)
    video.mouse.up()
    video.locator(".vid-mstrip canvas").wait_for()
    line = video.evaluate(f"{TAB}.stage.line")
    assert line["y0"] == pytest.approx(line["y1"], abs=0.01)
    assert line["x1"] - line["x0"] == pytest.approx(200 / min(box["width"], box["height"]), abs=0.02)
    strip = video.evaluate(f"Array.from({TAB}.stage.strips.current.values)")
    rows = len(strip) // 6
    assert rows == pytest.approx((line["x1"] - line["x0"]) * 256, abs=2)
    grey = bytes_of(video, f"{CLIP}.grey").reshape(6, 256, 256).astype(float)
    at_y, at_x = line["y0"] * 256 - 0.5, line["x0"] * 256 - 0.5
    (top, left), (dy, dx) = (int(at_y), int(at_x)), (at_y % 1, at_x % 1)
    four = grey[:, top : top + 2, left : left + 2]
    first = (four * np.outer([1 - dy, dy], [1 - dx, dx])).sum(axis=(1, 2))
    assert np.array(strip).reshape(rows, 6)[0] == pytest.approx(first, abs=1.5)
    video.keyboard.press("m")
    assert video.locator("[data-vid=mmodes]").is_hidden()


def test_a_job_is_watched_cancelled_and_the_older_video_stays(video, engine: FakeEngine) -> None:
    generate(video)
    kept = video.evaluate(f"{TAB}.report.video")
    engine.videos.gate = threading.Semaphore(0)
    video.keyboard.press("r")
    video.keyboard.press("g")
    video.wait_for_function(f"n => {TAB}.job.status.video > n", arg=kept)
    engine.videos.gate.release()
    video.wait_for_function(f"() => {TAB}.job.status.nfe === 1 && {TAB}.stage.coming")
    assert "Middle frame · NFE 1 / 4" in video.locator(".vid-badge").inner_text()
    assert "NFE 1 / 4" in video.locator("[data-vid=state]").inner_text()
    video.keyboard.press("Escape")
    video.wait_for_function("() => document.querySelector('[data-vid=state]').textContent.startsWith('Stopping')")
    engine.videos.gate.release(1000)
    video.wait_for_function(f"() => {TAB}.job.status.state === 'cancelled' && !{TAB}.stage.coming")
    assert video.evaluate(f"{TAB}.report.video") == kept
    with video.expect_download() as caught:
        video.get_by_role("button", name="Download as Animated GIF").click()
    assert caught.value.suggested_filename.endswith(".gif")


def test_only_generators_with_a_start_step_show_it_and_what_they_start_from(video) -> None:
    assert video.locator("[data-number=start_step]").is_hidden()
    assert video.locator("[data-number=guidance]").is_visible()
    video.locator("[data-vid=generator]").select_option("free-echo")
    assert number(video, "Start step").input_value() == "35"
    assert video.locator("[data-number=guidance]").is_hidden()
    video.locator("[data-vid=start-frame][aria-label^='Middle frame']").wait_for()
    video.locator("[data-vid=generator]").select_option("video-spade")


def test_a_reload_finds_the_video_again(video) -> None:
    number(video, "Ejection fraction").fill("45")
    video.wait_for_function(f"() => !{TAB}.cycles.running")
    video.locator(".vid-view canvas").click()
    generate(video)
    project = video.evaluate("window.echoStudio.link.project")
    number_before = video.evaluate(f"{TAB}.report.video")
    video.goto(video.url.split("?")[0] + f"?project={project}")
    video.locator("#tabs > .tab-wrapper").get_by_role("tab", name="Video").click()
    video.wait_for_function("n => window.echoStudio?.tabs.video?.report.video === n", arg=number_before)
    assert number(video, "Ejection fraction").input_value() == "45"
    assert video.locator("[data-vid=told]").inner_text() != "The video is of older settings"


def test_everything_is_named_seen_and_large_enough(video) -> None:
    generate(video)
    video.keyboard.press("m")
    assert faults_in_both_themes(video) == []
    for width, height in ((1280, 800), (1600, 1000)):
        video.set_viewport_size({"width": width, "height": height})
        assert video.evaluate(NAMELESS) == []
        assert video.evaluate(WIDE) == []
        assert video.evaluate(SMALL, 28) == []
        whole = video.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert whole == [width, height]
    video.keyboard.press("m")


def test_the_player_shows_true_proportions_as_the_edit_tab_does(video) -> None:
    aspect, size = 0.593 / 0.723, heart().ids.shape
    show(video, "Edit")
    put(video, heart().ids, "0.593,0.723")
    show(video, "Video")
    video.locator("[data-vid=use]").click()
    video.wait_for_function(f"() => {TAB}.stage.cycle?.spacing && {TAB}.keyframes.ed.spacing === '0.593,0.723'")
    generate(video)
    video.wait_for_function(f"() => {CLIP}.spacing === '0.593,0.723'")
    video.keyboard.press("Home")
    canvas = video.locator(".vid-view canvas")
    assert shape_on(video, canvas) == pytest.approx(aspect, abs=0.01)

    # A line between two pixels of the frame is there, and the labels over them are theirs.
    box = canvas.bounding_box()
    wide = min(box["width"], box["height"] / aspect)
    corner = box["width"] / 2 - wide / 2, box["height"] / 2 - wide * aspect / 2
    ids = bytes_of(video, f"{CLIP}.labelsOf(0)").reshape(size)
    middles = [np.argwhere(ids == label)[np.sum(ids == label) // 2] + 0.5 for label in (1, 3)]  # cavity, left atrium
    pixels = [(middle[1], middle[0]) for middle in middles]
    places = [(corner[0] + x * wide / 256, corner[1] + y * wide * aspect / 256) for x, y in pixels]
    (ax, ay), (bx, by) = [(round(box["x"] + x), round(box["y"] + y)) for x, y in places]
    video.locator("[data-vid=overlay]").check()
    video.locator("[data-vid=opacity]").fill("100")
    shown = on_canvas(video, canvas)
    for (x, y), label in zip(places, (1, 3), strict=True):
        colour = video.evaluate(
            f"getComputedStyle(document.querySelector('.studio')).getPropertyValue('--label-{label}')"
        )
        assert shown[int(y), int(x), :3].tolist() == [int(part) for part in colour.strip("rgb() ").split()]
    video.keyboard.press("o")
    video.mouse.move(ax, ay)
    video.mouse.down()
    video.mouse.move(bx, by, steps=3)
    line = video.evaluate(f"{TAB}.stage.line")
    assert [(line["x0"] * 256, line["y0"] * 256), (line["x1"] * 256, line["y1"] * 256)] == [
        pytest.approx(pixel, abs=0.8) for pixel in pixels
    ]
    dot = on_canvas(video, canvas)[int(ay - box["y"]), int(ax - box["x"]), :3]
    assert dot.tolist() == [255, 209, 102], "the dot at its beginning is where the pointer was"
    video.mouse.up()
    length = np.hypot((pixels[1][0] - pixels[0][0]) * 0.723, (pixels[1][1] - pixels[0][1]) * 0.593)
    spoken = video.locator(".vid-mstrip canvas").get_attribute("aria-label")
    assert int(spoken.split("line of ")[1].split(" mm")[0]) == pytest.approx(length, abs=1)
    video.keyboard.press("m")

    show(video, "Edit")
    true_proportions(video, False)
    show(video, "Video")
    video.wait_for_function(f"() => {TAB}.stage.views.current.place?.wide === {TAB}.stage.views.current.place?.high")
    assert shape_on(video, canvas) == pytest.approx(1, abs=0.01)
    show(video, "Edit")
    true_proportions(video, True)
