"""The Compare tab: a grid that fills as it runs, one look at all cells, differences, ranks, files, the way back."""

import csv
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.generate.request import GenerationRequest
from tests.browser.brush import ids_of, open_template
from tests.browser.desk import bytes_of, on_canvas, put, shape_on, true_proportions
from tests.browser.visit import faults_in_both_themes
from tests.browser.window import wait_until_open
from tests.studio.fakes import FakeEngine, frame_request, heart, speckle

pytestmark = pytest.mark.browser

HEART = LabelMap(heart().ids, (0.5, 0.5))
STATUS = "window.echoStudio.tabs.compare.status"


@pytest.fixture
def compare(desk, engine: FakeEngine) -> Any:
    """The tab with a heart, and with what rows and columns vary as they are at first."""
    page = desk
    engine.seconds_per_nfe = 0.0
    page.set_viewport_size({"width": 1280, "height": 800})
    show(page, "Edit")
    if page.evaluate("window.echoStudio.document.position") == 0:
        open_template(page, "four-chamber")
    show(page, "Compare")
    page.locator("[data-cmp=root][data-ready=yes]").wait_for()
    page.locator("[data-cmp=order]").select_option("")
    page.locator("[data-cmp=frames]").click()
    axis(page, "rows", "generator")
    axis(page, "columns", "nfe", "1, 2")
    return page


def show(page, tab: str) -> None:
    page.locator("#tabs > .tab-wrapper").get_by_role("tab", name=tab).click()


def axis(page, side: str, name: str, values: str | None = None) -> None:
    """Choose what rows or columns vary; where the other side has it, that one gets another."""
    section = page.locator(f"[data-axis={side}]")
    if section.locator("select").input_value() != name:
        other = page.locator(f"[data-axis={'columns' if side == 'rows' else 'rows'}] select")
        if other.input_value() == name:
            other.select_option("schedule" if name != "schedule" else "solver")
        section.locator("select").select_option(name)
    if values is not None:
        section.locator("input[type=text]").fill(values)


def fixed(page, name: str) -> Any:
    """The control of what is the same in every cell."""
    return page.locator(f"[data-fixed={name}]")


def start(page) -> None:
    before = page.evaluate(f"{STATUS}?.comparison ?? 0")
    page.locator("[data-cmp=run]").click()
    page.wait_for_function(f"before => {STATUS}?.comparison > before", arg=before)


def finish(page, state: str = "done") -> None:
    page.wait_for_function(
        f"state => {STATUS}.state === state && window.echoStudio.tabs.compare.grid.cells.every("
        "({ state, tile }) => state !== 'done' || tile.bitmap)",
        arg=state,
    )


def cell(page, number: int) -> Any:
    return page.locator(".cmp-cell").nth(number)


def picture(page, number: int) -> np.ndarray:
    """float (h, w, 4) of what a cell's canvas shows."""
    return on_canvas(page, cell(page, number).locator("canvas")).astype(float)


def asked(generator: str = "edm-l64", nfe: int = 1, seed: int = 0) -> GenerationRequest:
    return frame_request(HEART, "4CH", "ED", generator, "heun", nfe, seed)


def test_every_cell_is_its_own_run_with_frame_settings_and_figures(compare) -> None:
    start(compare)
    finish(compare)
    assert compare.locator(".cmp-table thead th").all_inner_texts() == ["NFE 1", "NFE 2"]
    assert compare.locator(".cmp-table tbody th").all_inner_texts() == ["edm-l64", "vp-256"]
    caption = cell(compare, 3).locator("figcaption").inner_text()
    assert "vp-256 · heun · 2 NFE" in caption
    assert re.search(r"\d\.\d\d s · RMSE 0\.00\s+LV 0\.900\s+epi 0\.900\s+LA 0\.900", caption)
    assert compare.locator("[data-cmp=state]").inner_text() == "4 of 4 cells done"
    grey = bytes_of(compare, "window.echoStudio.tabs.compare.grid.cells[3].tile.grey")
    assert np.array_equal(grey.reshape(256, 256), speckle(asked("vp-256", 2), 1.0))
    assert "Canvas · 4CH · ED · heun · seed 0" in compare.locator("[data-cmp=same]").inner_text()


