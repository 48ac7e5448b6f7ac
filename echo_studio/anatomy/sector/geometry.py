"""The ultrasound sector: found in an image, described by five numbers, rendered as a mask.

The papers add the sector as a fourth label "through simple thresholding on the original images"
(003 III-A). Thresholding alone leaves pinholes where the image is truly black, so the mask is
closed and a sector is fitted; the sector also gives the editor its apex, angle and depth.
"""

import dataclasses
import math
from dataclasses import dataclass

import cv2
import numpy as np

from echo_studio.anatomy.labels import OUTSIDE, SECTOR, TISSUE
from echo_studio.errors import ImageError
from echo_studio.types import BoolMask, FloatArray, GrayImage, LabelIds

CLEAN = 0.97  # of the lit part of an image and the sector, as intersection over union: what counts as a fit


@dataclass(frozen=True)
class Sector:
    """A sector of an annulus, seen through an anisotropic pixel grid.

    Attributes:
        apex: (x, y) in pixels, where the two straight edges meet; may lie above the image.
        angle_left, angle_right: of the edges against straight down, radians in the isotropic
            frame (x stays, y is multiplied by `aspect`); left is negative.
        near, far: radii of the two arcs, in pixels of x.
        aspect: size of a pixel in y over its size in x: 1 for square pixels. CAMUS frames that
            were resized to 256 x 256 without keeping the aspect have another value.
    """

    apex: tuple[float, float]
    angle_left: float
    angle_right: float
    near: float
    far: float
    aspect: float = 1.0

    def mask(self, height: int, width: int) -> BoolMask:
        """(height, width) True inside the sector, pixel centres at whole numbers."""
        dx = np.arange(width) - self.apex[0]
        dy = ((np.arange(height) - self.apex[1]) * self.aspect)[:, None]
        square = dx**2 + dy**2
        inside = (square >= self.near**2) & (square <= self.far**2)
        # Two half planes meet in the wedge between the edges, which is less than a half turn wide.
        right_of_left = dx * math.cos(self.angle_left) >= dy * math.sin(self.angle_left)
        left_of_right = dx * math.cos(self.angle_right) <= dy * math.sin(self.angle_right)
        return np.asarray(inside & right_of_left & left_of_right)


