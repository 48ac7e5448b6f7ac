"""The measure panel: numbers of anatomy, findings that are shown, repaired or meant, slots and EF."""

import json

import numpy as np
import pytest

from echo_studio.anatomy.edits.repair import repair
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.anatomy.measure.inspect import inspect_map, inspect_pair
from echo_studio.anatomy.shape.sliders import Shape, reshape
from tests.browser.brush import drag, set_size
from tests.browser.desk import labels, last_op, position, put, to_screen, watched
from tests.browser.panels import HEART, SPACING, click_and_settle, on_canvas, replayed
from tests.browser.visit import generated, settings_kept

pytestmark = pytest.mark.browser
DRAWING = True

PANEL = "[data-panel=measure]"
ROWS = """(part) => [...document.querySelectorAll(`[data-part=${part}] div`)]
  .map((row) => [row.querySelector('dt').textContent, row.querySelector('dd').textContent])"""
DIGITS = {"mm": ".1f", "cm²": ".1f", "": ".2f"}


@pytest.fixture
def panel(desk):
    """The page with a heart on it and the measure panel open; nothing is intended, no slot is filled."""
    put(desk, HEART.ids, SPACING)
    desk.keyboard.press("i")
    yield desk
    desk.keyboard.press("q")


def odd() -> LabelMap:
    """The heart with a piece of atrium beside it, two holes in it and a gap in its wall."""
    ids = HEART.ids.copy()
    ids[120:130, 60:70] = LEFT_ATRIUM
    ids[100:104, 120:124] = SECTOR
    ids[140:143, 130:133] = SECTOR
    ids[100:112, 80:103][ids[100:112, 80:103] == LV_MYOCARDIUM] = SECTOR
    return LabelMap(ids, (0.5, 0.5))


def told(rows: list[dict]) -> list[list[str]]:
    """Rows of `inspect` as the panel shows them."""

    def words(value: float, unit: str) -> str:
        number = format(value, DIGITS[unit]) if unit in DIGITS else f"{value}"
        return f"{number} {unit}" if unit else number

    def label(row: dict) -> str:
        name = row["label"].removeprefix("Wall, ") if row["group"] == "wall" else row["label"]
        return name[0].upper() + name[1:]

    return [[label(row), words(row["value"], row["unit"])] for row in rows]


def wait_for_rows(page, part: str, wanted: list[dict]) -> None:
    page.wait_for_function(f"([part, wanted]) => JSON.stringify(({ROWS})(part)) === wanted",
                           arg=[part, json.dumps(told(wanted), separators=(",", ":"), ensure_ascii=False)])  # fmt: skip


def wait_for_measures(page, label_map: LabelMap, view: str = "4CH") -> None:
    rows = inspect_map(label_map, view)["measurements"]
    wait_for_rows(page, "measures", [row for row in rows if row["group"] != "wall"])
    wait_for_rows(page, "walls", [row for row in rows if row["group"] == "wall"])


def marks(page) -> list[dict]:
    return page.evaluate("window.echoStudio.editor.marks")


def wait_for_findings(page, wanted: list[dict]) -> None:
    """Until exactly these findings are listed, and none of an older map are on their way."""
    page.wait_for_function(
        "wanted => !window.echoStudio.measurePanel.newest.running &&"
        " [...document.querySelectorAll('[data-finding]')].map((one) => one.dataset.finding).sort().join()"
        " === wanted.map(({ kind, place }) => `${kind} ${place}`).sort().join()",
        arg=wanted,
    )


def badge(page) -> str | None:
    return page.locator("[data-tab=measure]").get_attribute("data-count")


def test_measurements_are_those_of_anatomy_for_the_view_and_the_spacing(panel) -> None:
    wait_for_measures(panel, HEART)
    panel.evaluate("window.echoStudio.settings.set({ view: '2CH' })")
    wait_for_measures(panel, HEART, "2CH")
    assert "Basal inferior" in panel.locator("[data-part=walls]").inner_text()
    put(panel, HEART.ids, "0.8,0.4")
    wait_for_measures(panel, LabelMap(HEART.ids, (0.8, 0.4)), "2CH")
    put(panel, HEART.ids)
    wait_for_measures(panel, LabelMap(HEART.ids), "2CH")
    assert "LV width to length" in panel.locator(PANEL).inner_text()
    blank = np.where(HEART.ids > 0, SECTOR, 0)
    put(panel, blank, SPACING)
    panel.get_by_text("Nothing to measure yet").wait_for()


