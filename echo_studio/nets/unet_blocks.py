"""The blocks of the SPADE U-Net, and the configuration that they share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Modulation = tuple[Tensor, Tensor]  # gamma, beta, each (b, channels, h, w)
MakeBlock = Callable[[int, int, int], nn.Module]


def group_count(channels: int) -> int:
    """Groups of a GroupNorm: at most 32, at least 4 channels each, and a divisor of the channels."""
    return next(groups for groups in range(min(32, max(1, channels // 4)), 0, -1) if channels % groups == 0)


class Spade(nn.Module):
    """gamma(m) * (h - mu) / sigma + beta(m), over a GroupNorm without parameters.

    Args:
        channels: of h.
        mask_channels: of the mask features, which all SPADE layers of one resolution share.
    """

    def __init__(self, channels: int, mask_channels: int) -> None:
        super().__init__()
        self.groups = group_count(channels)
        self.gamma_beta = nn.Conv2d(mask_channels, 2 * channels, 3, padding=1)

    def modulation(self, mask_features: Tensor) -> Modulation:
        """(b, mask_channels, h, w) -> gamma and beta."""
        gamma, beta = self.gamma_beta(mask_features).chunk(2, dim=1)
        return gamma, beta

    def forward(self, h: Tensor, modulation: Modulation) -> Tensor:
        gamma, beta = modulation
        return F.group_norm(h, self.groups) * (1 + gamma) + beta


@dataclass(frozen=True)
class SpadeUNetConfig:
    """Shape of the network. `widths` are channels a level, each level at half the resolution of the one above.

    The paper's EDM is channels=1, widths=(192, 384, 576, 768), blocks=3, mask_channels=128,
    attention from the second level down, dropout=0.1.

    Attributes:
        patch: pixels along each axis that the first level takes together (pixel-unshuffle); 1 for none.
        fine_channels: of the branch at full resolution, which networks with patch > 1 have.
        heads: numbers answered a channel: 2 where the variance is learned.
        level_knots: rows of a `LevelTable` around the network; 0 for none, as in the papers.
    """

    channels: int = 1
    widths: tuple[int, ...] = (32, 64, 128, 128)
    blocks: int = 2
    attention_levels: tuple[int, ...] = (2, 3)
    head_channels: int = 64
    mask_channels: int = 24
    labels: int = 5
    views: int = 2
    phases: int = 2
    dropout: float = 0.0
    patch: int = 1
    fine_channels: int = 16
    heads: int = 1
    level_knots: int = 0

    @property
    def embedding(self) -> int:
        return 4 * self.widths[0]

    @property
    def mask_scales(self) -> list[int]:
        """Pixels of the label map a mask pixel: one a level, then that of the branch at full resolution."""
        levels = [self.patch * 2**level for level in range(len(self.widths))]
        return [*levels, 1] if self.patch > 1 else levels


class EncoderBlock(nn.Module):
    """Residual block with GroupNorm, scale and shift from the embedding, attention where the level has it."""

    def __init__(self, width_in: int, width: int, level: int, config: SpadeUNetConfig) -> None:
        super().__init__()
        self.norm_in = nn.GroupNorm(group_count(width_in), width_in)
        self.conv_in = nn.Conv2d(width_in, width, 3, padding=1)
        self.scale_shift = nn.Linear(config.embedding, 2 * width)
        self.norm_out = nn.GroupNorm(group_count(width), width)
        self.dropout = nn.Dropout(config.dropout)
        self.conv_out = zeroed(nn.Conv2d(width, width, 3, padding=1))
        self.skip = nn.Conv2d(width_in, width, 1) if width_in != width else nn.Identity()
        self.attention = _attention(width, level, config)

    def forward(self, x: Tensor, embedding: Tensor, _layers: Iterator[Modulation]) -> Tensor:
        h = self.conv_in(F.silu(self.norm_in(x)))
        h = _modulated(self.norm_out(h), self.scale_shift(embedding))
        h = self.conv_out(self.dropout(F.silu(h)))
        return self.attention(self.skip(x) + h)


class DecoderBlock(nn.Module):
    """The same block with both norms replaced by SPADE, which take the next two of the layers' modulations."""

    def __init__(self, width_in: int, width: int, level: int, config: SpadeUNetConfig) -> None:
        super().__init__()
        self.level = level
        self.spade_in = Spade(width_in, config.mask_channels)
        self.conv_in = nn.Conv2d(width_in, width, 3, padding=1)
        self.scale_shift = nn.Linear(config.embedding, 2 * width)
        self.spade_out = Spade(width, config.mask_channels)
        self.dropout = nn.Dropout(config.dropout)
        self.conv_out = zeroed(nn.Conv2d(width, width, 3, padding=1))
        self.skip = nn.Conv2d(width_in, width, 1) if width_in != width else nn.Identity()
        self.attention = _attention(width, level, config)

    def forward(self, x: Tensor, embedding: Tensor, layers: Iterator[Modulation]) -> Tensor:
        h = self.conv_in(F.silu(self.spade_in(x, next(layers))))
        h = _modulated(self.spade_out(h, next(layers)), self.scale_shift(embedding))
        h = self.conv_out(self.dropout(F.silu(h)))
        return self.attention(self.skip(x) + h)


