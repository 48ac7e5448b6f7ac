import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.edits.repair import REPAIRS, repair
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SCHEMA, SECTOR
from echo_studio.anatomy.measure.plausibility import FINDINGS, check_plausibility
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.template import BUNDLED, template
from echo_studio.errors import UnknownNameError
from tests.anatomy.heart import heart

HEART = heart()


def kinds(label_map: LabelMap) -> set[str]:
    return {finding.kind for finding in check_plausibility(label_map)}


def with_sector_in(label_map: LabelMap, start: LabelMap = HEART) -> LabelMap:
    """A map whose changes against another one are sector: the gap as a person erases it."""
    return LabelMap(np.where(label_map.ids != start.ids, np.uint8(SECTOR), label_map.ids), start.spacing_mm)


def painted(rows: slice, columns: slice, label: int, start: LabelMap = HEART) -> LabelMap:
    ids = np.array(start.ids)
    ids[rows, columns] = label
    return LabelMap(ids, start.spacing_mm)


FAULTS = {
    "island": painted(slice(120, 124), slice(30, 34), LV_CAVITY),
    "hole": painted(slice(100, 105), slice(120, 126), SECTOR),
    "wall-gap": apply_defect(HEART, "septal", {"width_mm": 9.0}),
    "erased-wall-gap": with_sector_in(apply_defect(HEART, "septal", {"width_mm": 9.0})),
    "atrium-apart": painted(slice(157, 166), slice(60, 200), SECTOR),
    "beyond-fan": painted(slice(60, 80), slice(4, 12), LV_MYOCARDIUM),
}


@pytest.mark.parametrize("name", [*BUNDLED, "formulas"])
def test_a_clean_map_has_no_finding(name: str) -> None:
    assert check_plausibility(HEART if name == "formulas" else template(name)) == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_at_its_place_and_its_repair_leaves_none_and_is_idempotent(fault: str) -> None:
    kind = fault.removeprefix("erased-")
    found = [finding for finding in check_plausibility(FAULTS[fault]) if finding.kind == kind]
    assert found
    for finding in found:
        x, y = finding.place
        assert 0 <= x < 256
        assert 0 <= y < 256
        assert finding.repair == kind
        assert finding.to_json()["message"] == finding.message
    mended = repair(FAULTS[fault], kind)
    assert kind not in kinds(mended)
    assert repair(mended, kind) is mended
    assert set(np.unique(mended.ids)) <= set(range(5))


def test_findings_lie_on_what_they_are_about() -> None:
    island = next(f for f in check_plausibility(FAULTS["island"]) if f.kind == "island")
    assert FAULTS["island"].ids[int(island.place[1]), int(island.place[0])] == LV_CAVITY
    assert 30 <= island.place[0] < 34
    rows, columns = np.nonzero(FAULTS["wall-gap"].ids != HEART.ids)
    for fault in ("wall-gap", "erased-wall-gap"):
        gap = next(f for f in check_plausibility(FAULTS[fault]) if f.kind == "wall-gap")
        assert gap.place == pytest.approx((columns.max(), rows.mean()), abs=4)


def test_repairs_bring_back_what_was_there() -> None:
    for kind in ("island", "hole", "beyond-fan"):
        assert (repair(FAULTS[kind], kind).ids != HEART.ids).sum() <= 30
    gap = FAULTS["wall-gap"].ids != HEART.ids
    for fault in ("wall-gap", "erased-wall-gap"):
        mended = repair(FAULTS[fault], "wall-gap")
        assert (mended.ids[gap] == LV_MYOCARDIUM).mean() > 0.9
        assert (mended.ids == LV_CAVITY).sum() == pytest.approx((HEART.ids == LV_CAVITY).sum(), rel=0.01)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=12, deadline=None)
def test_however_a_map_is_damaged_every_repair_ends_its_findings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = np.array(HEART.ids)
    for _ in range(6):
        y, x = rng.integers(20, 230, 2)
        height, width = rng.integers(1, 14, 2)
        ids[y : y + height, x : x + width] = rng.integers(0, 5)
    damaged = LabelMap(ids, HEART.spacing_mm)
    for kind in REPAIRS:
        mended = repair(damaged, kind)
        assert next(FINDINGS[kind](mended), None) is None
        assert repair(mended, kind) == mended


def test_what_surrounds_no_repair_is_named_without_one() -> None:
    missing = apply_defect(HEART, "missing-atrium")
    assert [(f.kind, f.repair) for f in check_plausibility(missing)] == [("missing", None)]
    assert "Left atrium" in check_plausibility(missing)[0].message


def test_sizes_outside_those_of_camus_are_found_only_where_millimetres_are_known() -> None:
    large = LabelMap(HEART.ids, (1.0, 1.0))
    assert {"lv-volume"} <= kinds(large)
    assert kinds(LabelMap(HEART.ids)) == set()
    thin = apply_defect(HEART, "thin-wall", {"segment": "mid inferoseptal", "share": 0.7})
    assert kinds(thin) == {"wall-thickness"}


def test_a_divided_wall_is_a_gap_and_not_an_island() -> None:
    assert kinds(FAULTS["wall-gap"]) == {"wall-gap"}


def test_a_mass_and_fluid_are_no_holes_and_stay_when_holes_are_filled() -> None:
    for name in ("mass", "effusion"):
        assert kinds(apply_defect(HEART, name)) == set()
        assert kinds(apply_defect(HEART, name, schema=SCHEMA)) == {"hole"}
        damaged = apply_defect(HEART, name)
        ids = damaged.ids.copy()
        ids[120:123, 120:123] = SECTOR
        mended = repair(LabelMap(ids, damaged.spacing_mm), "hole")
        assert (mended.ids == damaged.ids).all()


def test_the_gravest_finding_comes_first() -> None:
    both = painted(slice(60, 80), slice(4, 12), LV_MYOCARDIUM, FAULTS["wall-gap"])
    severities = [finding.severity for finding in check_plausibility(both)]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)


def test_an_unknown_repair_lists_the_choices() -> None:
    with pytest.raises(UnknownNameError, match="wall-gap"):
        repair(HEART, "everything")


def test_camus_frames_have_few_findings_and_their_repairs_work(camus_root, capsys: pytest.CaptureFixture[str]) -> None:
    folder = CamusFolder(camus_root)
    frames, odd = 0, 0
    for frame_id in folder.frame_ids(folder.split("validation")[10:20]):
        label_map = folder.read(frame_id).label_map
        found = check_plausibility(label_map)
        frames += 1
        odd += any(finding.severity != "note" for finding in found)
        for kind in {finding.kind for finding in found if finding.repair}:
            assert kind not in kinds(repair(label_map, kind))
    with capsys.disabled():
        print(f"\n{odd} of {frames} frames have a finding beyond structures outside the sector")
    assert odd <= frames / 10


def test_every_label_is_known_to_the_structures() -> None:
    assert set(STRUCTURES) == set(range(5)) - {OUTSIDE, SECTOR}
    assert LEFT_ATRIUM in STRUCTURES
