"""Heartbeats as latents, interpolated cycles or recordings: what a denoiser of clips learns to bring back."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from echo_studio.data.augment import GeometricRanges, random_affine, warp
from echo_studio.data.clips.interpolated import interpolated_cycles
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame, FrameId
from echo_studio.diffusion.denoiser import Condition
from echo_studio.errors import DataError
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.codec import Codec
from echo_studio.generate.video.pseudo_video import real_quantiles
from echo_studio.train.samples.frames import kept
from echo_studio.types import PHASES, VIEWS, View

CYCLE = 24  # frames of a cycle in the bank, where the frames of a sample divide it: 002's and 004's longest
AT_ONCE = 8

# Frames and label maps uint8 (t, side, side) of one heartbeat, and its view.
CycleClip = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], View]


class Clips:
    """Latent clips of whole cycles; a sample is one of them, thinned to `frames` from a random start.

    Args:
        bank: `latent` float16 (n, 1, t, h, w), `one_hot` float16 (n, 5, t, h, w), `view` int64 (n,); and `quantiles`
            (n, count) of the grey levels at end diastole.
        frames: of a sample; divides t.
        first_map_alone: whether the label map at end diastole guides all frames, as in 002.

    Attributes:
        sigma_data: standard deviation of the latents inside the sector.
        limit: their largest absolute value there.
    """

    def __init__(self, bank: dict[str, Tensor], frames: int, first_map_alone: bool = False) -> None:
        self.bank, self.cycle, self.first_map_alone = bank, bank["latent"].shape[2], first_map_alone
        self.stride = self.cycle // frames
        inside = bank["latent"][bank["one_hot"][:, :1] < 1.0].float()
        self.sigma_data, self.limit = float(inside.std()), float(inside.abs().max())

    def __len__(self) -> int:
        return len(self.bank["latent"])

    def batch(self, index: Tensor) -> tuple[Tensor, Condition]:
        """Clean float32 (b, 1, frames, h, w) and what guides it; the start is sampled with torch's global generator."""
        start = int(torch.randint(self.cycle, ()))
        # Time is a circle: a clip may begin anywhere, and its frames' times say where.
        which = (torch.arange(0, self.cycle, self.stride) + start) % self.cycle
        return self.at(index, which)

    def whole(self, index: Tensor) -> tuple[Tensor, Condition]:
        """The same from end diastole on."""
        return self.at(index, torch.arange(0, self.cycle, self.stride))

    def at(self, index: Tensor, which: Tensor) -> tuple[Tensor, Condition]:
        time = (which.float() / self.cycle).expand(len(index), -1)
        phase = torch.full((len(index),), PHASES.index("ED"))
        maps = torch.zeros_like(which) if self.first_map_alone else which
        one_hot = self.bank["one_hot"][index][:, :, maps].float()
        return self.bank["latent"][index][:, :, which].float(), Condition(
            one_hot, self.bank["view"][index], phase, time
        )


def pairs_of(data: CamusFolder, split: str) -> list[tuple[CamusFrame, CamusFrame]]:
    """ED and ES of every patient and view of a split that has both, with a ventricle in each."""
    found = []
    for patient in data.split(split):
        for view in VIEWS:
            ids = [FrameId(patient, view, phase) for phase in PHASES]
            if all(data.path(frame_id) and data.path(frame_id, "_gt") for frame_id in ids):
                first, second = (data.read(frame_id) for frame_id in ids)
                found.append((first, second))
    if not found:
        raise DataError(
            expected=f"ED and ES frames in the {split} split", got="none", remedy="run `echo-studio check-data`"
        )
    return found


def interpolated(data: CamusFolder, split: str, frames: int, side: int) -> Iterator[CycleClip]:
    """The interpolated cycles of a split, a patient and view after the other."""
    pairs = pairs_of(data, split)
    for start in range(0, len(pairs), AT_ONCE):
        some = pairs[start : start + AT_ONCE]
        for (clip, ids), (first, _) in zip(interpolated_cycles(some, frames, side), some, strict=True):
            yield clip, ids, first.frame_id.view


def encoded_cycles(
    clips: Iterable[CycleClip],
    path: Path,
    key: str,
    codec: Codec,
    copies: int,
    ranges: GeometricRanges,
    seed: int,
    *,
    bfloat16: bool,
) -> dict[str, Tensor]:
    """A bank of `Clips`: heartbeats of one length, each once as it is and `copies` - 1 times augmented.

    Args:
        clips: read only where the bank has to be made.
        path: keeps the result.
        key: of everything on which it depends; another key makes it again.
        codec: encodes the frames.
        copies: of each heartbeat.
        ranges: of the augmentation, one sample a clip.
        seed: of the augmentation.
        bfloat16: whether the codec runs in it: nearly twice as fast where the processor has it.
    """

    @torch.no_grad()
    def make() -> dict[str, Tensor]:
        torch.manual_seed(seed)
        parts: dict[str, list[Tensor]] = {"latent": [], "one_hot": [], "view": [], "quantiles": []}
        for clip, ids, view in clips:
            for copy in range(copies):
                image, labels = torch.from_numpy(clip).float()[:, None] / 127.5 - 1, torch.from_numpy(ids)
                if copy:
                    image, labels = warp(image, labels, random_affine(1, ranges).expand(len(clip), -1, -1))
                with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                    latent = codec.encode(image, (labels > 0).float()[:, None])
                parts["latent"].append(latent.transpose(0, 1).half())
                parts["one_hot"].append(soft_one_hot(labels, codec.factor).transpose(0, 1).half())
                if not copy:
                    own = torch.from_numpy(real_quantiles([(clip[0], ids[0])])).float()
                parts["quantiles"].append(own)
                parts["view"].append(torch.tensor(VIEWS.index(view)))
        return {name: torch.stack(tensors).contiguous() for name, tensors in parts.items()}

    return kept(path, key, make)
