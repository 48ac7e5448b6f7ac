"""DDPM's own sampler: the chain of reverse steps, with the learned variance where there is one."""

import itertools
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from echo_studio.diffusion.reverse import learned_variance, posterior_mean, posterior_variance
from echo_studio.diffusion.solvers.protocol import Denoise, DrawNoise, OnEvaluation, levels_of


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
        self, denoise: Denoise, x: Tensor, sigmas: Tensor, nfe: int, noise: DrawNoise, on_evaluation: OnEvaluation
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
