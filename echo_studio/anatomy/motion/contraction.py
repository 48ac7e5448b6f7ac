"""The contours of a heart at end systole, from those at end diastole and a few numbers.

The shares below are medians over the 800 pairs of end diastole and end systole of CAMUS's training split, whose
contours were put in correspondence: in apical views the annulus does most of the shortening, the apex the rest; the
cavity narrows the more the nearer to the apex; the wall thickens about the moved endocardium, so that the epicardium
follows it at less than half the way; the atrium's roof stays, its sides give way.
"""

import dataclasses
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from echo_studio.anatomy.landmarks.segments import SEGMENTS, Segment, in_segment, segment_named
from echo_studio.anatomy.motion.heart_contours import WALL_POINTS, HeartContours, across_annulus
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import FloatArray, View

RegionalKind = Literal["akinetic", "dyskinetic"]

ANNULUS_PART, APEX_PART = 0.72, 0.28  # of the long axis's shortening: how far either end moves towards the other
APEX = WALL_POINTS // 2
# How much the cavity narrows at shares of the long axis from the annulus on, over its mean from 0.1 to 0.9.
NARROWS_AT = np.array([0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0])
NARROWS = np.array([0.37, 0.75, 0.86, 0.99, 1.12, 1.13, 1.12])
EVEN_OUT = 1.5  # points of the contour
ATRIUM_WIDENS = 1.0  # half way to the roof: share of its width over share of the long axis

TAPER = 5.0  # points of the contour, beside a segment, over which its neighbours come to move freely
BULGE = 0.04  # share of the long axis by which a dyskinetic segment moves outward: about 3 mm
STILL = 0.02  # share of the long axis: a segment that moves less shows its motion already


@dataclass(frozen=True)
class RegionalMotion:
    """A wall segment that does not take part in the beat.

    Attributes:
        segment: one of the 17-segment names in `SEGMENT_NAMES`.
        kind: `akinetic` (the segment stays where it is) or `dyskinetic` (it moves outward while the rest contracts).

    Raises:
        UnknownNameError: no such segment or kind.
    """

    segment: str
    kind: RegionalKind

    def __post_init__(self) -> None:
        segment_named(self.segment)
        if self.kind not in get_args(RegionalKind):
            raise UnknownNameError("regional motion", str(self.kind)[:40], get_args(RegionalKind))


def contracted(heart: HeartContours, radial: float, shortening: float, thickening: float) -> HeartContours:
    """The contours after a contraction; those of a normal wall, no segment left out.

    Args:
        heart: at end diastole.
        radial: share of its width that the cavity loses, on average; negative widens it.
        shortening: share of its long axis that the cavity loses.
        thickening: share of its thickness that the wall gains.
    """
    axis = heart.axis
    a, b = axis.coordinates(heart.endo)
    t = np.clip(a / axis.length, 0.0, 1.0)
    moved = a + shortening * axis.length * (ANNULUS_PART * (1 - t) - APEX_PART * t)
    middle = _middle(a, b)
    across = middle + (b - middle) * (1 - radial * np.interp(t, NARROWS_AT, NARROWS))
    endo = axis.points(moved, across)
    epi = None if heart.epi is None else _thickened(heart, endo, thickening)
    atrium = None if heart.atrium is None else _filled(heart, heart.atrium, endo, shortening)
    return dataclasses.replace(heart, endo=endo, epi=epi, base=across_annulus(endo), atrium=atrium)


def outward(heart: HeartContours, points: FloatArray) -> FloatArray:
    """(n, 2) unit normals out of the cavity along an endocardial line (n, 2)."""
    tangent = np.gradient(points, axis=0)
    normals = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) / np.maximum(np.hypot(*tangent.T), 1e-9)[:, None]
    middle = heart.axis.origin + 0.5 * heart.axis.length * heart.axis.along
    return np.asarray(-normals if ((points - middle) * normals).sum() < 0 else normals)


def _middle(a: FloatArray, b: FloatArray) -> FloatArray:
    """(n,) middle between the walls at the height of each point of an endocardial line."""
    sides = []
    for side in (slice(None, APEX + 1), slice(APEX, None)):
        order = np.argsort(a[side])
        sides.append(np.interp(a, a[side][order], b[side][order]))
    return np.asarray((sides[0] + sides[1]) / 2)


