"""Noise that moves with a heart stays white: spectrum, variance and independence, however the tissue moves."""

import numpy as np
import pytest
import torch
from torch import Tensor

from echo_studio.anatomy.labels import LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.anatomy.motion.cycle import LabelCycle, label_cycle
from echo_studio.anatomy.motion.motion import Motion, end_systole
from echo_studio.data.template import template
from echo_studio.generate.video.moving_noise import BeatNoise, coarse, divided, gathered, loop_weights, parts_along
from echo_studio.types import FloatArray

SIDE = 64
DRAWS = 40


def cycle_of(frames: int = 6) -> LabelCycle:
    heart, motion = template("4ch-ed").resized(SIDE, SIDE), Motion(ef=60)
    return label_cycle(heart, end_systole(heart, motion, "4CH"), frames, motion, "4CH")


@pytest.fixture(scope="module")
def cycle() -> LabelCycle:
    return cycle_of()


def beat_noise(cycle: LabelCycle, seed: int, still: Tensor, number: int = 0, steady: float = 0.0, **given) -> Tensor:  # type: ignore[no-untyped-def]
    """All frames of a beat's noise."""
    return BeatNoise(cycle, cycle.ids, seed, **given).stream(still, number, steady)(range(len(cycle)))


def noise_of(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def moved(seed: int, matrix: FloatArray) -> Tensor:
    """Noise (1, 32, 32) after its tissue was moved about the middle."""
    parts = divided(noise_of(seed, 1, 32, 32), (4, 4), torch.Generator().manual_seed(seed + 1000))
    at = np.stack(np.meshgrid(*[(np.arange(128) + 0.5) / 128 - 0.5] * 2)).reshape(2, -1)
    places = (matrix @ at + 0.5).reshape(2, 128, 128).astype(np.float32)
    return gathered(parts, places, 32, 32, torch.Generator().manual_seed(seed + 2000))


def check_white(samples: Tensor) -> None:
    """Samples (n, h, w) of mean 0 and variance 1 without correlation between neighbours and with a flat spectrum."""
    count = samples.numel()
    assert float(samples.mean()) == pytest.approx(0, abs=4 / count**0.5)
    assert float(samples.var()) == pytest.approx(1, abs=6 / count**0.5)
    for down, right in ((0, 1), (1, 0), (1, 1), (0, 2), (2, 1)):
        pairs = samples[:, down:, right:] * samples[:, : samples.shape[1] - down, : samples.shape[2] - right]
        assert float(pairs.mean()) == pytest.approx(0, abs=4 / count**0.5), (down, right)
    power = (torch.fft.fft2(samples).abs() ** 2).mean(0) / samples[0].numel()
    radius = torch.hypot(*torch.meshgrid(*[torch.fft.fftfreq(side) for side in power.shape], indexing="ij"))
    for low, high in ((0.02, 0.1), (0.1, 0.25), (0.25, 0.4), (0.4, 0.71)):
        band = power[(radius >= low) & (radius < high)]
        assert float(band.mean()) == pytest.approx(1, abs=5 / (len(band) * len(samples)) ** 0.5), (low, high)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]]),  # rotation
        0.5 * np.eye(2),  # contraction by half
        1.9 * np.eye(2),  # expansion
        np.array([[1.6, 0.3], [0.0, 0.7]]),  # shear: stretched across, squeezed along
    ],
    ids=["rotation", "contraction", "expansion", "shear"],
)
def test_noise_that_moved_is_white(matrix: FloatArray) -> None:
    check_white(torch.cat([moved(seed, matrix) for seed in range(DRAWS)]))


def test_parts_add_up_to_their_element_and_are_white() -> None:
    still = noise_of(3, 2, 16, 16)
    parts = divided(still, (4, 2), torch.Generator().manual_seed(4))
    sums = parts.reshape(2, 16, 4, 16, 2).sum((2, 4)) / 8**0.5
    np.testing.assert_allclose(sums, still, atol=1e-5)
    check_white(
        torch.cat([divided(noise_of(k, 1, 16, 16), (3, 3), torch.Generator().manual_seed(k)) for k in range(9)])
    )


