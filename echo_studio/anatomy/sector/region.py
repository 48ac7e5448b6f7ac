"""Where the sector of a label map is: what an edit may fill with sector, and where it must stop."""

import dataclasses

import cv2
import numpy as np

from echo_studio.anatomy.label_map import LabelMap, once
from echo_studio.anatomy.labels import OUTSIDE, SECTOR, TISSUE
from echo_studio.anatomy.plane import with_ids
from echo_studio.anatomy.sector.geometry import Sector, sector_of
from echo_studio.errors import LabelMapError
from echo_studio.types import BoolMask

RIM = 2


@once
def fitted_sector(label_map: LabelMap) -> Sector | None:
    """The geometric sector that fits the map's own, see `sector_of`; None if none does."""
    return sector_of(label_map.ids)


@once
def sector_region(label_map: LabelMap) -> BoolMask:
    """(h, w) True inside the sector: what an edit may fill with sector.

    All pixels labelled as sector, structures as far as the fitted sector reaches, and unlabelled holes more than
    `RIM` pixels inside it. Where no sector fits: all that is labelled.
    """
    sector = fitted_sector(label_map)
    if sector is None:
        return label_map.inside
    mask = sector.mask(*label_map.shape)
    # The fit is right to a pixel or two: at its rim the labels know better than the fit.
    square = np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)
    core = cv2.erode(mask.astype(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    region = np.asarray((mask & label_map.inside) | np.isin(label_map.ids, TISSUE) | core)
    region.setflags(write=False)
    return region


def resize_sector(label_map: LabelMap, angle: float = 1.0, depth: float = 1.0) -> LabelMap:
    """The same heart in another sector: structures are cut where it ends, pixels that it gains are sector.

    Args:
        angle: factor of the opening angle about the sector's own middle line, 0.2 to 2.
        depth: factor of the far radius, 0.2 to 2; the image's border ends the sector too.

    Raises:
        LabelMapError: a factor differs from 1 and no geometric sector fits the map's own.
    """
    if angle == depth == 1.0:
        return label_map
    sector = fitted_sector(label_map)
    if sector is None:
        raise LabelMapError(
            expected="a sector with two straight edges (label 4)",
            got="a sector of another shape",
            remedy="paint the sector with two straight edges first",
        )
    middle, half = (sector.angle_left + sector.angle_right) / 2, (sector.angle_right - sector.angle_left) / 2
    changed = dataclasses.replace(
        sector,
        angle_left=max(middle - half * angle, -1.5),
        angle_right=min(middle + half * angle, 1.5),
        far=max(sector.far * depth, sector.near),
    ).mask(*label_map.shape)
    if depth == 1.0 and angle > 1.0:
        changed |= np.isin(label_map.ids, TISSUE)  # the fit runs through pixels of the edge: keep them all
    empty = sector_region(label_map) & (
        label_map.ids == OUTSIDE
    )  # an effusion is black inside the sector, and stays so
    ids = np.where(changed, label_map.ids, np.uint8(OUTSIDE))
    return with_ids(label_map, np.where(changed & (ids == OUTSIDE) & ~empty, np.uint8(SECTOR), ids))
