"""CAMUS's half sequences: every frame from end diastole to end systole with its labels.

    ROOT/patient0001/patient0001_4CH_half_sequence.nii.gz       (x, y, t)
    ROOT/patient0001/patient0001_4CH_half_sequence_gt.nii.gz    labels 0 to 3 of each frame
    ROOT/patient0001/Info_4CH.cfg                               optional: ED, ES (1 is the first), FrameRate, EF

Filling is not recorded. A cycle made of a half sequence is mirrored: ED to ES at the recorded pace and back the same
way. It closes and its volumes are real, but it fills as it empties, and `Heartbeat.mirrored` says so.
"""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, SECTOR
from echo_studio.anatomy.sector.geometry import sector_of_image, with_sector
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.datasets.heartbeat import Heartbeat, beat_times, check_count, check_recorded, frames_at
from echo_studio.data.decoding.decoded import MAX_FRAMES
from echo_studio.data.formats.image_file import SUFFIXES
from echo_studio.data.formats.pair_file import read_pair
from echo_studio.errors import DataError
from echo_studio.types import VIEWS, FloatArray, LabelIds, Spacing, View

Stack = npt.NDArray[np.uint8]  # (t, h, w)


def half_sequences(folder: CamusFolder) -> list[tuple[str, View]]:
    """The patients and views of which there is a half sequence, in order."""
    return [(patient, view) for patient in folder.patients for view in VIEWS if _path(folder, patient, view)]


def read_half_sequence(folder: CamusFolder, patient: str, view: View, frames: int = 24) -> Heartbeat:
    """A half sequence as a mirrored cycle of `frames` frames, each with labels; ES is frame `frames // 2`.

    The order is that of `Info_*.cfg`; without it, the end with the larger cavity is ED. Labels between two recorded
    frames are blended as shapes (`labels_between`). The sector is that of the whole sequence, so that it stands still.

    Raises:
        RequestError: fewer than 2 frames or more than 512.
        DataError: a file is missing, sizes differ, ED and ES lie outside the sequence.
        ImageError, LabelMapError: a file cannot be read or holds unknown values.
    """
    check_count(frames)
    images, ids, spacing = _read(folder, patient, view)
    info = folder.info(patient, view)
    ed, es = _ends(info, ids, f"Info_{view}.cfg of {patient}")
    step = 1 if es > ed else -1
    chosen = slice(ed, es + step if es + step >= 0 else None, step)
    images, ids = images[chosen], ids[chosen]
    last = len(images) - 1
    there_and_back, index = beat_times(0.0, float(last), 2.0 * last, frames)
    times = last - np.abs(last - there_and_back)
    rate = _number(info, "FrameRate")
    # Of all frames together: one sector that stands still.
    sector = sector_of_image(images.max(axis=0)) if SECTOR not in ids else None
    labels = labels_between(ids, times)
    if sector is not None:
        labels = np.stack([with_sector(one, sector) for one in labels])
    return Heartbeat(
        frames_at(images, times),
        {k: LabelMap(one, spacing) for k, one in enumerate(labels)},
        index,
        spacing,
        seconds=2.0 * last / rate if rate else None,
        mirrored=True,
        info=info,
    )


def _path(folder: CamusFolder, patient: str, view: View, part: str = "") -> Path | None:
    return folder.file(patient, f"{patient}_{view}_half_sequence{part}", SUFFIXES)


def _read(folder: CamusFolder, patient: str, view: View) -> tuple[Stack, Stack, Spacing | None]:
    image_path, label_path = _path(folder, patient, view), _path(folder, patient, view, "_gt")
    if image_path is None or label_path is None:
        raise DataError(
            expected=f"{patient}_{view}_half_sequence and its _gt in {folder.root / patient}",
            got="no frames" if image_path is None else "no labels",
            remedy="download them from CAMUS",
        )
    images, ids, spacing = read_pair(image_path, label_path, MAX_FRAMES)
    check_recorded(len(images), len(images), image_path.name)
    return images, ids, spacing


def _ends(info: dict[str, str], ids: Stack, name: str) -> tuple[int, int]:
    """The frames of ED and ES, 0 is the first."""
    last = len(ids) - 1
    if "ED" not in info or "ES" not in info:
        cavity = (ids == LV_CAVITY).sum(axis=(1, 2))
        return (0, last) if cavity[0] >= cavity[last] else (last, 0)
    ed, es = (_number(info, key) for key in ("ED", "ES"))
    if ed is None or es is None or not (1 <= ed <= last + 1 and 1 <= es <= last + 1 and int(ed) != int(es)):
        raise DataError(
            expected=f"two frames ED and ES from 1 to {last + 1} in {name}",
            got=f"ED {info['ED']}, ES {info['ES']}",
            remedy="mend the file or remove it",
        )
    return int(ed) - 1, int(es) - 1


def _number(info: dict[str, str], key: str) -> float | None:
    """A positive number of `Info_*.cfg`, or None."""
    try:
        value = float(info.get(key, ""))
    except ValueError:
        return None
    return value if 0 < value < 1e6 else None


def labels_between(recorded: npt.NDArray[np.uint8], times: FloatArray) -> npt.NDArray[np.uint8]:
    """uint8 (k, h, w): labels at fractional times of a sequence; whole times give the frame itself.

    Each label's signed distance is blended and the deepest label wins (Raya and Udupa, IEEE TMI 9(1), 1990).

    Args:
        recorded: uint8 (n, h, w).
        times: (k,) in frames, 0 to n - 1.
    """
    return frames_at(recorded, times, blend=partial(_blend, ids=[int(label) for label in np.unique(recorded)]))


def _blend(before: LabelIds, after: LabelIds, share: float, ids: list[int]) -> LabelIds:
    depth = np.stack([(1 - share) * _depth(before == one) + share * _depth(after == one) for one in ids])
    blended = np.array(ids, np.uint8)[depth.argmax(axis=0)]
    return np.where(before == after, before, blended)


def _depth(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Distance to the border in pixels, positive inside; a label that is not there is far outside everywhere."""
    if not mask.any():
        return np.full(mask.shape, -float(max(mask.shape)), np.float32)
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(inside - outside, np.float32)