class _Attention(nn.Module):
    """Multi-head self-attention over pixels, residual."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(group_count(width), width)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.out = zeroed(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        b, c, height, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(b, 3, self.heads, c // self.heads, height * width)
        q, k, v = qkv.transpose(3, 4).unbind(1)
        h = F.scaled_dot_product_attention(q, k, v).transpose(2, 3).reshape(b, c, height, width)
        return x + self.out(h)


class Downsample(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, x: Tensor, *_context: object) -> Tensor:
        return self.conv(x)


class Upsample(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor, *_context: object) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class Ways(NamedTuple):
    """The way down of a U-Net, its middle, its way up, and the channels at the end."""

    encoder: nn.ModuleList
    middle: nn.ModuleList
    decoder: nn.ModuleList
    width: int


def unet_ways(config: SpadeUNetConfig, encoder_block: MakeBlock, decoder_block: MakeBlock) -> Ways:
    """The blocks of a U-Net: `config.blocks` a level on the way down, one more on the way up.

    Args:
        encoder_block, decoder_block: from channels in, channels out and level; the middle is of decoder blocks.
    """
    encoder, middle, decoder = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
    skips = [width := config.widths[0]]
    deepest = len(config.widths) - 1
    for level, out in enumerate(config.widths):
        for _ in range(config.blocks):
            encoder.append(encoder_block(width, out, level))
            skips.append(width := out)
        if level < deepest:
            encoder.append(Downsample(width))
            skips.append(width)
    middle.extend(decoder_block(width, width, deepest) for _ in range(2))
    for level in reversed(range(deepest + 1)):
        for _ in range(config.blocks + 1):
            decoder.append(decoder_block(width + skips.pop(), config.widths[level], level))
            width = config.widths[level]
        if level > 0:
            decoder.append(Upsample(width))
    return Ways(encoder, middle, decoder, width)


def down_and_up(h: Tensor, network: nn.Module, *context: object) -> Tensor:
    """Features through the ways of a U-Net, which has them as `encoder`, `middle` and `decoder`.

    Args:
        context: what every block takes beside its features.
    """
    skips = [h]
    for module in network.encoder:  # type: ignore[union-attr]
        h = module(h, *context)
        skips.append(h)
    for module in network.middle:  # type: ignore[union-attr]
        h = module(h, *context)
    for module in network.decoder:  # type: ignore[union-attr]
        h = module(h if isinstance(module, Upsample) else torch.cat([h, skips.pop()], dim=1), *context)
    return h


def mask_features(stems: nn.ModuleList, config: SpadeUNetConfig, one_hot: Tensor) -> list[Tensor]:
    """What SPADE's convolutions see of label maps float32 (b, labels, h, w), for each of `config.mask_scales`."""
    # Area averaging keeps thin walls visible at coarse levels, where nearest would drop them.
    masks = [F.avg_pool2d(one_hot, scale) if scale > 1 else one_hot for scale in config.mask_scales]
    return [F.silu(stem(mask)) for stem, mask in zip(stems, masks, strict=True)]


def _attention(width: int, level: int, config: SpadeUNetConfig) -> nn.Module:
    if level not in config.attention_levels:
        return nn.Identity()
    return _Attention(width, max(1, width // config.head_channels))


def _modulated(h: Tensor, scale_shift: Tensor) -> Tensor:
    scale, shift = scale_shift[:, :, None, None].chunk(2, dim=1)
    return h * (1 + scale) + shift


def zeroed(layer: nn.Module) -> nn.Module:
    """A layer that starts at 0, so that each residual block starts as the identity."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