def test_measurements_follow_a_stroke_while_it_is_drawn(panel) -> None:
    wait_for_measures(panel, HEART)
    panel.keyboard.press("1")
    set_size(panel, 20)
    screen, _ = to_screen(panel, [(100.0, 90.0), (100.0, 130.0)])
    panel.mouse.move(*screen[0])
    panel.mouse.down()
    panel.mouse.move(*screen[1], steps=5)
    assert panel.evaluate("Boolean(window.echoStudio.document.stroke)")
    wait_for_measures(panel, on_canvas(panel))
    assert panel.evaluate("Boolean(window.echoStudio.document.stroke)"), "measured before it was settled"
    panel.mouse.up()
    wait_for_measures(panel, on_canvas(panel))


# A clock of its own: each answer takes its time on it, and a pause ends when the clock gets there.


def test_findings_are_marked_shown_and_counted(panel) -> None:
    put(panel, odd().ids, SPACING)
    wanted = inspect_map(odd(), "4CH")["findings"]
    assert {"island", "hole", "wall-gap"} <= {finding["kind"] for finding in wanted}
    wait_for_findings(panel, wanted)
    assert badge(panel) == str(len(wanted))
    shown = [(mark["place"], mark["words"], mark["chosen"]) for mark in marks(panel)]
    assert shown == [([x + 0.5 for x in one["place"]], one["words"], False) for one in wanted]
    hole = next(finding for finding in wanted if finding["kind"] == "hole")
    button = panel.get_by_role("button", name=hole["words"]).first
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert [mark["words"] for mark in marks(panel) if mark["chosen"]] == [hole["words"]]
    panel.keyboard.press("q")
    assert marks(panel) == []
    assert badge(panel) == str(len(wanted)), "the tab still tells how many there are"


def test_the_tab_counts_findings_while_another_panel_is_open(panel) -> None:
    panel.keyboard.press("q")
    count = len(inspect_map(HEART, "4CH")["findings"])
    panel.keyboard.press("3")
    set_size(panel, 9)
    drag(panel, [(60.0, 150.0), (70.0, 155.0)])
    wanted = len(inspect_map(on_canvas(panel), "4CH")["findings"])
    assert wanted > count
    panel.wait_for_function("n => document.querySelector('[data-tab=measure]').dataset.count === n", arg=str(wanted))
    assert marks(panel) == []


@pytest.mark.parametrize("kind", ["island", "hole", "wall-gap"])
def test_a_repair_is_one_step_and_mends_all_of_its_kind(panel, kind: str) -> None:
    put(panel, odd().ids, SPACING)
    group = panel.locator(".finding", has=panel.locator(f"[data-repair={kind}]"))
    click_and_settle(panel, group.get_by_role("button", name="Repair"))
    assert on_canvas(panel) == repair(odd(), kind) == replayed(panel, 1)
    assert last_op(panel) == {"tool": "repair", "kind": kind}
    panel.wait_for_function(f"() => !document.querySelector('[data-repair={kind}]')")


def test_an_intended_finding_is_quiet_not_counted_and_in_the_record(panel) -> None:
    put(panel, odd().ids, SPACING)
    wanted = inspect_map(odd(), "4CH")["findings"]
    wait_for_findings(panel, wanted)
    rest = [finding for finding in wanted if finding["kind"] != "hole"]
    panel.get_by_label("Intended: Holes").check()
    assert panel.evaluate("window.echoStudio.settings.values.intended") == ["hole"]
    assert badge(panel) == str(len(rest))
    wait_for_findings(panel, rest)
    assert len(marks(panel)) == len(rest)
    assert panel.locator("[data-repair=hole]").count() == 0
    generated(panel)
    record = panel.evaluate(
        "async () => { const { link, result } = window.echoStudio;"
        " return (await link.request(`/jobs/${result.job}/download/record.json`)).json(); }"
    )
    assert record["plausibility"]["intended"] == ["hole"]
    assert record["plausibility"]["findings"] == list(dict.fromkeys(finding["kind"] for finding in wanted))
    settings_kept(panel)
    panel.reload()
    panel.wait_for_function("() => window.echoStudio && window.echoStudio.document.revision >= 0")
    assert panel.evaluate("window.echoStudio.settings.values.intended") == ["hole"]
    panel.keyboard.press("i")
    assert panel.get_by_label("Intended: Holes").is_checked()
    panel.get_by_label("Intended: Holes").uncheck()
    wait_for_findings(panel, wanted)


