"""Where a defect lies, as its parameters: for a person who drags it over the map."""

import math
from collections.abc import Mapping

import numpy as np

from echo_studio.anatomy.edits.defects import DEFECTS, Number, Value
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.landmarks.segments import SEGMENTS, in_segment
from echo_studio.anatomy.landmarks.wall_line import LEFT, RIGHT, wall_line
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import View

# The parameters that say where each of them lies.
PLACED: dict[str, tuple[str, ...]] = {
    "septal": ("at",),
    "mass": ("at", "side", "inward"),
    "thin-wall": ("segment",),
    "thick-wall": ("segment",),
    "effusion": ("around",),
}


def defect_at(
    label_map: LabelMap, name: str, values: Mapping[str, Value], point: tuple[float, float], view: View
) -> dict[str, Value]:
    """The parameters of `PLACED[name]` with which the defect lies nearest to a point.

    Args:
        label_map: before the defect.
        name: a key of `PLACED`.
        values: its other parameters; a mass's diameter says how far from the wall its middle is.
        point: [x, y] in pixels from the corner of the map: the centre of pixel i is i + 0.5.
        view: whose wall segments are meant.

    Raises:
        UnknownNameError: another defect, or one that has no place; another view.
        RequestError: the point is no pair of numbers.
        LabelMapError: no ventricle.
    """
    if name not in PLACED:
        raise UnknownNameError("defect that can be dragged", name, PLACED)
    if view not in SEGMENTS:
        raise UnknownNameError("view", str(view)[:40], SEGMENTS)
    if len(point) != 2 or not all(math.isfinite(one) for one in point):
        raise RequestError(expected="a point [x, y] in pixels", got=str(point)[:60], remedy="drag inside the map")
    line = wall_line(label_map)
    place = line.frame.plane.lengths(np.array(point, dtype=np.float64) - 0.5)
    distance = np.hypot(*(line.points - place).T)
    if name == "septal":
        distance = np.where(line.side == LEFT, distance, np.inf)
    nearest = int(np.argmin(distance))
    if name == "septal":
        return {"at": round(float(line.place[nearest]), 3)}
    if name == "effusion":
        return {"around": "whole heart" if line.side[nearest] == LEFT and line.place[nearest] > 0.3 else "free wall"}
    if name != "mass":
        at = line.points[nearest][None]
        return {"segment": next(key for key, one in SEGMENTS[view].items() if in_segment(one, line.frame, at)[0])}
    # `cavity_mass` puts the middle between the wall and the axis.
    default = DEFECTS["mass"].parameters["diameter_mm"]
    assert isinstance(default, Number)
    diameter = float(values.get("diameter_mm", values.get("diameter_px", default.default)))
    on_wall = line.points[nearest] - line.normals[nearest] * 0.35 * diameter
    a, _ = line.frame.coordinates(on_wall)
    towards = line.frame.origin + a * line.frame.along - on_wall
    length = float(towards @ towards)
    inward = float(np.clip((place - on_wall) @ towards / length, 0.0, 1.0)) if length else 0.0
    side = "right" if line.side[nearest] == RIGHT else "left"
    return {"at": round(float(line.place[nearest]), 3), "side": side, "inward": round(inward, 2)}
