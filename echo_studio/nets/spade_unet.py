"""The semantic diffusion network: an ADM-like U-Net with SPADE in the middle and the decoder (000, 003)."""

import math
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echo_studio.nets.unet_blocks import (
    DecoderBlock,
    EncoderBlock,
    Modulation,
    Spade,
    SpadeUNetConfig,
    down_and_up,
    mask_features,
    unet_ways,
    zeroed,
)


class LevelTable(nn.Module):
    """A network inside another network's preconditioning: F(x, c) = skip(c) x + out(c) G(into(c) x, inner(c)).

    The families differ in what they show their network and what they ask of it (Karras et al. 2022, Table 1). With this
    table a network that learned in one family is the same denoiser in another, from the first step on; see
    `train.registry.across_families`, which fills it. It is not trained.

    Args:
        knots: rows of the table; between two of them it is linear, beyond the ends constant.
    """

    def __init__(self, knots: int) -> None:
        super().__init__()
        self.register_buffer("at", torch.linspace(0, 1, knots))
        self.register_buffer("values", torch.tensor([[0.0], [1.0], [0.0], [1.0]]).repeat(1, knots))
        self.at: Tensor
        self.values: Tensor

    def forward(self, c_noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(b,) -> inner noise level (b,); into, skip and out (b, 1, 1, 1)."""
        c = c_noise.to(torch.float32).clamp(self.at[0], self.at[-1])
        above = torch.searchsorted(self.at, c.contiguous()).clamp(1, len(self.at) - 1)
        low, high = self.at[above - 1], self.at[above]
        share = (c - low) / (high - low)
        inner, into, skip, out = torch.lerp(self.values[:, above - 1], self.values[:, above], share)
        return inner, *(number.reshape(-1, 1, 1, 1) for number in (into, skip, out))

    @torch.no_grad()
    def fill(self, at: Tensor, values: Tensor) -> None:
        """Set the rows: c_noise rising (knots,) and inner noise level, into, skip, out (4, knots)."""
        self.at.copy_(at)
        self.values.copy_(values)


class SpadeUNetModulation(NamedTuple):
    """All that depends on the condition alone: gamma and beta of each SPADE layer in order, the class embedding."""

    layers: list[Modulation]
    classes: Tensor  # (b, embedding)


class SpadeUNet(nn.Module):
    """F(x, c_noise | label map, view, phase).

    `prepare` runs the label map through all SPADE convolutions once; `forward` reuses the result
    at every noise level. The noise level enters by scale and shift after the norms, with view and
    phase added to its embedding.

    With `patch` above 1 the U-Net works on blocks of patch x patch pixels, and a thin branch at full
    resolution carries what its channels cannot (the noise of each pixel) around it: both
    meet in one block and the head at full resolution.
    """

    def __init__(self, config: SpadeUNetConfig) -> None:
        super().__init__()
        self.config = config
        widths, emb = config.widths, config.embedding
        self.noise_embedding = nn.Sequential(nn.Linear(emb // 2, emb), nn.SiLU(), nn.Linear(emb, emb))
        self.view_embedding = nn.Embedding(config.views, emb)
        self.phase_embedding = nn.Embedding(config.phases, emb)
        self.mask_stems = nn.ModuleList(
            nn.Conv2d(config.labels, config.mask_channels, 3, padding=1) for _ in config.mask_scales
        )
        self.stem = nn.Conv2d(config.channels * config.patch**2, widths[0], 3, padding=1)
        self.encoder, self.middle, self.decoder, width = unet_ways(
            config, partial(EncoderBlock, config=config), partial(DecoderBlock, config=config)
        )
        if config.patch > 1:
            fine = config.fine_channels
            self.fine_stem = nn.Conv2d(config.channels, fine, 3, padding=1)
            self.unfold = nn.Conv2d(width, fine * config.patch**2, 1)
            self.fine_block = DecoderBlock(2 * fine, fine, len(widths), config)
            width = fine
        self.head_spade = Spade(width, config.mask_channels)
        self.head = zeroed(nn.Conv2d(width, config.heads * config.channels, 3, padding=1))
        self.levels = LevelTable(config.level_knots) if config.level_knots else None

    def prepare(self, one_hot: Tensor, view: Tensor, phase: Tensor) -> SpadeUNetModulation:
        """Everything that depends on the condition alone.

        Args:
            one_hot: float32 (b, labels, h, w) at the resolution of x.
            view: int64 (b,).
            phase: int64 (b,); or float32 from 0 to 1, how far a frame is from end diastole to end systole.
        """
        features = mask_features(self.mask_stems, self.config, one_hot)
        layers = [
            spade.modulation(features[block.level])
            for block in self._spade_blocks()
            for spade in (block.spade_in, block.spade_out)
        ]
        layers.append(self.head_spade.modulation(features[-1] if self.config.patch > 1 else features[0]))
        return SpadeUNetModulation(layers, self.view_embedding(view) + self._of_phase(phase))

    def forward(self, x: Tensor, c_noise: Tensor, modulation: SpadeUNetModulation) -> Tensor:
        """(b, channels, h, w) with c_noise (b,) -> (b, heads * channels, h, w).

        h and w must be divisible by patch * 2^(levels - 1). The heads follow one another along the channels.
        """
        if self.levels is None:
            return self._answer(x, c_noise, modulation)
        inner, into, skip, out = self.levels(c_noise)
        first, *rest = self._answer(into * x, inner, modulation).float().chunk(self.config.heads, dim=1)
        return torch.cat([skip * x + out * first, *rest], dim=1)

    def _answer(self, x: Tensor, c_noise: Tensor, modulation: SpadeUNetModulation) -> Tensor:
        layers = iter(modulation.layers)
        noise = self.noise_embedding(fourier(c_noise, self.config.embedding // 2))
        embedding = F.silu(noise + modulation.classes)
        x = x.contiguous(memory_format=torch.channels_last)
        h = self.stem(F.pixel_unshuffle(x, self.config.patch) if self.config.patch > 1 else x)
        h = down_and_up(h, self, embedding, layers)
        if self.config.patch > 1:
            h = F.pixel_shuffle(self.unfold(h), self.config.patch).contiguous(memory_format=torch.channels_last)
            h = self.fine_block(torch.cat([h, self.fine_stem(x)], dim=1), embedding, layers)
        return self.head(F.silu(self.head_spade(h, next(layers))))

    def _of_phase(self, phase: Tensor) -> Tensor:
        """(b, embedding) of a phase, or of a moment between both."""
        if not phase.is_floating_point():
            return self.phase_embedding(phase)
        first, last = self.phase_embedding.weight[:2]
        return torch.lerp(first, last, phase[:, None])

    def _spade_blocks(self) -> list[DecoderBlock]:
        """In the order in which `forward` meets them."""
        fine = [self.fine_block] if self.config.patch > 1 else []
        return [m for m in (*self.middle, *self.decoder, *fine) if isinstance(m, DecoderBlock)]


def fourier(c_noise: Tensor, width: int) -> Tensor:
    """Sinusoids of a number in about [-2, 3], e.g. ln(sigma) / 4 of EDM: (b,) -> (b, width)."""
    frequencies = torch.exp(torch.linspace(0, math.log(64.0), width // 2, device=c_noise.device))
    angles = c_noise[:, None].to(torch.float32) * frequencies * math.pi
    return torch.cat([angles.cos(), angles.sin()], dim=1)
