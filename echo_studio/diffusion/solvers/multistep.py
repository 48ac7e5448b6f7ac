"""Multistep solvers: one evaluation a step, helped by the evaluations of the steps before."""

import itertools
import math
from dataclasses import dataclass

from torch import Tensor

from echo_studio.diffusion.solvers.protocol import Denoise, DrawNoise, OnEvaluation, levels_of


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
        noise: DrawNoise,  # noqa: ARG002 - deterministic
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
        noise: DrawNoise,  # noqa: ARG002 - deterministic
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
