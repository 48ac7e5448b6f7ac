"""Solvers of the sampling ODE and SDE: pure functions of denoiser, start, noise levels and noise.

Solvers of the probability-flow ODE dx/dsigma = (x - D(x; sigma)) / sigma (Karras et al. 2022, eq. 3 with s = 1) have
an order, checked against an exact solution in the tests; all spend an exact number of function evaluations (NFE).
State is kept in float64; the denoiser sees float32.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from echo_studio.diffusion.families import Family
from echo_studio.diffusion.reverse import learned_variance, posterior_mean, posterior_variance
from echo_studio.diffusion.schedule import schedule
from echo_studio.errors import UnknownNameError

Denoise = Callable[[Tensor, Tensor], Tensor]  # (x (b, c, h, w), sigma (b,)) -> estimate of clean x
OnEvaluation = Callable[[int, int, Tensor], None]  # (NFE so far, NFE in all, estimate of clean x)
NextNoise = Callable[[], Tensor]


class Solver(Protocol):
    """A named way from noise to a sample.

    Attributes:
        label: for people.
        schedule: the name of the noise levels that it is best with, empty for those of the denoiser's family.
        order: of global accuracy in the step size, for the deterministic part.
    """

    @property
    def label(self) -> str: ...

    @property
    def schedule(self) -> str: ...

    @property
    def order(self) -> int: ...

    def steps(self, nfe: int) -> int:
        """How many noise levels a budget buys."""
        ...

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
        ...


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
class OneStep:
    """Euler's and Heun's methods: a step knows nothing of the steps before it.

    Attributes:
        corrected: whether steps are corrected by a second evaluation (Heun).
        churn: noise added before each step, or None for the deterministic ODE.
    """

    label: str
    order: int
    corrected: bool
    churn: Churn | None = None
    schedule: str = ""

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


@dataclass(frozen=True)
class Multistep:
    """DPM-Solver++(2M) (Lu et al. 2022, Algorithm 2) in sigma-space, where alpha = 1 and lambda = -log sigma.

    Each step after the first extrapolates from the estimate of the step before: second order for one
    evaluation a step, which makes it the closest to the exact solution when evaluations are few.
    """

    label: str
    schedule: str = ""
    order: int = 2

    def steps(self, nfe: int) -> int:
        """As many as evaluations."""
        return nfe

    def __call__(
        self,
        denoise: Denoise,
        x: Tensor,
        sigmas: Tensor,
        nfe: int,
        noise: NextNoise,  # noqa: ARG002 - deterministic
        on_evaluation: OnEvaluation,
    ) -> Tensor:
        """See `Solver`. The last step, to 0, takes the estimate as it is, because lambda is infinite there."""
        x = x.double()
        levels = [float(sigma) for sigma in sigmas]
        before: Tensor | None = None
        h_before = 0.0
        for step, (sigma, sigma_next) in enumerate(itertools.pairwise(levels)):
            estimate = denoise(x.float(), levels_of(x, sigma))
            on_evaluation(step + 1, nfe, estimate)
            estimate = estimate.double()
            if sigma_next == 0:
                return estimate.float()
            h = math.log(sigma / sigma_next)
            ahead = estimate if before is None else estimate + (estimate - before) * h / (2 * h_before)
            x = sigma_next / sigma * x - math.expm1(-h) * ahead
            before, h_before = estimate, h
        return x.float()


# Adams-Bashforth's weights for equal steps, newest slope first.
ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12))


@dataclass(frozen=True)
class ImprovedPndm:
    """iPNDM (Zhang and Chen 2022, after Liu et al. 2022): Adams-Bashforth on the slope, equal weights at any step.

    The weights are those of equal steps even where the steps are not: third order on equal steps, second
    on smoothly changing ones. The exact weights of unequal steps extrapolate further and did worse here
    at 5 to 10 evaluations, as did higher orders.
    """

    label: str
    schedule: str = "few"
    order: int = 3

    def steps(self, nfe: int) -> int:
        """As many as evaluations."""
        return nfe

    def __call__(
        self,
        denoise: Denoise,
        x: Tensor,
        sigmas: Tensor,
        nfe: int,
        noise: NextNoise,  # noqa: ARG002 - deterministic
        on_evaluation: OnEvaluation,
    ) -> Tensor:
        """See `Solver`. The first steps are of lower order; the last, to 0, takes the estimate as it is."""
        x = x.double()
        levels = [float(sigma) for sigma in sigmas]
        slopes: list[Tensor] = []
        for step, (sigma, sigma_next) in enumerate(itertools.pairwise(levels)):
            estimate = denoise(x.float(), levels_of(x, sigma))
            on_evaluation(step + 1, nfe, estimate)
            estimate = estimate.double()
            if sigma_next == 0:
                return estimate.float()
            slopes = [(x - estimate) / sigma, *slopes][: self.order]
            weighted = (weight * d for weight, d in zip(ADAMS_BASHFORTH[len(slopes) - 1], slopes, strict=True))
            x = x + (sigma_next - sigma) * sum(weighted)
        return x.float()


@runtime_checkable
class VarianceAware(Protocol):
    """A `Denoise` that can say where the variance of a reverse step lies: see `denoiser.Denoiser.with_variance`."""

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor | None]: ...


@dataclass(frozen=True)
class Ancestral:
    """x_s ~ N(posterior mean given the estimate, variance) from level to level (Ho et al. 2020, Algorithm 2).

    The variance is the learned one, or the posterior's where none is learned. With fewer levels than the
    chain has, the steps are respaced as in Nichol and Dhariwal 2021: the same formulas between levels further apart.
    """

    label: str
    schedule: str = ""
    order: int = 1

    def steps(self, nfe: int) -> int:
        """As many as evaluations."""
        return nfe

    def __call__(
        self, denoise: Denoise, x: Tensor, sigmas: Tensor, nfe: int, noise: NextNoise, on_evaluation: OnEvaluation
    ) -> Tensor:
        """See `Solver`. The last step, to 0, adds no noise."""
        x = x.double()
        for done, (sigma_t, sigma_s) in enumerate(itertools.pairwise(sigmas.to(x.device)), start=1):
            at = levels_of(x, float(sigma_t))
            estimate, place = (
                denoise.with_variance(x.float(), at)
                if isinstance(denoise, VarianceAware)
                else (denoise(x.float(), at), None)
            )
            on_evaluation(done, nfe, estimate)
            estimate = estimate.double()
            if sigma_s == 0:
                return estimate.float()
            variance = (
                posterior_variance(sigma_t, sigma_s)
                if place is None
                else learned_variance(place.double(), sigma_t, sigma_s)
            )
            fresh = noise().to(x.device, torch.float64)
            x = posterior_mean(x, estimate, sigma_t, sigma_s) + variance.sqrt() * fresh
        return x.float()


SOLVERS: dict[str, Solver] = {
    "heun": OneStep("Heun (2nd order)", order=2, corrected=True),
    "euler": OneStep("Euler (DDIM)", order=1, corrected=False),
    "dpmpp-2m": Multistep("DPM-Solver++ (2M, for few NFE)"),
    "heun-stochastic": OneStep("Stochastic Heun (EDM)", order=2, corrected=True, churn=Churn()),
    "ipndm": ImprovedPndm("iPNDM (3rd order, best for 5 to 10 NFE)"),
    "ancestral": Ancestral("Ancestral (DDPM)"),
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
