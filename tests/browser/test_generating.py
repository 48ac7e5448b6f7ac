"""From the canvas to the files: generate, cancel, download, and what a person reads when it fails."""

import base64
import io
import json
import re
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.formats.label_file import read_label_map
from tests.browser.brush import ZIGZAG, drag, ids_of, open_template
from tests.browser.desk import BYTES, bytes_of
from tests.studio.fakes import FakeEngine, frame_request, heart, speckle

pytestmark = pytest.mark.browser

STATE = "[data-part=state]"


@pytest.fixture
def page(desk):
    return desk


class Running:
    """How many calls of the engine are under way."""

    def __init__(self) -> None:
        self.now = 0
        self.ended = threading.Condition()

    def count(self, generate: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            with self.ended:
                self.now += 1
            try:
                return generate(*arguments, **named)
            finally:
                with self.ended:
                    self.now -= 1
                    self.ended.notify_all()

        return counted

    def wait(self) -> None:
        """Until none is."""
        with self.ended:
            assert self.ended.wait_for(lambda: self.now == 0, 60)


@pytest.fixture
def running(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> Running:
    running = Running()
    monkeypatch.setattr(engine, "generate", running.count(engine.generate))
    return running


def wait_for_state(page, words: str) -> None:
    page.wait_for_function(
        "([selector, words]) => document.querySelector(selector).textContent.includes(words)",
        arg=[STATE, words],
    )


def set_number(page, name: str, value: int) -> None:
    field = page.locator(f"#{name}")
    field.fill(str(value))
    field.blur()


def result_pixels(page) -> np.ndarray:
    """uint8 (h, w) of the frame that is shown, before any zoom or overlay."""
    page.wait_for_function("() => window.echoStudio.result.kind === 'final' && !window.echoStudio.result.stale")
    width, height, values = page.evaluate(
        "() => { const { shown, width, height } = window.echoStudio.result;"
        "const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d');"
        "context.drawImage(shown, 0, 0);"
        "const { data } = context.getImageData(0, 0, width, height);"
        f"return [width, height, ({BYTES})(data.filter((_, i) => i % 4 === 0))]; }}"
    )
    return np.frombuffer(base64.b64decode(values), np.uint8).reshape(height, width)


def test_what_is_painted_is_generated_shown_and_downloaded(page, engine: FakeEngine, tmp_path: Path) -> None:
    open_template(page, "two-chamber")
    assert page.locator("#view input:checked").input_value() == "2CH", "view and phase follow the template"
    page.keyboard.press("3")
    drag(page, ZIGZAG)
    painted = ids_of(page)
    set_number(page, "seed", 11)
    set_number(page, "nfe", 25)
    engine.seconds_per_nfe = 1.0  # it does not end before a picture on the way was seen
    page.keyboard.press("g")
    wait_for_state(page, "/ 25")
    page.wait_for_function("() => window.echoStudio.result.kind === 'preview'")
    engine.seconds_per_nfe = 0.0
    wait_for_state(page, "Done in")
    request = frame_request(LabelMap(painted, (0.5, 0.5)), "2CH", "ES", "edm-l64", "heun", 25, 11)
    assert np.array_equal(result_pixels(page), speckle(request, 1.0))
    assert page.locator("[data-structure=lv_endo]").inner_text().split() == ["LV", "cavity", "0.900"]
    assert re.search(r"25 NFE · seed 11", page.locator("[data-part=facts]").inner_text())

    with page.expect_download() as caught:
        page.get_by_role("button", name="Download everything as ZIP").click()
    assert caught.value.suggested_filename == "echo-edm-l64-heun-nfe25-seed11-all.zip"
    zipfile.ZipFile(caught.value.path()).extractall(tmp_path)
    assert read_label_map(tmp_path / "label_map.png") == request.label_map
    assert read_label_map(tmp_path / "label_map.nii.gz") == request.label_map
    assert np.array_equal(np.asarray(Image.open(tmp_path / "frame.png")), speckle(request, 1.0))
    volume = np.asarray(nib.load(tmp_path / "frame.nii.gz").dataobj)
    assert np.array_equal(np.squeeze(volume).T, speckle(request, 1.0))
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["label_map_sha256"] == request.label_map.digest
    assert (record["view"], record["phase"], record["nfe"], record["seed"]) == ("2CH", "ES", 25, 11)


def test_each_pair_has_its_own_button(page) -> None:
    page.locator("#generate").click()
    wait_for_state(page, "Done in")
    for button, inside in (
        ("Download PNG pair", {"frame.png", "label_map.png", "record.json"}),
        ("Download NIfTI pair", {"frame.nii.gz", "label_map.nii.gz", "record.json"}),
    ):
        with page.expect_download() as caught:
            page.get_by_role("button", name=button).click()
        assert set(zipfile.ZipFile(caught.value.path()).namelist()) == inside


def test_cancel_stops_between_two_nfe_and_the_last_frame_stays(page, engine: FakeEngine, running: Running) -> None:
    open_template(page, "four-chamber")
    page.locator("#generate").click()
    wait_for_state(page, "Done in")
    before = result_pixels(page)
    engine.seconds_per_nfe = 0.05
    set_number(page, "nfe", 200)
    page.keyboard.press("g")
    wait_for_state(page, "NFE 5")
    page.get_by_role("button", name="Cancel generation").click()
    wait_for_state(page, "Cancelled at NFE")
    assert running.now == 0, "no NFE after the cancel"
    assert np.array_equal(result_pixels(page), before)
    assert page.get_by_role("button", name="Cancel generation").is_disabled()


def test_generating_again_replaces_the_job_under_way(page, engine: FakeEngine) -> None:
    engine.seconds_per_nfe = 0.05
    set_number(page, "nfe", 200)
    page.locator("#generate").click()
    wait_for_state(page, "/ 200")
    set_number(page, "nfe", 4)
    page.keyboard.press("g")
    wait_for_state(page, "Done in")
    assert "4 NFE" in page.locator("[data-part=facts]").inner_text()


def test_closing_the_page_cancels_its_job(page, engine: FakeEngine, running: Running) -> None:
    engine.seconds_per_nfe = 0.05
    set_number(page, "nfe", 200)
    begun = engine.evaluations
    page.locator("#generate").click()
    wait_for_state(page, "/ 200")
    page.close()
    running.wait()  # one job is under way: it stops, or goes on until it is at 200
    assert engine.evaluations - begun < 200


def test_a_failure_is_one_line_without_a_traceback_and_the_next_run_works(page, engine: FakeEngine) -> None:
    engine.failure = RuntimeError("/secret/path of this machine")
    page.locator("#generate").click()
    alert = page.locator("[data-part=error]")
    alert.wait_for()
    assert "RuntimeError" in alert.inner_text()
    assert "secret" not in alert.inner_text()
    engine.failure = None
    page.locator("#generate").click()
    wait_for_state(page, "Done in")
    assert alert.is_hidden()


def test_a_wrong_setting_is_told_in_the_page(page) -> None:
    page.expected_problem = "status of 422"
    for seed, words in (
        ("-4", "expected a seed from 0 to 9223372036854775807, got -4; try 0"),
        ("", "expected a whole number as seed, got an empty"),
    ):
        page.locator("#seed").fill(seed)
        page.locator("#generate").click()
        page.wait_for_function(
            "words => { const alert = document.querySelector('[data-part=error]');"
            " return alert.checkVisibility() && alert.textContent.startsWith(words); }",
            arg=words,
        )


def test_a_full_server_is_explained(page) -> None:
    page.expected_problem = "status of 503"
    words = "expected a free place in the queue, got 16 waiting jobs; try again in a minute"
    page.route("**/studio/jobs", lambda route: route.fulfill(status=503, json={"detail": words}))
    page.locator("#generate").click()
    page.get_by_text(words).wait_for()
    page.unroute("**/studio/jobs")


def test_contours_and_overlay_are_of_the_map_that_was_generated(page) -> None:
    open_template(page, "four-chamber")
    page.locator("#generate").click()
    wait_for_state(page, "Done in")
    result_pixels(page)
    assert page.locator("[data-part=stale]").is_hidden()
    drag(page, ZIGZAG)
    assert "changed since" in page.locator("[data-part=stale]").inner_text()
    assert np.array_equal(bytes_of(page, "window.echoStudio.result.ids"), heart().ids.ravel())
    shot = page.locator("[data-surface=result]").screenshot()
    page.keyboard.press("c")
    without = page.locator("[data-surface=result]").screenshot()
    assert _difference(shot, without) > 0
    page.keyboard.press("7")
    page.locator("[data-part=overlay]").fill("60")
    assert _difference(without, page.locator("[data-surface=result]").screenshot()) > _difference(shot, without)


def test_new_seed_and_the_advised_nfe_of_a_generator(page) -> None:
    page.keyboard.press("r")
    page.wait_for_function("() => document.querySelector('#seed').value !== '0'")
    page.locator("#generator").select_option("vp-256")
    page.wait_for_function("() => document.querySelector('#nfe').value === '50'")


def test_a_chosen_grain_is_in_the_record_and_can_be_drawn_again(page) -> None:
    page.locator("#sampling summary").click()
    box = page.locator("#grain-range").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], middle, steps=4)
    page.mouse.up()
    chosen = float(page.locator("#grain").input_value())
    assert 1 < chosen < 3
    assert page.locator("#coarseness").input_value() == ""

    def recorded(nfe: int) -> dict:
        set_number(page, "nfe", nfe)  # tells the new report from the one before
        page.locator("#generate").click()
        page.wait_for_function(
            "nfe => document.querySelector('[data-part=facts]').textContent.startsWith(`${nfe} NFE`)", arg=nfe
        )
        with page.expect_download() as caught:
            page.get_by_role("button", name="Download record").click()
        return json.loads(Path(caught.value.path()).read_text())

    record = recorded(3)
    assert (record["grain"], record["coarseness"]) == (chosen, None)
    assert page.locator("[data-part=grain]").inner_text().startswith("Grain ")
    page.locator("#draw-look").click()
    assert recorded(4)["grain"] is None
    page.locator("#generator").select_option("vp-256")
    assert page.locator("#grain").is_disabled()


def test_everything_needed_is_on_one_screen_and_every_button_and_slider_has_a_name(page) -> None:
    for width, height in ((1280, 800), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        for name in ("#generate", "#cancel", ".notice", "[data-surface=edit]", "[data-surface=result]", ".status"):
            box = page.locator(name).bounding_box()
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
        assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    assert page.locator(".notice").inner_text() == "Synthetic — not for diagnosis"
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('.studio button, .studio input, .studio select')]"
        ".filter((e) => e.offsetParent && !e.getAttribute('aria-label') && !e.textContent.trim()"
        " && !(e.labels && e.labels.length))"
        ".map((e) => e.outerHTML)"
    )
    assert nameless == []
    bare = page.evaluate(
        "() => [...document.querySelectorAll('.studio button, .studio input:not([hidden]), .studio select')]"
        ".filter((e) => !(e.closest('[title]'))).map((e) => e.outerHTML)"
    )
    assert bare == []


def _difference(first: bytes, second: bytes) -> float:
    one, two = (np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), float) for shot in (first, second))
    return float(np.abs(one - two).sum())
