"""Noise levels of a sampling run, float64, from sigma_max down to exactly 0."""

import torch
from torch import Tensor

from echo_studio.errors import RequestError


def karras_sigmas(steps: int, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0) -> Tensor:
    """sigma_0 = sigma_max, ..., sigma_{n-1} = sigma_min, sigma_n = 0 (Karras et al. 2022, eq. 5).

    Returns:
        float64 (steps + 1,), strictly falling.

    Raises:
        RequestError: fewer than one step.
    """
    if steps < 1:
        raise RequestError(expected="at least 1 step", got=str(steps), remedy="ask for more function evaluations")
    ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return torch.cat([(high + ramp * (low - high)) ** rho, torch.zeros(1, dtype=torch.float64)])
