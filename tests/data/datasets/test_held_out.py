"""Held-out frames: a patient in training and in the split is refused by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.datasets.held_out import held_out
from echo_studio.errors import DataError


@pytest.fixture
def data(camus_folder: Callable[..., Path]) -> CamusFolder:
    root = camus_folder(patients=3)
    (root / "database_split").mkdir()
    for name, patients in (("training", "0001 0002"), ("validation", "0003"), ("testing", "0002 0003")):
        listed = "".join(f"patient{number}\n" for number in patients.split())
        (root / "database_split" / f"subgroup_{name}.txt").write_text(listed)
    return CamusFolder(root)


def test_a_split_apart_from_training_gives_its_frames(data: CamusFolder) -> None:
    assert {one.patient for one in held_out(data, "validation")} == {"patient0003"}
    assert len(held_out(data, "validation")) == 4


@pytest.mark.parametrize("split", ["testing", "training"])
def test_a_patient_on_both_sides_is_named(data: CamusFolder, split: str) -> None:
    with pytest.raises(DataError, match="patient0002"):
        held_out(data, split)


def test_a_split_without_frames_is_refused(data: CamusFolder) -> None:
    for path in (data.root / "patient0003").glob("*_gt*"):
        path.unlink()
    with pytest.raises(DataError, match="none"):
        held_out(data, "validation")
