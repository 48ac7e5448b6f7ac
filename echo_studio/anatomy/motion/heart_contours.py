"""The heart's borders as points that mean the same place in every frame: what a beat moves.

Places along the walls are shares of the way from hinge to apex, as in `WallLine`; along the atrium, of the way from
hinge over roof to hinge. The same row is the same tissue at end diastole and end systole.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from echo_studio.anatomy.label_map import LabelMap, once
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_MYOCARDIUM
from echo_studio.anatomy.landmarks.points import HeartFrame
from echo_studio.anatomy.landmarks.wall_line import WallLine, wall_line
from echo_studio.anatomy.plane import border
from echo_studio.types import FloatArray

WALL_POINTS = 33  # from hinge over apex (the middle one) to hinge
ATRIUM_POINTS = 17
BASE_SHARES = np.array([0.25, 0.5, 0.75])  # of the way from the left hinge to the right one
PLACES = np.linspace(-1.0, 1.0, WALL_POINTS)  # -1 the left hinge, 0 the apex, 1 the right hinge

DOWNWARD = -0.5  # as in `measure`: a normal that points so far towards the base belongs to the annulus
THICKEST = 2.5  # times the median thickness: beyond, a ray ran along the wall and not through it
EVEN_OUT = 0.03  # share of the line over which thickness is averaged


@dataclass(frozen=True)
class HeartContours:
    """Corresponding points of one frame, in lengths of `line.frame.plane`.

    Attributes:
        line: the endocardial line that they were taken from.
        endo: (33, 2) from the left hinge over the apex to the right one.
        epi: (33, 2) beside them; None without a wall.
        base: (3, 2) across the annulus.
        atrium: (17, 2) from the left hinge over the roof to the right one; None without an atrium.
    """

    line: WallLine
    endo: FloatArray
    epi: FloatArray | None
    base: FloatArray
    atrium: FloatArray | None

    @property
    def axis(self) -> HeartFrame:
        """The coordinates of the heart."""
        return self.line.frame


@once
def heart_contours(label_map: LabelMap) -> HeartContours:
    """The contours of a label map.

    Raises:
        LabelMapError: no ventricle with a long axis, see `wall_line`.
    """
    line = wall_line(label_map)
    signed = line.place * line.side
    endo, normals = _at(signed, line.points), _at(signed, line.normals)
    normals /= np.hypot(*normals.T)[:, None]
    thickness = _whole_thickness(line) if (label_map.ids == LV_MYOCARDIUM).any() else None
    epi = None if thickness is None else endo + normals * _at(signed, thickness[:, None])
    return HeartContours(line, endo, epi, across_annulus(endo), _atrium(label_map, line))


def _at(signed: FloatArray, values: FloatArray) -> FloatArray:
    """(33, k) values (n, k) of a line at the places that all lines share."""
    return np.stack([np.interp(PLACES, signed, column) for column in values.T], axis=1)


def _whole_thickness(line: WallLine) -> FloatArray | None:
    """(n,) the wall's thickness as if it had no gaps, evened out; None where the line meets no wall."""
    faces = (line.thickness > 0) & (line.normals @ line.frame.along > DOWNWARD)
    if not faces.any():
        return None
    faces &= line.thickness <= THICKEST * np.median(line.thickness[faces])
    whole = np.interp(line.arc, line.arc[faces], line.thickness[faces])
    return np.asarray(ndimage.gaussian_filter1d(whole, EVEN_OUT * len(whole), mode="nearest"))


def _atrium(label_map: LabelMap, line: WallLine) -> FloatArray | None:
    """(17, 2) the atrium's border away from the ventricle, evenly from hinge to hinge."""
    plane = line.frame.plane
    ring = plane.lengths(border(label_map.ids == LEFT_ATRIUM).astype(np.float64))
    if len(ring) < ATRIUM_POINTS:
        return None
    first, last = (int(np.hypot(*(ring - hinge).T).argmin()) for hinge in (line.points[0], line.points[-1]))
    size = len(ring)
    one = ring[(first + np.arange((last - first) % size + 1)) % size]
    other = ring[(first - np.arange((first - last) % size + 1)) % size]
    # Of the two ways round, the one by the roof lies farther down the long axis.
    path = min(one, other, key=lambda way: float((way @ line.frame.along).mean()))
    if len(path) < 3:
        return None
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    at = np.linspace(0.0, arc[-1], ATRIUM_POINTS)
    return np.stack([np.interp(at, arc, path[:, k]) for k in range(2)], axis=1)


def across_annulus(endo: FloatArray) -> FloatArray:
    """(3, 2) points between the hinges of an endocardial line."""
    return np.asarray(endo[0] + BASE_SHARES[:, None] * (endo[-1] - endo[0]))


def corresponding(one: HeartContours, other: HeartContours) -> tuple[FloatArray, FloatArray]:
    """(n, 2) points of either frame, in pixels, row by row the same place; only of structures that both have."""
    pairs = [(one.endo, other.endo), (one.base, other.base)]
    if one.epi is not None and other.epi is not None:
        pairs.append((one.epi, other.epi))
    if one.atrium is not None and other.atrium is not None:
        pairs.append((one.atrium, other.atrium))
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return one.axis.plane.pixels(first), other.axis.plane.pixels(second)
