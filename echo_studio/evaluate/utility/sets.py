"""From real frames to deformed label maps to synthetic frames: work items that each leave a file.

A file is named after everything that its content depends on, so that whatever was made once is found again.

The papers deform every label map of CAMUS's training and validation patients five times (000 2.2, 003 III-D): 9,000
maps of 450 patients. A set here is planned first, as a list of entries, and made map by map in any order: an entry says
all that its map depends on. Deforming repairs folds, keeps labels nearest, and leaves the sector where the scanner had
it: structures end there (`data.deform`).
"""

import hashlib
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SCHEMA, SECTOR
from echo_studio.anatomy.shape.variation import PAPER, SIDE
from echo_studio.data.atomic import write_bytes
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.data.deform import DEFORMATION, random_variation, ranges_to_json
from echo_studio.errors import DataError, RequestError
from echo_studio.evaluate.frames.segmentation import fitted
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.types import VIEWS, GrayImage, Json, LabelIds

STRUCTURES = {LV_CAVITY: "LV cavity", LV_MYOCARDIUM: "LV myocardium", LEFT_ATRIUM: "left atrium"}


@dataclass(frozen=True)
class TrainingSet:
    """n frames of one size.

    Attributes:
        image: uint8 (n, side, side).
        labels: uint8 (n, side, side), CAMUS's labels 0 to 3.
        view: int64 (n,), positions in `types.VIEWS`.
    """

    image: Tensor
    labels: Tensor
    view: Tensor

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def of(
        cls, frame_ids: Sequence[FrameId], images: Sequence[GrayImage], ids: Sequence[LabelIds], side: int
    ) -> "TrainingSet":
        """From frames and label ids of any sizes; the sector's label becomes 0.

        Raises:
            DataError: fewer than two frames.
        """
        if len(frame_ids) < 2:
            raise DataError(
                expected="at least two frames to learn from",
                got=str(len(frame_ids)),
                remedy="take a larger set or more --maps",
            )
        labels = np.stack([nearest(one, side) for one in ids])
        labels[labels == SECTOR] = 0
        view = torch.tensor([VIEWS.index(frame_id.view) for frame_id in frame_ids])
        return cls(
            torch.from_numpy(np.stack([fitted(image, side) for image in images])), torch.from_numpy(labels), view
        )

    def check(self, task: str) -> None:
        """Raise DataError where a class to be learned is in no frame."""
        if task == "view":
            missing: list[str] = [str(view) for k, view in enumerate(VIEWS) if not bool((self.view == k).any())]
        else:
            missing = [name for label, name in STRUCTURES.items() if not bool((self.labels == label).any())]
        if missing:
            raise DataError(
                expected=f"frames of every class to learn {'the view' if task == 'view' else 'labels'} from",
                got=f"none with {' or '.join(missing)} among {len(self)}",
                remedy="take a set that has them",
            )


def nearest(ids: LabelIds, side: int) -> LabelIds:
    """uint8 (side, side), a copy, at pixel centres."""
    return np.array(cv2.resize(ids, (side, side), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)


def pixels(image: Tensor) -> Tensor:
    """What networks see of frames uint8 (b, h, w): float32 (b, 1, h, w) in [-1, 1]."""
    return image.unsqueeze(1).float() / 127.5 - 1


Arrays = dict[str, npt.NDArray[Any]]
SHARD = 16  # frames a file: at the papers' highest cost still less than five minutes of work
BATCH = 8
VERSION = 1  # of what these items compute: raise it when the same input gives other output


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Put named arrays at `path`, compressed, whole or not at all; its folder is made.

    Raises:
        OutputError: it cannot be written.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, buffer.getvalue())


