"""Randomness of each sample from its own seed, so that a sample does not depend on the batch in which it is made."""

from collections.abc import Sequence

import torch
from torch import Tensor


class SampleNoise:
    """Standard normal noise for a batch, each sample from a generator of its own seed.

    Draws happen on the CPU, in float32, whatever the device: the same seed gives the same
    noise on every machine.

    Args:
        seeds: one a sample.
        shape: of one sample, (c, h, w).
    """

    def __init__(self, seeds: Sequence[int], shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self) -> Tensor:
        """The next noise, float32 (b, *shape)."""
        return torch.stack([torch.randn(self.shape, generator=generator) for generator in self._generators])
