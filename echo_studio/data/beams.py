"""Where each place of a frame is in the scanner's beams: the direction of its beam and its depth."""

import numpy as np

from echo_studio.anatomy.sector.geometry import Sector, fit_sector
from echo_studio.errors import ImageError
from echo_studio.types import BoolMask, FloatArray


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
