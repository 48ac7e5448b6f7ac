"""The training loss of a denoiser, restricted to the sector."""

from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition, Denoiser


def sector_mean(per_pixel: Tensor, inside: Tensor) -> Tensor:
    """Mean over the pixels inside: elementwise product with the binarised label map, sum, division (003 III-E).

    Args:
        per_pixel: (b, c, h, w).
        inside: (b, 1, h, w), 1 inside the sector and 0 outside.

    Returns:
        A scalar; 0 where nothing is inside.
    """
    weight = inside.expand_as(per_pixel)
    return (per_pixel * weight).sum() / weight.sum().clamp(min=1.0)


@dataclass(frozen=True)
class EdmLoss:
    """Karras et al. 2022, Table 1: ln sigma ~ N(p_mean, p_std^2), weight 1 / c_out^2."""

    sigma_data: float
    p_mean: float = -1.2
    p_std: float = 1.2

    def __call__(self, denoiser: Denoiser, clean: Tensor, condition: Condition) -> Tensor:
        """The loss of one batch; draws sigma and noise from torch's generator.

        Args:
            denoiser: D.
            clean: float32 (b, c, h, w).
            condition: of the same batch.
        """
        sigma = torch.exp(self.p_mean + self.p_std * torch.randn(clean.shape[0], device=clean.device))
        noisy = clean + sigma.reshape(-1, 1, 1, 1) * torch.randn_like(clean)
        estimate = denoiser(noisy, sigma, denoiser.prepare(condition))
        weight = (sigma**2 + self.sigma_data**2) / (sigma * self.sigma_data) ** 2
        return sector_mean(weight.reshape(-1, 1, 1, 1) * (estimate - clean) ** 2, condition.inside)
