import json
import time

import numpy as np
import pytest

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.edits.repair import repair
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_MYOCARDIUM, OUTSIDE
from echo_studio.anatomy.measure.inspect import MOST, inspect_map, inspect_pair
from echo_studio.anatomy.measure.sizes import ejection_fraction_percent, measure
from echo_studio.data.template import BUNDLED, template
from echo_studio.errors import UnknownNameError
from tests.anatomy.heart import heart

HEART = heart()


def rows(report: dict) -> dict[str, dict]:
    return {row["key"]: row for row in report["measurements"]}


def test_rows_hold_the_measurements_in_their_units_and_only_json() -> None:
    report = inspect_map(HEART, "4CH")
    assert json.loads(json.dumps(report)) == report
    values, shown = measure(HEART, "4CH"), rows(report)
    assert shown["lv_volume"] == {
        "key": "lv_volume",
        "group": "ventricle",
        "label": "LV volume, single plane",
        "value": round(values.lv_volume_ml or 0),
        "unit": "mL",
    }
    assert shown["lv_area"]["value"] == pytest.approx(values.lv_area_cm2, abs=0.05)
    assert shown["lv_length"]["value"] == pytest.approx(75, abs=1)
    assert shown["wall_mid_inferoseptal"]["value"] == pytest.approx(10, abs=0.7)
    assert {row["unit"] for row in shown.values()} == {"cm²", "mm", "mL"}
    assert report["findings"] == []


def test_without_spacing_rows_are_pixels_and_ratios() -> None:
    shown = rows(inspect_map(LabelMap(HEART.ids), "2CH"))
    assert {row["unit"] for row in shown.values()} == {"px", "px²", ""}
    assert shown["lv_length"]["value"] == pytest.approx(75 / 0.6, abs=1)
    assert shown["lv_width_to_length"]["value"] == pytest.approx(0.5, abs=0.05)
    assert "wall_mid_inferior" in shown


def test_what_is_missing_has_no_row() -> None:
    assert inspect_map(template("blank"), "4CH")["measurements"] == []
    gone = inspect_map(apply_defect(HEART, "missing-atrium"), "4CH")
    assert not any(key.startswith("la_") for key in rows(gone))
    assert [finding["kind"] for finding in gone["findings"]] == ["missing"]


def test_findings_have_words_a_place_on_the_map_and_say_whether_they_can_be_repaired() -> None:
    gap = apply_defect(HEART, "septal")
    (finding,) = inspect_map(gap, "4CH")["findings"]
    assert finding["kind"] == "wall-gap"
    assert finding["severity"] == "error"
    assert finding["repairable"] is True
    assert "without wall" in finding["words"]
    rows_, columns = np.nonzero(gap.ids != HEART.ids)
    assert finding["place"] == pytest.approx([columns.max(), rows_.mean()], abs=4)
    assert inspect_map(repair(gap, finding["kind"]), "4CH")["findings"] == []


def test_findings_of_a_bundled_map_are_the_same_at_twice_its_size() -> None:
    for name in BUNDLED:
        label_map = template(name)
        if name != "blank" and label_map.spacing_mm:
            label_map = apply_defect(label_map, "mass")
        large = inspect_map(label_map.resized(512, 512), "4CH")["findings"]
        # A hole of a pixel or two is none (three structures met there); twice as large it would be one.
        large = [f for f in large if f["kind"] != "hole" or int(f["words"].split("of ")[1].split()[0]) >= 12]
        small = inspect_map(label_map, "4CH")["findings"]
        assert [(f["kind"], f["severity"]) for f in large] == [(f["kind"], f["severity"]) for f in small]
        for one, other in zip(large, small, strict=True):
            assert np.array(one["place"]) / 2 == pytest.approx(np.array(other["place"]), abs=2)


def test_a_map_of_noise_is_answered_with_the_largest_findings_alone() -> None:
    noise = LabelMap(np.random.default_rng(0).integers(0, 5, (512, 512)).astype(np.uint8), (0.5, 0.5))
    found = inspect_map(noise, "4CH")["findings"]
    for kind in ("island", "hole"):
        assert sum(finding["kind"] == kind for finding in found) == MOST
    specks = np.array(HEART.ids)
    specks[10:200:6, ::6][HEART.ids[10:200:6, ::6] == OUTSIDE] = LV_MYOCARDIUM
    specks[2:7, 2:9] = LV_MYOCARDIUM
    first = next(f for f in inspect_map(LabelMap(specks), "4CH")["findings"] if f["kind"] == "island")
    assert "35 pixels" in first["words"]


@pytest.mark.parametrize(("side", "limit"), [(256, 0.12), (1024, 0.4)])
def test_inspecting_takes_no_longer_than_a_person_notices(side: int, limit: float) -> None:
    taken = []
    for _ in range(5):
        label_map = template("4ch-ed").resized(side, side)
        started = time.process_time()  # of this process: other processes must not fail the test
        inspect_map(label_map, "4CH")
        taken.append(time.process_time() - started)
    assert sorted(taken)[2] < limit


def test_pairs_give_volumes_and_ef_of_each_view_and_biplane() -> None:
    slots = {
        "4CH-ED": heart(length=80, width=50),
        "4CH-ES": heart(length=70, width=40),
        "2CH-ED": heart(length=80, width=46),
        "2CH-ES": heart(length=70, width=36),
    }
    report = inspect_pair(slots)
    shown = rows(report)
    assert report["notes"] == []
    assert shown["4CH_ef"]["value"] == round(ejection_fraction_percent(slots["4CH-ED"], slots["4CH-ES"]) or 0)
    # Half ellipsoids: V = 2/3 π L a b.
    assert shown["biplane_edv"]["value"] == pytest.approx(2 / 3 * np.pi * 80 * 25 * 23 / 1000, rel=0.03)
    assert shown["biplane_esv"]["value"] == pytest.approx(2 / 3 * np.pi * 70 * 20 * 18 / 1000, rel=0.03)
    assert shown["biplane_ef"]["value"] == pytest.approx(100 * (1 - 70 * 20 * 18 / (80 * 25 * 23)), abs=1.5)
    assert [row["group"] for row in report["measurements"]] == ["4CH"] * 3 + ["2CH"] * 3 + ["biplane"] * 3


def test_pairs_give_what_they_can_and_say_why_the_rest_is_missing() -> None:
    assert inspect_pair({}) == {"measurements": [], "notes": []}
    large, small = heart(length=80), heart(length=60)
    bare = inspect_pair({"2CH-ED": LabelMap(large.ids), "2CH-ES": LabelMap(small.ids)})
    assert list(rows(bare)) == ["2CH_ef"]
    assert len(bare["notes"]) == 2
    assert "spacing" in bare["notes"][0]
    mixed = inspect_pair({"4CH-ED": large, "4CH-ES": LabelMap(small.ids)})
    assert list(rows(mixed)) == ["4CH_edv"]
    assert any("spacing" in note for note in mixed["notes"])
    swapped = inspect_pair({"4CH-ED": small, "4CH-ES": large})
    assert swapped["measurements"][2]["value"] < 0
    assert "larger at end systole" in swapped["notes"][0]
    assert "no long axis" in inspect_pair({"4CH-ED": template("blank")})["notes"][0]


def test_unknown_views_and_slots_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="2CH, 4CH"):
        inspect_map(HEART, "3CH")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="4CH-ED"):
        inspect_pair({"4ch": HEART})
