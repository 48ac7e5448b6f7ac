"""Classifier-free guidance by the label map (000, eq. 1), off unless a scale is given.

The papers found that it adds little to echo frames and doubles the cost, and leave it out. It needs a
denoiser trained with label dropout.
"""

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition, Denoiser, Prepared, per_sample


def prepared_without(denoiser: Denoiser, condition: Condition, dropped: Tensor) -> Prepared:
    """`prepare` with the label maps of some samples taken away: zeros in every channel, as SDM's null input.

    View and phase stay, and so does the sector: outside it the background is known with or without labels.

    Args:
        denoiser: to prepare.
        condition: of a batch.
        dropped: bool (b,), True where the label map is taken away.
    """
    one_hot = torch.where(per_sample(dropped, condition.one_hot), 0.0, condition.one_hot)
    prepared = denoiser.prepare(dataclasses.replace(condition, one_hot=one_hot))
    return dataclasses.replace(prepared, inside=condition.inside)


@dataclass(frozen=True)
class Guided:
    """D + scale (D - D without the label map): the papers' eq. 1, in which noise and clean estimate change alike.

    NFE counts evaluations of this guided denoiser. Each runs the network once, on a batch of twice the
    size: a guided run takes the NFE of its request and about twice the time.

    Args:
        denoiser: trained with label dropout.
        scale: s of 000, eq. 1, from 0 (nothing changes) on.
    """

    denoiser: Denoiser
    scale: float

    def prepare(self, condition: Condition) -> Prepared:
        count = condition.one_hot.shape[0]
        twice = condition.map(lambda part: torch.cat([part, part]))
        dropped = torch.arange(2 * count, device=condition.one_hot.device) >= count
        return prepared_without(self.denoiser, twice, dropped)

    def __call__(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> Tensor:
        return self.with_variance(x, sigma, prepared)[0]

    def with_variance(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> tuple[Tensor, Tensor | None]:
        """The guided estimate; the variance is that with the label map."""
        both, variance = self.denoiser.with_variance(torch.cat([x, x]), torch.cat([sigma, sigma]), prepared)
        estimate, blind = both.chunk(2)
        guided = estimate + self.scale * (estimate - blind)
        return guided, None if variance is None else variance[: len(x)]
