"""Real frames through an autoencoder and back: the best that generators on its latents can reach."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import UnknownNameError
from echo_studio.evaluate.frames.made_frames import BATCH, MadeSet
from echo_studio.evaluate.frames.segmentation import fitted
from echo_studio.generate.catalog import catalog
from echo_studio.generate.checkpoint import CODECS, Card
from echo_studio.generate.codec import GrainCodec, LatentCodec
from echo_studio.types import GrayImage, Json

Looks = Literal["measured", "sampled"]


@dataclass(frozen=True)
class FrameCodec:
    """An autoencoder of frames, by name.

    Attributes:
        card: of its decoder.
        codec: what encodes and decodes.
        looks: of a decoder with grain: as `measured` on each frame, or `sampled` from the training frames' own.
    """

    card: Card
    codec: LatentCodec | GrainCodec
    looks: Looks = "measured"

    @classmethod
    def load(cls, name: str, checkpoints: Path | None = None, looks: Looks = "measured") -> "FrameCodec":
        """An autoencoder of `catalog(checkpoints)`.

        Raises:
            UnknownNameError: no autoencoder of that name.
            CheckpointError: its weights, or the encoder that it needs, are missing, altered or do not fit.
        """
        models = catalog(checkpoints)
        known = {c.card.name: c for c in models.checkpoints() if c.card and c.card.kind in CODECS and not c.fault}
        if name not in known:
            raise UnknownNameError("codec", name, known)
        return cls(known[name].card, models.codec(known[name].folder), looks)  # type: ignore[arg-type]

    @property
    def source(self) -> Json:
        """For reports, see `MadeSet.source`."""
        return {"codec": self.card.name, **({"looks": self.looks} if isinstance(self.codec, GrainCodec) else {})}

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
        latent = self.codec.encode(torch.from_numpy(images).unsqueeze(1).float() / 127.5 - 1, inside)
        if isinstance(self.codec, GrainCodec) and self.looks == "measured":
            decode = self.codec.decoding_as(list(images), inside, seeds)
        else:
            decode = self.codec.decoding(inside, seeds)
        grey = ((torch.where(inside > 0, decode(latent), -1.0) + 1) * 127.5).round().to(torch.uint8)
        return list(grey[:, 0].numpy())


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
