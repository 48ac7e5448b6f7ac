"""The U-Net of clips: space and time factorised; guided by label maps through SPADE, by concatenation, or not."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.nets.spade_unet import fourier
from echo_studio.nets.unet_blocks import (
    DecoderBlock,
    EncoderBlock,
    Modulation,
    Spade,
    SpadeUNetConfig,
    down_and_up,
    group_count,
    mask_features,
    unet_ways,
    zeroed,
)

Guide = Literal["spade", "concat", "none"]


class AlongTime(nn.Module):
    """A convolution over a frame and its two neighbours, then, where asked for, attention over all frames; residual.

    Starts as the identity, so that a network of frames that learned alone can be taken over.

    Args:
        width: channels.
        heads: of the attention; 0 for none.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(group_count(width), width)
        self.conv = zeroed(nn.Conv2d(3 * width, width, 1))
        self.heads = heads
        if heads:
            self.attention_norm = nn.GroupNorm(group_count(width), width)
            self.qkv = nn.Conv2d(width, 3 * width, 1)
            self.out = zeroed(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """(b * frames, width, h, w) -> the same shape."""
        h = F.silu(self.norm(x))
        clip = h.reshape(-1, frames, *h.shape[1:])
        before, after = (torch.roll(clip, shift, 1).reshape(h.shape) for shift in (1, -1))
        x = x + self.conv(torch.cat([before, h, after], dim=1))
        return x + self._attended(x, frames) if self.heads else x

    def _attended(self, x: Tensor, frames: int) -> Tensor:
        count, width, height, across = x.shape
        b, pixels = count // frames, height * across
        qkv = self.qkv(self.attention_norm(x)).reshape(b, frames, 3, self.heads, width // self.heads, pixels)
        q, k, v = qkv.permute(2, 0, 5, 3, 1, 4).reshape(3, b * pixels, self.heads, frames, -1).unbind(0)
        h = F.scaled_dot_product_attention(q, k, v).reshape(b, pixels, self.heads, frames, -1)
        h = h.permute(0, 3, 2, 4, 1).reshape(count, width, height, across)
        return self.out(h.contiguous(memory_format=torch.channels_last))


@dataclass(frozen=True)
class SpadeUNet3dConfig:
    """Shape of the network; `frame` is that of the 2D network whose blocks it has.

    002 has widths=(32, 64, 128) at 128 x 128 and 8 heads of 32 channels.

    Attributes:
        guide: `spade` (002's), `concat` (its baseline: labels beside the input), `none` (004's unconditional prior).
        time_levels: levels with attention over frames.
        channels, widths, blocks, attention_levels, head_channels, mask_channels, heads: see `SpadeUNetConfig`.
    """

    guide: Guide = "spade"
    time_levels: tuple[int, ...] = (1, 2)
    channels: int = 1
    widths: tuple[int, ...] = (64, 96, 128)
    blocks: int = 1
    attention_levels: tuple[int, ...] = (2,)
    head_channels: int = 64
    mask_channels: int = 16
    heads: int = 1

    @property
    def frame(self) -> SpadeUNetConfig:
        return SpadeUNetConfig(
            self.channels,
            self.widths,
            self.blocks,
            self.attention_levels,
            self.head_channels,
            self.mask_channels,
            heads=self.heads,
        )


class ClipModulation(NamedTuple):
    """All that depends on the condition alone.

    Attributes:
        layers: gamma and beta (b * t, c, h, w) of each SPADE layer in order; empty without SPADE.
        classes: (b * t, embedding) of view and time in the cycle.
        beside: (b * t, labels, h, w) what is concatenated to the input; None without concatenation.
        frames: t.
    """

    layers: list[Modulation]
    classes: Tensor
    beside: Tensor | None
    frames: int


class SpadeUNet3d(nn.Module):
    """F(x, c_noise | label maps of every frame, view, time in the cycle).

    Every block is one of the 2D U-Net on each frame, then `AlongTime`. The noise level, the view and the frame's
    time enter by scale and shift after the norms. The number of frames is free.
    """

    def __init__(self, config: SpadeUNet3dConfig) -> None:
        super().__init__()
        self.config = config
        shape = config.frame
        widths, emb = shape.widths, shape.embedding
        self.noise_embedding = nn.Sequential(nn.Linear(emb // 2, emb), nn.SiLU(), nn.Linear(emb, emb))
        self.time_embedding = nn.Sequential(nn.Linear(16, emb), nn.SiLU(), zeroed(nn.Linear(emb, emb)))
        self.view_embedding = nn.Embedding(shape.views, emb)
        spade = config.guide == "spade"
        if spade:
            self.mask_stems = nn.ModuleList(
                nn.Conv2d(shape.labels, shape.mask_channels, 3, padding=1) for _ in shape.mask_scales
            )
        seen = config.channels + (shape.labels if config.guide == "concat" else 0)
        self.stem = nn.Conv2d(seen, widths[0], 3, padding=1)
        self.encoder, self.middle, self.decoder, width = unet_ways(
            shape, partial(self._block, EncoderBlock), partial(self._block, DecoderBlock if spade else EncoderBlock)
        )
        self.head_norm: nn.Module = (
            Spade(width, shape.mask_channels) if spade else nn.GroupNorm(group_count(width), width)
        )
        self.head = zeroed(nn.Conv2d(width, config.heads * config.channels, 3, padding=1))

    def _block(
        self, kind: type[EncoderBlock] | type[DecoderBlock], width_in: int, width: int, level: int
    ) -> "ClipBlock":
        heads = max(1, width // self.config.head_channels) if level in self.config.time_levels else 0
        return ClipBlock(kind(width_in, width, level, self.config.frame), AlongTime(width, heads))

    def prepare(self, one_hot: Tensor, view: Tensor, _phase: Tensor, frame_time: Tensor) -> ClipModulation:
        """Everything that depends on the condition alone.

        Args:
            one_hot: float32 (b, labels, t, h, w) at the resolution of x.
            view: int64 (b,).
            _phase: plays no part: the frames' times say it.
            frame_time: float32 (b, t), from 0 to below 1.
        """
        frames = one_hot.shape[2]
        maps = one_hot.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        layers: list[Modulation] = []
        if self.config.guide == "spade":
            features = mask_features(self.mask_stems, self.config.frame, maps)
            for block in [*self.middle, *self.decoder]:
                if isinstance(block, ClipBlock) and isinstance(block.frame, DecoderBlock):
                    mask = features[block.frame.level]
                    layers += [block.frame.spade_in.modulation(mask), block.frame.spade_out.modulation(mask)]
            layers.append(self.head_norm.modulation(features[0]))  # type: ignore[operator]
        classes = self.view_embedding(view).repeat_interleave(frames, 0) + self.time_embedding(_circle(frame_time))
        return ClipModulation(layers, classes, maps if self.config.guide == "concat" else None, frames)

    def forward(self, x: Tensor, c_noise: Tensor, modulation: ClipModulation) -> Tensor:
        """(b, channels, t, h, w) with c_noise (b,) -> (b, heads * channels, t, h, w).

        h and w must be divisible by 2^(levels - 1).
        """
        b, _, frames = x.shape[:3]
        layers = iter(modulation.layers)
        noise = self.noise_embedding(fourier(c_noise, self.config.frame.embedding // 2)).repeat_interleave(frames, 0)
        embedding = F.silu(noise + modulation.classes)
        h = x.transpose(1, 2).flatten(0, 1)
        if modulation.beside is not None:
            h = torch.cat([h, modulation.beside], dim=1)
        h = self.stem(h.contiguous(memory_format=torch.channels_last))
        h = down_and_up(h, self, embedding, layers, frames)
        h = self.head_norm(h, next(layers)) if modulation.layers else self.head_norm(h)
        h = self.head(F.silu(h))
        return h.reshape(b, frames, *h.shape[1:]).transpose(1, 2)


class ClipBlock(nn.Module):
    """A 2D block on every frame, then a look along time."""

    def __init__(self, frame: EncoderBlock | DecoderBlock, along: AlongTime) -> None:
        super().__init__()
        self.frame, self.along = frame, along

    def forward(self, x: Tensor, embedding: Tensor, layers: Iterator[Modulation], frames: int) -> Tensor:
        return self.along(self.frame(x, embedding, layers), frames)


def _circle(frame_time: Tensor) -> Tensor:
    """Harmonics 1 to 8 of the cycle: (b, t) -> (b * t, 16). Frame time 1 is frame time 0."""
    angles = 2 * math.pi * frame_time.flatten()[:, None] * torch.arange(1, 9, device=frame_time.device)
    return torch.cat([angles.cos(), angles.sin()], dim=1)
