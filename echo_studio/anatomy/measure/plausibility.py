"""What in a label map no heart has, or no heart of CAMUS: islands, holes, gaps, components apart, odd sizes.

A finding is a question, not a refusal: a defect drawn on purpose is found too, and whoever asks marks
it as intended. Ranges are those of 120 frames (ED and ES, 4CH) of 60 CAMUS patients, measured by
`measure`, rounded outward.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from scipy import ndimage

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LABELS, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, MASS
from echo_studio.anatomy.landmarks.points import Point, find_landmarks
from echo_studio.anatomy.landmarks.wall_line import wall_line
from echo_studio.anatomy.measure.anomalies import (
    bare_stretches,
    beyond_sector,
    components,
    cut_by_sector,
    gaps_shown,
    holes_in_sector,
    holes_in_structures,
    islands,
    place_in,
)
from echo_studio.anatomy.measure.sizes import Measurements, measure
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.errors import LabelMapError
from echo_studio.types import Json

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")  # the gravest first

LEAST_HOLE = 3  # pixels; where three structures meet, annotators leave a pixel or two
TOUCHING = 2.5  # pixels between two structures that count as touching

LV_VOLUME_ML = (15.0, 260.0)
LA_VOLUME_ML = (1.0, 140.0)
WALL_MM = (7.0, 24.0)
WALL_SEGMENT_MM = (5.5, 29.0)


@dataclass(frozen=True)
class Finding:
    """One thing that is odd.

    Attributes:
        kind: a name that `FINDINGS` lists.
        message: one line for people, with the size of the oddity.
        place: (x, y) in pixels, on it.
        severity: `error` for what no heart has, `warning` for what CAMUS's hearts do not have,
            `note` for what the generators mend by themselves.
        repair: name of the repair, to be given to `repair`; None where only a person can tell.
    """

    kind: str
    message: str
    place: Point
    severity: Severity
    repair: str | None = None

    def to_json(self) -> Json:
        return dict(self.__dict__)


def find_islands(label_map: LabelMap) -> Iterator[Finding]:
    """Pieces of a structure apart from its largest one, see `islands`."""
    for structure in STRUCTURES:
        for component in components(islands(label_map.ids, structure)):
            what = f"{LABELS[structure].name}: a piece of {component.size} pixels apart from the rest"
            yield Finding("island", what, component.place, "error", "island")


def find_holes(label_map: LabelMap) -> Iterator[Finding]:
    """Sector enclosed by structures, and unlabelled pixels inside the sector. Fluid and masses are what they say."""
    meant = np.isin(label_map.ids, (FLUID, MASS))
    for component in components(holes_in_structures(label_map) & ~meant):
        if component.size < LEAST_HOLE:
            break  # the rest is smaller still
        yield Finding("hole", f"a hole of {component.size} pixels in the heart", component.place, "warning", "hole")
    for component in components(holes_in_sector(label_map)):
        what = f"{component.size} pixels inside the sector without a label"
        yield Finding("hole", what, component.place, "warning", "hole")


def find_wall_gaps(label_map: LabelMap) -> Iterator[Finding]:
    """Stretches between the hinges where the cavity touches the sector instead of wall.

    A mass in the cavity is a hole, not a gap: holes are filled before the wall is followed. A gap through which
    blood reaches the sector is one like any other.
    """
    label_map = gaps_shown(label_map)
    if not (label_map.ids == LV_MYOCARDIUM).any():
        return
    try:
        line = wall_line(label_map)
    except LabelMapError:
        return
    bare = bare_stretches(label_map, line)
    unit = "mm" if label_map.spacing_mm else "pixels"
    runs, count = ndimage.label(bare)
    for number in range(1, count + 1):
        at = np.flatnonzero(runs == number)
        length = float(line.arc[at[-1]] - line.arc[at[0]])
        place = line.frame.plane.pixel(line.points[at[len(at) // 2]])
        what = f"{length:.1f} {unit} of the cavity's border without wall: the cavity touches the sector"
        yield Finding("wall-gap", what, place, "error", "wall-gap")


def find_beyond_sector(label_map: LabelMap) -> Iterator[Finding]:
    """Structures where the scanner sees nothing; generators cut them there."""
    beyond = beyond_sector(label_map)
    if beyond.any():
        what = f"{int(beyond.sum())} pixels of structures outside the sector"
        yield Finding("beyond-fan", what, place_in(beyond), "note", "beyond-fan")


def find_missing(label_map: LabelMap) -> Iterator[Finding]:
    """A structure that is not there though others are."""
    present = [structure for structure in STRUCTURES if (label_map.ids == structure).any()]
    if not present:
        return
    for structure in STRUCTURES:
        if structure not in present:
            place = place_in(np.isin(label_map.ids, present))
            yield Finding("missing", f"no {LABELS[structure].name}", place, "warning")


def find_atrium_apart(label_map: LabelMap) -> Iterator[Finding]:
    """An atrium that does not touch the ventricle's cavity."""
    cavity, atrium = label_map.ids == LV_CAVITY, label_map.ids == LEFT_ATRIUM
    if not cavity.any() or not atrium.any():
        return
    reach = math.ceil(TOUCHING)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (np.hypot(x, y) <= TOUCHING).astype(np.uint8)
    if not (cv2.dilate(cavity.astype(np.uint8), disc) & atrium).any():
        distance = ndimage.distance_transform_edt(~cavity)
        gap = float(distance[atrium].min())
        y, x = np.argwhere(atrium & (distance == gap))[0]
        what = f"the left atrium is {gap:.0f} pixels apart from the LV cavity"
        yield Finding("atrium-apart", what, (float(x), float(y)), "error", "atrium-apart")


