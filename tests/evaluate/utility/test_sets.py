"""Label sets: planned alike everywhere, larger ones hold smaller ones, splits go by patient."""

import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.geometry import with_sector
from echo_studio.data.datasets.camus import FrameId
from echo_studio.errors import DataError, RequestError
from echo_studio.evaluate.utility.sets import SIDE, deformed, manifest, plan_label_set
from echo_studio.types import PHASES, VIEWS
from tests.conftest import SECTOR_SHAPE, SHAPE, echo_like

FRAMES = [FrameId(f"patient{n:04d}", view, phase) for n in range(1, 11) for view in VIEWS for phase in PHASES]


def test_every_frame_is_deformed_as_often_as_any_other() -> None:
    entries = plan_label_set(FRAMES, 5 * len(FRAMES))
    assert sorted(entry.copy for entry in entries) == sorted(list(range(5)) * len(FRAMES))
    assert {entry.frame_id for entry in entries if entry.copy == 4} == set(FRAMES)
    assert len({entry.seed for entry in entries}) == len({entry.name for entry in entries}) == 5 * len(FRAMES)


def test_a_larger_set_holds_the_smaller_one() -> None:
    assert set(plan_label_set(FRAMES, 40)) < set(plan_label_set(FRAMES, 95))
    assert plan_label_set(FRAMES, 40) == plan_label_set(FRAMES, 40) != plan_label_set(FRAMES, 40, seed=1)


def test_few_maps_are_of_whole_patients_from_first_to_last() -> None:
    entries = plan_label_set(FRAMES, 12)
    assert [entry.frame_id.patient for entry in entries[::4]] == ["patient0001", "patient0005", "patient0010"]
    assert len(entries) == 12
    # Patients without some of their frames do not cut a set short.
    assert len(plan_label_set([*FRAMES[:3], *FRAMES[4:5]], 4)) == 4


def test_a_deformed_map_keeps_the_labels_and_the_sector_and_is_listed_by_its_digest() -> None:
    label_map = LabelMap(with_sector(echo_like()[1], SECTOR_SHAPE.mask(*SHAPE)))
    entries = plan_label_set(FRAMES[:4], 8)
    maps = [deformed(label_map, entry) for entry in entries]
    base = label_map.resized(SIDE, SIDE)
    for one in maps:
        assert one.shape == (SIDE, SIDE)
        assert {int(label) for label in set(one.ids.flat)} == {0, 1, 2, 3, 4}
        assert (one.inside != base.inside).mean() < 0.02
        assert one != base
    digests = [one.digest for one in maps]
    assert len(set(digests)) == len(digests)
    listed = manifest(entries, digests, {"patient0001": "training"})["maps"]
    assert listed[5] == {
        "name": "patient0001_2CH_ES-1",
        "patient": "patient0001",
        "view": "2CH",
        "phase": "ES",
        "split": "training",
        "copy": 1,
        "seed": entries[5].seed,
        "sha256": deformed(label_map, entries[5]).digest,
    }


def test_impossible_sets_are_refused() -> None:
    with pytest.raises(DataError, match="frames with labels"):
        plan_label_set([], 5)
    with pytest.raises(RequestError, match="at least one map"):
        plan_label_set(FRAMES, 0)
