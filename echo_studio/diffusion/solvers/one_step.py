"""Euler's and Heun's methods, with or without added noise (Karras et al. 2022, Algorithms 1 and 2)."""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.solvers.protocol import Denoise, DrawNoise, OnEvaluation, levels_of


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
        self, denoise: Denoise, x: Tensor, sigmas: Tensor, nfe: int, noise: DrawNoise, on_evaluation: OnEvaluation
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


def _churned(x: Tensor, sigma: float, steps: int, churn: Churn, noise: DrawNoise) -> tuple[Tensor, float]:
    """Raise the noise level from sigma to sigma_hat (Algorithm 2, lines 4 to 6)."""
    if not churn.s_min <= sigma <= churn.s_max:
        return x, sigma
    gamma = min(churn.s_churn / steps, math.sqrt(2) - 1)
    sigma_hat = sigma * (1 + gamma)
    fresh = noise().to(x.device, torch.float64) * churn.s_noise
    return x + math.sqrt(sigma_hat**2 - sigma**2) * fresh, sigma_hat