def test_a_beat_without_renewal_begins_with_the_noise_that_it_was_given(cycle: LabelCycle) -> None:
    still = noise_of(1, 1, 32, 32)
    noise = beat_noise(cycle, 0, still, carried=dict.fromkeys(range(7), 1.0))
    np.testing.assert_allclose(noise[0], still, atol=1e-5)
    assert float((noise[0] * noise[3]).mean()) > 0.2, "tissue far from the heart hardly moves"


@pytest.mark.parametrize("steady", [0.0, 6.0])
def test_every_frame_of_a_beat_is_white_and_so_are_the_labels_parts_of_it(cycle: LabelCycle, steady: float) -> None:
    made = torch.stack([beat_noise(cycle, k, noise_of(k, 1, 32, 32), 0, steady) for k in range(DRAWS)])
    for frame in (0, 2, 3):
        check_white(made[:, frame, 0])
    small = torch.from_numpy(cycle.ids[2, ::2, ::2].copy())
    for label in (LV_CAVITY, LV_MYOCARDIUM, SECTOR):
        values = made[:, 2, 0][:, small == label]
        assert float(values.var()) == pytest.approx(1, abs=8 / values.numel() ** 0.5), label


def test_coarse_waves_stay_where_fine_ones_are_renewed(cycle: LabelCycle) -> None:
    made = [beat_noise(cycle, k, noise_of(k, 1, 32, 32), 0, 5.0, carried={})[:, 0] for k in range(8)]
    low = torch.stack([coarse(one, 5.0) for one in made])
    fine = torch.stack(made) - low
    alike = [float((one[:, 0] * one[:, 3]).mean() / (one**2).mean()) for one in (low, fine)]
    assert alike[0] > 0.4
    assert abs(alike[1]) < 0.1


def test_tissue_that_carries_its_noise_remembers_it_and_other_tissue_forgets(cycle: LabelCycle) -> None:
    made = [beat_noise(cycle, k, noise_of(k, 1, 32, 32), carried={SECTOR: 1.0})[:, 0] for k in range(8)]
    both = torch.stack(made)
    small = torch.from_numpy(cycle.ids[:, ::2, ::2].copy())
    product = both[:, 0] * both[:, 1]
    far = ((small == SECTOR).all(0) & (torch.arange(32) < 6)).expand(8, -1, -1)
    assert float(product[far].mean()) > 0.6
    assert abs(float(product[(small == LV_CAVITY).all(0).expand(8, -1, -1)].mean())) < 0.15


def test_a_series_closes_into_a_loop() -> None:
    for frames, correlation in ((6, 0.3), (24, 0.8), (2, 0.5)):
        weights = loop_weights(frames, correlation)
        covariance = weights @ weights.T
        np.testing.assert_allclose(np.diag(covariance), 1, atol=1e-9)
        np.testing.assert_allclose(covariance[0, 1], covariance[0, -1], atol=1e-9)
    assert covariance[0, 1] == pytest.approx(1.0, abs=0.21), "of two frames each is the other's neighbour twice"


def test_a_frame_has_its_noise_whatever_was_asked_before_or_beside_it(cycle: LabelCycle) -> None:
    still = noise_of(2, 1, 32, 32)
    first, other = BeatNoise(cycle, cycle.ids, 7), BeatNoise(cycle, cycle.ids, 7)
    other.stream(noise_of(9, 2, 64, 64), 5)(range(6))
    whole, alone = first.stream(still, 1, 4.0)(range(6)), other.stream(still, 1, 4.0)([4, 2])
    np.testing.assert_allclose(whole[[4, 2]], alone, atol=1e-6)
    assert not torch.equal(whole, first.stream(still, 2, 4.0)(range(6)))
    assert parts_along(64) == 4
    assert parts_along(256) == 2
