"""Segments that do not take part in the beat: their borders stay, or give way outward."""

import dataclasses
from typing import Protocol

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from echo_studio.anatomy.landmarks.segments import SEGMENTS, Segment, in_segment, segment_named
from echo_studio.anatomy.motion.contraction import outward
from echo_studio.anatomy.motion.heart_contours import HeartContours, across_annulus
from echo_studio.errors import RequestError
from echo_studio.types import FloatArray, View

TAPER = 5.0  # points of the contour, beside a segment, over which its neighbours come to move freely
BULGE = 0.04  # share of the long axis by which a dyskinetic segment moves outward: about 3 mm
STILL = 0.02  # share of the long axis: a segment that moves less shows its motion already


class Regional(Protocol):
    """A segment and how it moves; see `motion.RegionalMotion`."""

    @property
    def segment(self) -> str: ...

    @property
    def kind(self) -> str: ...


def with_regional(
    diastole: HeartContours, systole: HeartContours, regional: tuple[Regional, ...], view: View | None
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
    diastole: HeartContours, systole: HeartContours, regional: tuple[Regional, ...], view: View | None
) -> tuple[Regional, ...]:
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


def _weight(heart: HeartContours, one: Regional, view: View | None) -> FloatArray:
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
