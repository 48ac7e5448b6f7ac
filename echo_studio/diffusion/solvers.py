"""Solvers of the sampling ODE and SDE: pure functions of denoiser, start, noise levels and noise.

Solvers of the probability-flow ODE dx/dsigma = (x - D(x; sigma)) / sigma (Karras et al. 2022, eq. 3 with s = 1) have
an order, checked against an exact solution in the tests; all spend an exact number of function evaluations (NFE).
State is kept in float64; the denoiser sees float32.
"""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Bound
from echo_studio.diffusion.families import Family, learned_variance, posterior_mean, posterior_variance
from echo_studio.diffusion.schedule import schedule
from echo_studio.errors import UnknownNameError

Denoise = Callable[[Tensor, Tensor], Tensor]  # (x (b, c, h, w), sigma (b,)) -> estimate of clean x
OnEvaluation = Callable[[int, int, Tensor], None]  # (NFE so far, NFE in all, estimate of clean x)
NextNoise = Callable[[], Tensor]


class SampleNoise:
    """Standard normal noise for a batch, each sample from a generator of its own seed.

    So a sample does not depend on the batch in which it is made. Noise is made on the CPU, in float32, whatever the
    device: the same seed gives the same noise on every machine.

    Args:
        seeds: one a sample.
        shape: of one sample, (c, h, w).
    """

    def __init__(self, seeds: Sequence[int], shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self) -> Tensor:
        """The next noise, float32 (b, *shape)."""
        return torch.stack([torch.randn(self.shape, generator=generator) for generator in self._generators])


@dataclass(frozen=True)
class Solver(ABC):
    """A named way from noise to a sample.

    Attributes:
        label: for people.
        order: of global accuracy in the step size, for the deterministic part.
        schedule: the name of the noise levels that it is best with, empty for those of the denoiser's family.
    """

    label: str
    order: int
    schedule: str = ""

    def steps(self, nfe: int) -> int:
        """How many noise levels a budget buys."""
        return nfe

    @abstractmethod
    def __call__(
        self, denoise: Denoise, x: Tensor, sigmas: Tensor, nfe: int, noise: NextNoise, on_evaluation: OnEvaluation
    ) -> Tensor:
        """Integrate from sigmas[0] to sigmas[-1] = 0 with exactly `nfe` evaluations.

        Args:
            denoise: D(x; sigma), float32.
            x: (b, c, h, w), already at noise level sigmas[0].
            sigmas: float64 (steps + 1,), falling, the last one 0; steps as `steps(nfe)` says.
            nfe: the budget.
            noise: the next standard normal sample of x's shape; only called by stochastic solvers.
            on_evaluation: called after each evaluation; raising from it stops the run.

        Returns:
            float32 (b, c, h, w).
        """


def levels_of(x: Tensor, sigma: float) -> Tensor:
    """sigma for each sample of a batch, (b,)."""
    return torch.full((x.shape[0],), sigma, device=x.device)


@dataclass(frozen=True)
class Churn:
    """Stochasticity of Karras et al. 2022, Algorithm 2; the values are 003's (its released code)."""

    s_churn: float = 40.0
    s_min: float = 0.02
    s_max: float = 100.0
    s_noise: float = 1.003


@dataclass(frozen=True)
class OneStep(Solver):
    """Euler's and Heun's methods: a step knows nothing of the steps before it.

    Attributes:
        corrected: whether steps are corrected by a second evaluation (Heun).
        churn: noise added before each step, or None for the deterministic ODE.
    """

    corrected: bool = False
    churn: Churn | None = None

    def steps(self, nfe: int) -> int:
        """How many noise levels a budget buys: Heun with N steps is 2N - 1 NFE, Euler N."""
        return nfe // 2 + 1 if self.corrected else nfe

    def __call__(
        self, denoise: Denoise, x: Tensor, sigmas: Tensor, nfe: int, noise: NextNoise, on_evaluation: OnEvaluation
    ) -> Tensor:
        """See `Solver`. The last step, to 0, is Euler's.

        An even Heun budget leaves one more step uncorrected: the first, where the trajectory is straightest.
        """
        steps = len(sigmas) - 1
        uncorrected = {steps - 1} if nfe % 2 else {0, steps - 1}
        spent = 0

        def slope(state: Tensor, sigma: float) -> Tensor:
            nonlocal spent
            estimate = denoise(state.float(), levels_of(state, sigma))
            spent += 1
            on_evaluation(spent, nfe, estimate)
            return (state - estimate.double()) / sigma

        x = x.double()
        levels = [float(sigma) for sigma in sigmas]
        for step, (sigma, sigma_next) in enumerate(itertools.pairwise(levels)):
            if self.churn is not None:
                x, sigma = _churned(x, sigma, steps, self.churn, noise)
            d = slope(x, sigma)
            x_next = x + (sigma_next - sigma) * d
            if self.corrected and step not in uncorrected:
                # Heun evaluates at the new point and the new level (the released code of 003 did not).
                x_next = x + (sigma_next - sigma) * (d + slope(x_next, sigma_next)) / 2
            x = x_next
        return x.float()


def _churned(x: Tensor, sigma: float, steps: int, churn: Churn, noise: NextNoise) -> tuple[Tensor, float]:
    """Raise the noise level from sigma to sigma_hat (Algorithm 2, lines 4 to 6)."""
    if not churn.s_min <= sigma <= churn.s_max:
        return x, sigma
    gamma = min(churn.s_churn / steps, math.sqrt(2) - 1)
    sigma_hat = sigma * (1 + gamma)
    fresh = noise().to(x.device, torch.float64) * churn.s_noise
    return x + math.sqrt(sigma_hat**2 - sigma**2) * fresh, sigma_hat


