"""What a sampler sees: D(x; sigma), an estimate of the clean x, guided by a condition that is prepared once.

A network becomes one by the preconditioning of its family (Karras et al. 2022, eq. 7). Classifier-free guidance by the
label map (000, eq. 1) is off unless a scale is given: the papers found that it adds little to echo frames and doubles
the cost. `NoiseMap` is what a diffusion model can be distilled to: from noise to samples in one call.
"""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from echo_studio.diffusion.families import Family


@dataclass(frozen=True)
class Condition:
    """What guides a batch of samples.

    Attributes:
        one_hot: float32 (b, 5, h, w), label maps at the resolution that is diffused; of clips (b, 5, t, h, w).
        view: int64 (b,), index into `types.VIEWS`.
        phase: int64 (b,), index into `types.PHASES`; of clips that of their first frame. Of the frames of a beat, which
            are guided one by one, float32: how far they are from end diastole (0) to end systole (1).
        frame_time: of clips float32 (b, t), where in the cardiac cycle each frame is, from 0 (end diastole) to below 1.
    """

    one_hot: Tensor
    view: Tensor
    phase: Tensor
    frame_time: Tensor | None = None

    @property
    def inside(self) -> Tensor:
        """(b, 1, h, w) or (b, 1, t, h, w), 1 inside the sector and in every structure, 0 outside."""
        return 1.0 - self.one_hot[:, :1]

    def map(self, change: Callable[[Tensor], Tensor]) -> "Condition":
        """The same with every tensor changed."""
        time = None if self.frame_time is None else change(self.frame_time)
        return Condition(change(self.one_hot), change(self.view), change(self.phase), time)

    def to(self, device: torch.device) -> "Condition":
        return self.map(lambda tensor: tensor.to(device))


@dataclass(frozen=True)
class Prepared:
    """What of the condition every call shares, computed once a label map: see `Preconditioned.prepare`."""

    inside: Tensor
    modulation: Any


class ConditionedNetwork(Protocol):
    """F of Karras et al. 2022, eq. 7: what a preconditioner wraps. That of clips gets the frames' times as well."""

    def prepare(self, one_hot: Tensor, view: Tensor, phase: Tensor, *frame_time: Tensor) -> Any: ...

    def __call__(self, x: Tensor, c_noise: Tensor, modulation: Any) -> Tensor: ...


def per_sample(numbers: Tensor, like: Tensor) -> Tensor:
    """Numbers (b,) as (b, 1, ...), with as many axes as `like`, so that each multiplies its own sample."""
    return numbers.reshape(-1, *[1] * (like.ndim - 1))


