"""The points that a cardiologist marks: apex, mitral hinges, long axis, atrial roof; found in a label map."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.plane import Plane, border, largest_piece, near
from echo_studio.errors import LabelMapError
from echo_studio.types import BoolMask, FloatArray

Point: TypeAlias = tuple[float, float]  # (x, y) in pixels, centres at whole numbers

FLAT = 0.02  # border points this share nearer than the farthest one still belong to the apex


@dataclass(frozen=True)
class Landmarks:
    """Points (x, y) in pixels, each None where the structures that define it are missing.

    Left and right are seen along the long axis with the apex up, so a tilted heart keeps its
    sides: in the 4CH view left is the septum, in the 2CH view the inferior wall.

    Attributes:
        hinge_left, hinge_right: where cavity, wall and atrium meet (the mitral annulus).
        apex: tip of the cavity, farthest from the middle of the annulus.
        apex_epi: tip of the wall.
        roof: point of the atrium farthest from the annulus.
    """

    hinge_left: Point | None = None
    hinge_right: Point | None = None
    apex: Point | None = None
    apex_epi: Point | None = None
    roof: Point | None = None

    @property
    def annulus(self) -> Point | None:
        """Middle of the mitral annulus: the base of the long axis."""
        if self.hinge_left is None or self.hinge_right is None:
            return None
        return (self.hinge_left[0] + self.hinge_right[0]) / 2, (self.hinge_left[1] + self.hinge_right[1]) / 2


@dataclass(frozen=True)
class HeartFrame:
    """Coordinates of the heart: `a` from the annulus towards the apex, `b` across, to the right of the axis.

    Attributes:
        origin: (2,) middle of the annulus, as lengths of `plane`.
        along, across: (2,) unit vectors, perpendicular in the plane.
        length: long axis of the cavity, in lengths of `plane`.
    """

    plane: Plane
    origin: FloatArray
    along: FloatArray
    across: FloatArray
    length: float

    def coordinates(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """a and b of lengths (..., 2)."""
        offset = points - self.origin
        return np.asarray(offset @ self.along), np.asarray(offset @ self.across)

    def points(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """(..., 2) lengths at the coordinates a and b."""
        return np.asarray(self.origin + a[..., None] * self.along + b[..., None] * self.across)


def find_landmarks(label_map: LabelMap) -> Landmarks:
    """Every landmark that the structures of a label map define; of each structure the largest piece counts."""
    plane = Plane.of(label_map)
    cavity = largest_piece(label_map.ids == LV_CAVITY)
    wall = label_map.ids == LV_MYOCARDIUM
    atrium = largest_piece(label_map.ids == LEFT_ATRIUM)
    ring = border(cavity)
    ends = _base_ends(ring, wall, atrium, plane)
    if ends is None:
        return Landmarks()
    border_points = plane.lengths(ring.astype(np.float64))
    middle = border_points[list(ends)].mean(axis=0)
    apex = _far_point(border_points, middle, plane)
    along = (apex - middle) / max(float(np.hypot(*(apex - middle))), 1e-9)
    # The hinges are pixel centres; the cavity ends half a pixel farther down.
    down = -along * plane.width_along(along) / 2
    left, right = sorted((border_points[end] + down for end in ends), key=lambda p: _across(along) @ (p - middle))
    epi = plane.lengths(border(cavity | wall).astype(np.float64))
    ahead = epi[(epi - middle) @ along > math.cos(math.pi / 6) * np.hypot(*(epi - middle).T)]
    roof = plane.lengths(border(atrium).astype(np.float64))
    return Landmarks(
        hinge_left=_point(left, plane),
        hinge_right=_point(right, plane),
        apex=_point(apex, plane),
        apex_epi=_point(_far_point(ahead, middle, plane), plane) if wall.any() and len(ahead) else None,
        roof=_point(_far_point(roof, middle, plane), plane) if len(roof) else None,
    )


def heart_frame(label_map: LabelMap, landmarks: Landmarks | None = None) -> HeartFrame:
    """The coordinates that the long axis spans.

    Raises:
        LabelMapError: the map has no cavity, or nothing tells where its base is.
    """
    marks = landmarks or find_landmarks(label_map)
    if marks.annulus is None or marks.apex is None:
        missing = (
            "no cavity" if not (label_map.ids == LV_CAVITY).any() else "a cavity that neither wall nor atrium ends"
        )
        raise LabelMapError(
            expected="a ventricle with a long axis",
            got=missing,
            remedy="draw the cavity (label 1) with its wall (label 2) open towards the atrium (label 3)",
        )
    plane = Plane.of(label_map)
    origin, apex = plane.lengths(np.array(marks.annulus)), plane.lengths(np.array(marks.apex))
    length = float(np.hypot(*(apex - origin)))
    if length < 3 * max(plane.sx, plane.sy):
        raise LabelMapError(
            expected="a ventricle with a long axis",
            got="a cavity a few pixels long",
            remedy="draw the cavity larger",
        )
    along = (apex - origin) / length
    return HeartFrame(plane, origin, along, _across(along), length)


def _across(along: FloatArray) -> FloatArray:
    return np.array([-along[1], along[0]])


def _point(length: FloatArray, plane: Plane) -> Point:
    x, y = plane.pixels(length)
    return float(x), float(y)


def _far_point(points: FloatArray, start: FloatArray, plane: Plane) -> FloatArray:
    """The far end of a shape seen from `start`: direction of the blunt tip, distance of its farthest pixel's edge."""
    offset = points - start
    distance = np.hypot(*offset.T)
    tip = offset[distance >= (1 - FLAT) * distance.max()].mean(axis=0)
    size = float(np.hypot(*tip))
    if size == 0:
        return np.asarray(points[int(distance.argmax())])
    direction = tip / size
    reach = float((offset @ direction).max()) + float(plane.width_along(direction)) / 2
    return np.asarray(start + reach * direction)


