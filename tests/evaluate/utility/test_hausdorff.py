"""The Hausdorff distance: a metric, in the unit of the spacing, and never kind to a structure that was missed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from echo_studio.evaluate.utility.hausdorff import hausdorff

masks = arrays(np.bool_, (9, 7))


def naive(a: np.ndarray, b: np.ndarray, spacing: tuple[float, float]) -> float:
    p, q = (np.argwhere(mask) * np.array(spacing) for mask in (a, b))
    gaps = np.linalg.norm(p[:, None] - q[None], axis=2)
    return float(max(gaps.min(axis=1).max(), gaps.min(axis=0).max()))


@given(masks, masks, st.tuples(st.floats(0.1, 3), st.floats(0.1, 3)))
def test_it_is_the_definition_and_symmetric(a: np.ndarray, b: np.ndarray, spacing: tuple[float, float]) -> None:
    assert hausdorff(a, b, spacing) == hausdorff(b, a, spacing)
    if a.any() and b.any():
        assert hausdorff(a, b, spacing) == pytest.approx(naive(a, b, spacing))


def test_a_missed_structure_costs_the_diagonal_and_nothing_against_nothing_is_0() -> None:
    none, some = np.zeros((30, 40), bool), np.eye(30, 40, dtype=bool)
    assert hausdorff(none, some, (1.0, 1.0)) == 50.0
    assert hausdorff(none, none, (1.0, 1.0)) == 0.0


def test_a_shift_is_as_long_as_its_millimetres() -> None:
    a = np.zeros((32, 32), bool)
    a[8:16, 8:16] = True
    assert hausdorff(a, np.roll(a, 4, axis=0), (0.5, 0.3)) == pytest.approx(2.0)
    assert hausdorff(a, np.roll(a, 4, axis=1), (0.5, 0.3)) == pytest.approx(1.2)
