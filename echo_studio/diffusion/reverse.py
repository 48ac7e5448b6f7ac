"""One reverse step of the chain, from noise level sigma_t down to sigma_s: exact in unscaled sigma-space.

DDPM's x_t is ours divided by sqrt(1 + sigma_t^2), so alpha_bar = 1 / (1 + sigma^2); its formulas (Ho et al. 2020,
eq. 7) become these for any two levels, neighbours or respaced.
"""

import torch
from torch import Tensor


def posterior_mean(x: Tensor, clean: Tensor, sigma_t: Tensor, sigma_s: Tensor) -> Tensor:
    """Mean of q(x_s | x_t = x, clean); the levels broadcast against x."""
    return clean + (sigma_s / sigma_t) ** 2 * (x - clean)


def posterior_variance(sigma_t: Tensor, sigma_s: Tensor) -> Tensor:
    """Variance of q(x_s | x_t, clean): DDPM's beta-tilde times 1 + sigma_s^2. 0 where sigma_s is."""
    return (sigma_s / sigma_t) ** 2 * (sigma_t**2 - sigma_s**2)


def beta_variance(sigma_t: Tensor, sigma_s: Tensor) -> Tensor:
    """The other extreme, right for data that are noise themselves: DDPM's beta times 1 + sigma_s^2."""
    return (1 + sigma_s**2) / (1 + sigma_t**2) * (sigma_t**2 - sigma_s**2)


def learned_variance(place: Tensor, sigma_t: Tensor, sigma_s: Tensor) -> Tensor:
    """exp(v ln beta + (1 - v) ln beta-tilde) (Nichol and Dhariwal 2021, eq. 15), for sigma_s > 0."""
    low, high = posterior_variance(sigma_t, sigma_s).log(), beta_variance(sigma_t, sigma_s).log()
    return torch.exp(low + place * (high - low))


def step_divergence(
    x: Tensor, clean: Tensor, estimate: Tensor, place: Tensor, sigma_t: Tensor, sigma_s: Tensor
) -> Tensor:
    """KL divergence of the learned reverse step from the posterior q(x_s | x_t = x, clean), in bits an element.

    Args:
        x, clean, estimate, place: (b, c, h, w).
        sigma_t, sigma_s: (b, 1, 1, 1), sigma_s > 0.
    """
    true = posterior_variance(sigma_t, sigma_s)
    ours = learned_variance(place, sigma_t, sigma_s)
    apart = posterior_mean(x, clean, sigma_t, sigma_s) - posterior_mean(x, estimate, sigma_t, sigma_s)
    nats = 0.5 * (true / ours + apart**2 / ours - 1 + (ours / true).log())
    return nats / torch.log(torch.tensor(2.0))
