"""Volumes from areas: the method of discs (modified Simpson), single-plane and biplane.

Lang et al., J. Am. Soc. Echocardiogr. 28(1), 2015: V = π/4 · Σ aᵢ bᵢ · L/20 over 20 discs between the
middle of the annulus and the far end of the long axis; in a single plane bᵢ = aᵢ.
"""

import math
from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.plane import Plane
from echo_studio.types import BoolMask, FloatArray

DISCS = 20


@dataclass(frozen=True)
class DiscStack:
    """Mean diameters (20,) of a structure's discs from the annulus on, and the length they share."""

    diameters: FloatArray
    length: float

    @property
    def volume(self) -> float:
        """Single-plane volume, in the cube of the length's unit."""
        return math.pi / 4 * float((self.diameters**2).sum()) * self.length / DISCS


def disc_stack(mask: BoolMask, plane: Plane, base: FloatArray, tip: FloatArray) -> DiscStack:
    """The discs of a structure between two points.

    A disc's diameter is the structure's area in it over its height. A pixel that two discs share
    counts for both in parts, so that the result does not hang on where the grid lies.

    Args:
        mask: (h, w) the structure.
        base, tip: (2,) ends of the long axis, in lengths of `plane`.
    """
    axis = tip - base
    length = float(np.hypot(*axis))
    if length == 0:
        return DiscStack(np.zeros(DISCS), 0.0)
    direction = axis / length
    y, x = np.nonzero(mask)
    place = (plane.lengths(np.stack([x, y], axis=1).astype(np.float64)) - base) @ direction
    edges = np.linspace(0.0, length, DISCS + 1)
    width = float(plane.width_along(direction))
    place = np.sort(place)
    total = np.concatenate([[0.0], np.cumsum(place)])
    # How much of all pixels lies below each edge: whole ones, and those that the edge cuts in parts.
    whole, cut = np.searchsorted(place, edges - width / 2), np.searchsorted(place, edges + width / 2)
    below = whole + (edges / width + 0.5) * (cut - whole) - (total[cut] - total[whole]) / width
    areas = np.diff(below) * plane.pixel_area
    return DiscStack(areas / (length / DISCS), length)


def biplane_volume(four: DiscStack, two: DiscStack) -> float:
    """Volume from the 4CH and the 2CH view, whose discs are paired from the annulus on; the longer axis counts."""
    length = max(four.length, two.length)
    return math.pi / 4 * float((four.diameters * two.diameters).sum()) * length / DISCS


def ejection_fraction(end_diastolic: float, end_systolic: float) -> float | None:
    """(EDV − ESV) / EDV in percent; None where the ventricle is empty at end diastole."""
    return 100 * (end_diastolic - end_systolic) / end_diastolic if end_diastolic > 0 else None
