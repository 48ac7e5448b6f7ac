"""Solvers against data whose probability flow is known exactly: N(0, SIGMA_DATA^2)."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from echo_studio.diffusion.randomness import SampleNoise
from echo_studio.diffusion.schedule import karras_sigmas
from echo_studio.diffusion.solvers.protocol import Solver
from echo_studio.diffusion.solvers.registry import SOLVERS, solver
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