def threshold_sector(image: GrayImage) -> BoolMask:
    """The lit part of an echo image: above black, holes and cracks closed, the largest component alone.

    Raises:
        ImageError: less than 2 % of the image is lit.
    """
    lit = (image > 0).astype(np.uint8)
    side = max(3, round(max(image.shape) * 0.03)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    pad = side
    closed = cv2.morphologyEx(cv2.copyMakeBorder(lit, pad, pad, pad, pad, cv2.BORDER_CONSTANT), cv2.MORPH_CLOSE, kernel)
    closed = closed[pad:-pad, pad:-pad]
    _, components, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if areas.size == 0 or areas.max() < 0.02 * image.size:
        raise ImageError(
            expected="an echo image with a lit sector on black",
            got=f"{100 * float(lit.mean()):.1f} % of the pixels above 0",
            remedy="use an image whose background is exactly 0",
        )
    return np.asarray(components == 1 + int(areas.argmax()))


def fit_sector(mask: BoolMask) -> Sector:
    """Least-squares sector of a mask: straight edges by two line fits, arcs by an ellipse about the apex.

    Works for sectors cut off by the image border, since border pixels take no part in the fits.

    Raises:
        ImageError: the mask has no two straight edges that meet above its centre.
    """
    height, width = mask.shape
    rows = np.flatnonzero(mask.any(axis=1))
    left = mask[rows].argmax(axis=1).astype(np.float64)
    right = width - 1.0 - mask[rows, ::-1].argmax(axis=1)
    widest = int(np.argmax(right - left))
    span = rows[: widest + 1].astype(np.float64)
    line_left = _edge_line(span, left[: widest + 1], width)
    line_right = _edge_line(span, right[: widest + 1], width)
    if line_left is None or line_right is None or line_right[0] - line_left[0] < 0.1:
        raise ImageError(
            expected="a sector with two straight edges",
            got="a lit region of another shape",
            remedy="paint the sector by hand (label 4)",
        )
    apex_y = (line_left[1] - line_right[1]) / (line_right[0] - line_left[0])
    apex_x = line_left[0] * apex_y + line_left[1]
    columns = np.flatnonzero(mask.any(axis=0))
    bottom = height - 1.0 - mask[::-1, columns].argmax(axis=0)
    far, aspect = _far_arc(columns.astype(np.float64) - apex_x, bottom - apex_y, bottom < height - 1)
    edges = math.atan2(line_left[0], aspect), math.atan2(line_right[0], aspect)
    y, x = np.nonzero(mask)
    near = float(np.hypot(x - apex_x, (y - apex_y) * aspect).min())
    # Half a pixel outward, because the fits run through the centres of the outermost lit pixels.
    half = 0.5 / max(far, 1.0)
    return Sector((apex_x, apex_y), edges[0] - half, edges[1] + half, max(0.0, near - 0.5), far + 0.5, aspect)


def sector_of_image(image: GrayImage) -> BoolMask:
    """(h, w) the sector of an echo image: a fitted one, or the closed threshold if no sector fits it.

    Args:
        image: uint8 (h, w), black outside the sector.

    Raises:
        ImageError: no lit sector is found.
    """
    closed = threshold_sector(image)
    sector = sector_of_lit(closed)
    return closed if sector is None else sector | closed


def sector_of_lit(closed: BoolMask) -> BoolMask | None:
    """(h, w) the sector that fits the lit part of an image, see `threshold_sector`; None where none does."""
    try:
        sector = fit_sector(closed).mask(*closed.shape)
    except ImageError:
        return None
    return sector if (sector & closed).sum() / (sector | closed).sum() >= CLEAN else None


def with_sector(ids: LabelIds, sector: BoolMask) -> LabelIds:
    """Label ids with every unlabelled pixel of the sector set to `SECTOR`; structures stay as they are."""
    return np.where((ids == OUTSIDE) & sector, np.uint8(SECTOR), ids)


def sector_of(ids: LabelIds) -> Sector | None:
    """The sector that label ids show, fitted to the hull of the pixels that are no structure; None where none fits.

    Structures may lie over the sector's edges and reach beyond them, so they take no part in the fit.

    Args:
        ids: uint8 (h, w) of `camus+sector/2`.
    """
    tissue, inside = np.isin(ids, TISSUE), ids != OUTSIDE
    rows = np.flatnonzero(tissue.any(axis=1))
    if not len(rows):
        return None
    # The ends of every row have the same hull as all the pixels.
    ends = tissue[rows].argmax(axis=1), tissue.shape[1] - 1 - tissue[rows, ::-1].argmax(axis=1)
    points = np.concatenate([np.stack([end, rows], axis=1) for end in ends]).astype(np.int32)
    hull = np.zeros_like(ids)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    try:
        sector = fit_sector(hull > 0)
    except ImageError:
        return None
    # Where no sector is left before the heart (an effusion at the apex) the near arc shows nowhere: start at the heart.
    y, x = np.nonzero(dataclasses.replace(sector, near=0.0).mask(*ids.shape) & inside)
    first = float(np.hypot(x - sector.apex[0], (y - sector.apex[1]) * sector.aspect).min(initial=sector.far))
    sector = dataclasses.replace(sector, near=min(sector.near, max(0.0, first - 0.5)))
    mask = sector.mask(*ids.shape)
    # A sector drawn freely has a fit too, only not one that tells where it ends.
    misses = (mask & tissue).sum() < 0.97 * tissue.sum() or (mask & inside).sum() < 0.75 * mask.sum()
    return None if misses else sector


def within_sector(ids: LabelIds) -> LabelIds:
    """Label ids with every structure cut off where the sector ends: what the scanner can see of them.

    Annotators (CAMUS's among them) and painters draw walls and atria beyond the sector; the image is
    black there. Where no sector fits, as in a sector drawn freely, the ids are returned as they are.

    Args:
        ids: uint8 (h, w) of `camus+sector/2`.
    """
    sector = sector_of(ids)
    if sector is None:
        return ids
    return np.where(sector.mask(*ids.shape) | np.isin(ids, TISSUE), ids, np.uint8(OUTSIDE))


def beam_maps(inside: BoolMask, factor: int) -> FloatArray:
    """float32 (3, h / factor, w / factor): sine and cosine of the beam's angle to straight down, depth from 0 to 1.

    Where no sector fits the mask, the apex is taken to be at the top of its middle.

    Args:
        inside: (h, w) True inside the sector.
        factor: pixels a cell, along each axis.
    """
    height, width = inside.shape
    try:
        sector = fit_sector(inside)
    except ImageError:
        sector = Sector(((width - 1) / 2, 0.0), -0.7, 0.7, 0.0, float(height))
    middle = (factor - 1) / 2
    dx = np.arange(width // factor) * factor + middle - sector.apex[0]
    dy = ((np.arange(height // factor) * factor + middle - sector.apex[1]) * sector.aspect)[:, None]
    radius = np.maximum(np.hypot(dx, dy), 1e-6)
    return np.stack([dx / radius, dy / radius, (radius / sector.far).clip(0, 1.5)]).astype(np.float32)


def _edge_line(y: FloatArray, x: FloatArray, width: int) -> tuple[float, float] | None:
    """Slope and intercept of x = a*y + b through an edge; trimmed twice, border pixels left out."""
    keep = (x > 0) & (x < width - 1)
    # The tip of the sector is rounded by the near arc and the foot by the far one.
    keep &= (y > y[0] + 0.08 * (y[-1] - y[0])) & (y < y[-1] - 0.03 * (y[-1] - y[0]))
    if keep.sum() < 8:
        return None
    slope = intercept = 0.0
    for _ in range(3):
        slope, intercept = (float(c) for c in np.polyfit(y[keep], x[keep], 1))
        residual = np.abs(x - slope * y - intercept)
        keep = keep & (residual <= max(1.5, 2.0 * float(np.median(residual[keep]))))
        if keep.sum() < 8:
            return None
    return slope, intercept


def _far_arc(dx: FloatArray, dy: FloatArray, free: BoolMask) -> tuple[float, float]:
    """Radius (pixels of x) and aspect of the far arc: dx^2 + aspect^2 * dy^2 = far^2, by least squares."""
    centre = np.abs(dx) < 0.8 * np.abs(dx).max()
    keep = free & centre
    if keep.sum() < 8:
        deepest = float(np.hypot(dx, dy).max())
        return deepest, 1.0
    aspect2, far2 = 1.0, 1.0
    for _ in range(3):
        design = np.stack([-(dy[keep] ** 2), np.ones(int(keep.sum()))], axis=1)
        (aspect2, far2), *_ = np.linalg.lstsq(design, dx[keep] ** 2, rcond=None)
        if not (0.1 < aspect2 < 10 and far2 > 0):
            return float(np.hypot(dx, dy)[free].max(initial=1.0)), 1.0
        miss = np.abs(np.sqrt(dx**2 + aspect2 * dy**2) - math.sqrt(far2))
        keep = keep & (miss <= max(1.5, 2.0 * float(np.median(miss[keep]))))
    return math.sqrt(far2), math.sqrt(aspect2)
