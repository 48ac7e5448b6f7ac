"""The Fréchet distance: its closed forms, and the laws of a distance between sets."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.frechet import Features, frechet_distance


def draw(seed: int, n: int, d: int) -> Features:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)


def exactly(mean: np.ndarray, deviation: np.ndarray, n: int, seed: int = 0) -> Features:
    """Rows whose sample mean and deviations are these numbers themselves, without correlations."""
    rows = np.random.default_rng(seed).normal(size=(n, len(mean)))
    rows -= rows.mean(axis=0)
    whiten = np.linalg.inv(np.linalg.cholesky(np.cov(rows.T)))
    return np.asarray(rows @ whiten.T * deviation + mean)


def test_between_diagonal_gaussians_it_is_the_distance_of_means_and_deviations() -> None:
    means, deviations = np.array([[0.0, 1.0, -2.0], [0.5, 1.0, 3.0]]), np.array([[1.0, 2.0, 0.1], [3.0, 2.0, 0.4]])
    a, b = (exactly(means[k], deviations[k], 50 + k, seed=k) for k in (0, 1))
    wanted = np.square(means[0] - means[1]).sum() + np.square(deviations[0] - deviations[1]).sum()
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-10)


def test_it_is_what_the_formula_with_the_root_of_a_matrix_gives() -> None:
    a, b = draw(0, 80, 6), draw(1, 60, 6)
    A, B = np.cov(a.T), np.cov(b.T)
    root = np.trace(sqrtm(A @ B)).real
    wanted = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(A) + np.trace(B) - 2 * root
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize(("n", "d"), [(200, 8), (5, 40)], ids=["many rows", "fewer rows than columns"])
def test_equal_sets_are_at_0_in_any_order_and_it_is_symmetric(n: int, d: int) -> None:
    a, b = draw(2, n, d), draw(3, n + 1, d)
    order = np.random.default_rng(4).permutation(n)
    assert frechet_distance(a, a) == 0
    assert frechet_distance(a, a[order]) == 0
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-10)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(a[order], b), rel=1e-10)
    assert frechet_distance(a, b) > 0


def test_shifting_one_set_adds_the_square_of_the_shift() -> None:
    a, b = draw(5, 40, 4), draw(5, 40, 4)
    assert frechet_distance(a, b + 3.0) == pytest.approx(4 * 9.0, rel=1e-9)


def test_its_bias_falls_with_the_number_of_rows() -> None:
    rng = np.random.default_rng(6)
    by_size = [
        np.mean([frechet_distance(rng.normal(size=(n, 8)), rng.normal(size=(n, 8))) for _ in range(10)])
        for n in (20, 80, 320)
    ]
    assert by_size[0] > 2 * by_size[1] > 4 * by_size[2] > 0


@pytest.mark.parametrize("other", [np.zeros((1, 3)), np.zeros((0, 3)), np.zeros((5, 4))], ids=["one", "none", "longer"])
def test_sets_that_cannot_be_compared_are_refused(other: Features) -> None:
    with pytest.raises(RequestError, match="at least 2 feature vectors"):
        frechet_distance(draw(0, 5, 3), other)
