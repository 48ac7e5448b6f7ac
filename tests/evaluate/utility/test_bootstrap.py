"""The bootstrap: its deviation is the one that sampling without repeats has."""

import numpy as np
import pytest

from echo_studio.evaluate.utility.bootstrap import bootstrap


def test_mean_and_deviation_are_those_of_subsets_without_repeats() -> None:
    values = np.random.default_rng(0).normal(0.9, 0.05, 200)
    mean, deviation = bootstrap(values.tolist())
    # Of a share f of n values drawn without repeats: s² (1 − f) / (f n).
    assert mean == pytest.approx(values.mean(), abs=2e-4)
    assert deviation == pytest.approx(values.std(ddof=1) * (0.2 / 160) ** 0.5, rel=0.1)


def test_equal_values_do_not_vary_and_the_same_seed_gives_the_same() -> None:
    assert bootstrap([0.5] * 10) == (0.5, 0.0)
    assert bootstrap([0.1, 0.9, 0.4]) == bootstrap([0.1, 0.9, 0.4])
