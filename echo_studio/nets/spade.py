"""Spatially-adaptive denormalisation (Park et al. 2019), as 003 eq. 15 uses it.

Gamma and beta depend on the label map alone, so they are computed once (`modulation`) and reused
by every call of the network: the released code computes them again at each of up to 1000 calls.
"""

import torch.nn.functional as F
from torch import Tensor, nn

Modulation = tuple[Tensor, Tensor]  # gamma, beta, each (b, channels, h, w)


def group_count(channels: int) -> int:
    """Groups of a GroupNorm: at most 32, at least 4 channels each, and a divisor of the channels."""
    return next(groups for groups in range(min(32, max(1, channels // 4)), 0, -1) if channels % groups == 0)


class Spade(nn.Module):
    """gamma(m) * (h - mu) / sigma + beta(m), over a GroupNorm without parameters.

    Args:
        channels: of h.
        mask_channels: of the mask features, which all SPADE layers of one resolution share.
    """

    def __init__(self, channels: int, mask_channels: int) -> None:
        super().__init__()
        self.groups = group_count(channels)
        self.gamma_beta = nn.Conv2d(mask_channels, 2 * channels, 3, padding=1)

    def modulation(self, mask_features: Tensor) -> Modulation:
        """(b, mask_channels, h, w) -> gamma and beta."""
        gamma, beta = self.gamma_beta(mask_features).chunk(2, dim=1)
        return gamma, beta

    def forward(self, h: Tensor, modulation: Modulation) -> Tensor:
        gamma, beta = modulation
        return F.group_norm(h, self.groups) * (1 + gamma) + beta
