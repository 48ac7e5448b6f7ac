"""The training loss of a denoiser, restricted to the sector.

A batch may be a share of a larger one: other processes hold the rest. What is divided by belongs to the whole.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition, Preconditioned, Prepared, per_sample, prepared_without
from echo_studio.diffusion.families import Sdm, step_divergence, step_of
from echo_studio.diffusion.schedule import COSINE_STEPS, cosine_levels

_mean: ContextVar[Callable[[Tensor], Tensor] | None] = ContextVar("mean over the shares", default=None)


def mean_over_shares(value: Tensor) -> Tensor:
    """A number of this share, averaged over the shares that are computed at the same time; without any, itself."""
    mean = _mean.get()
    return value if mean is None else mean(value)


@contextmanager
def one_of_several(mean: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """What is computed in the block is a share; `mean` asks the others for theirs, who call it as often."""
    token = _mean.set(mean)
    try:
        yield
    finally:
        _mean.reset(token)


def sector_mean(per_pixel: Tensor, inside: Tensor) -> Tensor:
    """Mean over the pixels inside: elementwise product with the binarised label map, sum, division (003 III-E).

    Args:
        per_pixel: (b, c, h, w).
        inside: (b, 1, h, w), 1 inside the sector and 0 outside.

    Returns:
        A scalar; 0 where nothing is inside. Of a share of a batch it is the sum over the share, divided so that the
        mean over the shares is that of the batch: sectors are not equally large.
    """
    weight = inside.expand_as(per_pixel)
    return (per_pixel * weight).sum() / mean_over_shares(weight.sum()).clamp(min=1.0)


@dataclass(frozen=True)
class DenoisingLoss:
    """lambda(sigma) |D(clean + sigma n; sigma) - clean|^2, with levels and weight of the denoiser's family.

    SDM adds kl_weight times the variational bound, which trains the variance alone: the estimate is
    taken out of its gradient (Nichol and Dhariwal 2021, eq. 16). The bound sums over the steps of the
    chain, of which one was sampled, hence the factor T. Its first step (decoding) is left out: no noise is
    added there, so its variance is never used.

    Attributes:
        label_dropout: share of the samples that are denoised without their label map, which
            classifier-free guidance needs; see `denoiser.Guided`.
    """

    label_dropout: float = 0.0

    def __call__(self, denoiser: Preconditioned, clean: Tensor, condition: Condition) -> Tensor:
        """The loss of one batch; samples sigma, noise and dropped labels from torch's generator.

        Args:
            denoiser: D.
            clean: float32 (b, c, h, w), or (b, c, t, h, w) of clips.
            condition: of the same batch.
        """
        sigma = denoiser.family.sample_sigma(clean.shape[0], clean.device)
        level = per_sample(sigma, clean)
        noisy = clean + level * torch.randn_like(clean)
        estimate, place = denoiser.unclamped(noisy, sigma, self._prepare(denoiser, condition))
        per_pixel = per_sample(denoiser.family.weight(sigma), clean) * (estimate - clean) ** 2
        if isinstance(denoiser.family, Sdm) and place is not None:
            bits = _bound(noisy, clean, estimate.detach(), place, step_of(sigma).round().long())
            per_pixel = per_pixel + denoiser.family.kl_weight * COSINE_STEPS * bits
        return sector_mean(per_pixel, condition.inside)

    def _prepare(self, denoiser: Preconditioned, condition: Condition) -> Prepared:
        if (
            self.label_dropout == 0
        ):  # no random numbers, so that runs without it see the randomness that they always saw
            return denoiser.prepare(condition)
        count = condition.one_hot.shape[0]
        dropped = torch.rand(count, device=condition.one_hot.device) < self.label_dropout
        return prepared_without(denoiser, condition, dropped)


def _bound(noisy: Tensor, clean: Tensor, estimate: Tensor, place: Tensor, step: Tensor) -> Tensor:
    """The sampled steps' terms of the variational bound, bits an element; 0 at the first step of the chain."""
    levels = cosine_levels().to(noisy.device, torch.float32)
    # Where step is 0 another level stands in: a variance of 0 would poison the gradient behind `where`.
    sigma_t, sigma_s = (per_sample(levels[step.clamp(min=1) - back], noisy) for back in (0, 1))
    bits = step_divergence(noisy, clean, estimate, place, sigma_t, sigma_s)
    return torch.where(per_sample(step > 0, bits), bits, 0.0)
