"""What a diffusion model can be distilled to: a map from noise to samples, one call and no noise levels."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from echo_studio.diffusion.denoiser import Condition, ConditionedNetwork, Prepared

# What the network gets in place of a noise level, always the same: what EDM gives it at sigma = 80, where sampling
# starts. There D(x; sigma) = sigma_data F(x / sigma) nearly, so that a student may start from EDM's weights.
C_NOISE = math.log(80.0) / 4


@dataclass(frozen=True)
class NoiseMap:
    """Standard normal noise -> scale * F(noise) inside the sector, the known background outside it.

    Args:
        network: F, float32 (b, c, h, w) -> (b, c, h, w).
        scale: standard deviation of the samples inside the sector.
        background: value of samples outside the sector; see `precondition.Preconditioned`.
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
