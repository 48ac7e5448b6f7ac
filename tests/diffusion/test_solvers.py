"""Solvers against data whose probability flow is known exactly: N(0, SIGMA_DATA^2)."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Bound
from echo_studio.diffusion.families import (
    beta_variance,
    learned_variance,
    posterior_mean,
    posterior_variance,
    step_divergence,
)
from echo_studio.diffusion.schedule import cosine_levels, cosine_sigmas, karras_sigmas
from echo_studio.diffusion.solvers import SOLVERS, SampleNoise, Solver, solver
from echo_studio.errors import UnknownNameError
from tests.diffusion.stand_ins import SIGMA_DATA, denoise_gaussian

SHAPE = (1, 4, 4)


def run(how: Solver, nfe: int, seeds: tuple[int, ...] = (0,), sigma_max: float = 3.0) -> tuple[Tensor, Tensor]:
    """Start and end of a run on Gaussian data, without the float32 boundary of the real denoiser."""
    sigmas = karras_sigmas(how.steps(nfe), 0.02, sigma_max)
    noise = SampleNoise(seeds, SHAPE)
    start = noise() * math.sqrt(sigma_max**2 + SIGMA_DATA**2)
    return start, how(denoise_gaussian, start, sigmas, nfe, noise, lambda *_: None)


def exact(start: Tensor, sigma_max: float = 3.0) -> Tensor:
    return start * SIGMA_DATA / math.sqrt(sigma_max**2 + SIGMA_DATA**2)


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("heun", 2), ("dpmpp-2m", 2), ("ipndm", 3)])
def test_error_falls_with_the_order_of_the_solver(name: str, order: int) -> None:
    how = SOLVERS[name]
    # Equal steps in time to a sigma above 0 isolate the order: the last, uncorrected step to 0 is exact here
    # for neither solver, so the error is measured where the integration to sigma_min ends.
    steps = [16, 32, 64, 128]
    errors = []
    for count in steps:
        sigmas = torch.linspace(3.0, 0.5, count + 1, dtype=torch.float64)
        start = torch.ones(1, 1, 1, 1) * 3.0
        x = start.double()
        nfe = 2 * count if name == "heun" else count
        # A final level of 0 makes the run whole; its step from 0.5 is the same map for every count.
        end = how(
            denoise_gaussian,
            x,
            torch.cat([sigmas, torch.zeros(1, dtype=torch.float64)]),
            nfe + 1,
            lambda: torch.zeros(1),
            lambda *_: None,
        )
        at_half = 3.0 * math.sqrt((0.25 + 0.25) / (9.0 + 0.25))
        last = at_half - 0.5 * (at_half - at_half * 0.25 / 0.5) / 0.5
        errors.append(abs(float(end) - last))
    slopes = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert order == how.order
    assert abs(slopes[-1] - order) < 0.2, slopes


@pytest.mark.parametrize("name", ["euler", "heun", "dpmpp-2m", "ipndm"])
def test_many_evaluations_reach_the_exact_solution(name: str) -> None:
    start, end = run(SOLVERS[name], 999, seeds=(1, 2))
    torch.testing.assert_close(end, exact(start), rtol=0.01, atol=1e-3)


def test_the_multistep_solver_is_closest_when_evaluations_are_few() -> None:
    errors = {}
    for name in ("euler", "heun", "dpmpp-2m"):
        start, end = run(SOLVERS[name], 6, sigma_max=80.0)
        errors[name] = float((end - exact(start, sigma_max=80.0)).abs().max())
    assert errors["dpmpp-2m"] < 0.5 * min(errors["euler"], errors["heun"]), errors


def test_stochastic_heun_keeps_the_distribution() -> None:
    _, end = run(SOLVERS["heun-stochastic"], 79, seeds=tuple(range(400)))
    # S_noise 1.003 inflates by less than the tolerance, five standard errors of 6,400 draws.
    assert float(end.std()) == pytest.approx(SIGMA_DATA, rel=0.05)
    assert abs(float(end.mean())) < 0.04


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("nfe", [1, 2, 3, 10, 19, 20, 39])
def test_a_budget_is_spent_exactly(name: str, nfe: int) -> None:
    calls: list[float] = []
    reported: list[tuple[int, int]] = []

    def spy(x: Tensor, sigma: Tensor) -> Tensor:
        calls.append(float(sigma[0]))
        return denoise_gaussian(x, sigma)

    how = SOLVERS[name]
    noise = SampleNoise([0], SHAPE)
    how(spy, noise() * 80, karras_sigmas(how.steps(nfe)), nfe, noise, lambda i, n, _: reported.append((i, n)))
    assert len(calls) == nfe
    assert reported == [(i + 1, nfe) for i in range(nfe)]
    assert min(calls) > 0


@pytest.mark.parametrize("steps", [1, 2, 5, 18])
def test_heun_with_n_steps_is_2n_minus_1_evaluations(steps: int) -> None:
    assert SOLVERS["heun"].steps(2 * steps - 1) == steps


def test_heun_evaluates_at_the_new_point_and_the_new_level() -> None:
    seen: list[tuple[float, float]] = []

    def spy(x: Tensor, sigma: Tensor) -> Tensor:
        seen.append((float(sigma[0]), float(x.flatten()[0])))
        return denoise_gaussian(x, sigma)

    sigmas = torch.tensor([2.0, 1.0, 0.0], dtype=torch.float64)
    SOLVERS["heun"](spy, torch.ones(1, 1, 1, 1), sigmas, 3, lambda: torch.zeros(1), lambda *_: None)
    assert [sigma for sigma, _ in seen] == [2.0, 1.0, 1.0]
    assert seen[1][1] != seen[0][1]


@pytest.mark.parametrize("name", SOLVERS)
def test_sample_k_alone_equals_sample_k_in_a_batch(name: str) -> None:
    _, together = run(SOLVERS[name], 15, seeds=(3, 4, 5))
    for k, seed in enumerate((3, 4, 5)):
        _, alone = run(SOLVERS[name], 15, seeds=(seed,))
        assert torch.equal(together[k], alone[0])


def test_an_unknown_solver_lists_the_choices() -> None:
    with pytest.raises(UnknownNameError, match="ancestral, dpmpp-2m, euler, heun, heun-stochastic, ipndm"):
        solver("dpm")


def scaled(sigma: Tensor) -> tuple[Tensor, Tensor]:
    """alpha_bar and the factor from our x to DDPM's."""
    alpha_bar = 1 / (1 + sigma**2)
    return alpha_bar, alpha_bar.sqrt()


