"""One-click repairs of what `plausibility` finds: each leaves no finding of its kind, and done twice is done once."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from scipy import ndimage

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import (
    FLUID,
    LABEL_COUNT,
    LABELS,
    LEFT_ATRIUM,
    LV_CAVITY,
    LV_MYOCARDIUM,
    MASS,
    OUTSIDE,
    SECTOR,
)
from echo_studio.anatomy.landmarks.wall_line import wall_line
from echo_studio.anatomy.measure.anomalies import (
    bare_stretches,
    beyond_sector,
    gaps_shown,
    given_back,
    holes_in_sector,
    islands,
    without_holes_in_structures,
)
from echo_studio.anatomy.measure.plausibility import FINDINGS, TOUCHING
from echo_studio.anatomy.plane import box_of, largest_component, near, with_ids
from echo_studio.anatomy.sector.region import RIM, fitted_sector, sector_region
from echo_studio.anatomy.shape.warp import STRUCTURES, check_structures
from echo_studio.errors import UnknownNameError, check_range
from echo_studio.types import BoolMask, LabelIds

ROUNDS = 4  # a filled gap can bare the next pixel: repeated until nothing is found
BESIDE = 8  # points of the line at each end of a gap
MAX_RADIUS = 64.0  # pixels
THINNEST = 3.0  # pixels of wall where nothing beside a gap tells how thick it should be


def repair(label_map: LabelMap, kind: str) -> LabelMap:
    """A label map without findings of one kind; the same object where there are none.

    Raises:
        UnknownNameError: no repair of that name.
    """
    if kind not in REPAIRS:
        raise UnknownNameError("repair", kind, REPAIRS)
    for _ in range(ROUNDS):
        if next(FINDINGS[kind](label_map), None) is None:
            break
        label_map = with_ids(label_map, REPAIRS[kind](label_map))
    return label_map


def only_largest(label_map: LabelMap, structure: int) -> LabelMap:
    """One structure reduced to its largest component, 8-connected as in `skimage.measure.label` with connectivity 2.

    Unlike the repair of islands it spares nothing: of a wall that a gap divides it keeps the larger part. Every
    other component becomes the structure that it touches most; where that is none, sector inside the sector, 0 outside.
    Of components of one size the first one, row by row, is kept.

    Args:
        structure: 1, 2 or 3.
    """
    check_structures([structure])
    mask = np.asarray(label_map.ids == structure)
    apart = mask & ~largest_component(mask)
    if not apart.any():
        return label_map
    given = given_back(label_map.ids, apart, [label.id for label in LABELS if label.id != structure])
    background = np.where(sector_region(label_map), np.uint8(SECTOR), np.uint8(OUTSIDE))
    return with_ids(label_map, np.where(apart & ~np.isin(given, STRUCTURES), background, given))


def without_islands(label_map: LabelMap) -> LabelIds:
    """Every component apart becomes what lies beside it; sector where that leaves a new component apart."""
    filled = _nearest(label_map.ids, _islands(label_map.ids))
    background = np.where(sector_region(label_map), np.uint8(SECTOR), np.uint8(OUTSIDE))
    return np.where(_islands(filled), background, filled)


def without_holes(label_map: LabelMap) -> LabelIds:
    """Holes in the heart become the structure around them, other holes become sector."""
    ids = without_holes_in_structures(label_map)
    hole = holes_in_sector(label_map)
    sector = fitted_sector(label_map)
    if sector is not None and hole.any():
        # A hole that reaches the sector's edge is filled up to it.
        hole = hole | (near(hole, RIM + 1) & sector.mask(*label_map.shape))
    meant = np.isin(label_map.ids, (FLUID, MASS))
    return np.where(meant, label_map.ids, np.where(hole & (ids == OUTSIDE), np.uint8(SECTOR), ids))


def without_wall_gaps(label_map: LabelMap) -> LabelIds:
    """A wall across every gap, as thick as the wall on both sides of it."""
    filled = gaps_shown(label_map)
    line = wall_line(filled)
    # Rays beside a gap leave the wall through its side: they tell no thickness, and belong to the gap.
    gap = ndimage.binary_dilation(bare_stretches(filled, line), iterations=BESIDE)
    plane = line.frame.plane
    least = THINNEST * max(plane.sx, plane.sy)
    sound = (line.thickness > least) & ~gap
    wanted = np.interp(line.arc, line.arc[sound], line.thickness[sound]) if sound.any() else np.full(len(gap), least)
    ids = np.where((filled.ids == SECTOR) & (label_map.ids == LV_CAVITY), filled.ids, label_map.ids)
    region = (ids == SECTOR) & (filled.ids == SECTOR) & sector_region(label_map)
    index, depth, beside = line.nearest(region)
    wall = beside & gap[index] & (depth > -TOUCHING * max(plane.sx, plane.sy)) & (depth <= wanted[index])
    ids[region] = np.where(wall, np.uint8(LV_MYOCARDIUM), np.uint8(SECTOR))
    return ids


def cut_at_sector(label_map: LabelMap) -> LabelIds:
    """Structures end where the sector does."""
    return np.where(beyond_sector(label_map), np.uint8(OUTSIDE), label_map.ids)


def with_atrium_joined(label_map: LabelMap) -> LabelIds:
    """The atrium grows up to the cavity, where it faces it."""
    ids = label_map.ids
    to_cavity, to_atrium = (ndimage.distance_transform_edt(ids != structure) for structure in (LV_CAVITY, LEFT_ATRIUM))
    gap = float(to_cavity[ids == LEFT_ATRIUM].min())
    # Between two borders that face each other the two distances add up to the gap; a little more rounds the sides.
    between = (to_cavity + to_atrium <= 1.15 * gap + 1.5) & np.isin(ids, (SECTOR, LV_MYOCARDIUM, OUTSIDE))
    return np.where(between & (sector_region(label_map) | (ids == LV_MYOCARDIUM)), np.uint8(LEFT_ATRIUM), ids)


REPAIRS: dict[str, Callable[[LabelMap], LabelIds]] = {
    "island": without_islands,
    "hole": without_holes,
    "wall-gap": without_wall_gaps,
    "atrium-apart": with_atrium_joined,
    "beyond-fan": cut_at_sector,
}


def _islands(ids: LabelIds) -> BoolMask:
    return np.asarray(np.logical_or.reduce([islands(ids, structure) for structure in STRUCTURES]))


def _nearest(ids: LabelIds, where: BoolMask) -> LabelIds:
    """The ids with those of `where` replaced by their nearest pixel's outside of it."""
    if not where.any() or where.all():
        return ids
    row, column = ndimage.distance_transform_edt(where, return_distances=False, return_indices=True)
    return np.where(where, ids[row, column], ids)


