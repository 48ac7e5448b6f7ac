"""Kernel distance: unbiased, so around 0 for one population at any size, and growing with every difference."""

import numpy as np
import pytest

from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.kernel_distance import kernel_distance


def draw(seed: int, n: int, shift: float = 0.0, spread: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, spread, (n, 6))


@pytest.mark.parametrize("n", [5, 40])
def test_two_samples_of_one_population_are_at_0_in_the_mean(n: int) -> None:
    values = [kernel_distance(draw(seed, n), draw(1000 + seed, n)) for seed in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_it_is_symmetric_and_blind_to_order() -> None:
    a, b = draw(0, 30), draw(1, 20, 0.5)
    assert kernel_distance(a, b) == pytest.approx(kernel_distance(b, a))
    assert kernel_distance(a[::-1], b) == pytest.approx(kernel_distance(a, b))


def test_it_grows_with_a_shift_and_with_another_spread() -> None:
    real = draw(0, 300)
    shifted = [kernel_distance(real, draw(1, 300, shift)) for shift in (0.0, 0.3, 0.6, 1.2)]
    spread = [kernel_distance(real, draw(1, 300, 0.0, factor)) for factor in (1.0, 1.4, 2.0)]
    assert (np.diff(shifted) > 0).all()
    assert (np.diff(spread) > 0).all()


def test_it_is_the_definition_written_out() -> None:
    a, b = draw(3, 4), draw(4, 3, 1.0)

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / 6 + 1) ** 3)

    within = [np.mean([k(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]) for s in (a, b)]
    between = np.mean([k(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(sum(within) - 2 * between)


def test_one_vector_or_two_lengths_are_refused() -> None:
    with pytest.raises(RequestError, match="at least 2"):
        kernel_distance(draw(0, 1), draw(1, 5))
    with pytest.raises(RequestError, match="one length"):
        kernel_distance(draw(0, 5), draw(1, 5)[:, :3])