@pytest.mark.parametrize("step", [1, 300, 998])
def test_the_reverse_step_is_ddpms_in_other_coordinates(step: int) -> None:
    sigma_s, sigma_t = cosine_levels()[step - 1], cosine_levels()[step]
    (bar_s, to_s), (bar_t, to_t) = scaled(sigma_s), scaled(sigma_t)
    beta = 1 - bar_t / bar_s
    x, clean = torch.randn(5, dtype=torch.float64) * sigma_t, torch.randn(5, dtype=torch.float64)
    # Ho et al. 2020, eq. 7.
    mean = bar_s.sqrt() * beta / (1 - bar_t) * clean + (1 - beta).sqrt() * (1 - bar_s) / (1 - bar_t) * (x * to_t)
    torch.testing.assert_close(posterior_mean(x, clean, sigma_t, sigma_s) * to_s, mean)
    torch.testing.assert_close(posterior_variance(sigma_t, sigma_s) * bar_s, (1 - bar_s) / (1 - bar_t) * beta)
    torch.testing.assert_close(beta_variance(sigma_t, sigma_s) * bar_s, beta)


def test_the_learned_variance_lies_between_posterior_and_beta() -> None:
    sigma_t, sigma_s = torch.tensor(2.0), torch.tensor(1.0)
    place = torch.tensor([0.0, 0.5, 1.0])
    low, high = posterior_variance(sigma_t, sigma_s), beta_variance(sigma_t, sigma_s)
    torch.testing.assert_close(learned_variance(place, sigma_t, sigma_s), torch.stack([low, (low * high).sqrt(), high]))


def test_the_divergence_is_zero_for_the_posterior_itself_and_matches_torchs() -> None:
    shape = (2, 1, 3, 3)
    x, clean, estimate, place = torch.randn(shape), torch.randn(shape), torch.randn(shape), torch.rand(shape)
    sigma_t, sigma_s = torch.tensor([2.0, 0.3]).reshape(-1, 1, 1, 1), torch.tensor([1.5, 0.2]).reshape(-1, 1, 1, 1)
    same = step_divergence(x, clean, clean, torch.zeros(shape), sigma_t, sigma_s)
    torch.testing.assert_close(same, torch.zeros(shape), atol=1e-6, rtol=0)
    true = torch.distributions.Normal(
        posterior_mean(x, clean, sigma_t, sigma_s), posterior_variance(sigma_t, sigma_s).sqrt().expand(shape)
    )
    ours = torch.distributions.Normal(
        posterior_mean(x, estimate, sigma_t, sigma_s), learned_variance(place, sigma_t, sigma_s).sqrt()
    )
    wanted = torch.distributions.kl_divergence(true, ours) / math.log(2)
    torch.testing.assert_close(step_divergence(x, clean, estimate, place, sigma_t, sigma_s), wanted)