def _thickened(heart: HeartContours, endo: FloatArray, thickening: float) -> FloatArray:
    """The epicardium beside a moved endocardium: offsets turn with its normal and grow."""
    assert heart.epi is not None
    offset = heart.epi - heart.endo
    before, after = outward(heart, heart.endo), outward(heart, endo)
    cos = (before * after).sum(axis=1)
    sin = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turned = np.stack([cos * offset[:, 0] - sin * offset[:, 1], sin * offset[:, 0] + cos * offset[:, 1]], axis=1)
    return _evenly(heart.epi, endo + turned * (1 + thickening))


def _filled(heart: HeartContours, atrium: FloatArray, endo: FloatArray, shortening: float) -> FloatArray:
    """The atrium's border: its ends follow the hinges, its roof stays, its sides give way."""
    axis = heart.axis
    a, b = axis.coordinates(atrium)
    deep = max(float(-a.min()), 1e-9)
    t = np.clip(-a / deep, 0.0, 1.0)
    wide = 1 + ATRIUM_WIDENS * shortening * np.sin(np.pi * t)
    widened = axis.points(a, b.mean() + (b - b.mean()) * wide)
    # The nearer to a hinge, the more a point moves as it does; half way round, both count alike.
    way = np.linspace(0.0, 1.0, len(atrium))[:, None]
    ends = (1 - way) * (endo[0] - heart.endo[0]) + way * (endo[-1] - heart.endo[-1])
    return _evenly(atrium, widened + ends * (1 - t)[:, None])


def _evenly(before: FloatArray, after: FloatArray) -> FloatArray:
    """Where a contour goes, its way evened out: a drawn line and its normals are rough, above all at the ends."""
    return np.asarray(before + ndimage.gaussian_filter1d(after - before, EVEN_OUT, axis=0, mode="nearest"))


def with_regional(
    diastole: HeartContours, systole: HeartContours, regional: tuple[RegionalMotion, ...], view: View | None
) -> HeartContours:
    """The contours at end systole with some segments held where they were, or bulging.

    Args:
        diastole, systole: of one heart, in correspondence.
        regional: the segments.
        view: of the map; None takes any segment's side as it stands.

    Raises:
        RequestError: the view does not show a segment.
    """
    for one in regional:
        weight, bulge = _weight(diastole, one, view)[:, None], BULGE * diastole.axis.length
        push = outward(diastole, diastole.endo) * (bulge if one.kind == "dyskinetic" else 0.0)
        endo = systole.endo + weight * (diastole.endo + push - systole.endo)
        epi = systole.epi
        if epi is not None and diastole.epi is not None:
            epi = epi + weight * (diastole.epi + push - epi)
        atrium = systole.atrium
        if atrium is not None:
            # The hinges that were held back hold the atrium's ends back, the roof stays as it is.
            way = np.linspace(0.0, 1.0, len(atrium))[:, None]
            first, last = endo[0] - systole.endo[0], endo[-1] - systole.endo[-1]
            atrium = atrium + np.clip(1 - 2 * way, 0, 1) * first + np.clip(2 * way - 1, 0, 1) * last
        systole = dataclasses.replace(systole, endo=endo, epi=epi, base=across_annulus(endo), atrium=atrium)
    return systole


def not_yet_shown(
    diastole: HeartContours, systole: HeartContours, regional: tuple[RegionalMotion, ...], view: View | None
) -> tuple[RegionalMotion, ...]:
    """The segments that move otherwise than they should between two frames.

    Raises:
        RequestError: the view does not show a segment.
    """
    tree = cKDTree(systole.line.points)
    found = []
    for one in regional:
        core = _weight(diastole, one, view) == 1
        if not core.any():
            continue
        _, nearest = tree.query(diastole.endo[core])
        moved = systole.line.points[nearest] - diastole.endo[core]
        out = float(np.median((moved * outward(diastole, diastole.endo)[core]).sum(axis=1))) / diastole.axis.length
        if out < STILL if one.kind == "dyskinetic" else abs(out) > STILL:
            found.append(one)
    return tuple(found)


def _weight(heart: HeartContours, one: RegionalMotion, view: View | None) -> FloatArray:
    """(33,) how much each point of the endocardium belongs to a segment: 0 to 1."""
    member = in_segment(_segment(one.segment, view), heart.axis, heart.endo).astype(np.float64)
    beside = ndimage.distance_transform_edt(member == 0) if member.any() else np.full(len(member), np.inf)
    return np.asarray((1 + np.cos(np.pi * np.minimum(beside / TAPER, 1.0))) / 2)


def _segment(name: str, view: View | None) -> Segment:
    if view is not None and name not in SEGMENTS[view]:
        raise RequestError(
            expected=f"a wall segment that the {view} view shows: {', '.join(SEGMENTS[view])}",
            got=repr(name),
            remedy="name one of them, or change the view",
        )
    return segment_named(name)
