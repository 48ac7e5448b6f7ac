"""Where the tissue is in a DICOM ultrasound picture, how large its pixels are, how fast its frames follow."""

import math
from dataclasses import dataclass
from typing import Any

from echo_studio.types import Spacing

TISSUE_2D = 1  # RegionSpatialFormat: 2D; RegionDataType: tissue
CENTIMETRE = 3  # PhysicalUnitsXDirection
MIN_REGION = 64


@dataclass(frozen=True)
class Region:
    """A rectangle of the picture, rows y0 to y1 and columns x0 to x1, ends left out; spacing (y, x) in mm or None."""

    y0: int
    y1: int
    x0: int
    x1: int
    spacing_mm: Spacing | None


def tissue_region(header: Any, height: int, width: int) -> Region:
    """The largest calibrated 2D tissue region of an ultrasound picture; without one, the whole picture.

    A region that reaches beyond the picture is not believed, nor its calibration: the picture was resized
    or cut after the scanner wrote it.

    Args:
        header: a pydicom data set.
        height, width: of its frames.
    """
    regions = [region for item in _items(header) if (region := _region(item, height, width))]
    if regions:
        chosen = max(regions, key=lambda region: (region.y1 - region.y0) * (region.x1 - region.x0))
        return chosen if chosen.spacing_mm else Region(*_box(chosen), _pixel_spacing(header))
    return Region(0, height, 0, width, _pixel_spacing(header))


def seconds_per_frame(header: Any) -> float | None:
    """From FrameTime, FrameTimeVector or a frame rate, whichever the header has first."""
    for keyword in ("FrameTime", "FrameTimeVector"):
        steps = _numbers(header.get(keyword))
        # The vector starts with the 0 of the first frame.
        steps = steps[1:] if len(steps) > 1 else steps
        if steps and (mean := sum(steps) / len(steps)) > 0:
            return mean / 1000
    for keyword in ("CineRate", "RecommendedDisplayFrameRate"):
        rate = _numbers(header.get(keyword))
        if rate and rate[0] > 0:
            return 1 / rate[0]
    return None


def _items(header: Any) -> list[Any]:
    regions = list(header.get("SequenceOfUltrasoundRegions") or [])
    flat = [item for item in regions if item.get("RegionSpatialFormat") == TISSUE_2D]
    # Colour Doppler lies over the tissue as a 2D region of its own.
    return [item for item in flat if item.get("RegionDataType") == TISSUE_2D] or flat


def _region(item: Any, height: int, width: int) -> Region | None:
    corners = [
        int(value) if isinstance(value := item.get(f"RegionLocation{corner}"), int) else -1
        for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")
    ]
    x0, y0, x1, y1 = corners
    # Writers disagree whether the last row and column belong to the region: both are taken.
    inside = 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    if not inside or min(x1 - x0, y1 - y0) < MIN_REGION:
        return None
    spacing = None
    if item.get("PhysicalUnitsXDirection") == item.get("PhysicalUnitsYDirection") == CENTIMETRE:
        deltas = [_numbers(item.get(keyword)) for keyword in ("PhysicalDeltaY", "PhysicalDeltaX")]
        if all(deltas) and all(delta[0] != 0 for delta in deltas):
            spacing = abs(deltas[0][0]) * 10, abs(deltas[1][0]) * 10
    return Region(y0, min(y1 + 1, height), x0, min(x1 + 1, width), spacing)


def _box(region: Region) -> tuple[int, int, int, int]:
    return region.y0, region.y1, region.x0, region.x1


def _pixel_spacing(header: Any) -> Spacing | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        values = _numbers(header.get(keyword))
        if len(values) == 2 and min(values) > 0:
            return values[0], values[1]
    return None


def _numbers(value: Any) -> list[float]:
    """The finite numbers of an element with one value or many; empty where any is none."""
    if value is None or isinstance(value, str):
        return []
    try:
        numbers = [float(one) for one in (value if hasattr(value, "__iter__") else [value])]
    except (TypeError, ValueError):
        return []
    return numbers if all(math.isfinite(number) for number in numbers) else []
