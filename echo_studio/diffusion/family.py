"""What sets one family of diffusion models apart from another (Karras et al. 2022, Table 1), in sigma-space."""

from typing import ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor


class Coefficients(NamedTuple):
    """D(x; sigma) = c_skip x + c_out F(c_in x; c_noise) (Karras et al. 2022, eq. 7), each (b,)."""

    skip: Tensor
    out: Tensor
    into: Tensor
    noise: Tensor


class Family(Protocol):
    """Preconditioning, and the noise levels and weights of training.

    Attributes:
        label: for people.
        schedule: the name in `schedule.SCHEDULES` of its own noise levels for sampling.
        heads: what the network answers for each channel: 1, or 2 where it learns the variance too.
        noise_unit: brings `Coefficients.noise`, which is as in the papers, to the few units that a
            backbone's sinusoids are made for; for sinusoids it is no more than a choice of frequencies.
        clamped: whether estimates are clamped to the range of the data while sampling, which families need
            that predict the noise at every level: an error of the network is multiplied by sigma there.
    """

    label: ClassVar[str]
    schedule: ClassVar[str]
    heads: ClassVar[int]
    noise_unit: ClassVar[float]
    clamped: ClassVar[bool]

    def coefficients(self, sigma: Tensor) -> Coefficients:
        """For sigma > 0, float32 (b,)."""
        ...

    def draw_sigma(self, count: int, device: torch.device) -> Tensor:
        """Noise levels to train on, float32 (count,), from torch's global generator."""
        ...

    def weight(self, sigma: Tensor) -> Tensor:
        """lambda(sigma), the weight of |D - clean|^2 in the loss, (b,)."""
        ...
