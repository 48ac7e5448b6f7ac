"""Preconditioning: four coefficients around any network (Karras et al. 2022, eq. 7)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition, ConditionedNetwork, Prepared, per_sample
from echo_studio.diffusion.families import Family


@dataclass(frozen=True)
class Preconditioned:
    """The denoiser of a family around a network.

    Args:
        network: F, float32 (b, c, h, w) -> (b, heads c, h, w).
        family: gives the coefficients.
        background: value of clean data outside the sector. The loss covers the sector alone
            (003 III-E), so F is free outside it; the known value takes its place there, which
            keeps what the network sees while sampling equal to what it saw in training.
        limit: estimates are clamped to [-limit, limit], the range of the data, in which the best estimate lies:
            it can only come closer. Needed where the network predicts noise, whose error is multiplied by sigma.
    """

    network: ConditionedNetwork
    family: Family
    background: float
    limit: float = math.inf

    def prepare(self, condition: Condition) -> Prepared:
        time = () if condition.frame_time is None else (condition.frame_time,)
        modulation = self.network.prepare(condition.one_hot, condition.view, condition.phase, *time)
        return Prepared(condition.inside, modulation)

    def __call__(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> Tensor:
        return self.with_variance(x, sigma, prepared)[0]

    def with_variance(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> tuple[Tensor, Tensor | None]:
        """See `denoiser.Denoiser`; the variance is None in families that do not learn it."""
        estimate, variance = self.unclamped(x, sigma, prepared)
        estimate = estimate.clamp(-self.limit, self.limit)
        return torch.where(prepared.inside > 0, estimate, self.background), variance

    def unclamped(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> tuple[Tensor, Tensor | None]:
        """What the network says: the estimate as the loss needs it, and the place of the variance."""
        x = x.to(torch.float32)
        skip, out, into, noise = self.family.coefficients(sigma.to(torch.float32))
        into, skip, out = (per_sample(c, x) for c in (into, skip, out))
        answer = self.network(into * x, noise * self.family.noise_unit, prepared.modulation).to(torch.float32)
        if self.family.heads == 1:
            return skip * x + out * answer, None
        first, second = answer.chunk(2, dim=1)
        # -1 to 1 in Nichol and Dhariwal 2021; a head that is 0 lies in the middle.
        return skip * x + out * first, (second + 1) / 2
