"""The border of the LV cavity: where wall covers it, where the annulus opens it, and where the wall has a gap.

A gap may hold sector, or blood: cavity (label 1) that reaches through the wall. The blood in a gap belongs to no
chamber, so whoever measures the ventricle asks `without_blood_in_gaps` for it first.
"""

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from echo_studio.anatomy.label_map import LabelMap, once
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.anatomy.plane import Plane, border, largest_component, near, with_ids
from echo_studio.types import BoolMask, FloatArray

Run = tuple[int, int]  # first and last position in a ring, last >= first; may be beyond the ring's end

LEAST_RING = 12  # pixels
CORNER = 0.7  # radians by which the border bends where a gap's side meets the cavity
NARROW = 1.1  # times the least distance between a channel's sides
LARGEST_GAP = 0.25  # share of the cavity that a gap's blood may be


def open_runs(label_map: LabelMap, ring: npt.NDArray[np.intp]) -> tuple[list[Run], Run | None]:
    """The runs of the cavity's border that no wall covers, and the one of them that is the annulus.

    A gap in the wall (a septal defect) is a run without wall too: the annulus is the one that the atrium
    touches most, or the longest where there is no atrium.

    Args:
        ring: (n, 2) the border of the cavity's largest component, see `border`.
    """
    if len(ring) < LEAST_RING:
        return [], None
    plane, wall = Plane.of(label_map), label_map.ids == LV_MYOCARDIUM
    atrium = largest_component(label_map.ids == LEFT_ATRIUM)
    x, y = ring.T
    touches = near(atrium, 3)[y, x]
    bare = ~near(wall)[y, x] if wall.any() else near(atrium)[y, x]
    if bare.all() or not bare.any():
        # Closed all round by wall, or nothing but cavity: the atrium alone can tell.
        if not atrium.any():
            return [], None
        gap = _distance_to(atrium, ring, plane)
        bare = gap <= gap.min() + 2.5 * max(plane.sx, plane.sy)
    runs = _runs(bare, bridge=max(2, len(ring) // 40))

    def merit(run: Run) -> tuple[int, int]:
        inside = np.arange(run[0], run[1] + 1) % len(ring)
        return int(touches[inside].sum()), len(inside)

    return runs, max(runs, key=merit, default=None)


@once
def without_blood_in_gaps(label_map: LabelMap) -> LabelMap:
    """The label map with sector in place of the blood that fills gaps of the wall; the same object where none does.

    A gap is a channel: from its mouth, where the cavity meets what is outside the wall, its sides run inward to
    corners, where they bend into the cavity's border. A cavity whose wall just ends has no such corners. A gap that
    takes the wall away down to the hinge cannot be told from the annulus: its blood stays cavity.
    """
    cavity = largest_component(label_map.ids == LV_CAVITY)
    ring = border(cavity)
    runs, annulus = open_runs(label_map, ring)
    blood = np.zeros(label_map.shape, bool)
    if annulus is not None and (label_map.ids == LV_MYOCARDIUM).any():
        for run in runs:
            if run != annulus:
                blood |= _channel(ring, run, annulus, label_map)
    if not blood.any() or blood.sum() > LARGEST_GAP * cavity.sum():
        return label_map
    return with_ids(label_map, np.where(blood & cavity, np.uint8(SECTOR), label_map.ids))


def _channel(ring: npt.NDArray[np.intp], mouth: Run, annulus: Run, label_map: LabelMap) -> BoolMask:
    """(h, w) the cavity between a run of its border and the corners behind it; empty where there are no corners."""
    mask = np.zeros(label_map.shape, np.uint8)
    size = len(ring)
    points = Plane.of(label_map).lengths(ring.astype(np.float64))
    bend = _bend(points, max(3, size // 80))
    # No side runs on into the annulus.
    left = (mouth[0] - np.arange(1, min((mouth[0] - annulus[1]) % size, size // 4) + 1)) % size
    right = (mouth[1] + np.arange(1, min((annulus[0] - mouth[1]) % size, size // 4) + 1)) % size
    if not len(left) or not len(right):
        return mask > 0
    a, b = int(left[bend[left].argmax()]), int(right[bend[right].argmax()])
    if max(bend[a], bend[b]) < CORNER:
        return mask > 0
    # Where one side runs smoothly on (at the apex, or at a mere stub of wall), the channel is cut where it is narrow.
    if bend[a] < CORNER:
        a = _narrow(points, left, points[b])
    if bend[b] < CORNER:
        b = _narrow(points, right, points[a])
    outline = ring[np.arange(a, a + (b - a) % size + 1) % size].astype(np.int32)
    cv2.fillPoly(mask, [outline], 1)
    cv2.line(mask, outline[0].tolist(), outline[-1].tolist(), 0)  # the cavity's own border runs there
    return np.asarray(mask > 0)


def _narrow(points: FloatArray, side: npt.NDArray[np.intp], corner: FloatArray) -> int:
    """The last position on a side of a channel that is hardly farther from the other side's corner than the nearest."""
    distance = np.hypot(*(points[side] - corner).T)
    return int(side[np.flatnonzero(distance <= NARROW * distance.min())[-1]])


def _bend(points: FloatArray, reach: int) -> npt.NDArray[np.float64]:
    """(n,) how sharply a closed line bends inward at each of its points, in radians; negative where it bulges."""
    before, after = points - np.roll(points, reach, axis=0), np.roll(points, -reach, axis=0) - points
    turn = np.arctan2(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1))
    return np.asarray(-turn * np.sign(turn.sum()))


def _distance_to(mask: BoolMask, ring: npt.NDArray[np.intp], plane: Plane) -> FloatArray:
    edge = plane.lengths(border(mask).astype(np.float64))
    distance, _ = cKDTree(edge).query(plane.lengths(ring.astype(np.float64)))
    return np.asarray(distance)


def _runs(flags: npt.NDArray[np.bool_], bridge: int) -> list[Run]:
    """Runs of True around a ring, as (first, last) with last >= first, breaks of at most `bridge` closed."""
    size = len(flags)
    starts = np.flatnonzero(flags & ~np.roll(flags, 1))
    lasts = np.flatnonzero(flags & ~np.roll(flags, -1))
    if len(starts) == 0:
        return []
    runs = [
        (int(start), int(lasts[lasts >= start][0] if (lasts >= start).any() else lasts[0] + size)) for start in starts
    ]
    merged: list[Run] = []
    for run in runs:
        if merged and run[0] - merged[-1][1] - 1 <= bridge:
            merged[-1] = (merged[-1][0], run[1])
        else:
            merged.append(run)
    if len(merged) > 1 and merged[0][0] + size - merged[-1][1] - 1 <= bridge:
        merged[0] = (merged[-1][0], merged[0][1] + size)
        merged.pop()
    return merged
