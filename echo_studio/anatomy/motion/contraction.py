"""The contours of a heart at end systole, from those at end diastole and a few numbers.

The shares below are medians over the 800 pairs of end diastole and end systole of CAMUS's training split, whose
contours were put in correspondence: in apical views the annulus does most of the shortening, the apex the rest; the
cavity narrows the more the nearer to the apex; the wall thickens about the moved endocardium, so that the epicardium
follows it at less than half the way; the atrium's roof stays, its sides give way.
"""

import dataclasses

import numpy as np
from scipy import ndimage

from echo_studio.anatomy.motion.heart_contours import WALL_POINTS, HeartContours, across_annulus
from echo_studio.types import FloatArray

ANNULUS_PART, APEX_PART = 0.72, 0.28  # of the long axis's shortening: how far either end moves towards the other
APEX = WALL_POINTS // 2
# How much the cavity narrows at shares of the long axis from the annulus on, over its mean from 0.1 to 0.9.
NARROWS_AT = np.array([0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0])
NARROWS = np.array([0.37, 0.75, 0.86, 0.99, 1.12, 1.13, 1.12])
EVEN_OUT = 1.5  # points of the contour
ATRIUM_WIDENS = 1.0  # half way to the roof: share of its width over share of the long axis


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
