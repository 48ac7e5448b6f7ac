"""Networks without weights, and Gaussian data whose best denoiser is known."""

from typing import Any

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.families import Family

SIGMA_DATA = 0.5


class Fixed:
    """A network that returns a fixed field (first head) and 0 (others), and keeps what it was given."""

    def __init__(self, answer: Tensor, heads: int = 1) -> None:
        self.answer, self.heads = answer, heads
        self.inputs: list[Tensor] = []
        self.levels: list[Tensor] = []
        self.maps: list[Tensor] = []

    def prepare(self, one_hot: Tensor, view: Tensor, phase: Tensor) -> Any:
        self.maps.append(one_hot)
        return one_hot

    def __call__(self, x: Tensor, c_noise: Tensor, modulation: Any) -> Tensor:
        self.inputs.append(x)
        self.levels.append(c_noise)
        first = self.answer.expand_as(x)
        return torch.cat([first] + [torch.zeros_like(first)] * (self.heads - 1), dim=1)


class GaussianNetwork(Fixed):
    """F of a family for which D is exact on data N(0, SIGMA_DATA^2); needs sigma, as a stand-in may."""

    def __init__(self, family: Family) -> None:
        super().__init__(torch.zeros(1), family.heads)
        self.family = family
        self.sigma = torch.ones(1)

    def __call__(self, x: Tensor, c_noise: Tensor, modulation: Any) -> Tensor:
        c = self.family.coefficients(self.sigma)
        noisy = x / c.into.reshape(-1, 1, 1, 1)
        wanted = denoise_gaussian(noisy, self.sigma).float()
        self.answer = (wanted - c.skip.reshape(-1, 1, 1, 1) * noisy) / c.out.reshape(-1, 1, 1, 1)
        return super().__call__(x, c_noise, modulation)


def denoise_gaussian(x: Tensor, sigma: Tensor) -> Tensor:
    """The exact denoiser of Gaussian data: E[x0 | x] = x sigma_d^2 / (sigma^2 + sigma_d^2)."""
    variance = SIGMA_DATA**2
    return x.double() * variance / (sigma.double().reshape(-1, 1, 1, 1) ** 2 + variance)


def condition(count: int = 1, side: int = 8, inside: float = 0.5) -> Condition:
    """Sector on the left, up to that share of the width, the rest outside."""
    border = round(side * inside)
    one_hot = torch.zeros(count, 5, side, side)
    one_hot[:, 4, :, :border] = 1
    one_hot[:, 0, :, border:] = 1
    zeros = torch.zeros(count, dtype=torch.long)
    return Condition(one_hot, zeros, zeros)
