"""Preconditioning: four coefficients around any network (Karras et al. 2022, Table 1)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition, ConditionedNetwork, Prepared


@dataclass(frozen=True)
class EdmDenoiser:
    """D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), with the EDM column of Table 1.

    Args:
        network: F, float32 (b, c, h, w) -> (b, c, h, w).
        sigma_data: standard deviation of the data inside the sector.
        background: value of clean data outside the sector. The loss covers the sector alone
            (003 III-E), so F is free outside it; the known value takes its place there, which
            keeps what the network sees while sampling equal to what it saw in training.
    """

    network: ConditionedNetwork
    sigma_data: float
    background: float

    def prepare(self, condition: Condition) -> Prepared:
        modulation = self.network.prepare(condition.one_hot, condition.view, condition.phase)
        return Prepared(condition.inside, modulation)

    def __call__(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> Tensor:
        x = x.to(torch.float32)
        sigma = sigma.to(torch.float32).reshape(-1, 1, 1, 1)
        variance = sigma**2 + self.sigma_data**2
        c_skip = self.sigma_data**2 / variance
        c_out = sigma * self.sigma_data / variance.sqrt()
        c_in = 1 / variance.sqrt()
        c_noise = sigma.flatten().log() / 4
        estimate = c_skip * x + c_out * self.network(c_in * x, c_noise, prepared.modulation).to(torch.float32)
        return torch.where(prepared.inside > 0, estimate, self.background)
