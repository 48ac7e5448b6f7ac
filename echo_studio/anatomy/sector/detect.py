"""The sector of a frame as scanners and recorders leave it: text around it, noise in the black, gaps in the light."""

import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np

from echo_studio.anatomy.plane import largest_component
from echo_studio.anatomy.sector.geometry import Sector, fit_sector, sector_of_lit, threshold_sector
from echo_studio.errors import ImageError
from echo_studio.types import BoolMask, GrayImage

# Grey values that may be noise of a lossy file; the sector's own darkness sets the upper end.
THRESHOLDS = (0, 2, 4, 6, 8, 12, 16, 24, 32)
FITS = 0.95  # of the lit region's hull and the sector, as intersection over union
COVERS = 0.9  # of the light, text left out
ALIKE = 0.4  # of the largest component's size: components that a dark strip has parted
SEARCH_SIDE = 512


def find_sector(image: GrayImage) -> BoolMask:
    """(h, w) the sector: a fitted one where one fits, else the hull of the lit region.

    An image whose background is exactly black gets what `sector_of_image` gives it, without thin things. In others
    several thresholds are tried; thin things (text, scales, traces) are taken away first, and the hull of the light
    is fitted, so that dark corners do not matter. No letter that a scanner wrote keeps its shape in the sector: label
    maps are kept where pictures of patients are not.

    Args:
        image: uint8 (h, w).

    Raises:
        ImageError: no lit sector is found.
    """
    closed = threshold_sector(image)
    clean = sector_of_lit(closed)
    if clean is not None:
        return clean | _without_thin(clean | closed)
    scale = max(1.0, max(image.shape) / SEARCH_SIDE)
    height, width = (round(side / scale) for side in image.shape)
    best: tuple[float, Sector] | None = None
    small = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    for light, hull in _lit_regions(small):
        try:
            sector = fit_sector(hull)
        except ImageError:
            continue
        inside = sector.mask(*hull.shape)
        fits = float((inside & hull).sum() / (inside | hull).sum())
        covers = float((inside & light).sum() / light.sum())
        if fits >= FITS and covers >= COVERS and (best is None or fits * covers > best[0]):
            best = fits * covers, sector
    if best is not None:
        return _enlarged(best[1], scale).mask(*image.shape)
    thick = _without_thin(closed)
    return _hull(largest_component(thick if thick.any() else closed))


def _lit_regions(image: GrayImage) -> Iterator[tuple[BoolMask, BoolMask]]:
    """(the light without thin things, the hull of its largest component or of its large ones) at each threshold."""
    side = max(image.shape)
    pad = round(0.04 * side)
    framed = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    for threshold in THRESHOLDS:
        lit = (framed > threshold).astype(np.uint8)
        closed = cv2.morphologyEx(lit, cv2.MORPH_CLOSE, _disc(0.006 * side))
        opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, _disc(0.035 * side))
        joined = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, _disc(0.03 * side))
        light = np.ascontiguousarray(joined[pad:-pad, pad:-pad], dtype=np.uint8)
        _, components, stats, _ = cv2.connectedComponentsWithStats(light, connectivity=4)
        areas = stats[1:, cv2.CC_STAT_AREA]
        if areas.size == 0 or areas.max() < 0.02 * image.size:
            continue
        for least in sorted({float(areas.max()), ALIKE * float(areas.max())}):
            large = np.isin(components, 1 + np.flatnonzero(areas >= least)).astype(np.uint8)
            yield light > 0, _hull(large > 0)


def _without_thin(region: BoolMask) -> BoolMask:
    disc = _disc(0.035 * max(region.shape))
    return np.asarray(cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_OPEN, disc) > 0)


def _hull(region: BoolMask) -> BoolMask:
    hull = np.zeros(region.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(region.astype(np.uint8))), 1)
    return np.asarray(hull > 0)


def _enlarged(sector: Sector, scale: float) -> Sector:
    """The sector of an image that was `scale` times as large; pixel centres are at whole numbers."""
    x, y = ((place + 0.5) * scale - 0.5 for place in sector.apex)
    return dataclasses.replace(sector, apex=(x, y), near=sector.near * scale, far=sector.far * scale)


def _disc(side: float) -> GrayImage:
    odd = max(3, round(side)) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (odd, odd)), dtype=np.uint8)
