"""What a network does with a noise level apart from its features: four numbers a level, read from a table."""

import torch
from torch import Tensor, nn


class LevelTable(nn.Module):
    """A network inside another network's preconditioning: F(x, c) = skip(c) x + out(c) G(into(c) x, told(c)).

    The families differ in what they show their network and what they ask of it (Karras et al. 2022, Table 1). With this
    table a network that learned in one family is the same denoiser in another, from the first step on; see
    `train.warm_start.across_families`, which fills it. It is not trained.

    Args:
        knots: rows of the table; between two of them it is linear, beyond the ends constant.
    """

    def __init__(self, knots: int) -> None:
        super().__init__()
        self.register_buffer("at", torch.linspace(0, 1, knots))
        self.register_buffer("values", torch.tensor([[0.0], [1.0], [0.0], [1.0]]).repeat(1, knots))
        self.at: Tensor
        self.values: Tensor

    def forward(self, c_noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(b,) -> told (b,); into, skip and out (b, 1, 1, 1)."""
        c = c_noise.to(torch.float32).clamp(self.at[0], self.at[-1])
        above = torch.searchsorted(self.at, c.contiguous()).clamp(1, len(self.at) - 1)
        low, high = self.at[above - 1], self.at[above]
        share = (c - low) / (high - low)
        told, into, skip, out = torch.lerp(self.values[:, above - 1], self.values[:, above], share)
        return told, *(number.reshape(-1, 1, 1, 1) for number in (into, skip, out))

    @torch.no_grad()
    def fill(self, at: Tensor, values: Tensor) -> None:
        """Set the rows: c_noise rising (knots,) and told, into, skip, out (4, knots)."""
        self.at.copy_(at)
        self.values.copy_(values)
