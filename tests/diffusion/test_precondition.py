"""A denoiser around a network: the background, the limit, and the two heads."""

import pytest
import torch

from echo_studio.diffusion.families import FAMILIES, Edm, Sdm, family
from echo_studio.diffusion.precondition import Preconditioned
from tests.diffusion.stand_ins import SIGMA_DATA, Fixed, condition


@pytest.mark.parametrize("name", FAMILIES)
def test_outside_the_sector_the_estimate_is_the_background(name: str) -> None:
    kind = family(name, {"sigma_data": SIGMA_DATA})
    denoiser = Preconditioned(Fixed(torch.ones(1), kind.heads), kind, -0.9)
    estimate = denoiser(torch.randn(1, 1, 8, 8), torch.ones(1), denoiser.prepare(condition()))
    assert (estimate[..., 4:] == torch.tensor(-0.9)).all()
    assert (estimate[..., :4] != torch.tensor(-0.9)).all()


def test_at_a_noise_level_near_zero_a_noise_predictor_leaves_the_sample_as_it_is() -> None:
    x = torch.randn(1, 1, 8, 8)
    for name in FAMILIES:
        kind = family(name, {"sigma_data": SIGMA_DATA})
        denoiser = Preconditioned(Fixed(torch.ones(1), kind.heads), kind, 0.0)
        estimate = denoiser(x, torch.tensor([1e-6]), denoiser.prepare(condition(inside=1)))
        torch.testing.assert_close(estimate, x, atol=1e-5, rtol=0)


def test_sampling_stays_within_the_limit_and_training_does_not_see_it() -> None:
    denoiser = Preconditioned(Fixed(torch.zeros(1), 2), Sdm(), 0.0, limit=1.0)
    prepared = denoiser.prepare(condition(inside=1))
    x, sigma = 1000 * torch.randn(1, 1, 8, 8), torch.tensor([1000.0])
    assert denoiser(x, sigma, prepared).abs().max() == 1
    assert torch.equal(denoiser.unclamped(x, sigma, prepared)[0], x)


def test_the_second_head_is_the_place_of_the_variance_and_0_is_the_middle() -> None:
    denoiser = Preconditioned(Fixed(torch.zeros(1), 2), Sdm(), 0.0)
    _, place = denoiser.with_variance(torch.randn(1, 1, 8, 8), torch.ones(1), denoiser.prepare(condition()))
    assert place is not None
    assert (place == 0.5).all()
    plain = Preconditioned(Fixed(torch.zeros(1)), Edm(SIGMA_DATA), 0.0)
    assert plain.with_variance(torch.randn(1, 1, 8, 8), torch.ones(1), plain.prepare(condition()))[1] is None
