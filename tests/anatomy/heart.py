"""A heart from formulas: half ellipses in a sector, so that every size is known."""

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.landmarks.points import heart_frame
from echo_studio.anatomy.landmarks.segments import SEGMENTS, in_segment
from echo_studio.anatomy.sector.geometry import Sector, with_sector
from echo_studio.types import LabelIds, Spacing, View


def base_row(height: int) -> float:
    """Where the annulus is: between two rows, so that the drawn cavity is as long as the formula's."""
    return int(0.62 * height) + 0.5


def heart(
    spacing: Spacing = (0.6, 0.6),
    shape: tuple[int, int] = (256, 256),
    length: float = 75.0,
    width: float = 45.0,
    wall: float = 10.0,
    atrium: tuple[float, float] = (40.0, 36.0),
    tilt: float = 0.0,
) -> LabelMap:
    """Cavity, wall and atrium with the annulus in the lower middle of the map.

    Args:
        length, width: of the cavity in mm; wall: its thickness; atrium: length and width.
        tilt: degrees clockwise.
    """
    sy, sx = spacing
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    right, up = (x - (shape[1] - 1) / 2) * sx, (base_row(shape[0]) - y) * sy
    turn = np.deg2rad(tilt)
    a, b = up * np.cos(turn) + right * np.sin(turn), right * np.cos(turn) - up * np.sin(turn)
    ids = np.zeros(shape, np.uint8)
    ids[(a >= 0) & ((a / (length + wall)) ** 2 + (b / (width / 2 + wall)) ** 2 <= 1)] = LV_MYOCARDIUM
    ids[(a >= 0) & ((a / length) ** 2 + (b / (width / 2)) ** 2 <= 1)] = LV_CAVITY
    if atrium[0]:
        ids[(a < 0) & ((a / atrium[0]) ** 2 + (b / (atrium[1] / 2)) ** 2 <= 1)] = LEFT_ATRIUM
    sector = Sector(((shape[1] - 1) / 2, 2.0), -0.75, 0.75, 0.0, 0.97 * shape[0] * sy / sx, sy / sx)
    return LabelMap(with_sector(ids, sector.mask(*shape)), spacing)


def wall_segments(label_map: LabelMap, view: View) -> LabelIds:
    """uint8 (h, w): AHA number of every wall pixel's segment, 0 elsewhere."""
    frame = heart_frame(label_map)
    points = frame.plane.centres(label_map.shape)
    wall = label_map.ids == LV_MYOCARDIUM
    numbers = np.zeros(label_map.shape, np.uint8)
    for segment in SEGMENTS[view].values():
        numbers[wall & in_segment(segment, frame, points)] = segment.number
    return numbers
