"""Sets of deformed label maps: what synthetic training sets are made from.

The papers deform every label map of CAMUS's training and validation patients five times (000 2.2, 003 III-D): 9,000
maps of 450 patients. A set here is planned first, as a list of draws, and carried out map by map in any order: an
entry says all that its map depends on. Deforming repairs folds, keeps labels nearest, and leaves the sector where the
scanner had it: structures end there (`data.deform`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SCHEMA
from echo_studio.anatomy.shape.variation import PAPER, SIDE, VariationRanges
from echo_studio.data.datasets.camus import FrameId
from echo_studio.data.deform import DEFORMATION, random_variation, ranges_to_json
from echo_studio.errors import DataError, RequestError
from echo_studio.types import Json

__all__ = ["SIDE", "SetEntry", "deformed", "manifest", "plan_label_set"]


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


def deformed(label_map: LabelMap, entry: SetEntry, ranges: VariationRanges = PAPER) -> LabelMap:
    """The map of an entry, 256 x 256 as the papers' ranges ask.

    Args:
        label_map: the labels of `entry.frame_id`, any size; resized to the nearest pixel first.
    """
    return random_variation(label_map.resized(SIDE, SIDE), entry.seed, ranges)


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
