"""What a sampler sees: D(x; sigma), an estimate of the clean x, guided by a condition that is prepared once."""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Condition:
    """What guides a batch of samples.

    Attributes:
        one_hot: float32 (b, 5, h, w), label maps at the resolution that is diffused.
        view: int64 (b,), index into `types.VIEWS`.
        phase: int64 (b,), index into `types.PHASES`.
    """

    one_hot: Tensor
    view: Tensor
    phase: Tensor

    @property
    def inside(self) -> Tensor:
        """(b, 1, h, w), 1 inside the sector and in every structure, 0 outside."""
        return 1.0 - self.one_hot[:, :1]

    def to(self, device: torch.device) -> "Condition":
        return Condition(self.one_hot.to(device), self.view.to(device), self.phase.to(device))


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
        """Estimate of the clean x, float32 (b, c, h, w), for noisy x of that shape and sigma (b,)."""
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
    """F of Karras et al. 2022, eq. 7: what a preconditioner wraps."""

    def prepare(self, one_hot: Tensor, view: Tensor, phase: Tensor) -> Any: ...

    def __call__(self, x: Tensor, c_noise: Tensor, modulation: Any) -> Tensor: ...