def test_the_wheel_zooms_all_cells_dragging_pans_them_and_a_double_click_fits(compare) -> None:
    start(compare)
    finish(compare)
    whole = [picture(compare, number) for number in (0, 3)]
    box = cell(compare, 0).locator("canvas").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    compare.mouse.move(*middle)
    compare.mouse.wheel(0, -500)
    compare.wait_for_function("() => window.echoStudio.tabs.compare.lens.zoom > 2")
    zoomed = [picture(compare, number) for number in (0, 3)]
    assert np.array_equal(zoomed[0], zoomed[1]), "the same part of the same frame"
    assert not np.array_equal(zoomed[1], whole[1])
    compare.mouse.down()
    compare.mouse.move(middle[0] + 30, middle[1] + 10, steps=3)
    compare.mouse.up()
    panned = picture(compare, 3)
    assert not np.array_equal(panned, zoomed[1])
    assert compare.evaluate("window.echoStudio.tabs.compare.lens.x") < 0
    cell(compare, 1).locator("canvas").focus()
    compare.keyboard.press("ArrowLeft")
    assert not np.array_equal(picture(compare, 3), panned), "arrows pan as well"
    compare.mouse.dblclick(*middle)
    assert compare.locator("[data-cmp=zoom]").inner_text() == "100 %"
    assert np.array_equal(picture(compare, 3), whole[1])


def test_difference_and_flicker_are_against_the_chosen_reference(compare) -> None:
    axis(compare, "columns", "seed", "1 2 3")
    fixed(compare, "nfe").fill("1")
    start(compare)
    finish(compare)
    compare.get_by_role("button", name="Reference: edm-l64, Seed 2", exact=True).click()
    compare.wait_for_function(f"() => {STATUS}.reference === 1")
    assert "RMSE 0.00" in cell(compare, 1).inner_text()
    assert "RMSE 0.00" in cell(compare, 4).inner_text(), "the same seed: the same noise"
    assert "RMSE 0.00" not in cell(compare, 0).inner_text()
    frames = [picture(compare, number) for number in range(3)]
    compare.mouse.move(5, 400)
    compare.keyboard.down("Backquote")
    assert np.array_equal(picture(compare, 2), picture(compare, 4)), "all show the reference"
    assert not np.array_equal(picture(compare, 2), frames[2])
    compare.keyboard.up("Backquote")
    assert np.array_equal(picture(compare, 2), frames[2])

    compare.keyboard.press("d")
    assert compare.locator("[data-cmp=legend]").is_visible()
    same, other = picture(compare, 1), picture(compare, 0)
    middle = slice(40, 120)
    assert np.ptp(same[middle, 100], axis=0).max() < 8, "grey where nothing differs"
    red, blue = other[..., 0], other[..., 2]
    assert (red - blue).max() > 60, "brighter than the reference"
    assert (blue - red).max() > 60, "darker than the reference"


def test_holding_the_button_of_a_cell_shows_the_reference_there_alone(compare) -> None:
    axis(compare, "columns", "seed", "1 2 3")
    start(compare)
    finish(compare)
    before = [picture(compare, number) for number in (1, 2)]
    button = compare.get_by_role("button", name="Hold to compare: edm-l64, Seed 2", exact=True)
    button.scroll_into_view_if_needed()
    button.hover()
    compare.mouse.down()
    assert compare.locator(".cmp-cell.swapped").count() == 1
    assert np.array_equal(picture(compare, 1), picture(compare, 3)), "as the same seed of the other generator"
    assert np.array_equal(picture(compare, 2), before[1])
    compare.mouse.up()
    assert np.array_equal(picture(compare, 1), before[0])


def test_sheet_figures_and_archive_are_downloaded(compare, tmp_path: Path) -> None:
    start(compare)
    finish(compare)
    saved = {}
    for name in ("sheet.png", "figures.csv", "all.zip"):
        with compare.expect_download() as caught:
            compare.locator(f".comparison [data-file='{name}']").click()
        saved[name] = tmp_path / caught.value.suggested_filename
        caught.value.save_as(saved[name])
    assert saved["sheet.png"].name == "echo-comparison-sheet.png"
    lines = list(csv.DictReader(saved["figures.csv"].read_text().splitlines()))
    assert [(line["generator"], line["nfe"]) for line in lines] == [
        *(("edm-l64", "1"), ("edm-l64", "2"), ("vp-256", "1"), ("vp-256", "2"))
    ]
    with zipfile.ZipFile(saved["all.zip"]) as archive:
        assert "r2c2-vp-256-nfe2.json" in archive.namelist()


def test_open_in_editor_brings_map_settings_and_frame_back(compare) -> None:
    axis(compare, "rows", "label_map")
    chips = compare.locator("[data-axis=rows] .cmp-chip")
    chips.filter(has_text="Blank sector").click()
    axis(compare, "columns", "seed", f"7, {2**60}")
    fixed(compare, "generator").select_option("vp-256")
    fixed(compare, "nfe").fill("3")
    start(compare)
    finish(compare)
    assert compare.locator(".cmp-table tbody th .cmp-thumb").count() == 2
    before = ids_of(compare)
    compare.get_by_role("button", name=f"Open in editor: Blank sector, Seed {2**60}").click()
    compare.locator("[data-surface=edit]").wait_for()
    assert not np.array_equal(ids_of(compare), before)
    values = compare.evaluate("window.echoStudio.settings.values")
    assert (values["generator"], values["solver"], values["seed"]) == ("vp-256", "heun", str(2**60))
    assert values["nfe"] == 3
    compare.wait_for_function("() => window.echoStudio.result.kind === 'final' && !window.echoStudio.result.stale")
    assert compare.evaluate("window.echoStudio.document.undoStack.at(-1).op.tool") == "open"
    compare.keyboard.press("Control+z")
    assert np.array_equal(ids_of(compare), before), "one step back"
    show(compare, "Compare")
    chips.filter(has_text="Blank sector").click()


