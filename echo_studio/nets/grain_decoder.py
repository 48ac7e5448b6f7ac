"""A small decoder of latents whose grain is made of noise: how much of it, and how coarse, is told by two numbers.

The trunk works on the latents; two pixel shuffles bring it to the image. At each of them noise is added, so that
speckle, of which a latent knows only the local mean, is sampled and not blurred. The decoder is told where it is in the
beam (angle and depth), because real grain is wider across the beam and grows with depth.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LOOKS = ("grain", "coarseness")
BEAM_CHANNELS = 3
SCALES = 2  # at twice and four times the side of the latents


@dataclass(frozen=True)
class GrainDecoderConfig:
    """Channels at 64 x 64, 128 x 128 and 256 x 256, residual blocks of the trunk, noise channels a scale."""

    channels: tuple[int, int, int] = (48, 32, 16)
    blocks: int = 3
    noise: int = 2

    @property
    def factor(self) -> int:
        """Pixels a latent, along each axis."""
        return 4


class GrainDecoder(nn.Module):
    """Latents to an image, with noise from outside.

    Shapes: latent (b, 1, h, w), scaled as diffused; beams (b, 3, h, w), see `data.beams`; noise of `noise_shapes`;
    looks (b, 2), standardised over the training frames: grain and coarseness (`looks_of`); image (b, 1, 4h, 4w).
    """

    def __init__(self, config: GrainDecoderConfig) -> None:
        super().__init__()
        self.config = config
        wide, middle, thin = config.channels
        into = 1 + BEAM_CHANNELS
        self.trunk = nn.Sequential(
            nn.Conv2d(into, wide, 3, padding=1), *[_Residual(wide) for _ in range(config.blocks)]
        )
        self.up_middle = nn.Conv2d(wide, 4 * middle, 3, padding=1)
        self.grain_middle = _Grain(config.noise, middle)
        self.block_middle = _Residual(middle)
        self.up_thin = nn.Conv2d(middle, 4 * thin, 3, padding=1)
        self.grain_thin = _Grain(config.noise, thin)
        self.block_thin = _Residual(thin)
        self.head = nn.Conv2d(thin, 1, 3, padding=1)

    def noise_shapes(self, height: int, width: int) -> list[tuple[int, int, int]]:
        """Of the noise for latents of that size: channels, rows and columns at each scale."""
        return [(self.config.noise, height << scale, width << scale) for scale in (1, 2)]

    def forward(self, latent: Tensor, beams: Tensor, noise: list[Tensor], looks: Tensor) -> Tensor:
        h = self.trunk(torch.cat([latent, beams], 1).contiguous(memory_format=torch.channels_last))
        h = F.pixel_shuffle(self.up_middle(F.silu(h)), 2)
        h = self.block_middle(self.grain_middle(h, noise[0], looks))
        h = F.pixel_shuffle(self.up_thin(F.silu(h)), 2)
        h = self.block_thin(self.grain_thin(h, noise[1], looks))
        return self.head(F.silu(h))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.into = nn.Conv2d(channels, channels, 3, padding=1)
        self.out = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.out(F.silu(self.into(F.silu(x))))


class _Grain(nn.Module):
    """Adds noise to features; its strength follows from the looks, and from the features themselves."""

    def __init__(self, noise: int, channels: int) -> None:
        super().__init__()
        self.spread = nn.Conv2d(noise, channels, 1, bias=False)
        self.gain = nn.Linear(len(LOOKS), channels)
        self.local = nn.Conv2d(channels, channels, 1)
        for layer in (self.gain, self.local):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, noise: Tensor, looks: Tensor) -> Tensor:
        gain = (self.gain(looks)[:, :, None, None] + self.local(x)).clamp(-3.0, 3.0).exp()
        return x + self.spread(noise) * gain
