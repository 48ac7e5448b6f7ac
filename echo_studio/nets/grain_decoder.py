"""A small decoder of latents whose grain is made of noise: how much of it, and how coarse, is told by two numbers.

The trunk works on the latents; pixel shuffles bring it to the image. At each of them noise is added, so that
speckle, of which a latent knows only the local mean, is sampled and not blurred. The decoder is told where it is in the
beam (angle and depth), because real grain is wider across the beam and grows with depth. A critic, which tells painted
grain from real grain while the decoder is trained, sees crops and their high-pass.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.types import BoolMask, GrayImage

LOOKS = ("grain", "coarseness")
BEAM_CHANNELS = 3
EDGE = np.ones((21, 21), np.uint8)  # pixels within 10 of the sector's edge say nothing of its grain


@dataclass(frozen=True)
class GrainDecoderConfig:
    """Channels at the side of the latents and at each doubling of it, blocks of the trunk, noise channels a scale."""

    channels: tuple[int, ...] = (48, 32, 16)
    blocks: int = 3
    noise: int = 2

    @property
    def factor(self) -> int:
        """Pixels a latent, along each axis."""
        return int(2 ** (len(self.channels) - 1))


class GrainDecoder(nn.Module):
    """Latents to an image, with noise from outside.

    Shapes: latent (b, 1, h, w), scaled as diffused; beams (b, 3, h, w), see `beam_maps`; noise of `noise_shapes`;
    looks (b, 2), grain and coarseness, standardised over the training frames; image (b, 1, factor h, factor w).
    """

    def __init__(self, config: GrainDecoderConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.trunk = nn.Sequential(
            nn.Conv2d(1 + BEAM_CHANNELS, channels[0], 3, padding=1),
            *[_Residual(channels[0]) for _ in range(config.blocks)],
        )
        self.doublings = nn.ModuleList(_Doubling(wide, thin, config.noise) for wide, thin in pairwise(channels))
        self.head = nn.Conv2d(channels[-1], 1, 3, padding=1)

    def noise_shapes(self, height: int, width: int) -> list[tuple[int, int, int]]:
        """Of the noise for latents of that size: channels, rows and columns at each doubling."""
        return [(self.config.noise, height << scale, width << scale) for scale in range(1, len(self.doublings) + 1)]

    def forward(self, latent: Tensor, beams: Tensor, noise: Sequence[Tensor], looks: Tensor) -> Tensor:
        h = self.trunk(torch.cat([latent, beams], 1).contiguous(memory_format=torch.channels_last))
        for doubling, own in zip(self.doublings, noise, strict=True):
            h = doubling(h, own, looks)
        return self.head(F.silu(h))


class _Doubling(nn.Module):
    """Twice the side by a pixel shuffle, then noise whose strength follows from the looks and the features."""

    def __init__(self, wide: int, thin: int, noise: int) -> None:
        super().__init__()
        self.up = nn.Conv2d(wide, 4 * thin, 3, padding=1)
        self.spread = nn.Conv2d(noise, thin, 1, bias=False)
        self.gain = nn.Linear(len(LOOKS), thin)
        self.local = nn.Conv2d(thin, thin, 1)
        for parameter in (*self.gain.parameters(), *self.local.parameters()):
            nn.init.zeros_(parameter)
        self.block = _Residual(thin)

    def forward(self, x: Tensor, noise: Tensor, looks: Tensor) -> Tensor:
        h = F.pixel_shuffle(self.up(F.silu(x)), 2)
        gain = (self.gain(looks)[:, :, None, None] + self.local(h)).clamp(-3.0, 3.0).exp()
        return self.block(torch.addcmul(h, self.spread(noise), gain))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.into = nn.Conv2d(channels, channels, 3, padding=1)
        self.out = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.silu(self.into(F.silu(x)))).add_(x)


class GrainCritic(nn.Module):
    """Scores of a crop at three scales, from the crop, its high-pass and the latent below it.

    No spectral norm: with it the critic did not see grain at all. The finest scores come from full resolution, where
    grain is; the others from half and an eighth of it.

    Shapes: image (b, 1, h, w) in [-1, 1]; latent (b, 1, h / factor, w / factor); looks (b, 2).
    """

    def __init__(self) -> None:
        super().__init__()
        self.at_full = nn.Sequential(
            nn.Conv2d(2, 24, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(24, 24, 3, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.at_half = nn.Sequential(nn.Conv2d(25, 64, 4, 2, 1), nn.LeakyReLU(0.2))
        self.at_quarter = nn.Sequential(nn.Conv2d(64, 96, 4, 2, 1), nn.LeakyReLU(0.2))
        self.at_eighth = nn.Sequential(nn.Conv2d(96, 128, 4, 2, 1), nn.LeakyReLU(0.2))
        self.scores = nn.ModuleList([nn.Conv2d(width, 1, 1) for width in (24, 64, 128)])
        self.looks = nn.Linear(len(LOOKS), 128)

    def forward(self, image: Tensor, latent: Tensor, looks: Tensor) -> list[Tensor]:
        fine = 4 * (image - blur(image, 1.5))
        first = self.at_full(torch.cat([image, fine], 1).contiguous(memory_format=torch.channels_last))
        second = self.at_half(torch.cat([first, F.interpolate(latent, size=first.shape[-2:])], 1))
        last = self.at_eighth(self.at_quarter(second))
        of_looks = (last * self.looks(looks)[:, :, None, None]).mean(1, keepdim=True)
        return [self.scores[0](first), self.scores[1](second), self.scores[2](last) + of_looks]


def blur(image: Tensor, sigma: float) -> Tensor:
    """A Gaussian blur of float32 (b, 1, h, w), mirrored at the border."""
    radius = max(1, int(3 * sigma))
    taps = torch.exp(-((torch.arange(-radius, radius + 1, device=image.device) / sigma) ** 2) / 2)
    taps = taps / taps.sum()
    padded = F.pad(image, (radius,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, taps[None, None, None]), taps[None, None, :, None])


def inner_sector(inside: BoolMask) -> BoolMask:
    """bool (h, w): what is more than 10 pixels inside the sector, from `inside`, True in the sector."""
    return np.asarray(cv2.erode(inside.astype(np.uint8), EDGE, borderValue=0) > 0)


def high_pass_strength(image: GrayImage, within: BoolMask, sigma: float) -> float:
    """Deviation, in grey levels, of a frame minus its Gaussian blur.

    Args:
        image: uint8 (h, w).
        within: (h, w) True where the deviation is taken.
        sigma: of the blur, in pixels.
    """
    grey = image.astype(np.float32)
    return float((grey - cv2.GaussianBlur(grey, (0, 0), sigma))[within].std())


def look_of(image: GrayImage, inside: BoolMask) -> tuple[float, float]:
    """How strong a frame's grain is and how coarse: logarithms of the high-pass deviation at 1 pixel, and of that at
    2.5 pixels over it, more than 10 pixels inside the sector."""
    within = inner_sector(inside)
    fine, coarse = (high_pass_strength(image, within, sigma) + 1e-3 for sigma in (1.0, 2.5))
    return math.log(fine), math.log(coarse / fine)
