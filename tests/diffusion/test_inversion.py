"""Inversion goes back along the ODE, and a part that is held stays as it was."""

import math

import pytest
import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Prepared
from echo_studio.diffusion.families import Edm
from echo_studio.diffusion.inversion import HIGHEST, LEVELS, LOWEST, Inpainting, invert
from echo_studio.diffusion.solvers import SOLVERS, SampleNoise, noise_levels
from tests.diffusion.stand_ins import SIGMA_DATA, denoise_gaussian


class Constant:
    """A denoiser that always says the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def with_variance(self, x: Tensor, sigma: Tensor, prepared: object) -> tuple[Tensor, Tensor | None]:
        return torch.full_like(x, self.value), None


def test_the_noise_of_gaussian_data_is_the_exact_one() -> None:
    """Its ODE has the solution x(sigma) = x(s) sqrt((sigma^2 + sigma_d^2) / (s^2 + sigma_d^2)); 20 levels miss 3 %."""
    clean = SIGMA_DATA * torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    variance = SIGMA_DATA**2
    factor = math.sqrt((HIGHEST**2 + variance) / (LOWEST**2 + variance)) / HIGHEST
    noise = invert(lambda x, sigma: denoise_gaussian(x, sigma).float(), clean)
    assert torch.allclose(noise, clean * factor, rtol=0.04)
    assert noise.std() == pytest.approx(1, abs=0.1)


def test_every_level_is_reported_and_a_report_can_stop_it() -> None:
    seen: list[tuple[int, int]] = []
    invert(lambda x, sigma: x, torch.zeros(1, 1, 4, 4), lambda done, total: seen.append((done, total)))
    assert seen == [(level, LEVELS - 1) for level in range(1, LEVELS)]


@pytest.mark.parametrize("name", SOLVERS)
def test_every_solver_ends_at_what_is_known_where_it_is_held(name: str) -> None:
    known = torch.linspace(-1, 1, 64).reshape(1, 1, 8, 8)
    weight = torch.zeros(1, 1, 8, 8)
    weight[..., 4:] = 1
    held = Inpainting(Constant(0.25), Prepared(weight, None), known, weight)  # type: ignore[arg-type]
    integrate, noise = SOLVERS[name], SampleNoise([3], (1, 8, 8))
    sigmas = noise_levels(integrate, Edm(SIGMA_DATA), 9)
    made = integrate(held, noise() * float(sigmas[0]), sigmas, 9, noise, lambda *_: None)
    assert torch.allclose(made[..., :4], known[..., :4], atol=1e-5)
    assert torch.allclose(made[..., 4:], torch.tensor(0.25), atol=1e-5)
