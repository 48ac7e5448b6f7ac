"""Real frames through an autoencoder and back: the best that generators on its latents can reach."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.sector.geometry import beam_maps, within_sector
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import CheckpointError, UnknownNameError
from echo_studio.evaluate.frames.made_frames import BATCH, MadeSet
from echo_studio.evaluate.frames.segmentation import fitted
from echo_studio.generate.build import LatentCodec, latent_codec
from echo_studio.generate.catalog import catalog
from echo_studio.generate.checkpoint import Card
from echo_studio.nets.grain_decoder import LOOKS, GrainDecoder, look_of
from echo_studio.types import BoolMask, GrayImage, Json

KINDS = ("gamma-vae", "grain-decoder")
Looks = Literal["measured", "sampled"]


@dataclass(frozen=True)
class FrameCodec:
    """An autoencoder of frames: a Gamma-VAE, or one with a decoder of its own whose grain is noise.

    Attributes:
        card: of the decoder.
        encoder: also the decoder where there is no other.
        decoder: None where `encoder` decodes.
        looks: of a decoder with grain: as `measured` on each frame, or `sampled` from the training frames' own.
    """

    card: Card
    encoder: LatentCodec
    decoder: GrainDecoder | None = None
    looks: Looks = "measured"

    @classmethod
    def load(cls, name: str, checkpoints: Path | None = None, looks: Looks = "measured") -> "FrameCodec":
        """An autoencoder of `catalog(checkpoints)`.

        Raises:
            UnknownNameError: no autoencoder of that name.
            CheckpointError: its weights, or the encoder that it needs, are missing, altered or do not fit.
        """
        models = catalog(checkpoints)
        known = {c.card.name: c for c in models.checkpoints() if c.card and c.card.kind in KINDS and not c.fault}
        if name not in known:
            raise UnknownNameError("codec", name, known)
        folder = known[name].folder
        if known[name].card.kind == "gamma-vae":  # type: ignore[union-attr]
            return cls(*latent_codec(folder))
        card, decoder, encoder = models.parts(folder)
        settings = {f"{look}_{what}" for look in LOOKS for what in ("mean", "deviation")}
        if not isinstance(encoder, LatentCodec) or settings - card.settings.keys():
            raise CheckpointError(
                expected=f"an encoder and {', '.join(sorted(settings))} in the card of {name}",
                got=f"needs {list(card.needs)}, settings {sorted(card.settings)}",
                remedy="restore the checkpoint folder",
            )
        return cls(card, encoder, decoder, looks)  # type: ignore[arg-type]

    @property
    def source(self) -> Json:
        """For reports, see `MadeSet.source`."""
        return {"codec": self.card.name, **({"looks": self.looks} if self.decoder else {})}

    @torch.inference_mode()
    def __call__(self, frames: Sequence[CamusFrame], seeds: Sequence[int]) -> list[GrayImage]:
        """Each frame encoded and decoded, uint8 at the codec's resolution, black outside the sector of its label map.

        Args:
            seeds: of each frame's grain, and of its looks where these are sampled.
        """
        side = self.card.resolution
        images = np.stack([fitted(frame.image, side) for frame in frames])
        masks = [within_sector(frame.label_map.resized(side, side).ids) > 0 for frame in frames]
        inside = torch.from_numpy(np.stack(masks)).float().unsqueeze(1)
        latent = self.encoder.encode(torch.from_numpy(images).unsqueeze(1).float() / 127.5 - 1, inside)
        if self.decoder is None:
            pixels = self.encoder.decode(latent, inside)
        else:
            pixels = self._grained(self.decoder, latent, images, masks, seeds)
        grey = ((torch.where(inside > 0, pixels, -1.0).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
        return list(grey[:, 0].numpy())

    def _grained(
        self,
        decoder: GrainDecoder,
        latent: Tensor,
        images: GrayImage,
        masks: Sequence[BoolMask],
        seeds: Sequence[int],
    ) -> Tensor:
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        noise = [
            torch.stack([torch.randn(shape, generator=own) for own in generators])
            for shape in decoder.noise_shapes(*latent.shape[-2:])
        ]
        looks = torch.stack([torch.randn(len(LOOKS), generator=own) for own in generators])
        if self.looks == "measured":
            mean, deviation = (
                torch.tensor([self.card.settings[f"{look}_{what}"] for look in LOOKS]) for what in ("mean", "deviation")
            )
            measured = torch.tensor([look_of(image, inside) for image, inside in zip(images, masks, strict=True)])
            looks = (measured - mean) / deviation
        beams = torch.from_numpy(np.stack([beam_maps(inside, self.encoder.factor) for inside in masks]))
        return decoder(latent, beams, noise, looks)  # type: ignore[no-any-return]


def through_codec(
    codec: FrameCodec,
    frames: Sequence[CamusFrame],
    seed: int,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
) -> MadeSet:
    """Every real frame through the codec and back; frame k has the grain of seed + k."""
    images: list[GrayImage] = []
    for start in range(0, len(frames), BATCH):
        some = frames[start : start + BATCH]
        images += codec(some, range(seed + start, seed + start + len(some)))
        on_frame(len(images), len(frames))
    return MadeSet([frame.frame_id.stem for frame in frames], images, frames, {**codec.source, "seed": seed})
