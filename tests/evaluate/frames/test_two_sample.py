"""The two-sample test: chance where nothing differs, near 1 where something does, and patients always apart."""

import cv2
import numpy as np
import pytest
import torch

from echo_studio.errors import DataError, RequestError
from echo_studio.evaluate.frames.two_sample import (
    BATCH,
    Images,
    Pairs,
    auc,
    batches,
    chance,
    check_apart,
    check_sides,
    tell_apart,
)


def textures(count: int, seed: int, side: int = 16) -> Images:
    return np.random.default_rng(seed).rayleigh(50.0, (count, side, side)).clip(0, 255).astype(np.uint8)


def pairs(real: Images, made: Images, first: int = 0) -> Pairs:
    inner = np.zeros(real.shape, bool)
    inner[:, 2:-2, 2:-2] = True
    return Pairs(real, made, inner, tuple(f"patient{first + k:04d}" for k in range(len(real))))


def same(count: int, seed: int) -> Pairs:
    return pairs(textures(count, seed), textures(count, seed + 1), 1000 * seed)


def smoothed(count: int, seed: int) -> Pairs:
    """The same mean and anatomy; the grain of made frames is softer."""
    made = np.stack([cv2.GaussianBlur(image, (0, 0), 0.5) for image in textures(count, seed + 1)])
    return pairs(textures(count, seed), made, 1000 * seed)


def test_what_differs_is_told_and_what_does_not_is_not() -> None:
    assert tell_apart(smoothed(48, 1), smoothed(24, 3), 16, seed=0) > 0.95
    assert tell_apart(same(48, 1), same(48, 3), 16, seed=0) < chance(48) + 0.13  # three deviations and more


def test_the_same_seed_gives_the_same_value_and_leaves_torchs_random_numbers_alone() -> None:
    learn, test = same(12, 1), same(12, 3)
    torch.manual_seed(7)
    first = tell_apart(learn, test, 16, seed=2)
    after = torch.rand(1)
    torch.manual_seed(8)
    assert tell_apart(learn, test, 16, seed=2) == first
    torch.manual_seed(7)
    assert torch.equal(torch.rand(1), after)


def test_nothing_outside_the_eroded_sector_is_seen() -> None:
    plain = same(4, 1)
    marked = pairs(plain.real, plain.made.copy())
    marked.made[:, :2] = 255
    assert torch.equal(plain.at_side(16)[0], marked.at_side(16)[0])
    x, made = plain.at_side(16)
    assert x.shape == (8, 1, 16, 16)
    assert x[:, :, 0].eq(-1).all()
    assert made.tolist() == [0.0] * 4 + [1.0] * 4


def test_every_batch_is_told_of() -> None:
    learn, seen = same(20, 1), []
    tell_apart(learn, same(2, 3), 16, 0, lambda: seen.append(1))
    assert len(seen) == batches(learn, 16) == 32 * (40 // BATCH)
    assert batches(learn, 256) == 8


def test_auc_counts_equal_scores_as_half() -> None:
    assert auc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 0
    assert auc(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0.5
    assert auc(np.array([0.0, 2.0]), np.array([1.0, 2.0])) == 0.625


def test_chance_is_what_random_scores_give() -> None:
    rng = np.random.default_rng(0)
    areas = [auc(rng.random(30), rng.random(30)) for _ in range(2000)]
    assert np.mean([max(area, 1 - area) for area in areas]) == pytest.approx(chance(30), abs=0.003)


def test_a_patient_in_both_parts_and_too_few_frames_are_refused() -> None:
    with pytest.raises(DataError, match="patient1000, patient1001, patient1002, \\.\\.\\. in both"):
        check_apart(same(4, 1).patients, same(4, 1).patients)
    with pytest.raises(RequestError, match="2 frames or more to learn from"):
        check_apart(["patient0001"], ["patient0002"] * 4)
    with pytest.raises(RequestError, match="2 frames or more to test on"):
        tell_apart(same(4, 1), same(1, 3), 32, 0)


@pytest.mark.parametrize("sides", [[], [48], [8], [512], [32, 32], [-64]], ids=str)
def test_sides_that_no_network_takes_are_refused(sides: list[int]) -> None:
    with pytest.raises(RequestError, match="powers of two"):
        check_sides(sides)