@dataclass(frozen=True)
class Preconditioned:
    """The denoiser of a family around a network.

    Args:
        network: F, float32 (b, c, h, w) -> (b, heads c, h, w).
        family: gives the coefficients.
        background: value of clean data outside the sector. The loss covers the sector alone
            (003 III-E), so F is free outside it; the known value takes its place there, which
            keeps what the network sees while sampling equal to what it saw in training.
        limit: estimates are clamped to [-limit, limit], the range of the data, in which the best estimate lies:
            it can only come closer. Needed where the network predicts noise, whose error is multiplied by sigma.
    """

    network: ConditionedNetwork
    family: Family
    background: float
    limit: float = math.inf

    def prepare(self, condition: Condition) -> Prepared:
        """Everything that depends on the label map alone; one call serves every NFE."""
        time = () if condition.frame_time is None else (condition.frame_time,)
        modulation = self.network.prepare(condition.one_hot, condition.view, condition.phase, *time)
        return Prepared(condition.inside, modulation)

    def __call__(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> Tensor:
        """Estimate of the clean x, float32 (b, c, h, w) or (b, c, t, h, w), for noisy x of that shape and sigma."""
        return self.with_variance(x, sigma, prepared)[0]

    def with_variance(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> tuple[Tensor, Tensor | None]:
        """The estimate and, where it is learned, the place of ln variance of the reverse step, of x's shape.

        0 is the variance of the posterior q(x_s | x_t, clean), 1 is beta's (Nichol and Dhariwal 2021, eq. 15).
        """
        estimate, variance = self.unclamped(x, sigma, prepared)
        estimate = estimate.clamp(-self.limit, self.limit)
        return torch.where(prepared.inside > 0, estimate, self.background), variance

    def unclamped(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> tuple[Tensor, Tensor | None]:
        """What the network says: the estimate as the loss needs it, and the place of the variance."""
        x = x.to(torch.float32)
        skip, out, into, noise = self.family.coefficients(sigma.to(torch.float32))
        into, skip, out = (per_sample(c, x) for c in (into, skip, out))
        answer = self.network(into * x, noise * self.family.noise_unit, prepared.modulation).to(torch.float32)
        if self.family.heads == 1:
            return skip * x + out * answer, None
        first, second = answer.chunk(2, dim=1)
        # -1 to 1 in Nichol and Dhariwal 2021; a head that is 0 lies in the middle.
        return skip * x + out * first, (second + 1) / 2


def prepared_without(denoiser: Preconditioned, condition: Condition, dropped: Tensor) -> Prepared:
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
    """D + scale (D - D without the label map), as bright and hard as D (see `within`): the papers' eq. 1, in which
    noise and clean estimate change alike.

    NFE counts evaluations of this guided denoiser. Each runs the network once, on a batch of twice the
    size: a guided run takes the NFE of its request and about twice the time.

    Args:
        denoiser: trained with label dropout.
        scale: s of 000, eq. 1, from 0 (nothing changes) on.
    """

    denoiser: Preconditioned
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
        guided = within(estimate, guided, prepared.inside[: len(x)] > 0)
        return guided, None if variance is None else variance[: len(x)]


# Share of the way back to the estimate's deviation, as Lin et al. have it. All the way and pictures get flat, because
# estimates at high noise levels are blurred; none and they burn.
BACK = 0.7


def within(estimate: Tensor, guided: Tensor, inside: Tensor) -> Tensor:
    """A guided estimate with the mean and at most the range of the one with the label map, and nearly its deviation.

    A large scale makes pictures brighter and harder until they burn. Its mean over the sector is brought back, and its
    deviation a part of the way, sample by sample (Lin et al. 2024, "Common Diffusion Noise Schedules and Sample Steps
    are Flawed", 3.4, for the deviation). What still lies beyond the range is cut (Saharia et al. 2022, 2.3).

    Args:
        estimate, guided: (b, c, h, w) or (b, c, t, h, w).
        inside: bool, True in the sector, of a shape that spreads to theirs.
    """
    axes = tuple(range(1, estimate.ndim))
    number = inside.expand_as(estimate).sum(axes, keepdim=True).clamp(min=1)

    def moments(values: Tensor) -> tuple[Tensor, Tensor]:
        mean = values.where(inside, 0.0).sum(axes, keepdim=True) / number
        return mean, ((values - mean).where(inside, 0.0).square().sum(axes, keepdim=True) / number).sqrt()

    (mean, deviation), (own_mean, own) = moments(estimate), moments(guided)
    brought = (guided - own_mean) * (BACK * deviation / own.clamp(min=1e-8) + 1 - BACK) + mean
    cut = brought.maximum(estimate.amin(axes, keepdim=True)).minimum(estimate.amax(axes, keepdim=True))
    return torch.where(inside, cut, estimate)


@dataclass(frozen=True)
class Bound:
    """A denoiser and what it was prepared for: all that a solver sees."""

    denoiser: Preconditioned | Guided
    prepared: Prepared

    @classmethod
    def of(cls, denoiser: Preconditioned, condition: Condition, guidance: float = 0.0) -> "Bound":
        """The denoiser for samples of a condition; guided where a scale is given."""
        used = Guided(denoiser, guidance) if guidance else denoiser
        return cls(used, used.prepare(condition))

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.denoiser(x, sigma, self.prepared)

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.denoiser.with_variance(x, sigma, self.prepared)


# What the network gets in place of a noise level, always the same: what EDM gives it at sigma = 80, where sampling
# starts. There D(x; sigma) = sigma_data F(x / sigma) nearly, so that a student may start from EDM's weights.
C_NOISE = math.log(80.0) / 4


@dataclass(frozen=True)
class NoiseMap:
    """Standard normal noise -> scale * F(noise) inside the sector, the known background outside it.

    Args:
        network: F, float32 (b, c, h, w) -> (b, c, h, w).
        scale: standard deviation of the samples inside the sector.
        background: value of samples outside the sector; see `Preconditioned`.
    """

    network: ConditionedNetwork
    scale: float
    background: float

    def prepare(self, condition: Condition) -> Prepared:
        """What of the condition the network needs."""
        modulation = self.network.prepare(condition.one_hot, condition.view, condition.phase)
        return Prepared(condition.inside, modulation)

    def __call__(self, noise: Tensor, prepared: Prepared) -> Tensor:
        """Samples, float32 of the noise's shape."""
        return torch.where(prepared.inside > 0, self.unmasked(noise, prepared), self.background)

    def unmasked(self, noise: Tensor, prepared: Prepared) -> Tensor:
        """What the network says, outside the sector too."""
        level = torch.full((noise.shape[0],), C_NOISE, device=noise.device)
        return self.scale * self.network(noise, level, prepared.modulation).to(torch.float32)
