"""The Models tab as people use it: cards, plots, loading, imports of folders and files, and what Edit offers then."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.visit import faults_in_both_themes
from tests.studio.fake_models import fake_checkpoint
from tests.studio.fakes import FakeEngine

pytestmark = pytest.mark.browser

DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  const root = document.querySelector(".models");
  const drag = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const kind of ["dragover", "drop"]) root.dispatchEvent(new DragEvent(kind, drag));
}"""


@pytest.fixture
def tab(desk, engine: FakeEngine) -> Iterator:
    """The open Models tab; nothing is imported or loaded before and after."""
    forget(engine)
    desk.get_by_role("tab", name="Models").click()
    desk.locator(".model-card").first.wait_for()
    desk.evaluate("window.echoStudio.tabs.models.refresh()")
    desk.locator("[data-part=measure]").select_option("lv_endo")
    close = desk.get_by_role("button", name="Close").filter(visible=True)
    if close.count():
        close.click()
    yield desk
    forget(engine)


def forget(engine: FakeEngine) -> None:
    for kept in (engine.own, engine.faults, engine.loaded, engine.loads):
        kept.clear()


def card(page, name: str):
    return page.locator(".model-card").filter(has=page.locator("header code", has_text=name))


def names(page, where: str) -> list[str]:
    return page.locator(f"[data-part={where}] header code").all_text_contents()


def import_folder(page, folder: Path) -> None:
    page.locator("[data-part=folder]").set_input_files(folder)
    page.wait_for_function(
        "() => !['', 'Importing …'].includes(document.querySelector('[data-part=imports-title]').textContent)"
    )


def generators(page) -> list[str]:
    return page.locator("#generator option").evaluate_all("all => all.map((one) => one.value)")


def test_every_card_says_what_people_ask_for(tab) -> None:
    assert names(tab, "generators") == ["edm-l64", "vp-256"]
    assert names(tab, "parts") == ["gamma-vae-64"]
    words = card(tab, "edm-l64").inner_text()
    for part in ("20 NFE", "Heun", "256²", "6.9 M", "13 MiB", "30 MiB", "003: Stojanovski", "CAMUS", "CC BY-NC-SA 4.0"):
        assert part in words, part
    assert "gamma-vae-64 (111111111111…)" in words
    assert "0000000000000000…" in words
    assert "CC BY-NC-SA 4.0" in card(tab, "gamma-vae-64").inner_text()


def test_quality_against_nfe_is_drawn_where_it_was_measured(tab) -> None:
    assert tab.locator(".quality").count() == 1
    plot = card(tab, "edm-l64").locator("svg")
    assert plot.get_attribute("aria-label").startswith(
        "LV cavity (Dice) against NFE: Heun, scored by the labeller 5 NFE 0.870"
    )
    heun = plot.locator("polyline").first.evaluate("(line) => [...line.points].map(({ x, y }) => [x, y])")
    assert [x for x, _ in heun] == sorted(x for x, _ in heun)
    assert [y for _, y in heun] == sorted((y for _, y in heun), reverse=True), "better is higher"
    tab.get_by_label("Measure of the plots").select_option("frechet")
    assert card(tab, "edm-l64").locator("svg").get_attribute("aria-label").startswith("Fréchet distance against NFE")
    assert card(tab, "edm-l64").locator("circle").count() == 8


def test_a_model_is_loaded_and_unloaded_and_told_when_a_frame_loaded_it(tab, engine: FakeEngine) -> None:
    vp = card(tab, "vp-256")
    assert vp.locator(".load-state").inner_text() == "Not loaded"
    tab.get_by_role("button", name="Load: vp-256", exact=True).click()
    unload = tab.get_by_role("button", name="Unload: vp-256")
    unload.wait_for()
    assert unload.evaluate("(one) => one === document.activeElement")
    assert vp.locator(".load-state").inner_text() == "Loaded, 30 MiB"
    assert engine.loads == ["vp-256"]
    unload.click()
    tab.get_by_role("button", name="Load: vp-256", exact=True).wait_for()
    engine.loaded.add("vp-256")  # a run of another page
    unload.wait_for()


def test_an_imported_folder_can_be_used_at_once_and_removed(tab, engine: FakeEngine, tmp_path: Path) -> None:
    import_folder(tab, fake_checkpoint(tmp_path / "mine", advised_nfe=7))
    assert "Imported as mine" in tab.locator("[data-part=imports]").inner_text()
    assert names(tab, "generators") == ["edm-l64", "vp-256", "mine"]
    tab.get_by_role("button", name="Use in editor: mine").click()
    tab.wait_for_function("() => window.echoStudio.settings.values.generator === 'mine'")
    assert tab.locator("#nfe").input_value() == "7"
    tab.locator("#generate").click()
    tab.wait_for_function("() => window.echoStudio.result.kind === 'final' && !window.echoStudio.result.stale")
    tab.get_by_role("tab", name="Models").click()
    remove = tab.get_by_role("button", name="Remove: mine")
    remove.click()
    assert "mine" in engine.own, "the first click asks"
    tab.get_by_role("button", name="Really remove?: mine").click()
    card(tab, "mine").wait_for(state="detached")
    assert engine.own == {}
    tab.wait_for_function("() => ![...document.querySelectorAll('#generator option')].some((o) => o.value === 'mine')")
    assert tab.evaluate("window.echoStudio.settings.values.generator") == "edm-l64"


