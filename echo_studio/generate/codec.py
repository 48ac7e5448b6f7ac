"""Codecs between images and what is diffused: pixels, Gamma-VAE latents, latents with grain from noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.sector.geometry import beam_maps
from echo_studio.errors import CheckpointError
from echo_studio.generate.build import load_network
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.sampling import DRAWN, MAX_LOOK, Look
from echo_studio.nets.gamma_vae import GammaVAE
from echo_studio.nets.grain_decoder import LOOKS, GrainDecoder, look_of
from echo_studio.types import FloatArray, GrayImage

Decode = Callable[[Tensor], Tensor]  # what is diffused, to images float32 (b, 1, h, w) in [-1, 1]


class Codec(Protocol):
    """Between images in [-1, 1] and what is diffused; both have a fixed value outside the sector.

    Shapes: image (b, 1, h, w); inside the same, 1 in the sector; what is diffused (b, 1, h / factor, w / factor).
    """

    @property
    def background(self) -> float:
        """The fixed value of what is diffused."""

    @property
    def factor(self) -> int:
        """Pixels a diffused element, along each axis."""

    def encode(self, image: Tensor, inside: Tensor) -> Tensor: ...

    def decoding(self, inside: Tensor, seeds: Sequence[int], look: Look = DRAWN) -> Decode:
        """How some samples are decoded: the same estimate always gives the same images.

        Args:
            seeds: one a sample, of what the codec draws for it.
            look: of all of them.
        """


@dataclass(frozen=True)
class PixelCodec:
    """Pixels themselves."""

    background: float = -1.0
    factor: int = 1

    def encode(self, image: Tensor, inside: Tensor) -> Tensor:
        return torch.where(inside > 0, image, -1.0)

    def decoding(self, inside: Tensor, seeds: Sequence[int], look: Look = DRAWN) -> Decode:  # noqa: ARG002
        return lambda latent: torch.where(inside > 0, latent.clamp(-1, 1), -1.0)


@dataclass(frozen=True)
class LatentCodec:
    """Gamma-VAE latents, shifted and scaled to mean 0 and standard deviation 0.5 inside the sector.

    The raw latents have the Gamma prior's mean 0.35 and deviation 0.18; the sampler's noise levels
    0.002 to 80 are made for data of deviation 0.5.
    """

    vae: GammaVAE
    shift: float
    scale: float

    @property
    def background(self) -> float:
        return (0.0 - self.shift) * self.scale

    @property
    def factor(self) -> int:
        return self.vae.config.factor

    def encode(self, image: Tensor, inside: Tensor) -> Tensor:
        return (self.vae.encode(image, inside) - self.shift) * self.scale

    def decoding(self, inside: Tensor, seeds: Sequence[int], look: Look = DRAWN) -> Decode:  # noqa: ARG002
        def decode(latent: Tensor) -> Tensor:
            raw = (latent / self.scale + self.shift).clamp(min=0.0) * self.vae.latent_inside(inside)
            return self.vae.decode(raw, inside).clamp(-1, 1)

        return decode


@dataclass(frozen=True)
class GrainCodec:
    """Latents of a Gamma-VAE, decoded by a network whose grain is noise of the sample's seed.

    Attributes:
        encoder: of the latents; its own decoder is not used.
        decoder: see `nets.grain_decoder.GrainDecoder`.
        means, deviations: of the looks of the training frames, in the order of LOOKS.
    """

    encoder: LatentCodec
    decoder: GrainDecoder
    means: tuple[float, ...]
    deviations: tuple[float, ...]

    @property
    def background(self) -> float:
        return self.encoder.background

    @property
    def factor(self) -> int:
        return self.encoder.factor

    def encode(self, image: Tensor, inside: Tensor) -> Tensor:
        return self.encoder.encode(image, inside)

    def decoding(self, inside: Tensor, seeds: Sequence[int], look: Look = DRAWN) -> Decode:
        """As `Codec.decoding`. What of the look is not chosen is drawn for each sample, as it varies in real frames."""
        grains = [self.grain(seed, look, inside.shape[-2:]) for seed in seeds]
        looks = torch.stack([looks for looks, _ in grains])
        return self.decoding_from(
            [torch.stack(own) for own in zip(*(n for _, n in grains), strict=True)], looks, inside
        )

    def measured(self, image: GrayImage, inside: Tensor) -> Look:
        """The look of a frame uint8 (h, w), brought into the range that can be asked for; inside (1, 1, h, w)."""
        own = look_of(image, inside[0, 0].cpu().numpy() > 0)
        scaled = (np.array(own) - self.means) / self.deviations
        return Look(*np.clip(scaled, -MAX_LOOK, MAX_LOOK).tolist())

    def decoding_as(self, images: Sequence[GrayImage], inside: Tensor, seeds: Sequence[int]) -> Decode:
        """Decoding with the looks measured on these frames, uint8 (h, w) each."""
        masks = inside[:, 0].cpu().numpy() > 0
        measured = torch.tensor([look_of(image, mask) for image, mask in zip(images, masks, strict=True)])
        looks = (measured - torch.tensor(self.means)) / torch.tensor(self.deviations)
        generators = [torch.Generator().manual_seed(_grain_seed(seed)) for seed in seeds]
        noise = [
            torch.stack([torch.randn(shape, generator=own) for own in generators])
            for shape in self._shapes(inside.shape[-2:])
        ]
        return self.decoding_from(noise, looks, inside)

    def grain(self, seed: int, look: Look, size: Sequence[int]) -> tuple[Tensor, list[Tensor]]:
        """What is drawn for a sample: its look (2,), and its noise, float32 (c, h, w) at each doubling.

        Args:
            seed: of the sample.
            look: what is not chosen of it is drawn.
            size: (height, width) of the image.
        """
        generator = torch.Generator().manual_seed(_grain_seed(seed))
        looks = torch.randn(len(LOOKS), generator=generator)
        for k, chosen in enumerate((look.grain, look.coarseness)):
            if chosen is not None:
                looks[k] = chosen
        return looks, [torch.randn(shape, generator=generator) for shape in self._shapes(size)]

    def decoding_from(self, noise: Sequence[Tensor], looks: Tensor, inside: Tensor) -> Decode:
        """Decoding with given noise, float32 (b, c, h, w) at each doubling, and looks float32 (b, 2)."""
        device = inside.device
        masks = inside[:, 0].cpu().numpy() > 0
        beams = torch.from_numpy(np.stack([_beams(mask.tobytes(), mask.shape, self.factor) for mask in masks])).to(
            device
        )
        seen = self.encoder.vae.latent_inside(inside) > 0
        noise, looks = [own.to(device) for own in noise], looks.to(device)

        def decode(latent: Tensor) -> Tensor:
            latent = torch.where(seen, latent.clamp(min=self.background), self.background)
            given = (latent, beams, *noise, looks)
            # One after another on a processor, whose caches hold the features of one image.
            at_once = 1 if device.type == "cpu" else len(latent)
            made = [
                self.decoder(first, around, own, look)
                for first, around, *own, look in zip(*(one.split(at_once) for one in given), strict=True)
            ]
            return torch.where(inside > 0, torch.cat(made).clamp(-1, 1), -1.0)

        return decode

    def _shapes(self, size: Sequence[int]) -> list[tuple[int, int, int]]:
        """Of the noise for an image of that height and width."""
        return self.decoder.noise_shapes(size[0] // self.factor, size[1] // self.factor)


@lru_cache(maxsize=32)
def _beams(mask: bytes, shape: tuple[int, int], factor: int) -> FloatArray:
    """`beam_maps`, kept: the frames of a clip and the drafts of one drawing share their sector."""
    return beam_maps(np.frombuffer(mask, bool).reshape(shape), factor)


def latent_codec(folder: Path) -> tuple[Card, LatentCodec]:
    """The codec of a Gamma-VAE checkpoint.

    Raises:
        CheckpointError: the folder holds another kind of checkpoint.
    """
    card, vae = load_network(folder)
    if not isinstance(vae, GammaVAE):
        raise CheckpointError(
            expected="a gamma-vae checkpoint", got=f"{card.kind} in {folder}", remedy="point to the autoencoder"
        )
    return card, LatentCodec(vae, card.settings["shift"], card.settings["scale"])


def grain_codec(folder: Path, encoder: LatentCodec) -> tuple[Card, GrainCodec]:
    """The codec of a checkpoint of a decoder with grain, for latents of the encoder that it was trained with.

    Raises:
        CheckpointError: the folder holds another kind of checkpoint, or its card lacks the looks of training frames.
    """
    card, decoder = load_network(folder)
    wanted = {f"{look}_{what}" for look in LOOKS for what in ("mean", "deviation")}
    if not isinstance(decoder, GrainDecoder) or wanted - card.settings.keys():
        raise CheckpointError(
            expected=f"a grain-decoder checkpoint with {', '.join(sorted(wanted))} among its settings",
            got=f"{card.kind} with {sorted(card.settings)} in {folder}",
            remedy="restore the checkpoint folder",
        )
    means, deviations = (tuple(card.settings[f"{look}_{what}"] for look in LOOKS) for what in ("mean", "deviation"))
    return card, GrainCodec(encoder, decoder, means, deviations)


def _grain_seed(seed: int) -> int:
    """Of the grain of a sample: another stream than that of the noise from which the sample is diffused."""
    return int(np.random.SeedSequence([seed, 1]).generate_state(1, np.uint64)[0] >> 1)
