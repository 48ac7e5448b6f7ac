"""What a teacher makes of known noise: (noise, label map) -> sample, the pairs that a student of one call learns."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from echo_studio.anatomy.labels import LABEL_COUNTS, SCHEMA_2
from echo_studio.data.augment import GeometricRanges, random_affine, warp
from echo_studio.diffusion.denoiser import Condition
from echo_studio.diffusion.solvers import SampleNoise
from echo_studio.generate.build import soft_one_hot
from echo_studio.generate.generator import SampledGenerator, sample
from echo_studio.generate.sampling import Sampling
from echo_studio.train.samples.frames import Frames, kept
from echo_studio.train.samples.inserts import marked_map

BATCH = 8
SHARD = 32  # pairs a file: what an interrupted run loses at most
MARKED = 0.4  # share of the label maps that get a region of fluid or a mass, where the teacher knows them


@dataclass(frozen=True)
class Teacher:
    """A generator and what it is run with.

    Attributes:
        sampling: deterministic and close to the limit of many NFE, such as 6 of iPNDM.
        bfloat16: whether its network runs in that precision.
    """

    generator: SampledGenerator
    sampling: Sampling
    bfloat16: bool

    @torch.no_grad()
    def sample(self, condition: Condition, seeds: list[int]) -> Tensor:
        """What it makes of the noise of each seed, before the codec decodes: float32 (b, 1, h, w)."""
        device = self.generator.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.bfloat16):
            return sample(self.generator.denoiser, condition.to(device), self.sampling, seeds).cpu()

    @property
    def key(self) -> str:
        return f"{self.generator.card.sha256}/{self.sampling.solver}/{self.sampling.nfe}/{self.bfloat16}"


@dataclass(frozen=True)
class TeacherPairs:
    """n pairs: `made` float16 (n, 1, h, w), `one_hot` float16 (n, labels, h, w); `seed`, `view`, `phase` int64 (n,)."""

    bank: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.bank["made"])

    def deviation(self) -> float:
        """Standard deviation of what was made, inside the sector."""
        return float(self.bank["made"][self.bank["one_hot"][:, :1] < 1].float().std())

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor, Condition]:
        """Standard normal noise and what the teacher made of it, float32 (b, 1, h, w), and its condition."""
        picked = {name: values[index] for name, values in self.bank.items()}
        noise = SampleNoise(picked["seed"].tolist(), tuple(picked["made"].shape[1:]))()
        return noise, picked["made"].float(), Condition(picked["one_hot"].float(), picked["view"], picked["phase"])


def teacher_pairs(
    teacher: Teacher, frames: Frames, count: int, ranges: GeometricRanges | None, seed: int, cache: Path
) -> TeacherPairs:
    """Ask the teacher `count` times, or read what an earlier call with the same arguments left: all or part of it.

    The label maps are those of the frames in turn, the order shuffled, each with a new geometric augmentation, and some
    with fluid or a mass where the teacher knows them; no noise is used twice.

    Args:
        ranges: of the augmentation; None leaves the label maps and their order as they are.
        seed: of shuffling, augmentation and noise.
        cache: folder of the files, one for every `SHARD` pairs.
    """
    cache.mkdir(parents=True, exist_ok=True)
    order = torch.arange(len(frames))
    if ranges is not None:
        order = torch.randperm(len(frames), generator=torch.Generator().manual_seed(seed))
    shards = []
    for start in range(0, count, SHARD):
        numbers = torch.arange(start, min(start + SHARD, count))
        path = cache / f"{start:06d}.safetensors"
        key = f"{teacher.key}/{seed}/{ranges}/{frames.ids.shape[-1]}/{len(numbers)}"
        make = partial(_made, teacher, frames, order[numbers % len(frames)], numbers, ranges, seed)
        shards.append(kept(path, key, make))
    return TeacherPairs({name: torch.cat([shard[name] for shard in shards]) for name in shards[0]})


def _made(
    teacher: Teacher, frames: Frames, index: Tensor, numbers: Tensor, ranges: GeometricRanges | None, seed: int
) -> dict[str, Tensor]:
    seeds = seed * 1_000_000_007 + numbers
    torch.manual_seed(int(seeds[0]))
    random, labels = np.random.default_rng(int(seeds[0])), teacher.generator.card.label_count
    made, one_hots = [], []
    for part, of_part in zip(index.split(BATCH), seeds.split(BATCH), strict=True):
        ids = frames.ids[part]
        if ranges is not None:
            _, ids = warp(frames.pixels(part), ids, random_affine(len(part), ranges))
            if labels == LABEL_COUNTS[SCHEMA_2]:
                ids = torch.stack([_marked(one, random) for one in ids])
        one_hot = soft_one_hot(ids, teacher.generator.codec.factor, labels)
        condition = Condition(one_hot, frames.view[part], frames.phase[part])
        made.append(teacher.sample(condition, of_part.tolist()).half())
        one_hots.append(one_hot.half())
    return {
        "made": torch.cat(made),
        "one_hot": torch.cat(one_hots).contiguous(),
        "seed": seeds,
        "view": frames.view[index],
        "phase": frames.phase[index],
    }


def _marked(ids: Tensor, random: np.random.Generator) -> Tensor:
    return torch.from_numpy(marked_map(ids.numpy(), random).copy()) if random.random() < MARKED else ids
