"""The points that a cardiologist marks: apex, mitral hinges, long axis, atrial roof; found in a label map."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap, once
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.landmarks.cavity_border import open_runs, without_blood_in_gaps
from echo_studio.anatomy.plane import Plane, border, largest_component
from echo_studio.errors import LabelMapError
from echo_studio.types import FloatArray

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


@once
def find_landmarks(label_map: LabelMap) -> Landmarks:
    """Every landmark that the structures of a label map define.

    Of each structure the largest component counts; blood in a gap of the wall is no part of the cavity.
    """
    label_map = without_blood_in_gaps(label_map)
    plane = Plane.of(label_map)
    cavity = largest_component(label_map.ids == LV_CAVITY)
    wall = label_map.ids == LV_MYOCARDIUM
    atrium = largest_component(label_map.ids == LEFT_ATRIUM)
    ring = border(cavity)
    ends = _base_ends(label_map, ring)
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
        hinge_left=plane.pixel(left),
        hinge_right=plane.pixel(right),
        apex=plane.pixel(apex),
        apex_epi=plane.pixel(_far_point(ahead, middle, plane)) if wall.any() and len(ahead) else None,
        roof=plane.pixel(_far_point(roof, middle, plane)) if len(roof) else None,
    )


@once
def heart_frame(label_map: LabelMap) -> HeartFrame:
    """The coordinates that the long axis spans.

    Raises:
        LabelMapError: the map has no cavity, or nothing tells where its base is.
    """
    marks = find_landmarks(label_map)
    if marks.annulus is None or marks.apex is None:
        missing = (
            "no cavity" if not (label_map.ids == LV_CAVITY).any() else "a cavity that neither wall nor atrium ends"
        )
        raise LabelMapError(
            expected="a ventricle with a long axis",
            got=missing,
            remedy="paint the cavity (label 1) with its wall (label 2) open towards the atrium (label 3)",
        )
    plane = Plane.of(label_map)
    origin, apex = plane.lengths(np.array(marks.annulus)), plane.lengths(np.array(marks.apex))
    length = float(np.hypot(*(apex - origin)))
    if length < 3 * max(plane.sx, plane.sy):
        raise LabelMapError(
            expected="a ventricle with a long axis",
            got="a cavity a few pixels long",
            remedy="paint the cavity larger",
        )
    along = (apex - origin) / length
    return HeartFrame(plane, origin, along, _across(along), length)


def _across(along: FloatArray) -> FloatArray:
    return np.array([-along[1], along[0]])


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


def _base_ends(label_map: LabelMap, ring: npt.NDArray[np.intp]) -> tuple[int, int] | None:
    """Positions in the cavity's border between which its base lies."""
    _, base = open_runs(label_map, ring)
    if base is None or base[1] - base[0] + 1 >= len(ring) - 4 or base[1] - base[0] < 2:
        return None
    return (base[0] - 1) % len(ring), (base[1] + 1) % len(ring)