def keep(page, view: str, phase: str, label_map: LabelMap) -> None:
    page.evaluate("(changes) => window.echoStudio.settings.set(changes)", {"view": view, "phase": phase})
    spacing = "{},{}".format(*label_map.spacing_mm)
    put(page, label_map.ids, spacing)
    page.get_by_role("button", name=f"Keep this map as {view} {phase}").click()


def test_slots_give_the_volumes_and_ef_of_anatomy(panel) -> None:
    small = reshape(HEART, Shape(lv_size=0.8))
    two = LabelMap(reshape(HEART, Shape(sphericity=1.2)).ids[:250, 4:], (0.5, 0.5))
    two_small = LabelMap(small.ids, (0.48, 0.52))
    maps = {"4CH-ED": HEART, "4CH-ES": small, "2CH-ED": two, "2CH-ES": two_small}
    kept: dict[str, LabelMap] = {}
    for name, label_map in maps.items():
        keep(panel, *name.split("-"), label_map)
        kept[name] = label_map
        wait_for_rows(panel, "pair", inspect_pair(kept)["measurements"])
    rows = dict(panel.evaluate(f"({ROWS})('pair')"))
    assert {"EF, 4CH, single plane", "EF, 2CH, single plane", "EF, biplane"} <= set(rows)
    panel.get_by_role("button", name="Clear 4CH ES").click()
    del kept["4CH-ES"]
    wait_for_rows(panel, "pair", inspect_pair(kept)["measurements"])
    assert panel.get_by_role("button", name="4CH ES, empty").is_disabled()


def test_the_canvas_counts_for_its_own_slot_until_that_is_filled(panel) -> None:
    assert "Keep the maps" in panel.locator("[data-part=pair-notes]").inner_text()
    keep(panel, "4CH", "ED", HEART)
    small = reshape(HEART, Shape(lv_size=0.7))
    panel.evaluate("window.echoStudio.settings.set({ phase: 'ES' })")
    put(panel, small.ids, SPACING)
    wait_for_rows(panel, "pair", inspect_pair({"4CH-ED": HEART, "4CH-ES": small})["measurements"])
    assert panel.evaluate("window.echoStudio.slots.get('4CH-ES')") is None
    panel.get_by_role("button", name="Keep this map as 4CH ES").click()
    with watched(panel):
        put(panel, HEART.ids, SPACING)
    wait_for_rows(panel, "pair", inspect_pair({"4CH-ED": HEART, "4CH-ES": small})["measurements"])


def test_a_slot_opens_again_as_a_step_and_holds_its_own_copy(panel) -> None:
    sector = labels(panel, "sector")
    keep(panel, "4CH", "ED", HEART)
    panel.keyboard.press("3")
    drag(panel, [(90.0, 90.0), (150.0, 100.0)])
    panel.evaluate("window.echoStudio.settings.set({ view: '2CH', phase: 'ES' })")
    painted, steps = labels(panel), position(panel)
    panel.get_by_role("button", name="Open 4CH ED").click()
    assert position(panel) == steps + 1
    assert on_canvas(panel) == HEART
    assert np.array_equal(labels(panel, "sector"), sector)
    assert last_op(panel) == {"tool": "open", "what": "slot", "name": "4CH-ED"}
    chosen = panel.evaluate(
        "() => { const { view, phase } = window.echoStudio.settings.values; return [view, phase]; }"
    )
    assert chosen == ["4CH", "ED"]
    panel.keyboard.press("1")
    drag(panel, [(30.0, 230.0), (60.0, 230.0)])
    assert (labels(panel) == LV_CAVITY).sum() > (HEART.ids == LV_CAVITY).sum()
    panel.get_by_role("button", name="Open 4CH ED").click()
    assert on_canvas(panel) == HEART, "painting never changes what is kept"
    for _ in range(3):
        panel.keyboard.press("Control+z")
    assert np.array_equal(labels(panel), painted)