def smooth(label_map: LabelMap, structure: int, radius: float = 3.0) -> LabelMap:
    """One structure with its border smoothed; pixels that it loses go to the label that is strongest around them.

    Args:
        structure: 1, 2 or 3.
        radius: deviation of the Gaussian in pixels of x, 0 (no change) to 64.

    Raises:
        RequestError: another structure or radius.
    """
    check_structures([structure])
    check_range("a radius", radius, 0, MAX_RADIUS, "pixels")
    if radius == 0:
        return label_map
    was = label_map.ids == structure
    if not was.any():
        return label_map
    reach = math.ceil(3 * radius)
    # Outside its box a structure has no majority anywhere: what the kernel can see from there is enough.
    rows, columns = (slice(max(0, side.start - reach), side.stop + reach) for side in box_of(was))
    part = label_map.ids[rows, columns]
    size = (2 * reach + 1, 2 * reach + 1)
    weights = np.stack(
        [
            cv2.GaussianBlur((part == k).astype(np.float32), size, radius, borderType=cv2.BORDER_REPLICATE)
            for k in range(LABEL_COUNT)
        ]
    )
    inside = weights[structure] > 0.5
    weights[structure] = -1.0
    smoothed = np.where(part == structure, weights.argmax(axis=0).astype(np.uint8), part)
    ids = label_map.ids.copy()
    ids[rows, columns] = np.where(inside, np.uint8(structure), smoothed)
    return with_ids(label_map, np.where(sector_region(label_map), ids, label_map.ids))
