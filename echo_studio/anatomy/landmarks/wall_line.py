"""The endocardial line: a curve from hinge over apex to hinge, along which the wall is measured and changed."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from echo_studio.anatomy.label_map import LabelMap, once
from echo_studio.anatomy.labels import FLUID, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.anatomy.landmarks.cavity_border import without_blood_in_gaps
from echo_studio.anatomy.landmarks.points import HeartFrame, find_landmarks, heart_frame
from echo_studio.anatomy.plane import border, with_ids
from echo_studio.errors import LabelMapError
from echo_studio.types import BoolMask, FloatArray

LEFT, RIGHT = -1, 1
SMOOTH = 3.0  # pixels: a pixel border's staircase is gone, a papillary notch is not
STEP = 0.5  # pixels between points of the line
RAY_STEP = 0.25  # pixels


@dataclass(frozen=True)
class WallLine:
    """The border between cavity and wall, smoothed, as n points in lengths of `frame.plane`.

    Attributes:
        points: (n, 2) from the left hinge over the apex to the right one, about half a pixel apart.
        normals: (n, 2) unit vectors out of the cavity, into the wall.
        arc: (n,) length along the line, 0 at the left hinge.
        place: (n,) 0 at the apex, 1 at the hinge of its side, by arc length.
        side: (n,) `LEFT` or `RIGHT` of the apex.
        thickness: (n,) of the wall along the normal, 0 where there is no wall.
    """

    frame: HeartFrame
    points: FloatArray
    normals: FloatArray
    arc: FloatArray
    place: FloatArray
    side: npt.NDArray[np.intp]
    thickness: FloatArray

    def index(self, place: float, side: int) -> int:
        """The point nearest to a place on a side."""
        return int(np.argmin(np.abs(self.place * self.side - place * side)))

    def nearest(self, region: BoolMask) -> tuple[npt.NDArray[np.intp], FloatArray, BoolMask]:
        """For every pixel of a region: its point of the line, how far outward it lies, whether it is beside the line.

        Args:
            region: (h, w) m pixels, in the order of `numpy.nonzero`.

        Returns:
            index (m,); depth (m,), in lengths, negative inside the cavity; beside (m,), False for
            pixels below the hinges, which no normal of the line reaches.
        """
        y, x = np.nonzero(region)
        pixels = self.frame.plane.lengths(np.stack([x, y], axis=1).astype(np.float64))
        _, index = cKDTree(self.points).query(pixels)
        offset = pixels - self.points[index]
        depth = (offset * self.normals[index]).sum(axis=1)
        along = offset[:, 0] * self.normals[index, 1] - offset[:, 1] * self.normals[index, 0]
        at_end = (index == 0) | (index == len(self.points) - 1)
        limit = max(self.frame.plane.sx, self.frame.plane.sy)
        return index, np.copysign(np.hypot(*offset.T), depth), np.asarray(~at_end | (np.abs(along) <= limit))


@once
def wall_line(label_map: LabelMap) -> WallLine:
    """The endocardial line of a label map; it crosses gaps of the wall, whether they hold sector or blood.

    Raises:
        LabelMapError: there is no ventricle with a long axis (see `heart_frame`), or its cavity is
            too small to have a line.
    """
    label_map = without_blood_in_gaps(label_map)
    marks, frame = find_landmarks(label_map), heart_frame(label_map)
    plane = frame.plane
    ring = plane.lengths(border(label_map.ids == LV_CAVITY).astype(np.float64))
    assert marks.hinge_left is not None  # heart_frame has refused a map without an annulus
    assert marks.hinge_right is not None
    first, apex, last = (
        int(np.argmin(np.hypot(*(ring - point).T)))
        for point in (
            plane.lengths(np.array(marks.hinge_left)),
            frame.origin + frame.length * frame.along,
            plane.lengths(np.array(marks.hinge_right)),
        )
    )
    size = len(ring)
    if (apex - first) % size > (last - first) % size:  # the ring runs the other way round
        ring = ring[::-1]
        first, apex, last = size - 1 - first, size - 1 - apex, size - 1 - last
    path = ring[(first + np.arange((last - first) % size + 1)) % size]
    if len(path) < 12:
        raise LabelMapError(
            expected="a cavity with a border between its hinges",
            got=f"one of {len(path)} pixels",
            remedy="paint the cavity (label 1) larger",
        )
    points = _evenly(_smooth(_evenly(path, STEP * min(plane.sx, plane.sy))), STEP * min(plane.sx, plane.sy))
    tangent = np.gradient(ndimage.gaussian_filter1d(points, SMOOTH, axis=0, mode="nearest"), axis=0)
    normals = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) / np.hypot(*tangent.T)[:, None]
    # Outward: away from the middle of the cavity. With the left hinge first, all normals agree.
    if ((points - (frame.origin + 0.5 * frame.length * frame.along)) * normals).sum() < 0:
        normals = -normals
    # The ring runs through the centres of the outermost pixels; the border is half a pixel farther out.
    points = points + normals * plane.width_along(normals)[:, None] / 2
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    tip = int(np.argmin(np.hypot(*(points - (frame.origin + frame.length * frame.along)).T)))
    tip = min(max(tip, 1), len(points) - 2)
    from_tip = arc - arc[tip]
    place = np.where(from_tip < 0, from_tip / -arc[tip] * -1, from_tip / (arc[-1] - arc[tip]))
    side = np.where(from_tip < 0, LEFT, RIGHT)
    thickness = _thickness(label_map, points, normals, frame)
    return WallLine(frame, points, normals, arc, np.abs(place), side, thickness)


def with_wall_moved(
    label_map: LabelMap, line: WallLine, inner: FloatArray, outer: FloatArray, sector: BoolMask
) -> LabelMap:
    """The label map after the wall's borders moved along the normals.

    A pixel that no wall covered before stays free of it unless a border moved over it: a gap stays a gap.

    Args:
        inner: (n,) how far the endocardium moves outward (negative: into the cavity).
        outer: (n,) how far the epicardium moves outward (negative: the wall thins from outside).
        sector: (h, w) where pixels may change; outside it every id stays.
    """
    ids = label_map.ids.copy()
    reach = float(max(line.thickness.max(initial=0.0) + np.abs(outer).max(), np.abs(inner).max())) + 2.0
    plane = line.frame.plane
    region = _around(line, label_map.shape, reach / min(plane.sx, plane.sy)) & sector
    index, depth, beside = line.nearest(region)
    region_ids = ids[region]
    start, end = np.zeros(len(index)), line.thickness[index]
    new_start, new_end = start + inner[index], end + outer[index]
    walled = beside & (end > 0)
    was_cavity, was_wall = region_ids == LV_CAVITY, region_ids == LV_MYOCARDIUM
    # Only the strips between an old and a new border change: what a person drew elsewhere stays to the pixel.
    # Free pixels are those behind the old wall; its thickness is right to a pixel or so.
    free = np.isin(region_ids, (SECTOR, FLUID)) & (depth > end - 1.5 * max(plane.sx, plane.sy)) & (depth > 0)
    fill = walled & (inner[index] > 0) & (depth < new_start) & (was_wall | free)
    grow_in = walled & (inner[index] < 0) & was_cavity & (depth >= new_start)
    thin = walled & (outer[index] < 0) & was_wall & (depth > new_end)
    grow_out = walled & (outer[index] > 0) & free & (depth >= new_start) & (depth <= new_end)
    region_ids[thin] = SECTOR
    region_ids[grow_out] = LV_MYOCARDIUM
    region_ids[grow_in] = LV_MYOCARDIUM
    region_ids[fill] = LV_CAVITY
    ids[region] = region_ids
    return with_ids(label_map, ids)


def _around(line: WallLine, shape: tuple[int, int], reach: float) -> BoolMask:
    """(h, w) True in a box around the line, `reach` pixels wider."""
    xy = line.frame.plane.pixels(line.points)
    low = np.floor(xy.min(axis=0) - reach).clip(0).astype(int)
    high = np.ceil(xy.max(axis=0) + reach).astype(int) + 1
    box = np.zeros(shape, bool)
    box[low[1] : high[1], low[0] : high[0]] = True
    return box


def _evenly(path: FloatArray, step: float) -> FloatArray:
    """The same path, its points `step` apart."""
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    places = np.linspace(0.0, arc[-1], max(12, math.ceil(arc[-1] / step) + 1))
    return np.stack([np.interp(places, arc, path[:, k]) for k in range(2)], axis=1)


def _smooth(path: FloatArray) -> FloatArray:
    """Gaussian smoothing that keeps both ends: the path is mirrored through them."""
    sigma = min(SMOOTH / STEP, len(path) / 12)
    mirrored = np.concatenate([2 * path[0] - path[:0:-1], path, 2 * path[-1] - path[-2::-1]])
    return np.asarray(ndimage.gaussian_filter1d(mirrored, sigma, axis=0)[len(path) - 1 : 2 * len(path) - 1])


def _thickness(label_map: LabelMap, points: FloatArray, normals: FloatArray, frame: HeartFrame) -> FloatArray:
    """(n,) length of the wall along each normal: to the last wall pixel before something else follows it."""
    plane = frame.plane
    height, width = label_map.shape
    step = RAY_STEP * min(plane.sx, plane.sy)
    steps = np.arange(1, int(frame.length / step))
    wall = np.pad(label_map.ids == LV_MYOCARDIUM, 1)
    thickness = np.zeros(len(points))
    start = 1.5 * max(plane.sx, plane.sy)  # the smoothed line may run this far beside the drawn border
    here, step_xy = plane.pixels(points) + 1.5, plane.pixels(step * normals)  # + 0.5 to round, + 1 for the pad
    alive = np.arange(len(points))
    for count in steps:
        xy = here[alive] + count * step_xy[alive]
        x = np.clip(xy[:, 0].astype(int), 0, width + 1)
        y = np.clip(xy[:, 1].astype(int), 0, height + 1)
        hit = wall[y, x]
        thickness[alive[hit]] = (count + 0.5) * step
        if count * step >= start:
            alive = alive[hit]
        if not len(alive):
            break
    return thickness
