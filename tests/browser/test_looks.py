"""Light and dark, label colours and outlines: what the person chooses is shown and kept."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from tests.browser.brush import CAVITY, ids_of, open_template
from tests.browser.desk import put
from tests.browser.visit import ready
from tests.studio.fakes import heart
from tests.web.palettes import palette

pytestmark = pytest.mark.browser
DRAWING = True

GROUND = {"light": "rgb(233, 236, 239)", "dark": "rgb(22, 24, 27)"}


def shown(page, x: float, y: float) -> tuple[int, ...]:
    """(r, g, b) on the screen at a point of the map."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box = page.locator("[data-surface=edit]").bounding_box()
    dx, dy = page.evaluate("([x, y]) => window.echoStudio.viewport.toPane(x, y)", [x, y])
    clip = {"x": math.floor(box["x"] + dx), "y": math.floor(box["y"] + dy), "width": 1, "height": 1}
    return Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB").getpixel((0, 0))


def is_theme(page, theme: str) -> None:
    """The page has the theme, and Gradio's shell too; at the latest when the browser has told the page."""
    page.wait_for_function(
        "([colour, dark]) => getComputedStyle(document.body).backgroundColor === colour"
        " && document.body.classList.contains('dark') === dark",
        arg=[GROUND[theme], theme == "dark"],
    )


def panes_are_dark_grey(page) -> None:
    panes = page.locator(".pane").evaluate_all("panes => panes.map((pane) => getComputedStyle(pane).backgroundColor)")
    assert set(panes) == {"rgb(12, 13, 15)"}


def test_the_theme_follows_the_system_until_the_person_chooses_and_images_stay_on_dark_grey(page) -> None:
    is_theme(page, "light")
    panes_are_dark_grey(page)
    page.emulate_media(color_scheme="dark")
    is_theme(page, "dark")
    panes_are_dark_grey(page)
    switch = page.get_by_role("button", name="Appearance")
    assert "as the system" in switch.inner_text()
    switch.click()
    assert "light" in switch.inner_text()
    is_theme(page, "light")
    page.keyboard.press("a")
    is_theme(page, "dark")
    page.evaluate(
        "() => { window.heard = new Promise((done) => {"
        " matchMedia('(prefers-color-scheme: dark)').addEventListener('change', done); }); }"
    )
    page.emulate_media(color_scheme="light")
    page.evaluate("window.heard.then(() => null)")
    is_theme(page, "dark")
    page.reload()
    ready(page)
    is_theme(page, "dark")


def test_the_first_paint_has_the_colour_that_was_chosen(chromium, address: str) -> None:
    """With Gradio's scripts held back, which is all that is there at first."""
    context = chromium.new_context(color_scheme="light")
    page = context.new_page()
    page.add_init_script("localStorage.setItem('echo-studio.theme', 'dark')")
    page.route("**/assets/**", lambda route: route.abort())
    page.goto(address, wait_until="domcontentloaded")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == GROUND["dark"]
    assert page.title() == "Echo Studio"
    context.close()


def test_another_palette_recolours_canvas_and_swatches_and_is_kept(page) -> None:
    open_template(page, "four-chamber")
    inside = [130.5, 110.5]
    assert heart().ids[110, 130] == CAVITY
    assert shown(page, *inside) == palette("standard")[CAVITY]
    page.get_by_role("button", name="Display").click()
    page.get_by_label("Label colours").select_option("okabe-ito")
    wanted = palette("okabe-ito")[CAVITY]
    for again in (False, True):
        if again:
            page.reload()
            ready(page)
        assert shown(page, *inside) == wanted
        swatch = page.locator("[data-label='1'] .swatch").evaluate("one => getComputedStyle(one).backgroundColor")
        assert swatch == f"rgb{wanted}"
    assert np.array_equal(ids_of(page), heart().ids), "colours are no labels"


def test_outlines_and_numbers_tell_labels_apart_without_colour(desk) -> None:
    page = desk
    open_template(page, "four-chamber")
    page.keyboard.press("h")
    # Between cavity and wall, in the row of the cavity's middle.
    row = heart().ids[110]
    border = [next(x for x in range(1, 256) if row[x - 1] != CAVITY and row[x] == CAVITY), 110.5]
    plain = shown(page, *border)
    page.keyboard.press("z")
    assert min(shown(page, *border)) > 150 > min(plain), "a white line on black"
    assert page.locator("#outlines").is_checked()
    # Painting moves the border along.
    page.keyboard.press("2")
    page.keyboard.press("f")
    box = page.locator("[data-surface=edit]").bounding_box()
    place = page.evaluate("window.echoStudio.viewport.toPane(115.5, 110.5)")
    page.mouse.click(box["x"] + place[0], box["y"] + place[1])
    assert min(shown(page, *border)) < 150
    page.keyboard.press("z")
    assert not page.locator("#outlines").is_checked()


def test_pixels_are_as_tall_as_their_spacing_says_until_square_ones_are_wanted(desk) -> None:
    page = desk
    put(page, heart().ids, "0.9,0.6")
    tall = """() => {
        const { viewport } = window.echoStudio;
        const [[x, y], [left, top]] = [viewport.toPane(100, 100), viewport.toPane(0, 0)];
        return (y - top) / (x - left);
    }"""
    assert page.evaluate(tall) == pytest.approx(1.5)
    assert shown(page, 130.5, 110.5) == palette("standard")[CAVITY]
    page.get_by_role("button", name="Display").click()
    page.get_by_label("True proportions").uncheck()
    assert page.evaluate(tall) == pytest.approx(1)
    page.get_by_label("True proportions").check()
    put(page, heart().ids, "")
    assert page.evaluate(tall) == pytest.approx(1)
