"""The shape sliders: a ventricle's size, roundness, wall, tilt and apex, the atrium's size, the sector."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.landmarks.points import HeartFrame, find_landmarks, heart_frame
from echo_studio.anatomy.landmarks.wall_line import wall_line, with_wall_moved
from echo_studio.anatomy.plane import require_spacing
from echo_studio.anatomy.sector.region import resize_sector, sector_region
from echo_studio.anatomy.shape.warp import STRUCTURES, warp_labels
from echo_studio.errors import UnknownNameError, check_range
from echo_studio.types import FloatArray


@dataclass(frozen=True)
class Slider:
    """One slider: title, range, the value that changes nothing, unit (`times`, `mm`, `share` or `degrees`)."""

    title: str
    low: float
    high: float
    neutral: float
    unit: str


SLIDERS: dict[str, Slider] = {
    "lv_size": Slider("LV size", 0.5, 1.6, 1.0, "times"),
    "sphericity": Slider("Roundness", 0.5, 2.0, 1.0, "times"),
    "wall": Slider("Wall thickness", 0.2, 3.0, 1.0, "times"),
    "wall_mm": Slider("Wall thickness, added", -8.0, 15.0, 0.0, "mm"),
    "atrium_size": Slider("Atrial size", 0.4, 2.0, 1.0, "times"),
    "apex_along": Slider("Apex, along the axis", -0.3, 0.3, 0.0, "share"),
    "apex_across": Slider("Apex, across the axis", -0.4, 0.4, 0.0, "share"),
    "tilt": Slider("Tilt", -45.0, 45.0, 0.0, "degrees"),
    "fan_angle": Slider("Sector angle", 0.5, 1.5, 1.0, "times"),
    "fan_depth": Slider("Sector depth", 0.5, 1.5, 1.0, "times"),
}


@dataclass(frozen=True)
class Shape:
    """Where the sliders stand; the default changes nothing. Ranges are in `SLIDERS`.

    Attributes:
        lv_size: factor of the ventricle's length and width, its wall included; the apex stays.
        sphericity: factor of the ventricle's width at the same length.
        wall: factor of the wall's thickness; the epicardium moves, the cavity stays.
        wall_mm: added to the thickness after that, in mm.
        atrium_size: factor of the atrium's length and width, about the annulus.
        apex_along: shift of the apex away from the annulus, as a share of the long axis.
        apex_across: shift of the apex to the right of the axis, as a share of the long axis.
        tilt: turn of the heart about the annulus, in degrees, clockwise.
        fan_angle, fan_depth: factors of the sector's opening and far radius.

    Raises:
        RequestError: a value outside its range.
    """

    lv_size: float = 1.0
    sphericity: float = 1.0
    wall: float = 1.0
    wall_mm: float = 0.0
    atrium_size: float = 1.0
    apex_along: float = 0.0
    apex_across: float = 0.0
    tilt: float = 0.0
    fan_angle: float = 1.0
    fan_depth: float = 1.0

    def __post_init__(self) -> None:
        for name, slider in SLIDERS.items():
            check_range(name, getattr(self, name), slider.low, slider.high, slider.unit)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Shape":
        """The shape of some sliders' values; the others stand neutral.

        Raises:
            UnknownNameError: no such slider.
            RequestError: a value outside its range, or no number.
        """
        for name in values:
            if name not in SLIDERS:
                raise UnknownNameError("shape slider", name[:40], SLIDERS)
        return cls(**values)


def reshape(label_map: LabelMap, shape: Shape) -> LabelMap:
    """The label map with the sliders moved; the same object where they all stand neutral.

    First the heart is warped as one continuous map, so that structures that touched still do, then
    the wall is thickened, then the sector is drawn. Structures stop at the sector.

    Raises:
        LabelMapError: the map has no ventricle to change, no spacing for `wall_mm`, or no sector to change.
    """
    result = label_map
    if dataclasses.replace(shape, wall=1.0, wall_mm=0.0, fan_angle=1.0, fan_depth=1.0) != Shape():
        result = warp_heart(label_map, shape, cut=True)
    if shape.wall != 1.0 or shape.wall_mm:
        result = with_wall(result, shape.wall, shape.wall_mm)
    return resize_sector(result, shape.fan_angle, shape.fan_depth)


def warp_heart(label_map: LabelMap, shape: Shape, *, cut: bool) -> LabelMap:
    """The part of `reshape` that moves structures, without wall and sector.

    Args:
        cut: structures stop at the sector.

    Raises:
        LabelMapError: the map has no ventricle with a long axis.
    """
    frame = heart_frame(label_map)
    source = frame.plane.pixels(_source(frame, frame.plane.centres(label_map.shape), shape, _atrium(label_map)))
    return warp_labels(label_map, source, STRUCTURES, sector_region(label_map), cut=cut)


def with_wall(label_map: LabelMap, times: float = 1.0, added_mm: float = 0.0) -> LabelMap:
    """The wall thicker or thinner from outside: the cavity stays, the epicardium moves, not beyond the sector.

    Args:
        times: factor of the thickness, everywhere along the wall.
        added_mm: added after that.

    Raises:
        LabelMapError: no ventricle, or no spacing where mm are asked for.
    """
    if added_mm:
        require_spacing(label_map, "the wall's thickness")
    line = wall_line(label_map)
    wanted = np.maximum(line.thickness * times + added_mm, 0.0)
    outer = np.where(line.thickness > 0, wanted - line.thickness, 0.0)
    return with_wall_moved(label_map, line, np.zeros_like(outer), outer, sector_region(label_map))


def _atrium(label_map: LabelMap) -> float:
    """Length of the atrium from the annulus to its roof; a third of nothing known is a pixel."""
    marks = find_landmarks(label_map)
    if marks.roof is None:
        return 1.0
    frame = heart_frame(label_map)
    return max(1.0, float(np.hypot(*(frame.plane.lengths(np.array(marks.roof)) - frame.origin))))


def _source(frame: HeartFrame, points: FloatArray, shape: Shape, atrium: float) -> FloatArray:
    """(h, w, 2) where each point comes from: the sliders undone one by one, the last first."""
    a, b = frame.coordinates(points)
    angle = np.deg2rad(-shape.tilt)
    a, b = a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)
    stretch = shape.lv_size * (1 + shape.apex_along)
    # The probe stands at the apex in apical views: a growing ventricle pushes annulus and atrium away from it.
    a = a + (shape.lv_size - 1) * frame.length
    above = np.clip(a / (frame.length * stretch), 0.0, 1.5)
    b = b - shape.apex_across * frame.length * above**2  # bends the axis: the base keeps its place and direction
    wide = shape.lv_size * shape.sphericity
    # Below the annulus the ventricle's width passes into the atrium's on the way to its roof.
    share = np.clip(-a / (0.7 * atrium * shape.atrium_size), 0.0, 1.0)
    share = share**2 * (3 - 2 * share)
    width = np.where(a >= 0, wide, wide + (shape.atrium_size - wide) * share)
    return frame.points(np.where(a >= 0, a / stretch, a / shape.atrium_size), b / width)
