"""Measurements of one frame, and of ED with ES and 2CH with 4CH: areas, lengths, volumes, wall thickness, EF.

Volumes come from areas by the method of discs (modified Simpson), single-plane and biplane. Lang et al., J. Am. Soc.
Echocardiogr. 28(1), 2015: V = π/4 · Σ aᵢ bᵢ · L/20 over 20 discs between the middle of the annulus and the far end of
the long axis; in a single plane bᵢ = aᵢ.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.label_map import LabelMap, once
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.landmarks.cavity_border import without_blood_in_gaps
from echo_studio.anatomy.landmarks.points import find_landmarks, heart_frame
from echo_studio.anatomy.landmarks.segments import SEGMENTS, in_segment
from echo_studio.anatomy.landmarks.wall_line import WallLine, wall_line
from echo_studio.anatomy.plane import Plane, largest_component
from echo_studio.errors import EchoStudioError, LabelMapError
from echo_studio.types import BoolMask, FloatArray, Json, View

DISCS = 20
DOWNWARD = -0.5  # a normal that points so far towards the base belongs to the annulus, not to the wall


@dataclass(frozen=True)
class Measurements:
    """What one frame tells; None where a structure or the spacing that a value needs is missing.

    Where structures reach beyond the image or the sector has cut them, values are those of what is drawn. Blood in a
    gap of the wall (label 1, as a septal defect draws it) is no part of the cavity and counts in no value.

    Attributes:
        lv_area_px, la_area_px: pixels.
        lv_area_cm2, la_area_cm2: cm².
        lv_length_mm: from the middle of the annulus to the apex.
        lv_volume_ml: single-plane, 20 discs.
        lv_width_to_length: mean diameter over length (1 would be a disc on its side); needs no spacing
            where pixels are square, as are all values without a unit.
        wall_mm: mean thickness along the endocardium, gaps left out.
        wall_to_length: the same over the length of the long axis.
        wall_segments_mm: by the 17-segment names of the view; empty without a view or spacing.
        la_length_mm, la_volume_ml: from the annulus to the roof; single-plane, 20 discs.
    """

    lv_area_px: int | None = None
    la_area_px: int | None = None
    lv_area_cm2: float | None = None
    la_area_cm2: float | None = None
    lv_length_mm: float | None = None
    lv_volume_ml: float | None = None
    lv_width_to_length: float | None = None
    wall_mm: float | None = None
    wall_to_length: float | None = None
    wall_segments_mm: tuple[tuple[str, float | None], ...] = ()
    la_length_mm: float | None = None
    la_volume_ml: float | None = None

    def to_json(self) -> Json:
        """A plain object; segments as a mapping."""
        return {**self.__dict__, "wall_segments_mm": dict(self.wall_segments_mm)}


def measure(label_map: LabelMap, view: View | None = None) -> Measurements:
    """Measure one frame; of each structure the largest component counts, without the blood in gaps of the wall.

    Args:
        view: names the wall's segments.
    """
    plane, known = Plane.of(label_map), label_map.spacing_mm is not None
    cavity = largest_component(without_blood_in_gaps(label_map).ids == LV_CAVITY)
    atrium = largest_component(label_map.ids == LEFT_ATRIUM)
    lv_px, la_px = int(cavity.sum()) or None, int(atrium.sum()) or None
    lv, la = lv_discs(label_map), la_discs(label_map)
    line = _line(label_map)
    wall = None if line is None else _mean_wall(line, np.ones(len(line.points), bool))

    def mm(value: float | None) -> float | None:
        return value if known else None

    return Measurements(
        lv_area_px=lv_px,
        la_area_px=la_px,
        lv_area_cm2=lv_px * plane.pixel_area / 100 if known and lv_px else None,
        la_area_cm2=la_px * plane.pixel_area / 100 if known and la_px else None,
        lv_length_mm=mm(lv.length if lv else None),
        lv_volume_ml=lv.volume / 1000 if known and lv else None,
        lv_width_to_length=float(lv.diameters.mean()) / lv.length if lv else None,
        wall_mm=mm(wall),
        wall_to_length=wall / line.frame.length if wall is not None and line else None,
        wall_segments_mm=_by_segment(line, view) if known and line and view else (),
        la_length_mm=mm(la.length if la else None),
        la_volume_ml=la.volume / 1000 if known and la else None,
    )


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


@once
def lv_discs(label_map: LabelMap) -> DiscStack | None:
    """The cavity's 20 discs from annulus to apex; None where it has no long axis."""
    try:
        frame = heart_frame(label_map)
    except LabelMapError:
        return None
    tip = frame.origin + frame.length * frame.along
    return disc_stack(
        largest_component(without_blood_in_gaps(label_map).ids == LV_CAVITY), frame.plane, frame.origin, tip
    )


