"""The wall in segments: the American Heart Association's 17-segment names that an apical view shows.

Cerqueira et al., Circulation 105(4), 2002: apex (17) is the wall beyond the cavity's end; the rest is
apical, mid and basal thirds of the long axis. In CAMUS's frames, as on the scanner's screen, the
left of the 4CH view is the septum and the left of the 2CH view the inferior wall.
"""

from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.landmarks.points import HeartFrame
from echo_studio.anatomy.landmarks.wall_line import LEFT, RIGHT
from echo_studio.errors import UnknownNameError
from echo_studio.types import BoolMask, FloatArray, View

TIP = 0.05  # share of the long axis that still belongs to the apex


@dataclass(frozen=True)
class Segment:
    """One segment: AHA number, side (`LEFT`, `RIGHT`, 0 for the apex), shares of the long axis, 0 at the apex."""

    number: int
    side: int
    start: float
    end: float


def _walls(left: str, right: str, apical: tuple[str, str], numbers: tuple[int, ...]) -> dict[str, Segment]:
    third, wide = 1 / 3, float("inf")
    return {
        f"basal {left}": Segment(numbers[0], LEFT, 2 * third, wide),
        f"mid {left}": Segment(numbers[1], LEFT, third, 2 * third),
        f"apical {apical[0]}": Segment(numbers[2], LEFT, TIP, third),
        "apex": Segment(17, 0, -wide, TIP),
        f"apical {apical[1]}": Segment(numbers[3], RIGHT, TIP, third),
        f"mid {right}": Segment(numbers[4], RIGHT, third, 2 * third),
        f"basal {right}": Segment(numbers[5], RIGHT, 2 * third, wide),
    }


# Along the wall: from the left hinge over the apex to the right one.
SEGMENTS: dict[View, dict[str, Segment]] = {
    "4CH": _walls("inferoseptal", "anterolateral", ("septal", "lateral"), (3, 9, 14, 16, 12, 6)),
    "2CH": _walls("inferior", "anterior", ("inferior", "anterior"), (4, 10, 15, 13, 7, 1)),
}
SEGMENT_NAMES: tuple[str, ...] = tuple(dict.fromkeys(name for names in SEGMENTS.values() for name in names))


def segment_named(name: str) -> Segment:
    """A segment by its name, whichever view shows it.

    Raises:
        UnknownNameError: no apical segment of that name.
    """
    for names in SEGMENTS.values():
        if name in names:
            return names[name]
    raise UnknownNameError("wall segment", name, SEGMENT_NAMES)


def in_segment(segment: Segment, frame: HeartFrame, points: FloatArray) -> BoolMask:
    """(...) True for the lengths (..., 2) that lie on the segment's side and share of the long axis."""
    a, b = frame.coordinates(points)
    down = 1 - a / frame.length
    beside = True if segment.side == 0 else np.sign(b) == segment.side if segment.side == LEFT else b >= 0
    return np.asarray((down >= segment.start) & (down < segment.end) & beside)
