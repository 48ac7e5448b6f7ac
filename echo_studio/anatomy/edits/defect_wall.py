"""Defects of the wall: a hole in the septum, an aneurysm, thin and thick segments, hypertrophy.

All move or remove what the endocardial line (`wall_line`) finds, in mm along and across the wall.
Strength 0 gives the same object back; nothing outside the sector changes.
"""

import cv2
import numpy as np
from scipy import ndimage

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.landmarks.segments import in_segment, segment_named
from echo_studio.anatomy.landmarks.wall_line import LEFT, WallLine, wall_line, with_wall_moved
from echo_studio.anatomy.plane import require_spacing, with_ids
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.types import BoolMask, FloatArray

TAPER = 0.03  # of the line's length: a change of thickness passes into its neighbours, as scars and bulges do


def septal_defect(label_map: LabelMap, at: float = 0.6, width_mm: float = 8.0) -> LabelMap:
    """A ventricular septal defect: a hole through the wall on the left of the axis (in the 4CH view the septum).

    The hole has parallel sides and reaches from the cavity to the epicardial border; nothing beyond the wall
    changes. It becomes cavity (label 1), as blood flows through it: generators draw blood dark, whereas sector is
    tissue of any brightness. `measure` leaves it out, so that area and volume stay what they were.

    Args:
        at: place of its middle along the septum, 0 at the apex, 1 at the mitral hinge.
        width_mm: along the endocardium, 0 to 40.

    Raises:
        LabelMapError: no ventricle, or no spacing.
    """
    require_spacing(label_map, "the defect's width")
    if width_mm <= 0:
        return label_map
    line = wall_line(label_map)
    centre = line.index(at, LEFT)
    wall = (label_map.ids == LV_MYOCARDIUM) & sector_region(label_map)
    points = line.frame.plane.centres(label_map.shape)[wall]
    offset = points - line.points[centre]
    # One normal for the whole hole: its sides are parallel, however the wall bends around it.
    reach = max(float(line.thickness[centre]), float(np.median(line.thickness))) * 1.5
    normal = _mean_normal(line, centre, width_mm)
    along, across = offset @ np.array([-normal[1], normal[0]]), offset @ normal
    ids = label_map.ids.copy()
    hole = np.zeros_like(wall)
    hole[wall] = (np.abs(along) <= width_mm / 2) & (np.abs(across) <= reach)
    ids[_piece_at(hole, line, centre)] = LV_CAVITY
    return with_ids(label_map, ids)


def apical_aneurysm(
    label_map: LabelMap, bulge_mm: float = 8.0, neck_mm: float = 40.0, thinning: float = 0.5
) -> LabelMap:
    """An apical aneurysm: the cavity bulges at the apex beneath a thinned wall.

    Args:
        bulge_mm: how far the endocardium moves outward at the apex, 0 to 25. The sector ends it.
        neck_mm: length of endocardium that takes part, 10 to 90.
        thinning: share of the wall that is lost at the apex, 0 to 0.9.

    Raises:
        LabelMapError: no ventricle, or no spacing.
    """
    require_spacing(label_map, "the aneurysm")
    if bulge_mm <= 0 and thinning <= 0:
        return label_map
    line = wall_line(label_map)
    tip = int(np.argmin(line.place))
    distance = np.clip(np.abs(line.arc - line.arc[tip]) / (neck_mm / 2), 0.0, 1.0)
    # Flat in the middle, steep at the neck: a pouch, not a cone.
    window = (1 - distance**3) ** 2
    inner = bulge_mm * window
    outer = inner - thinning * window * line.thickness
    return with_wall_moved(label_map, line, inner, outer, sector_region(label_map))


def thinned_segment(label_map: LabelMap, segment: str = "apical septal", share: float = 0.5) -> LabelMap:
    """A scarred segment: its wall is thinner, the endocardium gives way outward, the epicardium stays.

    Args:
        segment: one of the 17-segment names in `SEGMENT_NAMES`; names of the 4CH view mean the same
            side of the map in any view (septal and inferior left, lateral and anterior right).
        share: of the thickness that is lost, 0 to 0.9.

    Raises:
        UnknownNameError: no segment of that name.
        LabelMapError: no ventricle.
    """
    line, window = _window(label_map, segment)
    if share <= 0:
        return label_map
    inner = share * window * line.thickness
    return with_wall_moved(label_map, line, inner, np.zeros_like(inner), sector_region(label_map))


def thickened_segment(label_map: LabelMap, segment: str = "basal inferoseptal", extra_mm: float = 6.0) -> LabelMap:
    """A thick segment that bulges into the cavity, as a septal bulge does; the epicardium stays.

    Args:
        segment: as in `thinned_segment`.
        extra_mm: added thickness, 0 to 20.

    Raises:
        UnknownNameError: no segment of that name.
        LabelMapError: no ventricle, or no spacing.
    """
    require_spacing(label_map, "the added thickness")
    line, window = _window(label_map, segment)
    if extra_mm <= 0:
        return label_map
    inner = -extra_mm * window
    return with_wall_moved(label_map, line, inner, np.zeros_like(inner), sector_region(label_map))


def hypertrophy(label_map: LabelMap, extra_mm: float = 5.0, inward: float = 0.7) -> LabelMap:
    """Concentric hypertrophy: the whole wall is thicker and the cavity smaller.

    Args:
        extra_mm: added thickness, 0 to 20.
        inward: share of it that grows into the cavity, 0 to 1; the rest moves the epicardium, not
            beyond the sector.

    Raises:
        LabelMapError: no ventricle, or no spacing.
    """
    require_spacing(label_map, "the added thickness")
    if extra_mm <= 0:
        return label_map
    line = wall_line(label_map)
    inner = np.full(len(line.points), -extra_mm * inward)
    outer = np.full(len(line.points), extra_mm * (1 - inward))
    # The annulus keeps its width: the valve's leaflets are not part of the wall.
    inner *= np.clip((1 - line.place) / 0.08, 0.0, 1.0)
    return with_wall_moved(label_map, line, inner, outer, sector_region(label_map))


def _piece_at(mask: BoolMask, line: WallLine, index: int) -> BoolMask:
    """The component of a mask that is nearest to a point of the line: across a narrow cavity lies other wall."""
    _, numbers = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    y, x = np.nonzero(mask)
    if not len(x):
        return mask
    offset = line.frame.plane.lengths(np.stack([x, y], axis=1).astype(np.float64)) - line.points[index]
    nearest = np.hypot(*offset.T).argmin()
    return np.asarray(numbers == numbers[y[nearest], x[nearest]])


def _mean_normal(line: WallLine, centre: int, width: float) -> FloatArray:
    beside = np.abs(line.arc - line.arc[centre]) <= max(width / 2, 2.0 * line.frame.plane.sx)
    normal = line.normals[beside].mean(axis=0)
    return np.asarray(normal / np.hypot(*normal))


def _window(label_map: LabelMap, segment: str) -> tuple[WallLine, FloatArray]:
    """The line, and for each of its points how much it belongs to a segment: 0 to 1."""
    wanted = segment_named(segment)
    line = wall_line(label_map)
    member = in_segment(wanted, line.frame, line.points).astype(np.float64)
    smooth = ndimage.gaussian_filter1d(member, TAPER * len(member), mode="nearest")
    return line, np.asarray(smooth / max(float(smooth.max()), 1e-9))