@once
def la_discs(label_map: LabelMap) -> DiscStack | None:
    """The atrium's 20 discs from annulus to roof; None where it is missing or has no annulus."""
    marks = find_landmarks(label_map)
    if marks.roof is None or marks.annulus is None:
        return None
    plane = Plane.of(label_map)
    base, roof = (plane.lengths(np.array(point)) for point in (marks.annulus, marks.roof))
    return disc_stack(largest_component(label_map.ids == LEFT_ATRIUM), plane, base, roof)


def biplane_ml(
    four_chamber: LabelMap, two_chamber: LabelMap, discs: Callable[[LabelMap], DiscStack | None] = lv_discs
) -> float | None:
    """Biplane volume in mL; None where a spacing or the discs are missing.

    Args:
        four_chamber, two_chamber: views of one moment.
        discs: `lv_discs` for the cavity, `la_discs` for the atrium.
    """
    four, two = discs(four_chamber), discs(two_chamber)
    if four is None or two is None or four_chamber.spacing_mm is None or two_chamber.spacing_mm is None:
        return None
    return biplane_volume(four, two) / 1000


def ejection_fraction_percent(end_diastole: LabelMap, end_systole: LabelMap) -> float | None:
    """Single-plane EF of two frames of one view, in percent; None where either has no long axis.

    Without spacing both frames are taken to have the same pixels, as frames of one recording do.

    Raises:
        LabelMapError: the spacing of only one is known, or sizes differ without spacing.
    """
    one, other = end_diastole.spacing_mm is None, end_systole.spacing_mm is None
    if one != other or (one and end_diastole.shape != end_systole.shape):
        raise LabelMapError(
            expected="two frames with spacing, or two frames of one size without",
            got="spacing of only one" if one != other else f"{end_diastole.shape} and {end_systole.shape}",
            remedy="give both frames their spacing",
        )
    discs = lv_discs(end_diastole), lv_discs(end_systole)
    if discs[0] is None or discs[1] is None:
        return None
    return ejection_fraction(discs[0].volume, discs[1].volume)


def biplane_ejection_fraction_percent(
    four_ed: LabelMap, four_es: LabelMap, two_ed: LabelMap, two_es: LabelMap
) -> float | None:
    """Biplane EF in percent; None where a spacing or a long axis is missing."""
    volumes = biplane_ml(four_ed, two_ed), biplane_ml(four_es, two_es)
    if volumes[0] is None or volumes[1] is None:
        return None
    return ejection_fraction(volumes[0], volumes[1])


def _line(label_map: LabelMap) -> WallLine | None:
    if not (label_map.ids == LV_MYOCARDIUM).any():
        return None
    try:
        return wall_line(label_map)
    except EchoStudioError:
        return None


def _mean_wall(line: WallLine, where: BoolMask) -> float | None:
    """Mean thickness at those points of the line that face a wall."""
    faces = where & (line.thickness > 0) & (line.normals @ line.frame.along > DOWNWARD)
    return float(line.thickness[faces].mean()) if faces.any() else None


def _by_segment(line: WallLine, view: View) -> tuple[tuple[str, float | None], ...]:
    return tuple(
        (name, _mean_wall(line, in_segment(segment, line.frame, line.points)))
        for name, segment in SEGMENTS[view].items()
    )