def read_arrays(path: Path) -> Arrays:
    """What `write_arrays` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def key_of(**parts: Any) -> str:
    """A name for what depends on these JSON-able parts alone: 20 hexadecimal digits of their sha256."""
    text = json.dumps(parts, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class SetEntry:
    """One map of a set.

    Attributes:
        frame_id: whose labels are deformed; splits go by its patient.
        copy: which deformation of them, from 0.
        seed: of the deformation, see `data.deform.random_variation`.
    """

    frame_id: FrameId
    copy: int
    seed: int

    @property
    def name(self) -> str:
        """Unique in its set, e.g. `patient0001_4CH_ED-2`."""
        return f"{self.frame_id.stem}-{self.copy}"


def plan_label_set(frame_ids: Sequence[FrameId], maps: int, seed: int = 0) -> list[SetEntry]:
    """`maps` deformations of the given frames' labels, every frame as often as any other, to one.

    Fewer maps than frames are taken of whole patients, evenly spread. An entry's seed hangs on its frame, its copy
    and `seed` alone: a larger set holds the smaller one's maps of the same frames.

    Args:
        frame_ids: in order of patients.
        maps: how many; the papers' sets have five a frame.
        seed: 0 or more.

    Raises:
        DataError: no frames.
        RequestError: `maps` below 1, or a negative seed.
    """
    if not frame_ids:
        raise DataError(expected="frames with labels", got="none", remedy="check the folder and its split files")
    if maps < 1 or seed < 0:
        raise RequestError(
            expected="at least one map and a seed of 0 or more",
            got=f"{maps} maps, seed {seed}",
            remedy="five maps a frame are the papers' choice",
        )
    chosen = list(frame_ids) if maps >= len(frame_ids) else _whole_patients(frame_ids, maps)
    places = [(chosen[k % len(chosen)], k // len(chosen)) for k in range(maps)]
    return [SetEntry(frame_id, copy, _seed(seed, frame_id, copy)) for frame_id, copy in places]


def deformed(label_map: LabelMap, entry: SetEntry) -> LabelMap:
    """The map of an entry, 256 x 256 as the papers' ranges ask.

    Args:
        label_map: the labels of `entry.frame_id`, any size; resized to the nearest pixel first.
    """
    return random_variation(label_map.resized(SIDE, SIDE), entry.seed)


def manifest(entries: Sequence[SetEntry], digests: Sequence[str], splits: Mapping[str, str]) -> Json:
    """What a set holds, as JSON: everything that brings it back from the same folder.

    Args:
        digests: `LabelMap.digest` of each entry's map.
        splits: the split of every patient.
    """
    return {
        "label_schema": SCHEMA,
        "side": SIDE,
        "deformation": DEFORMATION,
        "ranges": ranges_to_json(PAPER, DEFORMATION),
        "maps": [
            {
                "name": entry.name,
                "patient": entry.frame_id.patient,
                "view": entry.frame_id.view,
                "phase": entry.frame_id.phase,
                "split": splits[entry.frame_id.patient],
                "copy": entry.copy,
                "seed": entry.seed,
                "sha256": digest,
            }
            for entry, digest in zip(entries, digests, strict=True)
        ],
    }


def _whole_patients(frame_ids: Sequence[FrameId], maps: int) -> list[FrameId]:
    frames: dict[str, list[FrameId]] = {}
    for frame_id in frame_ids:
        frames.setdefault(frame_id.patient, []).append(frame_id)
    patients = list(frames)
    count = -(-maps * len(patients) // len(frame_ids))
    while True:  # patients may have lost frames: take more of them where these do not reach
        taken = [patients[round(at)] for at in np.linspace(0, len(patients) - 1, count)]
        chosen = [frame_id for patient in taken for frame_id in frames[patient]]
        if len(chosen) >= maps:
            return chosen[:maps]
        count += 1


def _seed(seed: int, frame_id: FrameId, copy: int) -> int:
    text = f"{seed}/{frame_id.stem}/{copy}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little") >> 1


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
        parts = {"weights": weights_of(self.sampling), "solver": self.sampling.solver, "nfe": self.sampling.nfe}
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