def _base_ends(ring: npt.NDArray[np.intp], wall: BoolMask, atrium: BoolMask, plane: Plane) -> tuple[int, int] | None:
    """Positions in the cavity's border between which its base lies: the part that no wall covers.

    A gap in the wall (a septal defect) is a part without wall too: the base is the one that the
    atrium touches most, or the longest where there is no atrium.
    """
    if len(ring) < 12:
        return None
    x, y = ring.T
    touches = near(atrium, 3)[y, x]
    base = ~near(wall)[y, x] if wall.any() else near(atrium)[y, x]
    if base.all() or not base.any():
        # Closed all round by wall, or nothing but cavity: the atrium alone can tell.
        if not atrium.any():
            return None
        gap = _distance_to(atrium, ring, plane)
        base = gap <= gap.min() + 2.5 * max(plane.sx, plane.sy)
    runs = _runs(base, bridge=max(2, len(ring) // 40))
    if not runs:
        return None
    size = len(ring)

    def merit(run: tuple[int, int]) -> tuple[int, int]:
        inside = np.arange(run[0], run[1] + 1) % size
        return int(touches[inside].sum()), len(inside)

    first, last = max(runs, key=merit)
    if last - first + 1 >= size - 4 or last - first < 2:
        return None
    return (first - 1) % size, (last + 1) % size


def _distance_to(mask: BoolMask, ring: npt.NDArray[np.intp], plane: Plane) -> FloatArray:
    edge = plane.lengths(border(mask).astype(np.float64))
    offset = plane.lengths(ring.astype(np.float64))[:, None] - edge[None]
    return np.asarray(np.hypot(offset[..., 0], offset[..., 1]).min(axis=1))


def _runs(flags: npt.NDArray[np.bool_], bridge: int) -> list[tuple[int, int]]:
    """Runs of True around a ring, as (first, last) with last >= first, breaks of at most `bridge` closed."""
    size = len(flags)
    starts = np.flatnonzero(flags & ~np.roll(flags, 1))
    lasts = np.flatnonzero(flags & ~np.roll(flags, -1))
    if len(starts) == 0:
        return []
    runs = [
        (int(start), int(lasts[lasts >= start][0] if (lasts >= start).any() else lasts[0] + size)) for start in starts
    ]
    merged: list[tuple[int, int]] = []
    for run in runs:
        if merged and run[0] - merged[-1][1] - 1 <= bridge:
            merged[-1] = (merged[-1][0], run[1])
        else:
            merged.append(run)
    if len(merged) > 1 and merged[0][0] + size - merged[-1][1] - 1 <= bridge:
        merged[0] = (merged[-1][0], merged[0][1] + size)
        merged.pop()
    return merged
