"""Label maps of a recording, frame by frame: evened out over time, corrected, and edited like a label cycle.

A border is the zero of a signed distance. What moves a border in one frame is a difference of distances, which other
frames can be given, wholly or in part: no label is invented, and where nothing differs nothing moves.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.signal import savgol_filter

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import OUTSIDE, SECTOR
from echo_studio.anatomy.motion.flow import Distances, Tidy, signed_distance
from echo_studio.anatomy.plane import box_of
from echo_studio.errors import LabelMapError, RequestError
from echo_studio.types import LabelIds

FAR = 0.15  # of the longer side: distances beyond are alike, so that a structure that comes in a frame moves no other
WINDOW = 5  # frames through which a parabola is laid
FADE = 0.25  # seconds: deviation of the Gaussian by which a correction fades before the first and after the last one


def smoothed(labels: Sequence[LabelMap], closed: bool = False) -> list[LabelMap]:
    """Label maps of a recording evened out over time: a slip in one frame is gone, and borders move smoothly.

    Each label's distances follow a median of three frames, then parabolas through five (Savitzky & Golay 1964), which
    leave the turning points of a border where they are. Fewer than five frames come back as they are.

    Args:
        labels: of one size, all with the same sector.
        closed: after the last frame comes the first.

    Raises:
        LabelMapError: sizes differ.
    """
    _check_sizes(labels)
    if len(labels) < WINDOW:
        return list(labels)
    tissue = np.stack([_tissue(one) for one in labels])
    (rows, columns), far = _box(tissue), _far(tissue.shape)
    tissue = tissue[:, rows, columns]
    nearest = np.full(tissue.shape, np.inf, np.float32)
    found = np.full(tissue.shape, SECTOR, np.uint8)
    for label in np.unique(tissue):
        over_time = np.stack([_distances(ids, (label,), far)[0] for ids in tissue])
        if closed:
            over_time = np.concatenate([over_time[-WINDOW:], over_time, over_time[:WINDOW]])
        over_time = np.asarray(savgol_filter(_median_of_three(over_time), WINDOW, 2, axis=0), np.float32)
        over_time = over_time[WINDOW:-WINDOW] if closed else over_time
        wins = over_time < nearest
        nearest[wins], found[wins] = over_time[wins], label
    made = []
    for one, inner in zip(labels, found, strict=True):
        whole = _tissue(one)
        whole[rows, columns] = inner
        made.append(_within_sector(one, whole, Tidy.like(one)))
    return made


def corrected(
    labels: Sequence[LabelMap], corrections: Mapping[int, LabelMap], seconds_per_frame: float
) -> list[LabelMap]:
    """Label maps of a recording after a person corrected some of them: the frames between and beside follow.

    A frame between two corrections is given of each the nearer it is; before the first and after the last one
    a correction fades.

    Args:
        labels: of every frame.
        corrections: the label maps that are right, by frame.

    Raises:
        LabelMapError: a correction of another size.
        RequestError: a correction of a frame that is not there.
    """
    if not corrections:
        return list(labels)
    _check_sizes([*labels, *corrections.values()])
    for frame in corrections:
        if not 0 <= frame < len(labels):
            raise RequestError(
                expected=f"a correction of one of the frames 0 to {len(labels) - 1}",
                got=f"frame {frame}",
                remedy="count the frames from 0",
            )
    places = sorted(corrections)
    fade = FADE / seconds_per_frame
    made = []
    for k, one in enumerate(labels):
        if k in corrections:
            made.append(corrections[k])
            continue
        shares = _shares(k, places, fade)
        changes = [(labels[place], corrections[place], share) for place, share in shares.items() if share > 0.01]
        made.append(_changed(one, changes))
    return made


def carried(label_map: LabelMap, before: LabelMap, after: LabelMap) -> LabelMap:
    """A label map whose borders move as those of another one moved; itself where they did not move.

    Raises:
        LabelMapError: sizes differ.
    """
    _check_sizes([label_map, before, after])
    return _changed(label_map, [(before, after, 1.0)])


def _median_of_three(values: Distances) -> Distances:
    """(t, h, w) the median of each frame and its two neighbours: what one frame alone has is a slip of the labeller."""
    before, after = np.concatenate([values[:1], values[:-1]]), np.concatenate([values[1:], values[-1:]])
    return np.asarray(np.maximum(np.minimum(before, after), np.minimum(np.maximum(before, after), values)))


def _shares(k: int, places: Sequence[int], fade: float) -> dict[int, float]:
    """How much of each correction frame k is given."""
    before = [place for place in places if place < k]
    after = [place for place in places if place > k]
    if before and after:
        share = (k - before[-1]) / (after[0] - before[-1])
        return {before[-1]: 1 - share, after[0]: share}
    nearest = before[-1] if before else after[0]
    return {nearest: float(np.exp(-0.5 * ((k - nearest) / fade) ** 2))}


def _changed(label_map: LabelMap, changes: Sequence[tuple[LabelMap, LabelMap, float]]) -> LabelMap:
    changes = [change for change in changes if not np.array_equal(change[0].ids, change[1].ids)]
    if not changes:
        return label_map
    tissue = _tissue(label_map)
    maps = [(_tissue(before), _tissue(after), share) for before, after, share in changes]
    every = np.stack([tissue, *(ids for before, after, _ in maps for ids in (before, after))])
    (rows, columns), far = _box(every), _far(every.shape)
    labels = tuple(int(label) for label in np.unique(every))
    moved = _distances(tissue[rows, columns], labels, far)
    for before, after, share in maps:
        moved += np.float32(share) * (
            _distances(after[rows, columns], labels, far) - _distances(before[rows, columns], labels, far)
        )
    tissue[rows, columns] = np.array(labels, np.uint8)[moved.argmin(axis=0)]
    tidy = Tidy.like(label_map, *(after for _, after, _ in changes))
    return _within_sector(label_map, tissue, tidy)


def _tissue(label_map: LabelMap) -> LabelIds:
    """uint8 (h, w), a copy, as if the sector were everywhere: borders are those of structures alone."""
    return np.where(label_map.ids == OUTSIDE, np.uint8(SECTOR), label_map.ids)


def _within_sector(label_map: LabelMap, tissue: LabelIds, tidy: Tidy) -> LabelMap:
    """Labels with what is outside the sector of a label map."""
    background = np.where(label_map.ids == OUTSIDE, np.uint8(OUTSIDE), np.uint8(SECTOR))
    return LabelMap(tidy(np.where(tissue == SECTOR, background, tissue)), label_map.spacing_mm)


def _box(tissue: LabelIds) -> tuple[slice, slice]:
    """Around all structures of (n, h, w) labels, with a margin in which they can move."""
    there = (tissue != SECTOR).any(axis=0)
    if not there.any():
        return slice(0, 1), slice(0, 1)
    rows, columns = box_of(there)
    margin = math.ceil(_far(there.shape))
    return slice(max(0, rows.start - margin), rows.stop + margin), slice(
        max(0, columns.start - margin), columns.stop + margin
    )


def _far(shape: tuple[int, ...]) -> float:
    return FAR * max(shape[-2:])


def _distances(ids: LabelIds, labels: Sequence[int], far: float) -> Distances:
    return np.stack([np.clip(signed_distance(ids == label), -far, far) for label in labels])


def _check_sizes(labels: Sequence[LabelMap]) -> None:
    sizes = {one.shape for one in labels}
    if len(sizes) > 1:
        raise LabelMapError(
            expected="label maps of one size",
            got=" and ".join(f"{width}x{height}" for height, width in sorted(sizes)),
            remedy="label the frames of one recording",
        )
