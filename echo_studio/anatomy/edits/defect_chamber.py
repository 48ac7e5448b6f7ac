"""Defects of the chambers and around them: missing atrium, dilated ventricle, effusion, mass.

Strength 0 gives the same object back; nothing outside the sector changes.
"""

import numpy as np
from scipy import ndimage

from echo_studio.anatomy.edits.repair import repair
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, MASS, SECTOR
from echo_studio.anatomy.landmarks.points import heart_frame
from echo_studio.anatomy.landmarks.wall_line import LEFT, RIGHT, wall_line, with_wall_moved
from echo_studio.anatomy.plane import require_spacing, with_ids
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.sliders import Shape, warp_heart
from echo_studio.errors import UnknownNameError
from echo_studio.types import FloatArray

SIDES: dict[str, int] = {"left": LEFT, "right": RIGHT}
AROUND: tuple[str, ...] = ("free wall", "whole heart")


def missing_atrium(label_map: LabelMap, share: float = 1.0) -> LabelMap:
    """The left atrium is missing, or a part of it from the roof down; sector takes its place.

    Args:
        share: of the atrium's length that is missing, 0 to 1.

    Raises:
        LabelMapError: a part is asked for and there is no ventricle to tell where the roof is.
    """
    gone = label_map.ids == LEFT_ATRIUM
    if share <= 0 or not gone.any():
        return label_map
    sector = sector_region(label_map)
    if share < 1:
        frame = heart_frame(label_map)
        a, _ = frame.coordinates(frame.plane.centres(label_map.shape))
        roof = float(a[gone].min())
        gone &= a < roof * (1 - share)
    return with_ids(label_map, np.where(gone & sector, np.uint8(SECTOR), label_map.ids))


def dilated_ventricle(label_map: LabelMap, factor: float = 1.2, roundness: float = 1.05) -> LabelMap:
    """Dilated cardiomyopathy: a larger, rounder cavity in a wall that keeps its thickness. The sector ends it.

    Args:
        factor: of the ventricle's length, 1 to 1.6.
        roundness: further factor of its width, 1 to 1.6.

    Raises:
        LabelMapError: no ventricle.
        RequestError: a factor beyond the sliders' ranges.
    """
    if factor == roundness == 1.0:
        return label_map
    before = wall_line(label_map)
    # Cut at the sector last: a wall that the sector has cut tells no thickness.
    grown = warp_heart(label_map, Shape(lv_size=factor, sphericity=roundness), cut=False)
    line = wall_line(grown)
    # The warp has thickened the wall with all else: the endocardium gives way until it is as thick as it was.
    old = np.interp(line.place * line.side, before.place * before.side, before.thickness)
    inner = np.maximum(line.thickness - old, 0.0) * np.clip((1 - line.place) / 0.08, 0.0, 1.0)
    moved = with_wall_moved(grown, line, inner, np.zeros_like(inner), np.ones(grown.shape, bool))
    made = with_ids(label_map, np.where(sector_region(label_map), moved.ids, label_map.ids))
    return repair(made, "island")  # where the sector cuts the wall, specks of it may be left


def pericardial_effusion(label_map: LabelMap, thickness_mm: float = 10.0, around: str = "free wall") -> LabelMap:
    """A pericardial effusion: a layer of fluid around the epicardium, up to the level of the annulus.

    The layer becomes fluid (5), which version 1 of the label schema did not have; see `labels.as_version_1`.

    Args:
        thickness_mm: 0 to 30; tapers to 0 towards the annulus.
        around: "free wall" (the right of the axis and over the apex: in the 4CH view the septum has the
            right ventricle beside it, not the pericardium) or "whole heart" (both walls of the 2CH view).

    Raises:
        LabelMapError: no ventricle, or no spacing.
        UnknownNameError: another place.
    """
    require_spacing(label_map, "the layer's thickness")
    if around not in AROUND:
        raise UnknownNameError("place of the effusion", around, AROUND)
    if thickness_mm <= 0:
        return label_map
    line = wall_line(label_map)
    plane = line.frame.plane
    ventricle = np.isin(label_map.ids, (LV_CAVITY, LV_MYOCARDIUM))
    distance, (row, column) = ndimage.distance_transform_edt(
        ~ventricle, sampling=(plane.sy, plane.sx), return_indices=True
    )
    at_wall = label_map.ids[row, column] == LV_MYOCARDIUM
    region = (label_map.ids == SECTOR) & sector_region(label_map) & at_wall & (distance <= thickness_mm)
    index, _, _ = line.nearest(region)
    a, _ = line.frame.coordinates(plane.centres(label_map.shape)[region])
    limit = thickness_mm * _rise(a / (0.25 * line.frame.length))
    if around == "free wall":
        limit = limit * _rise((line.place * line.side)[index] / 0.3 + 1.2)
    ids = label_map.ids.copy()
    # Measured from the pixel's edge, not its centre, so that a layer thinner than a pixel is none.
    ids[region] = np.where(distance[region] - min(plane.sx, plane.sy) / 2 < limit, np.uint8(FLUID), np.uint8(SECTOR))
    return with_ids(label_map, ids)


def cavity_mass(
    label_map: LabelMap, at: float = 0.1, side: str = "left", diameter_mm: float = 15.0, inward: float = 0.0
) -> LabelMap:
    """A mass or thrombus in the cavity: a round piece of tissue on the wall.

    It becomes mass (6), which is none of the structures: as myocardium it would count as a thick wall.

    Args:
        at: place along the wall, 0 at the apex, 1 at the hinge.
        side: "left" or "right" of the axis.
        diameter_mm: 0 to 50. Only cavity becomes mass, so a large one fills the ventricle, not the wall.
        inward: 0 on the wall, 1 with its middle on the long axis, floating if small.

    Raises:
        LabelMapError: no ventricle, or no spacing.
        UnknownNameError: another side.
    """
    require_spacing(label_map, "the mass's diameter")
    if side not in SIDES:
        raise UnknownNameError("side", side, SIDES)
    if diameter_mm <= 0:
        return label_map
    line = wall_line(label_map)
    foot = line.index(at, SIDES[side])
    # A broad foot: the middle lies nearer to the wall than a radius.
    on_wall = line.points[foot] - line.normals[foot] * 0.35 * diameter_mm
    a, _ = line.frame.coordinates(on_wall)
    on_axis = line.frame.origin + a * line.frame.along
    centre = (1 - inward) * on_wall + inward * on_axis
    offset = line.frame.plane.centres(label_map.shape) - centre
    inside = np.hypot(offset[..., 0], offset[..., 1]) <= diameter_mm / 2
    mass = inside & (label_map.ids == LV_CAVITY) & sector_region(label_map)
    return with_ids(label_map, np.where(mass, np.uint8(MASS), label_map.ids))


def _rise(share: FloatArray) -> FloatArray:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(share, 0.0, 1.0)
    return np.asarray(t**2 * (3 - 2 * t))