def find_sizes(label_map: LabelMap) -> Iterator[Finding]:
    """Volumes and wall thickness outside CAMUS's range; nothing where the spacing is not known."""
    if label_map.spacing_mm is None:
        return
    values: Measurements = measure(label_map)
    marks = find_landmarks(label_map)
    middle = marks.annulus or (0.0, 0.0)
    yield from _outside("lv-volume", "LV volume", "mL", values.lv_volume_ml, LV_VOLUME_ML, marks.apex or middle)
    yield from _outside("la-volume", "LA volume", "mL", values.la_volume_ml, LA_VOLUME_ML, marks.roof or middle)
    tip = marks.apex_epi or middle
    yield from _outside("wall-thickness", "mean wall thickness", "mm", values.wall_mm, WALL_MM, tip)
    try:
        line = wall_line(label_map)
    except LabelMapError:
        return
    low, high = WALL_SEGMENT_MM
    faces = (line.thickness > 0) & (line.normals @ line.frame.along > -0.5) & ~cut_by_sector(label_map, line)
    # A tenth of the line at a time: the scale of a segment, without hanging on where segments begin.
    width = max(3, len(faces) // 10)
    share = ndimage.uniform_filter1d(faces.astype(np.float64), width, mode="constant")
    mean = ndimage.uniform_filter1d(np.where(faces, line.thickness, 0.0), width, mode="constant") / np.maximum(
        share, 1e-9
    )
    whole = share > 0.6
    for odd in (whole & (mean < low), whole & (mean > high)):
        if odd.any():
            at = int(np.flatnonzero(odd)[np.argmax(np.abs(mean[odd] - low))])
            here = line.frame.plane.pixel(line.points[at])
            yield from _outside("wall-thickness", "wall thickness here", "mm", float(mean[at]), WALL_SEGMENT_MM, here)


FINDINGS: dict[str, Callable[[LabelMap], Iterator[Finding]]] = {
    "missing": find_missing,
    "island": find_islands,
    "hole": find_holes,
    "wall-gap": find_wall_gaps,
    "atrium-apart": find_atrium_apart,
    "beyond-fan": find_beyond_sector,
    "size": find_sizes,
}


def check_plausibility(label_map: LabelMap) -> tuple[Finding, ...]:
    """All findings, the gravest first; none on an empty sector."""
    found = [finding for find in FINDINGS.values() for finding in find(label_map)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _outside(
    kind: str, what: str, unit: str, value: float | None, limits: tuple[float, float], place: Point
) -> Iterator[Finding]:
    low, high = limits
    if value is not None and not low <= value <= high:
        text = f"{what} {value:.1f} {unit}, outside CAMUS's {low:g} to {high:g} {unit}"
        yield Finding(kind, text, place, "warning")