def test_everybody_can_use_the_tab(compare) -> None:
    start(compare)
    finish(compare)
    assert faults_in_both_themes(compare) == []
    assert compare.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    bare = compare.evaluate(
        "() => [...document.querySelectorAll('.comparison :is(button, select, input)')]"
        ".filter((e) => !e.closest('[title]')).map((e) => e.outerHTML)"
    )
    assert bare == []
    for name in ("[data-cmp=run]", "[data-cmp=cancel]", "[data-cmp=hold]", "[data-file='all.zip'] >> nth=-1"):
        box = compare.locator(name).bounding_box()
        assert box["x"] + box["width"] <= 1280
        assert box["y"] + box["height"] <= 800


def test_a_comparison_is_there_again_after_a_reload(compare) -> None:
    page = compare
    axis(page, "columns", "seed", "4 5")
    fixed(page, "nfe").fill("2")
    start(page)
    finish(page)
    page.reload()
    wait_until_open(page)
    show(page, "Compare")
    page.locator(".cmp-table").wait_for()
    finish(page)
    assert page.locator(".cmp-table thead th").all_inner_texts() == ["Seed 4", "Seed 5"]
    assert page.locator("[data-axis=columns] input").input_value() == "4, 5"
    assert fixed(page, "nfe").input_value() == "2"


def test_frames_are_shown_in_true_proportions_as_the_edit_tab_shows_them(compare) -> None:
    page, aspect = compare, 0.593 / 0.723
    show(page, "Edit")
    put(page, heart().ids, "0.593,0.723")
    show(page, "Compare")
    axis(page, "rows", "label_map")
    axis(page, "columns", "seed", "1, 2")
    start(page)
    finish(page)
    canvas, thumb = cell(page, 1).locator("canvas"), page.locator(".cmp-thumb")
    assert shape_on(page, canvas) == pytest.approx(aspect, abs=0.01)
    clear = on_canvas(page, thumb)[..., 3] == 0
    page.keyboard.press("d")
    rows, columns = np.nonzero(on_canvas(page, canvas)[..., 3])
    inside = [np.ptp(places) + 1 for places in np.nonzero(heart().ids)]
    assert np.ptp(rows) / np.ptp(columns) == pytest.approx(aspect * inside[0] / inside[1], abs=0.02), "differences too"
    page.keyboard.press("d")

    # What lies under the pointer stays there while the wheel zooms, up to where each pixel is a block of its colour.
    box = canvas.bounding_box()
    side = box["width"]
    top = box["y"] + side * (1 - aspect) / 2
    x, y = next(
        (x, y)
        for x in range(round(box["x"] + 0.4 * side), round(box["x"] + 0.6 * side))
        for y in range(round(box["y"] + 0.65 * side), round(box["y"] + 0.75 * side))
        if 0.3 < (x - box["x"]) / side * 256 % 1 < 0.7 and 0.3 < (y - top) / (side * aspect) * 256 % 1 < 0.7
    )
    page.mouse.move(x, y)
    for _ in range(4):
        page.mouse.wheel(0, -500)
    page.wait_for_function("() => window.echoStudio.tabs.compare.lens.zoom === 24")
    grey = bytes_of(page, "window.echoStudio.tabs.compare.grid.cells[1].tile.grey").reshape(256, 256)
    expected = grey[int((y - top) / (side * aspect) * 256), int((x - box["x"]) / side * 256)]
    assert picture(page, 1)[int(y - box["y"]), int(x - box["x"]), 0] == expected
    page.mouse.dblclick(x, y)

    show(page, "Edit")
    true_proportions(page, False)
    show(page, "Compare")
    page.wait_for_function("() => document.querySelector('.cmp-cell canvas').width > 1")
    assert shape_on(page, canvas) == pytest.approx(1, abs=0.01)
    page.locator(".cmp-thumb").wait_for()
    assert np.mean(on_canvas(page, thumb)[..., 3] == 0) < np.mean(clear) - 0.05, "headings too"
    show(page, "Edit")
    true_proportions(page, True)
    put(page, heart().ids, "")
    show(page, "Compare")
    start(page)
    finish(page)
    assert shape_on(page, cell(page, 1).locator("canvas")) == pytest.approx(1, abs=0.01), "no spacing is known"
