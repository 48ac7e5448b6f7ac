"""What a sampler sees: D(x; sigma), an estimate of the clean x, guided by a condition that is prepared once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Condition:
    """What guides a batch of samples.

    Attributes:
        one_hot: float32 (b, 5, h, w), label maps at the resolution that is diffused; of clips (b, 5, t, h, w).
        view: int64 (b,), index into `types.VIEWS`.
        phase: int64 (b,), index into `types.PHASES`; of clips that of their first frame.
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
    """What of the condition every call shares, computed once a label map: see `Denoiser.prepare`."""

    inside: Tensor
    modulation: Any


class Denoiser(Protocol):
    """D(x; sigma | condition)."""

    def prepare(self, condition: Condition) -> Prepared:
        """Everything that depends on the label map alone; one call serves every NFE."""
        ...

    def __call__(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> Tensor:
        """Estimate of the clean x, float32 (b, c, h, w) or (b, c, t, h, w), for noisy x of that shape and sigma."""
        ...

    def with_variance(self, x: Tensor, sigma: Tensor, prepared: Prepared) -> tuple[Tensor, Tensor | None]:
        """The estimate and, where it is learned, the place of ln variance of the reverse step, of x's shape.

        0 is the variance of the posterior q(x_s | x_t, clean), 1 is beta's (Nichol and Dhariwal 2021, eq. 15).
        """
        ...


@dataclass(frozen=True)
class Bound:
    """A denoiser and what it was prepared for: all that a solver sees."""

    denoiser: Denoiser
    prepared: Prepared

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.denoiser(x, sigma, self.prepared)

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.denoiser.with_variance(x, sigma, self.prepared)


class ConditionedNetwork(Protocol):
    """F of Karras et al. 2022, eq. 7: what a preconditioner wraps. That of clips gets the frames' times as well."""

    def prepare(self, one_hot: Tensor, view: Tensor, phase: Tensor, *frame_time: Tensor) -> Any: ...

    def __call__(self, x: Tensor, c_noise: Tensor, modulation: Any) -> Tensor: ...


def per_sample(numbers: Tensor, like: Tensor) -> Tensor:
    """Numbers (b,) as (b, 1, ...), with as many axes as `like`, so that each multiplies its own sample."""
    return numbers.reshape(-1, *[1] * (like.ndim - 1))
