"""A small folder in CAMUS's layout with a training and a validation split."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def root(camus_folder: Callable[..., Path]) -> Path:
    root = camus_folder(patients=4, suffix=".png")
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\npatient0002\npatient0003\n")
    (root / "database_split" / "subgroup_validation.txt").write_text("patient0004\n")
    return root