class ExactGaussian(Bound):
    """Denoiser and reverse variance of N(0, deviation^2): q(x_s | x_t) itself, for given neighbours."""

    def __init__(self, sigmas: Tensor, deviation: float) -> None:
        after = dict(zip(sigmas[:-1].tolist(), sigmas[1:].tolist(), strict=True))
        vars(self).update(after=after, deviation=deviation)  # its own state: no network and no label map

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.with_variance(x, sigma)[0]

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        sigma_t = min(self.after, key=lambda level: abs(level - float(sigma[0])))
        sigma_s, data = self.after[sigma_t], self.deviation**2
        of_clean = sigma_t**2 * data / (sigma_t**2 + data)  # Var[x0 | x_t]
        t, s = torch.tensor(sigma_t, dtype=torch.float64), torch.tensor(sigma_s, dtype=torch.float64)
        low, high = posterior_variance(t, s), beta_variance(t, s)
        exact = low + (1 - (s / t) ** 2) ** 2 * of_clean
        place = (exact / low).log() / (high / low).log()
        return x.double() * data / (sigma_t**2 + data), place.expand_as(x)


@pytest.mark.parametrize("steps", [2, 5, 25])
def test_with_the_exact_variance_every_level_has_the_exact_distribution_at_any_number_of_steps(steps: int) -> None:
    sigmas = karras_sigmas(steps, 0.05, 20.0)
    exact = ExactGaussian(sigmas, SIGMA_DATA)
    spread: list[float] = []
    noise = SampleNoise(range(300), (1, 8, 8))
    start = noise() * math.sqrt(20.0**2 + SIGMA_DATA**2)

    class Spy(ExactGaussian):
        def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
            spread.append(float(x.std()))
            return super().with_variance(x, sigma)

    SOLVERS["ancestral"](Spy(sigmas, exact.deviation), start, sigmas, steps, noise, lambda *_: None)
    # 19,200 draws: a standard error of half a percent.
    assert spread == pytest.approx([math.sqrt(float(s) ** 2 + SIGMA_DATA**2) for s in sigmas[:-1]], rel=0.025)


def test_betas_variance_is_exact_for_data_of_unit_variance() -> None:
    sigmas = cosine_sigmas(20)
    exact = ExactGaussian(sigmas, 1.0)
    for sigma in sigmas[:-2]:
        _, place = exact.with_variance(torch.zeros(1), sigma.reshape(1))
        assert float(place) == pytest.approx(1, abs=1e-6)


def test_without_a_learned_variance_it_is_the_posteriors() -> None:
    sigmas = torch.tensor([2.0, 1.0, 0.0], dtype=torch.float64)
    levels: list[Tensor] = []

    def spy(x: Tensor, sigma: Tensor) -> Tensor:
        levels.append(x)
        return denoise_gaussian(x, sigma)

    noise = SampleNoise(range(500), (1, 8, 8))
    SOLVERS["ancestral"](spy, noise() * 0, sigmas, 2, noise, lambda *_: None)
    assert float(levels[1].std()) == pytest.approx(math.sqrt(0.25 * 3), rel=0.02)


def test_a_thousand_steps_keep_the_distribution() -> None:
    sigmas = cosine_sigmas(1000)
    noise = SampleNoise(range(64), (1, 8, 8))
    end = SOLVERS["ancestral"](denoise_gaussian, noise() * float(sigmas[0]), sigmas, 1000, noise, lambda *_: None)
    assert float(end.std()) == pytest.approx(SIGMA_DATA, rel=0.05)
    assert float(end.mean()) == pytest.approx(0, abs=0.03)


def test_euler_on_the_cosine_chain_is_ddim() -> None:
    sigmas = cosine_sigmas(8)
    start = torch.randn(1, 1, 4, 4, dtype=torch.float64) * float(sigmas[0])
    end = SOLVERS["euler"](denoise_gaussian, start, sigmas, 8, lambda: torch.zeros(1), lambda *_: None)
    y = start * scaled(sigmas[0])[1]
    for sigma_t, sigma_s in itertools.pairwise(sigmas):
        (bar_t, to_t), (bar_s, _) = scaled(sigma_t), scaled(sigma_s)
        clean = denoise_gaussian(y / to_t, sigma_t.reshape(1))
        noise = (y - bar_t.sqrt() * clean) / (1 - bar_t).sqrt()
        y = bar_s.sqrt() * clean + (1 - bar_s).sqrt() * noise  # Song et al. 2021, eq. 12 without noise
    torch.testing.assert_close(end, y.float(), rtol=1e-4, atol=1e-5)