def test_compare_offers_what_was_imported_meanwhile(tab, tmp_path: Path) -> None:
    tab.get_by_role("tab", name="Compare").click()
    root = tab.locator("[data-cmp=root][data-ready=yes]")
    root.wait_for()
    tab.get_by_role("tab", name="Models").click()
    import_folder(tab, fake_checkpoint(tmp_path / "mine"))
    tab.get_by_role("tab", name="Compare").click()
    root.get_by_text("My own", exact=True).first.wait_for()


def test_dropped_files_are_imported(tab, engine: FakeEngine, tmp_path: Path) -> None:
    folder = fake_checkpoint(tmp_path / "mine", bytes(range(256)))
    files = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in sorted(folder.iterdir())]
    tab.evaluate(DROP, files)
    card(tab, "mine").wait_for()
    assert list(engine.own) == ["mine"]


def test_a_taken_name_asks_for_another_one(tab, engine: FakeEngine, tmp_path: Path) -> None:
    tab.expected_problem = "status of 409"
    import_folder(tab, fake_checkpoint(tmp_path / "mine", name="edm-l64"))
    field = tab.get_by_label("Import as")
    assert field.input_value() == "edm-l64-2"
    field.fill("edm-mine")
    field.press("Enter")
    card(tab, "edm-mine").wait_for()
    assert list(engine.own) == ["edm-mine"]


def test_what_is_refused_is_told_in_words(tab, engine: FakeEngine, tmp_path: Path) -> None:
    tab.expected_problem = "status of 422"
    import_folder(tab, fake_checkpoint(tmp_path / "bad", b"bad"))
    told = tab.locator("[data-part=imports]")
    assert "got nonsense; restore it" in told.inner_text()
    assert tab.locator("[data-part=imports-title]").inner_text() == "Nothing was imported"
    lonely = tmp_path / "lonely"
    lonely.mkdir()
    (lonely / "card.json").write_text("{}")
    tab.locator("[data-part=folder]").set_input_files(lonely)
    tab.get_by_text("got card.json alone").wait_for()
    tab.get_by_role("button", name="Close").click()
    assert told.is_hidden()
    assert engine.own == {}


def test_a_damaged_import_is_told_and_can_be_removed(tab, engine: FakeEngine) -> None:
    engine.faults["broken"] = "expected a card, got nonsense; restore it"
    broken = card(tab, "broken")
    broken.wait_for()
    assert "Cannot be used: expected a card, got nonsense" in broken.inner_text()
    assert broken.get_by_role("button").all_inner_texts() == ["Remove"]


def test_words_of_a_foreign_card_are_text(tab, tmp_path: Path) -> None:
    rows = [{"solver": "<b>x</b>", "nfe": 5, "lv_endo": 0.5}, {"nfe": "5"}, None, {"nfe": -1, "lv_endo": 2}]
    hostile = "<img src=x onerror=\"document.title='taken'\">"
    import_folder(
        tab, fake_checkpoint(tmp_path / "mine", title=hostile, paper=hostile, scores={"by_nfe": rows, "<i>": {"a": 1}})
    )
    assert card(tab, "mine").locator("h3").inner_text() == hostile
    assert card(tab, "mine").locator("circle").count() == 1
    assert tab.locator(".models img, .models i").count() == 0
    assert tab.title() == "Echo Studio"


def test_a_generator_of_one_call_has_no_steps_to_choose(tab, engine: FakeEngine, tmp_path: Path) -> None:
    folder = fake_checkpoint(tmp_path / "mine", kind="cyclegan", advised_nfe=1, advised_solver="euler")
    import_folder(tab, folder)
    assert "no solver" in card(tab, "mine").inner_text()
    tab.get_by_role("tab", name="Edit").click()
    tab.locator("#generator").select_option("mine")
    fields = ("#nfe", "#nfe-range", "#solver", "#schedule")
    assert tab.locator("#nfe").input_value() == "1"
    assert all(tab.locator(field).is_disabled() for field in fields)
    assert tab.locator("[data-part=advice]").inner_text() == "one call, no solver"
    tab.evaluate("window.echoStudio.settings.set({ nfe: 20 })")  # as a project of another time may want it
    assert tab.locator("#nfe").input_value() == "1"
    tab.locator("#generator").select_option("vp-256")
    assert tab.locator("#nfe").input_value() == "50"
    assert tab.locator("[data-part=advice]").inner_text() == "advised 50, Heun"
    assert not any(tab.locator(field).is_disabled() for field in fields)


def test_the_editors_keys_are_silent_and_its_drawing_stays(tab, engine: FakeEngine) -> None:
    before = engine.evaluations
    tab.locator("h2", has_text="Models").click()
    for key in ("g", "e", "Escape"):
        tab.keyboard.press(key)
    assert tab.evaluate("window.echoStudio.editor.toolName") == "brush"
    tab.get_by_role("tab", name="Edit").click()
    assert tab.locator("[data-surface=edit]").is_visible()
    assert engine.evaluations == before


def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(tab, tmp_path: Path) -> None:
    import_folder(tab, fake_checkpoint(tmp_path / "mine"))
    tab.get_by_role("button", name="Remove: mine").click()
    assert faults_in_both_themes(tab) == []
    for width, height in ((1280, 800), (1024, 768), (768, 1024)):
        tab.set_viewport_size({"width": width, "height": height})
        root = tab.locator(".models")
        assert root.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        assert tab.evaluate("document.documentElement.scrollHeight") == height
        last = tab.get_by_role("tab", name="Models").bounding_box()
        notice = tab.locator(".notice").bounding_box()
        assert last["x"] + last["width"] <= notice["x"], "the notice covers no tab"
