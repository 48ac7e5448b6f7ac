"""The Data set tab: a set is planned, made, curated by keyboard and pointer, compared, exported, edited again."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.browser.brush import ids_of, open_template
from tests.browser.desk import replied
from tests.browser.test_people import SMALL
from tests.browser.visit import faults, faults_in_both_themes
from tests.browser.window import Window
from tests.studio.fakes import FakeEngine

pytestmark = pytest.mark.browser

TAB = "window.echoStudio.tabs.dataset"
AT_REST = f"() => !{TAB}.tasks.running && {TAB}.told && {TAB}.told.unmeasured === 0"
COUNT = 60
ROOT = "[data-ds=root]"


@pytest.fixture(scope="module")
def page(window: Window, engine: FakeEngine) -> Iterator[Any]:
    """The tab with a set of samples, made there."""
    engine.sets.seconds, engine.sets.failure = 0.0, None
    page = window.new_project(height=720)
    open_template(page, "four-chamber")
    enter(page)
    page.locator("[data-f=name]").fill("desk")
    page.locator("[data-f=variations]").fill(str(COUNT // 2))
    page.get_by_text("vp-256", exact=True).last.click()
    page.get_by_text("Defects and ejection fraction").click()
    page.get_by_label("Septal defect").fill("40")
    assert f"= {COUNT} images" in page.locator("[data-ds=count]").inner_text()
    assert page.locator("[data-ds=make]").is_disabled(), "the plan comes first"
    page.locator("[data-ds=plan]").click()
    page.locator("[data-ds=make]:enabled").wait_for()
    assert f"{COUNT} images · about 60 s with 1 worker · 20 MB" in page.locator("[data-ds=plan-words]").inner_text()
    assert faults(page, ROOT) == []
    page.locator("[data-ds=make]").click()
    page.wait_for_function(AT_REST)
    page.wait_for_function(f"() => {TAB}.samples.numbers.length >= {TAB}.told.samples")
    yield page
    page.evaluate(f"{TAB}.find()")  # whatever was asked before is no longer waited for: it would be refused
    page.locator("[data-ds=remove]").click()
    page.locator("[data-ds=remove]").click()
    page.locator("[data-ds=form]").wait_for()
    assert page.locator("[data-ds=set] option").all_inner_texts() == ["New set …"]
    window.check()


@pytest.fixture
def gallery(page) -> Any:
    """Nothing chosen, nothing filtered, nothing decided."""
    show(page, "Data set")
    page.get_by_role("button", name="Clear", exact=True).click()
    while page.locator("[data-ds=undo]").is_enabled():
        undo(page)
    tile(page, 0).click()
    return page


def show(page, tab: str) -> None:
    page.locator("#tabs > .tab-wrapper").get_by_role("tab", name=tab).click()


def enter(page) -> None:
    show(page, "Data set")
    page.locator("[data-ds=root][data-ready=yes]").wait_for()


def tile(page, place: int) -> Any:
    return page.locator(f".ds-tile[data-place='{place}']")


def saved(page) -> None:
    """Everything that was decided has arrived."""
    page.evaluate(f"{TAB}.saving")


def undo(page) -> None:
    entries = page.evaluate(f"{TAB}.told.entries.length")
    page.locator("[data-ds=undo]").click()
    saved(page)
    page.wait_for_function(f"before => {TAB}.told.entries.length < before || before === 30", arg=entries)


def verdicts(page) -> dict[str, int]:
    saved(page)
    return page.evaluate(f"{TAB}.told.choices.verdict")


def shown(page) -> int:
    return page.evaluate(f"{TAB}.samples.numbers.length")


def chosen(page) -> list[int]:
    return sorted(page.evaluate(f"{TAB}.selection.numbers"))


def test_clips_of_a_set_beat(desk, engine: FakeEngine) -> None:
    page = desk
    engine.sets.seconds, engine.sets.failure = 0.0, None
    open_template(page, "four-chamber")
    enter(page)
    page.locator("[data-f=name]").fill("beats")
    page.locator("[data-f=variations]").fill("2")
    page.locator(".ds-chip").get_by_text("edm-l64").click()
    page.get_by_text("free-echo ▸ clip").click()
    assert page.locator("[data-f=ef]").input_value() == "25, 65", "proposed, and seen"
    assert page.locator("[data-f=ef]").is_visible()
    assert "= 2 clips" in page.locator("[data-ds=count]").inner_text()
    page.locator("[data-ds=plan]").click()
    page.get_by_text("2 clips · about").wait_for()
    page.locator("[data-ds=make]").click()
    page.wait_for_function(f"() => !{TAB}.tasks.running && {TAB}.told && {TAB}.samples.numbers.length === 2")
    tile(page, 0).click()
    for frame in (0, 3):
        page.locator(f".ds-detail .ds-full[data-frame='{frame}']").wait_for()
    assert "clip, ejection fraction" in tile(page, 0).get_attribute("aria-label")
    tile(page, 1).click(modifiers=["Control"])
    page.keyboard.press("c")
    page.locator(".ds-sides .ds-full[data-frame='2']").first.wait_for()
    page.keyboard.press("Escape")
    page.locator("[data-ds=remove]").click()
    page.locator("[data-ds=remove]").click()
    page.locator("[data-ds=form]").wait_for()


def test_what_cannot_be_made_is_told_beside_the_form(desk) -> None:
    page = desk
    page.expected_problem = "status of 422"
    enter(page)
    page.locator("[data-f=name]").fill("../x")
    page.locator("[data-ds=plan]").click()
    page.get_by_text("expected a name of 1 to 48 letters").wait_for()
    page.locator("[data-f=name]").fill("other")
    page.locator("[data-f=maps]").select_option("files")
    page.locator("[data-ds=picker]").set_input_files([{"name": "a.txt", "mimeType": "text/plain", "buffer": b"no"}])
    page.get_by_text("a.txt: expected a label map").wait_for()
    page.locator("[data-f=nfe]").fill("ten")
    page.locator("[data-ds=plan]").click()
    page.get_by_text("Expected numbers as NFE").wait_for()


def test_only_tiles_that_are_seen_exist_and_each_has_its_picture_and_name(gallery) -> None:
    made = shown(gallery)
    assert COUNT / 2 < made <= COUNT, "defects that do not fit their heart are set aside"
    assert gallery.locator(".ds-tile").count() < made
    gallery.wait_for_function(
        "() => [...document.querySelectorAll('.ds-tile img')].every((one) => one.naturalWidth === 128)"
    )
    gallery.keyboard.press("End")
    last = tile(gallery, made - 1)
    last.wait_for()
    assert last.get_attribute("aria-selected") == "true"
    gallery.wait_for_function(
        "() => document.querySelector('.ds-tile[aria-selected=true]').ariaLabel.includes('adherence')"
    )
    assert "undecided, adherence 0.90" in last.get_attribute("aria-label")
    assert tile(gallery, 0).count() == 0, "it is out of sight"
    gallery.keyboard.press("Home")
    tile(gallery, 0).wait_for()


def test_keys_keep_reject_go_on_and_take_back(gallery) -> None:
    before = shown(gallery)
    for key in "kkx":
        gallery.keyboard.press(key)
    assert verdicts(gallery) == {"": before - 3, "keep": 2, "reject": 1}
    gallery.wait_for_function(
        "() => [0, 1, 2, 3].map((k) => document.querySelector(`.ds-tile[data-place='${k}']`).dataset.verdict).join()"
        " === 'keep,keep,reject,'"
    )
    assert chosen(gallery) == gallery.evaluate(f"[{TAB}.samples.numbers[3]]"), "on to the next"
    gallery.keyboard.press("Control+z")
    assert verdicts(gallery) == {"": before - 2, "keep": 2}
    gallery.keyboard.press("ArrowLeft")
    gallery.keyboard.press("ArrowLeft")
    gallery.keyboard.press("u")
    assert verdicts(gallery) == {"": before - 1, "keep": 1}
    gallery.keyboard.press("Control+z")
    assert verdicts(gallery) == {"": before - 2, "keep": 2}


def test_the_focus_stays_where_the_person_went_while_another_order_was_asked_for(gallery) -> None:
    before = gallery.evaluate(f"{TAB}.samples.numbers.join()")
    held: list[Any] = []
    gallery.route("**/numbers", lambda route: held.append(route))
    with gallery.expect_request("**/numbers"):
        gallery.get_by_label("Order", exact=True).select_option("defect")
    tile(gallery, 2).click()
    number = gallery.evaluate(f"{TAB}.selection.number")
    held.pop().continue_()
    gallery.unroute("**/numbers")
    gallery.wait_for_function(f"before => {TAB}.samples.numbers.join() !== before", arg=before)
    assert gallery.evaluate(f"{TAB}.selection.number") == number
    assert chosen(gallery) == [number]
    gallery.get_by_label("Order", exact=True).select_option("number")
    gallery.wait_for_function(f"before => {TAB}.samples.numbers.join() === before", arg=before)


def test_many_are_chosen_and_decided_at_once(gallery) -> None:
    before = shown(gallery)
    tile(gallery, 1).click()
    tile(gallery, 4).click(modifiers=["Shift"])
    tile(gallery, 2).click(modifiers=["Control"])
    numbers = gallery.evaluate(f"[...{TAB}.samples.numbers]")
    assert chosen(gallery) == sorted(numbers[k] for k in (1, 3, 4))
    gallery.locator("[data-verdict=reject]").filter(has_text="Reject").click()
    assert verdicts(gallery)["reject"] == 3
    gallery.locator("[data-ds=grid]").focus()
    gallery.keyboard.press("Control+a")
    gallery.keyboard.press("k")
    assert verdicts(gallery) == {"keep": before}
    gallery.keyboard.press("Control+z")
    assert verdicts(gallery) == {"": before - 3, "reject": 3}
    tile(gallery, 0).click()
    gallery.keyboard.press("Shift+ArrowRight")
    gallery.keyboard.press("Shift+ArrowDown")
    columns = gallery.evaluate(f"{TAB}.tiles.columns")
    assert len(chosen(gallery)) == columns + 2


def test_reason_tag_and_reviewer_are_kept_and_filters_find_them(gallery) -> None:
    gallery.get_by_label("Reviewer").fill("Ada")
    tile(gallery, 2).click()
    gallery.keyboard.press("x")
    gallery.keyboard.press("ArrowLeft")
    gallery.keyboard.press("r")
    gallery.keyboard.type("no valve")
    gallery.keyboard.press("Enter")
    gallery.keyboard.press("t")
    gallery.keyboard.type("teaching")
    gallery.keyboard.press("Enter")
    saved(gallery)
    number = gallery.evaluate(f"{TAB}.selection.number")
    gallery.wait_for_function(f"() => {TAB}.samples.details.get({number}).tags.length")
    told = gallery.evaluate(f"{TAB}.samples.details.get({number})")
    assert (told["verdict"], told["reason"], told["reviewer"], told["tags"]) == (
        "reject",
        "no valve",
        "Ada",
        ["teaching"],
    )
    assert "1 sample tagged “teaching” · Ada" in gallery.locator("[data-ds=entries]").inner_text()
    gallery.get_by_label("Tag", exact=True).select_option("teaching")
    gallery.wait_for_function(f"() => {TAB}.samples.numbers.length === 1")
    gallery.get_by_role("button", name="Clear", exact=True).click()
    gallery.get_by_label("Search id, map or reason").fill("valve")
    gallery.wait_for_function(f"() => {TAB}.samples.numbers.length === 1")
    gallery.get_by_label("Search id, map or reason").fill("")
    gallery.get_by_label("Generator", exact=True).select_option("vp-256")
    gallery.wait_for_function(f"() => {TAB}.samples.numbers.length === {TAB}.told.choices.generator['vp-256']")
    gallery.get_by_label("Order", exact=True).select_option("defect")
    gallery.get_by_role("button", name="Greatest first").click()
    gallery.wait_for_function(f"() => {TAB}.samples.details.get({TAB}.samples.numbers[0])?.defect === 'septal'")
    gallery.get_by_label("Adherence, least").fill("0.95")
    gallery.get_by_text("No sample is like that").wait_for()
    gallery.get_by_role("button", name="Greatest first").click()
    gallery.get_by_label("Order", exact=True).select_option("number")


def test_two_are_compared_side_by_side_with_and_without_labels(gallery) -> None:
    gallery.keyboard.press("Shift+ArrowRight")
    gallery.wait_for_function(f"() => {TAB}.selection.numbers.every((one) => {TAB}.samples.details.has(one))")
    gallery.keyboard.press("c")
    pair = gallery.locator("[data-ds=pair]")
    pair.wait_for()
    gallery.wait_for_function(
        "() => [...document.querySelectorAll('.ds-sides canvas')].every(({ width }) => width === 256)"
    )
    plain = pair.locator("canvas").first.evaluate("one => one.toDataURL()")
    gallery.keyboard.press("l")
    gallery.wait_for_function("before => document.querySelector('.ds-sides canvas').toDataURL() !== before", arg=plain)
    assert faults(gallery, "[data-ds=pair]") == []
    gallery.keyboard.press("Escape")
    assert pair.is_hidden()
    assert len(chosen(gallery)) == 2, "what was chosen stays"
    gallery.keyboard.press("l")


def test_one_key_sends_the_label_map_back_to_the_editor(gallery) -> None:
    gallery.keyboard.press("ArrowRight")
    number = gallery.evaluate(f"{TAB}.selection.number")
    gallery.wait_for_function(f"() => {TAB}.samples.details.has({number})")
    before = ids_of(gallery)
    gallery.keyboard.press("e")
    gallery.locator("[data-surface=edit]").wait_for()
    ids = replied(gallery, f"/dataset/sets/desk/samples/{number}/label-map")
    gallery.wait_for_function("() => window.echoStudio.result.kind === 'final'")
    now = ids_of(gallery)
    assert not np.array_equal(now, before)
    assert np.array_equal(now.ravel(), ids[: now.size])
    assert gallery.evaluate("window.echoStudio.settings.values.generator") == "edm-l64"


def test_what_was_kept_is_exported_and_downloaded(gallery) -> None:
    gallery.keyboard.press("k")
    gallery.keyboard.press("k")
    assert verdicts(gallery)["keep"] == 2
    gallery.locator("[data-ds=export] summary").click()
    gallery.get_by_label("Format").select_option("png")
    gallery.get_by_role("button", name="Export", exact=True).click()
    gallery.get_by_text("Exported 2 samples as desk-png").wait_for()
    assert faults(gallery, "[data-ds=export]") == []
    with gallery.expect_download() as download:
        gallery.get_by_role("button", name="Download desk-png").click()
    assert download.value.suggested_filename == "desk-png.zip"
    with open(download.value.path(), "rb") as file:  # noqa: PTH123
        names = zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    assert sum(name.endswith("/frame.png") for name in names) == 2
    gallery.get_by_role("button", name="Export", exact=True).click()
    gallery.get_by_text("Exported 2 samples as desk-png-2").wait_for()
    gallery.locator("[data-ds=export] summary").click()


def test_everybody_can_use_it(gallery) -> None:
    gallery.keyboard.press("k")
    saved(gallery)
    assert faults_in_both_themes(gallery) == []
    assert gallery.evaluate(SMALL, 28) == []
    assert gallery.evaluate("document.documentElement.scrollWidth") == 1280
