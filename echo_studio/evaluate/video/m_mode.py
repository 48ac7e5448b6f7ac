"""M-mode: what lies on one line, frame by frame, as a picture with depth downwards and time to the right."""

import math

import numpy as np
from scipy.ndimage import map_coordinates

from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.distances import Clip
from echo_studio.types import GrayImage

Point = tuple[float, float]  # (x, y) in pixels, centres at whole numbers


def m_mode(clip: Clip, start: Point, end: Point) -> GrayImage:
    """The pixels of a line in every frame: uint8 (length, t), sampled a pixel apart between pixel centres.

    Args:
        clip: uint8 (t, h, w).
        start, end: (x, y) of the line's ends; `start` becomes the top row.

    Raises:
        RequestError: an end outside the frame, or ends less than a pixel apart.
    """
    height, width = clip.shape[1:]
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    # Written so that NaN fails too.
    if not all(0 <= x <= width - 1 and 0 <= y <= height - 1 for x, y in (start, end)) or not length >= 1:
        raise RequestError(
            expected=f"a line of a pixel or more between (0, 0) and ({width - 1}, {height - 1})",
            got=f"({x0:g}, {y0:g}) to ({x1:g}, {y1:g})",
            remedy="draw it inside the frame",
        )
    samples = round(length) + 1
    line = [np.linspace(y0, y1, samples), np.linspace(x0, x1, samples)]
    columns = [map_coordinates(frame.astype(np.float64), line, order=1) for frame in clip]
    return np.asarray(np.rint(np.stack(columns, axis=1)).clip(0, 255), dtype=np.uint8)
