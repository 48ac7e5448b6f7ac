"""Interpolated cycles as latents: what a denoiser of clips learns to bring back."""

from pathlib import Path

import torch
from torch import Tensor

from echo_studio.data.augment import GeometricRanges, random_affine, warp
from echo_studio.data.clips.interpolated import interpolated_cycles
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame, FrameId
from echo_studio.diffusion.denoiser import Condition
from echo_studio.errors import DataError
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.codec import Codec
from echo_studio.train.samples.frames import kept
from echo_studio.types import PHASES, VIEWS

CYCLE = 24  # frames of a cycle in the bank: 002's and 004's longest
AT_ONCE = 8


class Clips:
    """Latent clips of whole cycles; a sample is one of them, thinned to `frames` from a random start.

    Args:
        bank: `latent` float16 (n, 1, 24, h, w), `one_hot` float16 (n, 5, 24, h, w), `view` int64 (n,).
        frames: of a sample; divides 24.

    Attributes:
        sigma_data: standard deviation of the latents inside the sector.
        limit: their largest absolute value there.
    """

    def __init__(self, bank: dict[str, Tensor], frames: int) -> None:
        self.bank, self.stride = bank, CYCLE // frames
        inside = bank["latent"][bank["one_hot"][:, :1] < 1.0].float()
        self.sigma_data, self.limit = float(inside.std()), float(inside.abs().max())

    def __len__(self) -> int:
        return len(self.bank["latent"])

    def batch(self, index: Tensor) -> tuple[Tensor, Condition]:
        """Clean float32 (b, 1, frames, h, w) and what guides it; the start is sampled with torch's global generator."""
        start = int(torch.randint(CYCLE, ()))
        # Time is a circle: a clip may begin anywhere, and its frames' times say where.
        which = (torch.arange(0, CYCLE, self.stride) + start) % CYCLE
        return self.at(index, which)

    def whole(self, index: Tensor) -> tuple[Tensor, Condition]:
        """The same from end diastole on."""
        return self.at(index, torch.arange(0, CYCLE, self.stride))

    def at(self, index: Tensor, which: Tensor) -> tuple[Tensor, Condition]:
        time = (which.float() / CYCLE).expand(len(index), -1)
        phase = torch.full((len(index),), PHASES.index("ED"))
        one_hot = self.bank["one_hot"][index][:, :, which].float()
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


def encoded_cycles(
    data: CamusFolder,
    split: str,
    side: int,
    codec: Codec,
    codec_sha256: str,
    copies: int,
    ranges: GeometricRanges,
    seed: int,
    cache: Path,
    *,
    bfloat16: bool,
) -> dict[str, Tensor]:
    """A bank of `Clips`: the interpolated cycles of a split, each once as it is and `copies` - 1 times augmented.

    Made once and kept in `cache`; another codec, side, number of copies, range or seed makes it again.

    Args:
        data: CAMUS.
        split: training or validation.
        side: of the frames before encoding.
        codec: encodes them.
        codec_sha256: of its weights.
        copies: of each cycle.
        ranges: of the augmentation, one sample a clip.
        seed: of the augmentation.
        cache: folder that keeps the result.
        bfloat16: whether the codec runs in it: nearly twice as fast where the processor has it.
    """
    path = cache / f"cycles-{split}.safetensors"
    key = "/".join([codec_sha256, split, str(side), str(copies), str(ranges), str(seed)])

    @torch.no_grad()
    def make() -> dict[str, Tensor]:
        torch.manual_seed(seed)
        parts: dict[str, list[Tensor]] = {"latent": [], "one_hot": [], "view": []}
        pairs = pairs_of(data, split)
        for start in range(0, len(pairs), AT_ONCE):
            some = pairs[start : start + AT_ONCE]
            for (clip, ids), (first, _) in zip(interpolated_cycles(some, CYCLE, side), some, strict=True):
                for copy in range(copies):
                    image, labels = torch.from_numpy(clip).float()[:, None] / 127.5 - 1, torch.from_numpy(ids)
                    if copy:
                        image, labels = warp(image, labels, random_affine(1, ranges).expand(CYCLE, -1, -1))
                    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                        latent = codec.encode(image, (labels > 0).float()[:, None])
                    parts["latent"].append(latent.transpose(0, 1).half())
                    parts["one_hot"].append(soft_one_hot(labels, codec.factor).transpose(0, 1).half())
                    parts["view"].append(torch.tensor(VIEWS.index(first.frame_id.view)))
        return {name: torch.stack(tensors).contiguous() for name, tensors in parts.items()}

    return kept(path, key, make)
