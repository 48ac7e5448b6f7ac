"""CycleGAN (Zhu et al. 2017), the baseline of 000: two generators, label map to echo and echo to label map."""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.nets.unet_blocks import Downsample, Upsample, group_count, zeroed

SURE = 30.0  # a logit that softmax takes for certain, and that half precision holds


@dataclass(frozen=True)
class CycleGANConfig:
    """Shape of both generators: residual blocks at the coarsest level, as in the paper, and skips of a U-Net.

    Zhu et al.'s generator is widths=(64, 128, 256), blocks=9, patch=1.

    Attributes:
        widths: channels a level, each level at half the resolution of the one above.
        blocks: residual blocks at the coarsest level.
        patch: pixels along each axis that the first level takes together (pixel-unshuffle); 1 for none.
        fine_channels: at full resolution, before the last convolution.
        labels: of the label map, the first of which is outside.
    """

    widths: tuple[int, ...] = (48, 64, 96)
    blocks: int = 4
    patch: int = 4
    fine_channels: int = 12
    labels: int = 5

    @property
    def factor(self) -> int:
        """Frames' sides must be divisible by it."""
        return int(self.patch * 2 ** (len(self.widths) - 1))


class CycleGAN(nn.Module):
    """Both generators, kept together since each is trained through the other; a frame needs `to_echo` alone.

    Unlike Zhu et al.'s, the echo has an input of noise beside the label map: a label map is constant over large
    areas, where a convolutional network without noise has nothing to make speckle of.

    Shapes: label maps as one-hot or probabilities (b, labels, h, w); echoes and noise (b, 1, h, w), echoes in [-1, 1].
    """

    def __init__(self, config: CycleGANConfig) -> None:
        super().__init__()
        self.config = config
        self.echo = Translator(config.labels + 1, 1, config)
        self.label_map = Translator(1, config.labels - 1, config)

    def to_echo(self, labels: Tensor, noise: Tensor) -> Tensor:
        """An echo of a label map, float32, exactly -1 where the label map is outside."""
        echo = torch.tanh(self.echo(torch.cat([labels, noise], dim=1)).float())
        return torch.where(labels[:, :1] > 0.5, -1.0, echo)

    def to_labels(self, echo: Tensor, inside: Tensor) -> Tensor:
        """Logits float32 (b, labels, h, w) of an echo. Black around the sector is outside, the sector never.

        Args:
            echo: (b, 1, h, w).
            inside: (b, 1, h, w), 1 in the sector and 0 around it: an echo shows its sector.
        """
        structures = self.label_map(echo).float()
        return torch.cat([SURE - 2 * SURE * inside, structures * inside], dim=1)


class Translator(nn.Module):
    """Pixels to pixels: down, residual blocks, up with skips, and a last look at the input at full resolution."""

    def __init__(self, inputs: int, outputs: int, config: CycleGANConfig) -> None:
        super().__init__()
        widths, self.patch = config.widths, config.patch
        self.stem = nn.Conv2d(inputs * config.patch**2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Sequential(OrderedDict(shrink=Downsample(width), project=nn.Conv2d(width, below, 1)))
            for width, below in pairwise(widths)
        )
        self.middle = nn.Sequential(*(_Block(widths[-1]) for _ in range(config.blocks)))
        self.up = nn.ModuleList(_Up(below, width) for below, width in pairwise(widths[::-1]))
        fine = config.fine_channels
        self.unfold = nn.Conv2d(widths[0], fine * config.patch**2, 1)
        self.fine = nn.Conv2d(inputs + fine, fine, 3, padding=1)
        self.head = nn.Conv2d(fine, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, inputs, h, w) -> (b, outputs, h, w), h and w divisible by `config.factor`."""
        x = x.contiguous(memory_format=torch.channels_last)
        h = self.stem(F.pixel_unshuffle(x, self.patch))
        skips = []
        for down in self.down:
            skips.append(h)
            h = down(h)
        h = self.middle(h)
        for up in self.up:
            h = up(h, skips.pop())
        h = F.pixel_shuffle(F.silu(self.unfold(h)), self.patch).contiguous(memory_format=torch.channels_last)
        return self.head(F.silu(self.fine(torch.cat([h, x.to(h.dtype)], dim=1))))


class _Up(nn.Module):
    """To twice the resolution and another width, with what the way down had there."""

    def __init__(self, below: int, width: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(below, width, 1)
        self.grow = Upsample(width)
        self.block = _Block(width)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.block(self.grow(self.project(x)) + skip)


class _Block(nn.Module):
    """Residual block, its norms before the convolutions; starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_in = nn.GroupNorm(group_count(width), width)
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.norm_out = nn.GroupNorm(group_count(width), width)
        self.conv_out = zeroed(nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_in(F.silu(self.norm_in(x)))
        return x + self.conv_out(F.silu(self.norm_out(h)))
