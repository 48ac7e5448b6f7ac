"""A frame as the scanner's beams saw it: depth down, angle across. Speckle is measured there."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from echo_studio.anatomy.sector.detect import find_sector
from echo_studio.anatomy.sector.geometry import Sector, fit_sector
from echo_studio.errors import ImageError
from echo_studio.types import BoolMask, FloatArray, GrayImage

INSET = 0.03  # of depth and of angle, left out at each border, where sector and picture end in a step
MIN_SIDE = 16  # samples along and across that a grid needs


@dataclass(frozen=True)
class BeamGrid:
    """Grey levels on beams.

    Attributes:
        grey: float64 (depths, angles), 0 to 255. One row is one pixel of x deeper than the one above.
        seen: (depths, angles) False where a beam runs out of the picture.
        degrees: between neighbouring columns.
        near: radius of the first row, in pixels of x.
    """

    grey: FloatArray
    seen: BoolMask
    degrees: float
    near: float


def sector_in(image: GrayImage) -> Sector:
    """The sector of a frame's own sector.

    Raises:
        ImageError: no lit sector, or none that a sector fits.
    """
    return fit_sector(find_sector(image))


def on_beams(image: GrayImage, sector: Sector) -> BeamGrid:
    """Sample a frame along the beams of its sector, with cubic interpolation.

    Neighbouring columns are one pixel apart at the middle depth, so that no detail falls between them there.

    Args:
        image: uint8 (h, w).
        sector: of this frame.

    Raises:
        ImageError: the sector is too small for statistics.
    """
    depth, angle = sector.far - sector.near, sector.angle_right - sector.angle_left
    near, far = sector.near + INSET * depth, sector.far - INSET * depth
    left, right = sector.angle_left + INSET * angle, sector.angle_right - INSET * angle
    rows, columns = int(far - near) + 1, int((right - left) * (near + far) / 2) + 1
    if min(rows, columns) < MIN_SIDE:
        raise ImageError(
            expected=f"a sector of {MIN_SIDE} pixels or more along and across",
            got=f"{rows} x {columns}",
            remedy="enlarge it",
        )
    radii = near + np.arange(rows)[:, None]
    angles = np.linspace(left, right, columns)
    x = (sector.apex[0] + radii * np.sin(angles)).astype(np.float32)
    y = (sector.apex[1] + radii * np.cos(angles) / sector.aspect).astype(np.float32)
    height, width = image.shape
    seen = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    grey = cv2.remap(image.astype(np.float32), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return BeamGrid(grey.astype(np.float64), seen, math.degrees((right - left) / (columns - 1)), near)
