"""From real frames to deformed label maps to synthetic frames: pieces of work that each leave a file.

A file is named after everything that its content depends on, so that whatever was made once is found again.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.data.deform import DEFORMATION
from echo_studio.evaluate.utility.array_file import key_of, read_arrays, write_arrays
from echo_studio.evaluate.utility.label_sets import SIDE, SetEntry, deformed
from echo_studio.evaluate.utility.training_set import TrainingSet, fitted
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.types import GrayImage

__all__ = ["Frames", "Maps", "Part", "RealFrames", "SHARD", "content_of", "digest_of", "read_set", "weights_of"]

SHARD = 16  # frames a file: at the papers' highest cost still less than five minutes of work
BATCH = 8
VERSION = 1  # of what these pieces compute: raise it when the same input gives other output


@dataclass(frozen=True)
class RealFrames:
    """Real frames at 256 x 256: arrays `image`, `ids` (with the sector) and `sha256` of the images as they were."""

    folder: CamusFolder
    frame_ids: tuple[FrameId, ...]
    content: str
    work: Path

    @property
    def out(self) -> Path:
        return self.work / "real" / f"{self.content}.npz"

    def run(self) -> None:
        frames = [self.folder.read(frame_id) for frame_id in self.frame_ids]
        write_arrays(
            self.out,
            {
                "image": np.stack([fitted(frame.image, SIDE) for frame in frames]),
                "ids": np.stack([frame.label_map.resized(SIDE, SIDE).ids for frame in frames]),
                "sha256": np.array([digest_of(frame.image) for frame in frames]),
            },
        )


@dataclass(frozen=True)
class Maps:
    """Deformed label maps: array `ids`. `bases` names the file and row of the map that each entry deforms."""

    entries: tuple[SetEntry, ...]
    bases: tuple[tuple[Path, int], ...]
    work: Path

    @property
    def out(self) -> Path:
        drawn = [[entry.seed, base.stem, row] for entry, (base, row) in zip(self.entries, self.bases, strict=True)]
        return self.work / "maps" / f"{key_of(version=VERSION, deformation=DEFORMATION, drawn=drawn)}.npz"

    def run(self) -> None:
        files = {base: read_arrays(base)["ids"] for base, _ in self.bases}
        maps = [
            deformed(LabelMap(files[base][row]), entry).ids
            for entry, (base, row) in zip(self.entries, self.bases, strict=True)
        ]
        write_arrays(self.out, {"ids": np.stack(maps)})


@dataclass(frozen=True)
class Frames:
    """Synthetic frames of a file of label maps: arrays `image` and `seconds`. A frame's seed is its map's."""

    maps: Path
    entries: tuple[SetEntry, ...]
    sampling: Sampling
    checkpoints: Path | None
    device: str
    work: Path

    @property
    def out(self) -> Path:
        how = self.sampling
        parts = {"weights": weights_of(how), "solver": how.solver, "nfe": how.nfe}
        return self.work / "frames" / f"{key_of(version=VERSION, maps=self.maps.stem, **parts)}.npz"

    def run(self) -> None:
        generator = _generator(self.sampling.generator, self.checkpoints, self.device)
        started = time.perf_counter()
        requests = [
            GenerationRequest(LabelMap(ids), self.sampling, entry.frame_id.view, entry.frame_id.phase, entry.seed)
            for ids, entry in zip(read_arrays(self.maps)["ids"], self.entries, strict=True)
        ]
        made = [
            result.image
            for start in range(0, len(requests), BATCH)
            for result in generator.generate_batch(requests[start : start + BATCH])
        ]
        write_arrays(self.out, {"image": np.stack(made), "seconds": np.array(time.perf_counter() - started)})


def weights_of(sampling: Sampling) -> list[str]:
    """sha256 of every checkpoint that takes part: the generator's first, then those that it needs, in order."""
    needed = {name: sha256 for name, sha256 in sampling.weights.items() if name != sampling.generator}
    return [sampling.weights[sampling.generator], *sorted(needed.values())]


@dataclass(frozen=True)
class Part:
    """Some rows of a set: the files that hold their `image` and `ids`, and whose frames they are."""

    image: Path
    ids: Path
    frame_ids: tuple[FrameId, ...]


def read_set(parts: Sequence[Part], patients: Sequence[str], side: int) -> TrainingSet:
    """The frames of some patients at one size.

    Raises:
        DataError: fewer than two frames.
    """
    wanted = set(patients)
    frame_ids: list[FrameId] = []
    images, ids = [], []
    for part in parts:
        rows = [row for row, frame_id in enumerate(part.frame_ids) if frame_id.patient in wanted]
        if not rows:
            continue
        image, labels = read_arrays(part.image)["image"], read_arrays(part.ids)["ids"]
        frame_ids += [part.frame_ids[row] for row in rows]
        # Shrunk at once: a whole set at full size would not fit beside another worker's.
        images += [fitted(image[row], side) for row in rows]
        ids += [LabelMap(labels[row]).resized(side, side).ids for row in rows]
    return TrainingSet.of(frame_ids, images, ids, side)


def digest_of(image: GrayImage) -> str:
    """sha256 of a frame's pixels, whatever its file."""
    return hashlib.sha256(f"{image.shape}".encode() + image.tobytes()).hexdigest()


def content_of(folder: CamusFolder, frame_ids: Sequence[FrameId]) -> str:
    """A name for what the files of some frames hold, their spacing included."""
    digest = hashlib.sha256(f"{VERSION} {SIDE}".encode())
    for frame_id in frame_ids:
        digest.update(f"{frame_id.stem} {folder.listed_spacing.get(frame_id)}\n".encode())
        for suffix in ("", "_gt"):
            path = folder.path(frame_id, suffix)
            digest.update(hashlib.sha256(path.read_bytes() if path else b"").digest())
    return digest.hexdigest()[:20]


@lru_cache(maxsize=1)
def _generator(name: str, checkpoints: Path | None, device: str) -> Generator:
    return load_generator(name, checkpoints, device)