class Evaluation(NamedTuple):
    """Where the denoiser was evaluated, and what it said.

    Attributes:
        x, estimate: float64 (b, c, h, w).
        place: of the variance, see `denoiser.Preconditioned.with_variance`; None where none is learned.
    """

    x: Tensor
    sigma: float
    estimate: Tensor
    place: Tensor | None


# Adams-Bashforth's weights for equal steps, newest slope first.
ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12))


class Multistep(Solver):
    """Solvers that evaluate once a step and remember what was evaluated before."""

    def __call__(
        self, denoise: Denoise, x: Tensor, sigmas: Tensor, nfe: int, noise: NextNoise, on_evaluation: OnEvaluation
    ) -> Tensor:
        """See `Solver`. The last step, to 0, takes the estimate as it is."""
        x = x.double()
        seen: list[Evaluation] = []
        for done, (sigma, sigma_next) in enumerate(itertools.pairwise(sigmas.tolist()), start=1):
            at = levels_of(x, sigma)
            estimate, place = (
                denoise.with_variance(x.float(), at) if isinstance(denoise, Bound) else (denoise(x.float(), at), None)
            )
            on_evaluation(done, nfe, estimate)
            if sigma_next == 0:
                return estimate.float()
            seen = [Evaluation(x, sigma, estimate.double(), place), *seen][: len(ADAMS_BASHFORTH)]
            x = self.step(seen, sigma_next, noise)
        return x.float()

    @abstractmethod
    def step(self, seen: Sequence[Evaluation], sigma_next: float, noise: NextNoise) -> Tensor:
        """x at the next noise level, float64, from the evaluations so far, newest first."""


class DpmPlusPlus(Multistep):
    """DPM-Solver++(2M) (Lu et al. 2022, Algorithm 2) in sigma-space, where alpha = 1 and lambda = -log sigma.

    Each step after the first extrapolates from the estimate of the step before: second order for one
    evaluation a step, which makes it the closest to the exact solution when evaluations are few.
    """

    def step(self, seen: Sequence[Evaluation], sigma_next: float, noise: NextNoise) -> Tensor:  # noqa: ARG002
        """See `Multistep`."""
        x, sigma, ahead, _ = seen[0]
        h = math.log(sigma / sigma_next)
        if len(seen) > 1:
            ahead = ahead + (ahead - seen[1].estimate) * h / (2 * math.log(seen[1].sigma / sigma))
        return sigma_next / sigma * x - math.expm1(-h) * ahead


class ImprovedPndm(Multistep):
    """iPNDM (Zhang and Chen 2022, after Liu et al. 2022): Adams-Bashforth on the slope, equal weights at any step.

    The weights are those of equal steps even where the steps are not: third order on equal steps, second
    on smoothly changing ones. The exact weights of unequal steps extrapolate further and did worse here
    at 5 to 10 evaluations, as did higher orders. The first steps are of lower order.
    """

    def step(self, seen: Sequence[Evaluation], sigma_next: float, noise: NextNoise) -> Tensor:  # noqa: ARG002
        """See `Multistep`."""
        weights = ADAMS_BASHFORTH[len(seen) - 1]
        slopes = (weight * ((x - clean) / sigma) for weight, (x, sigma, clean, _) in zip(weights, seen, strict=True))
        return seen[0].x + (sigma_next - seen[0].sigma) * sum(slopes)


class Ancestral(Multistep):
    """x_s ~ N(posterior mean given the estimate, variance) from level to level (Ho et al. 2020, Algorithm 2).

    The variance is the learned one, or the posterior's where none is learned. With fewer levels than the
    chain has, the steps are respaced as in Nichol and Dhariwal 2021: the same formulas between levels further apart.
    """

    def step(self, seen: Sequence[Evaluation], sigma_next: float, noise: NextNoise) -> Tensor:
        """See `Multistep`. The last step, to 0, adds no noise."""
        x, sigma, estimate, place = seen[0]
        sigma_t, sigma_s = torch.tensor([sigma, sigma_next], dtype=torch.float64, device=x.device)
        variance = (
            posterior_variance(sigma_t, sigma_s)
            if place is None
            else learned_variance(place.double(), sigma_t, sigma_s)
        )
        fresh = noise().to(x.device, torch.float64)
        return posterior_mean(x, estimate, sigma_t, sigma_s) + variance.sqrt() * fresh


SOLVERS: dict[str, Solver] = {
    "heun": OneStep("Heun (2nd order)", order=2, corrected=True),
    "euler": OneStep("Euler (DDIM)", order=1),
    "dpmpp-2m": DpmPlusPlus("DPM-Solver++ (2M, for few NFE)", order=2),
    "heun-stochastic": OneStep("Stochastic Heun (EDM)", order=2, corrected=True, churn=Churn()),
    "ipndm": ImprovedPndm("iPNDM (3rd order, best for 5 to 10 NFE)", order=3, schedule="few"),
    "ancestral": Ancestral("Ancestral (DDPM)", order=1),
}


def solver(name: str) -> Solver:
    """The solver of that name; raises UnknownNameError with the choices otherwise."""
    if name not in SOLVERS:
        raise UnknownNameError("solver", name, SOLVERS)
    return SOLVERS[name]


def noise_levels(integrate: Solver, family: Family, nfe: int, name: str = "") -> Tensor:
    """What a solver is given to integrate over for that budget.

    Args:
        name: of a schedule; where it is empty the solver's own, or that of the family.
    """
    return schedule(name or integrate.schedule or family.schedule)(integrate.steps(nfe))
