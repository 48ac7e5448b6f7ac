"""Where a label map is odd, as masks: islands, holes, bare cavity, structures beyond the fan."""

from collections.abc import Iterator

import cv2
import numpy as np
from scipy import ndimage

from echo_studio.anatomy.carry import STRUCTURES
from echo_studio.anatomy.fan_region import fan_region
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.landmarks import Point
from echo_studio.anatomy.plane import largest_piece, near
from echo_studio.anatomy.sector import fan_of
from echo_studio.anatomy.wall_line import WallLine
from echo_studio.types import BoolMask, FloatArray, LabelIds

SPECK = 2e-4  # share of the map below which holes in the sector and overshoots are the fit's own
GAP = 3.0  # pixels of cavity border without wall


def pieces(mask: BoolMask) -> Iterator[BoolMask]:
    """The 8-connected pieces of a mask, each (h, w)."""
    count, numbers = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return (np.asarray(numbers == number) for number in range(1, count))


def place_in(piece: BoolMask) -> Point:
    """The pixel (x, y) of a piece that lies deepest inside it."""
    padded = cv2.copyMakeBorder(piece.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(x), float(y)


def islands(ids: LabelIds, structure: int) -> BoolMask:
    """(h, w) the pieces of a structure apart from its largest one.

    A piece of wall along the cavity is none: where a gap divides the wall, both parts are the wall.
    """
    mask = np.asarray(ids == structure)
    apart = mask & ~largest_piece(mask)
    if structure == LV_MYOCARDIUM and apart.any():
        beside = near(ids == LV_CAVITY)
        for piece in pieces(apart):
            if (piece & beside).sum() > GAP:
                apart &= ~piece
    return np.asarray(apart)


def holes_in_structures(label_map: LabelMap) -> BoolMask:
    """(h, w) pixels of no structure that structures enclose."""
    heart = np.isin(label_map.ids, STRUCTURES)
    return np.asarray(ndimage.binary_fill_holes(heart) & ~heart)


def without_holes_in_structures(label_map: LabelMap) -> LabelIds:
    """The ids with every hole in the heart given to the structure that borders most of it."""
    ids = label_map.ids.copy()
    for piece in pieces(holes_in_structures(label_map)):
        ring = label_map.ids[near(piece) & ~piece]
        counts = [int((ring == structure).sum()) for structure in STRUCTURES]
        ids[piece] = STRUCTURES[counts.index(max(counts))]
    return ids


def holes_in_sector(label_map: LabelMap) -> BoolMask:
    """(h, w) unlabelled pixels inside the fan, in pieces larger than the fit of the fan is uncertain."""
    unlabelled = fan_region(label_map) & (label_map.ids == OUTSIDE)
    keep = np.zeros_like(unlabelled)
    for piece in pieces(unlabelled):
        if piece.sum() > SPECK * piece.size:
            keep |= piece
    return np.asarray(keep)


def beyond_fan(label_map: LabelMap) -> BoolMask:
    """(h, w) structures outside the fan; empty where no fan fits, or where they are no more than the fit's doubt."""
    beyond = np.isin(label_map.ids, STRUCTURES) & ~fan_region(label_map)
    if fan_of(label_map.ids) is None or beyond.sum() <= SPECK * beyond.size:
        return np.zeros_like(beyond)
    return np.asarray(beyond)


def bare_stretches(label_map: LabelMap, line: WallLine) -> BoolMask:
    """(n,) points of the line where sector, not wall, follows the cavity, in runs longer than `GAP`."""
    ids, plane = label_map.ids, line.frame.plane
    outward = line.points + 1.5 * line.normals * plane.width_along(line.normals)[:, None]
    bare = (line.thickness == 0) & (_labels_at(ids, plane.pixels(outward)) == SECTOR)
    bare &= line.place < 0.98  # the hinge itself belongs to the valve
    keep = np.zeros_like(bare)
    runs, count = ndimage.label(bare)
    for number in range(1, count + 1):
        run = runs == number
        if np.ptp(line.arc[run]) > GAP * min(plane.sx, plane.sy):
            keep |= run
    return np.asarray(keep)


def cut_by_fan(label_map: LabelMap, line: WallLine) -> BoolMask:
    """(n,) True where the wall ends because the fan does: its thickness there is not the wall's."""
    plane = line.frame.plane
    step = 1.5 * plane.width_along(line.normals)[:, None]
    outer = plane.pixels(line.points + line.normals * (line.thickness[:, None] + step))
    fan = np.where(fan_region(label_map), np.uint8(SECTOR), np.uint8(OUTSIDE))
    return np.asarray(_labels_at(fan, outer) == OUTSIDE)


def _labels_at(ids: LabelIds, xy: FloatArray) -> LabelIds:
    x, y = np.floor(xy + 0.5).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < ids.shape[1]) & (y < ids.shape[0])
    at = ids[y.clip(0, ids.shape[0] - 1), x.clip(0, ids.shape[1] - 1)]
    return np.asarray(np.where(inside, at, np.uint8(OUTSIDE)))
