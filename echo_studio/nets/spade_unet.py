"""The semantic diffusion network: an ADM-like U-Net with SPADE in the middle and the decoder (000, 003)."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.nets.spade import Modulation, Spade, group_count


@dataclass(frozen=True)
class SpadeUNetConfig:
    """Shape of the network. `widths` are channels a level, each level at half the resolution of the one above.

    The paper's EDM is channels=1, widths=(192, 384, 576, 768), blocks=3, mask_channels=128,
    attention from the second level down, dropout=0.1.
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

    @property
    def embedding(self) -> int:
        return 4 * self.widths[0]


class SpadeUNetModulation(NamedTuple):
    """All that depends on the condition alone: gamma and beta of each SPADE layer in order, the class embedding."""

    layers: list[Modulation]
    classes: Tensor  # (b, embedding)


class SpadeUNet(nn.Module):
    """F(x, c_noise | label map, view, phase).

    `prepare` runs the label map through all SPADE convolutions once; `forward` reuses the result
    at every noise level. The noise level enters by scale and shift after the norms, with view and
    phase added to its embedding.
    """

    def __init__(self, config: SpadeUNetConfig) -> None:
        super().__init__()
        self.config = config
        widths, depth, emb = config.widths, len(config.widths), config.embedding
        self.noise_embedding = nn.Sequential(nn.Linear(emb // 2, emb), nn.SiLU(), nn.Linear(emb, emb))
        self.view_embedding = nn.Embedding(config.views, emb)
        self.phase_embedding = nn.Embedding(config.phases, emb)
        self.mask_stems = nn.ModuleList(
            nn.Conv2d(config.labels, config.mask_channels, 3, padding=1) for _ in range(depth)
        )
        self.stem = nn.Conv2d(config.channels, widths[0], 3, padding=1)

        self.encoder = nn.ModuleList()
        skips, width = [widths[0]], widths[0]
        for level, out in enumerate(widths):
            for _ in range(config.blocks):
                self.encoder.append(_EncoderBlock(width, out, level, config))
                width = out
                skips.append(width)
            if level < depth - 1:
                self.encoder.append(_Downsample(width))
                skips.append(width)
        self.middle = nn.ModuleList(_DecoderBlock(width, width, depth - 1, config) for _ in range(2))
        self.decoder = nn.ModuleList()
        for level in reversed(range(depth)):
            for block in range(config.blocks + 1):
                self.decoder.append(_DecoderBlock(width + skips.pop(), widths[level], level, config))
                width = widths[level]
                if block == config.blocks and level > 0:
                    self.decoder.append(_Upsample(width))
        self.head_spade = Spade(width, config.mask_channels)
        self.head = _zeroed(nn.Conv2d(width, config.channels, 3, padding=1))

    def prepare(self, one_hot: Tensor, view: Tensor, phase: Tensor) -> SpadeUNetModulation:
        """Everything that depends on the condition alone.

        Args:
            one_hot: float32 (b, labels, h, w) at the resolution of x.
            view, phase: int64 (b,).
        """
        features = []
        for level, stem in enumerate(self.mask_stems):
            # Area averaging keeps thin walls visible at coarse levels, where nearest would drop them.
            mask = F.avg_pool2d(one_hot, 2**level) if level else one_hot
            features.append(F.silu(stem(mask)))
        layers = [
            spade.modulation(features[block.level])
            for block in self._spade_blocks()
            for spade in (block.spade_in, block.spade_out)
        ]
        layers.append(self.head_spade.modulation(features[0]))
        return SpadeUNetModulation(layers, self.view_embedding(view) + self.phase_embedding(phase))

    def forward(self, x: Tensor, c_noise: Tensor, modulation: SpadeUNetModulation) -> Tensor:
        """(b, channels, h, w) with c_noise (b,) -> the same shape; h and w divisible by 2^(levels - 1)."""
        layers = iter(modulation.layers)
        embedding = F.silu(self.noise_embedding(_fourier(c_noise, self.config.embedding // 2)) + modulation.classes)
        h = self.stem(x.contiguous(memory_format=torch.channels_last))
        skips = [h]
        for module in self.encoder:
            h = module(h, embedding) if isinstance(module, _EncoderBlock) else module(h)
            skips.append(h)
        for module in self.middle:
            h = module(h, embedding, next(layers), next(layers))
        for module in self.decoder:
            if isinstance(module, _DecoderBlock):
                h = module(torch.cat([h, skips.pop()], dim=1), embedding, next(layers), next(layers))
            else:
                h = module(h)
        return self.head(F.silu(self.head_spade(h, next(layers))))

    def _spade_blocks(self) -> list["_DecoderBlock"]:
        return [m for m in (*self.middle, *self.decoder) if isinstance(m, _DecoderBlock)]


class _EncoderBlock(nn.Module):
    """Residual block with GroupNorm, scale and shift from the embedding, attention where the level has it."""

    def __init__(self, width_in: int, width: int, level: int, config: SpadeUNetConfig) -> None:
        super().__init__()
        self.norm_in = nn.GroupNorm(group_count(width_in), width_in)
        self.conv_in = nn.Conv2d(width_in, width, 3, padding=1)
        self.scale_shift = nn.Linear(config.embedding, 2 * width)
        self.norm_out = nn.GroupNorm(group_count(width), width)
        self.dropout = nn.Dropout(config.dropout)
        self.conv_out = _zeroed(nn.Conv2d(width, width, 3, padding=1))
        self.skip = nn.Conv2d(width_in, width, 1) if width_in != width else nn.Identity()
        self.attention = _attention(width, level, config)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv_in(F.silu(self.norm_in(x)))
        h = _modulated(self.norm_out(h), self.scale_shift(embedding))
        h = self.conv_out(self.dropout(F.silu(h)))
        return self.attention(self.skip(x) + h)


class _DecoderBlock(nn.Module):
    """The same block with both norms replaced by SPADE."""

    def __init__(self, width_in: int, width: int, level: int, config: SpadeUNetConfig) -> None:
        super().__init__()
        self.level = level
        self.spade_in = Spade(width_in, config.mask_channels)
        self.conv_in = nn.Conv2d(width_in, width, 3, padding=1)
        self.scale_shift = nn.Linear(config.embedding, 2 * width)
        self.spade_out = Spade(width, config.mask_channels)
        self.dropout = nn.Dropout(config.dropout)
        self.conv_out = _zeroed(nn.Conv2d(width, width, 3, padding=1))
        self.skip = nn.Conv2d(width_in, width, 1) if width_in != width else nn.Identity()
        self.attention = _attention(width, level, config)

    def forward(self, x: Tensor, embedding: Tensor, modulation_in: Modulation, modulation_out: Modulation) -> Tensor:
        h = self.conv_in(F.silu(self.spade_in(x, modulation_in)))
        h = _modulated(self.spade_out(h, modulation_out), self.scale_shift(embedding))
        h = self.conv_out(self.dropout(F.silu(h)))
        return self.attention(self.skip(x) + h)


class _Attention(nn.Module):
    """Multi-head self-attention over pixels, residual."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(group_count(width), width)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.out = _zeroed(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        b, c, height, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(b, 3, self.heads, c // self.heads, height * width)
        q, k, v = qkv.transpose(3, 4).unbind(1)
        h = F.scaled_dot_product_attention(q, k, v).transpose(2, 3).reshape(b, c, height, width)
        return x + self.out(h)


class _Downsample(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _Upsample(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


def _attention(width: int, level: int, config: SpadeUNetConfig) -> nn.Module:
    if level not in config.attention_levels:
        return nn.Identity()
    return _Attention(width, max(1, width // config.head_channels))


def _modulated(h: Tensor, scale_shift: Tensor) -> Tensor:
    scale, shift = scale_shift[:, :, None, None].chunk(2, dim=1)
    return h * (1 + scale) + shift


def _zeroed(conv: nn.Conv2d) -> nn.Conv2d:
    """A convolution that starts at 0, so that each residual block starts as the identity."""
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


def _fourier(c_noise: Tensor, width: int) -> Tensor:
    """Sinusoidal embedding of c_noise = ln(sigma) / 4, which lies in about [-1.6, 1.1]: (b,) -> (b, width)."""
    frequencies = torch.exp(torch.linspace(0, math.log(64.0), width // 2, device=c_noise.device))
    angles = c_noise[:, None].to(torch.float32) * frequencies * math.pi
    return torch.cat([angles.cos(), angles.sin()], dim=1)
