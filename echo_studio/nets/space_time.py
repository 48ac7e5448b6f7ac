"""Blocks over frames: each is a block of the 2D U-Net on every frame, then a look along time (002; Ho et al. 2022).

Frames travel as a batch of b * t pictures, a clip's frames side by side, in the 2D blocks' own layout. Time is a
circle: a heartbeat ends where it begins, so the frame after the last one is the first.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.nets.spade import group_count
from echo_studio.nets.unet_blocks import zeroed


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
