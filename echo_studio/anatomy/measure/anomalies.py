"""Where a label map is odd, as masks: islands, holes, bare cavity, structures beyond the sector."""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from echo_studio.anatomy.label_map import LabelMap, once
from echo_studio.anatomy.labels import LABEL_COUNT, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR, TISSUE
from echo_studio.anatomy.landmarks.cavity_border import without_blood_in_gaps
from echo_studio.anatomy.landmarks.points import Point
from echo_studio.anatomy.landmarks.wall_line import WallLine
from echo_studio.anatomy.plane import box_of, largest_component, near, with_ids
from echo_studio.anatomy.sector.region import fitted_sector, sector_region
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.types import BoolMask, FloatArray, LabelIds

SPECK = 2e-4  # share of the map below which holes in the sector and overshoots are the fit's own
GAP = 3.0  # pixels of cavity border without wall


@dataclass(frozen=True)
class Component:
    """One component of a mask: its number of pixels, its box, and the mask cut out of it."""

    size: int
    box: tuple[slice, slice]
    mask: BoolMask

    @property
    def place(self) -> Point:
        """The pixel (x, y) that lies deepest inside it."""
        padded = cv2.copyMakeBorder(self.mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        return float(x + self.box[1].start), float(y + self.box[0].start)


def components(mask: BoolMask) -> Iterator[Component]:
    """The 8-connected components of a mask, the largest first."""
    if not mask.any():
        return
    rows, columns = box_of(mask)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask[rows, columns].astype(np.uint8), connectivity=8)
    for number in 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable") if count > 1 else ():
        x, y, width, height, size = (int(value) for value in stats[number])
        part = np.asarray(numbers[y : y + height, x : x + width] == number)
        x, y = x + columns.start, y + rows.start
        yield Component(size, (slice(y, y + height), slice(x, x + width)), part)


def place_in(mask: BoolMask) -> Point:
    """The pixel (x, y) that lies deepest inside the largest component of a mask that is not empty."""
    return next(components(mask)).place


def islands(ids: LabelIds, structure: int) -> BoolMask:
    """(h, w) the components of a structure apart from its largest one.

    Wall along the cavity is not among them: where a gap divides the wall, both parts are the wall.
    """
    mask = np.asarray(ids == structure)
    apart = mask & ~largest_component(mask)
    if structure == LV_MYOCARDIUM and apart.any():
        count, numbers = cv2.connectedComponents(apart.astype(np.uint8), connectivity=8)
        beside = np.bincount(numbers[apart & near(ids == LV_CAVITY)], minlength=count)
        apart &= (beside <= GAP)[numbers]
    return np.asarray(apart)


def given_back(ids: LabelIds, removed: BoolMask, choices: Collection[int]) -> LabelIds:
    """The ids with every component of a mask given to the label, of some, that it touches most.

    Args:
        removed: (h, w) 8-connected components; one that touches none of `choices` keeps its ids.
        choices: label ids; of equals the lowest gets the component.
    """
    count, numbers = cv2.connectedComponents(removed.astype(np.uint8), connectivity=8)
    if count == 1:
        return ids
    row, column = np.nonzero(removed)
    own = numbers[row, column].astype(np.int64)
    # One label more than there are: what is removed itself, and what lies beyond the map.
    around = np.pad(np.where(removed, np.uint8(LABEL_COUNT), ids), 1, constant_values=LABEL_COUNT)
    touches = np.zeros((count, LABEL_COUNT + 1), np.int64)
    for dy, dx in itertools.product((0, 1, 2), repeat=2):
        beside = own * (LABEL_COUNT + 1) + around[row + dy, column + dx]
        touches += np.bincount(beside, minlength=touches.size).reshape(touches.shape)
    allowed = np.array(sorted(choices), np.uint8)
    most = allowed[touches[:, allowed].argmax(axis=1)]
    known = touches[:, allowed].max(axis=1) > 0
    return np.where(removed & known[numbers], most[numbers], ids)


@once
def holes_in_structures(label_map: LabelMap) -> BoolMask:
    """(h, w) pixels of no structure that structures enclose, diagonals being closed."""
    background = np.isin(label_map.ids, (OUTSIDE, *TISSUE))
    around = np.pad(background, 1, constant_values=True).astype(np.uint8)
    _, numbers = cv2.connectedComponents(around, connectivity=4)
    holes = np.asarray(background & (numbers[1:-1, 1:-1] != numbers[0, 0]))
    holes.setflags(write=False)
    return holes


def without_holes_in_structures(label_map: LabelMap) -> LabelIds:
    """The ids with every hole in the heart given to the structure that borders most of it."""
    return given_back(label_map.ids, holes_in_structures(label_map), STRUCTURES)


@once
def gaps_shown(label_map: LabelMap) -> LabelMap:
    """The map in which every gap of the wall is sector and nothing in the cavity is: blood out, masses filled."""
    return without_blood_in_gaps(with_ids(label_map, without_holes_in_structures(label_map)))


@once
def holes_in_sector(label_map: LabelMap) -> BoolMask:
    """(h, w) unlabelled pixels inside the sector, in components larger than the fit of the sector is uncertain."""
    unlabelled = sector_region(label_map) & (label_map.ids == OUTSIDE)
    keep = np.zeros_like(unlabelled)
    for component in components(unlabelled):
        if component.size <= SPECK * unlabelled.size:
            break  # the rest is smaller still
        keep[component.box] |= component.mask
    keep.setflags(write=False)
    return np.asarray(keep)


def beyond_sector(label_map: LabelMap) -> BoolMask:
    """(h, w) structures outside the sector; empty where no sector fits, or where they are within the fit's error."""
    beyond = np.isin(label_map.ids, STRUCTURES) & ~sector_region(label_map)
    if beyond.sum() <= SPECK * beyond.size or fitted_sector(label_map) is None:
        return np.zeros_like(beyond)
    return np.asarray(beyond)


def bare_stretches(label_map: LabelMap, line: WallLine) -> BoolMask:
    """(n,) points of the line where sector, not wall, follows the cavity, in runs longer than `GAP`."""
    ids, plane = label_map.ids, line.frame.plane
    outward = line.points + 1.5 * line.normals * plane.width_along(line.normals)[:, None]
    bare = (line.thickness == 0) & np.isin(_labels_at(ids, plane.pixels(outward)), TISSUE)
    bare &= line.place < 0.98  # the hinge itself belongs to the valve
    keep = np.zeros_like(bare)
    runs, count = ndimage.label(bare)
    for number in range(1, count + 1):
        run = runs == number
        if np.ptp(line.arc[run]) > GAP * min(plane.sx, plane.sy):
            keep |= run
    return np.asarray(keep)


def cut_by_sector(label_map: LabelMap, line: WallLine) -> BoolMask:
    """(n,) True where the wall ends because the sector does: its thickness there is not the wall's."""
    plane = line.frame.plane
    step = 1.5 * plane.width_along(line.normals)[:, None]
    outer = plane.pixels(line.points + line.normals * (line.thickness[:, None] + step))
    sector = np.where(sector_region(label_map), np.uint8(SECTOR), np.uint8(OUTSIDE))
    return np.asarray(_labels_at(sector, outer) == OUTSIDE)


def _labels_at(ids: LabelIds, xy: FloatArray) -> LabelIds:
    x, y = np.floor(xy + 0.5).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < ids.shape[1]) & (y < ids.shape[0])
    at = ids[y.clip(0, ids.shape[0] - 1), x.clip(0, ids.shape[1] - 1)]
    return np.asarray(np.where(inside, at, np.uint8(OUTSIDE)))
