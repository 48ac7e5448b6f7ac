"""What a solver is: a pure function of denoiser, start, noise levels and noise.

Solvers of the probability-flow ODE dx/dsigma = (x - D(x; sigma)) / sigma (Karras et al. 2022, eq. 3 with s = 1) have
an order, checked against an exact solution in the tests; all spend an exact number of function evaluations (NFE).
State is kept in float64; the denoiser sees float32.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

Denoise = Callable[[Tensor, Tensor], Tensor]  # (x (b, c, h, w), sigma (b,)) -> estimate of clean x
OnEvaluation = Callable[[int, int, Tensor], None]  # (NFE so far, NFE in all, estimate of clean x)
DrawNoise = Callable[[], Tensor]


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
        self, denoise: Denoise, x: Tensor, sigmas: Tensor, nfe: int, noise: DrawNoise, on_evaluation: OnEvaluation
    ) -> Tensor:
        """Integrate from sigmas[0] to sigmas[-1] = 0 with exactly `nfe` evaluations.

        Args:
            denoise: D(x; sigma), float32.
            x: (b, c, h, w), already at noise level sigmas[0].
            sigmas: float64 (steps + 1,), falling, the last one 0; steps as `steps(nfe)` says.
            nfe: the budget.
            noise: next standard normal draw of x's shape; only called by stochastic solvers.
            on_evaluation: called after each evaluation; raising from it stops the run.

        Returns:
            float32 (b, c, h, w).
        """
        ...


def levels_of(x: Tensor, sigma: float) -> Tensor:
    """sigma for each sample of a batch, (b,)."""
    return torch.full((x.shape[0],), sigma, device=x.device)
