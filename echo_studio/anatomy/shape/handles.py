"""Handles that place themselves: on both borders of the wall, the annulus, the apex and the atrium."""

from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABELS, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.landmarks.points import Landmarks, Point, find_landmarks
from echo_studio.anatomy.landmarks.wall_line import LEFT, RIGHT, WallLine, wall_line
from echo_studio.anatomy.plane import border
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.errors import LabelMapError

PLACES = (0.35, 0.7)  # shares of the wall between apex and hinge; apex and hinges have their own handles
AROUND = 8  # handles around a structure that has no landmarks
AROUND_ATRIUM = 6


@dataclass(frozen=True)
class Handle:
    """One handle.

    Attributes:
        key: unique name, such as `endo-left-2`, `apex`, `hinge-right` or `atrium-3`.
        structure: id of the structure whose border it is on.
        place: (x, y) in pixels.
    """

    key: str
    structure: int
    place: Point


def automatic_handles(label_map: LabelMap) -> tuple[Handle, ...]:
    """The handles of a label map, in a fixed order; fewer where structures are missing, none on an empty sector.

    A ventricle with a long axis has an apex, hinges and places along both borders of its wall. Any
    other structure has handles evenly around its border.
    """
    marks = find_landmarks(label_map)
    try:
        line = wall_line(label_map)
    except LabelMapError:
        around = [_around(label_map, structure, AROUND) for structure in STRUCTURES]
        return tuple(handle for handles in around for handle in handles)
    return (*_ventricle(line, marks), *_atrium(label_map, marks))


def _ventricle(line: WallLine, marks: Landmarks) -> list[Handle]:
    assert marks.apex is not None  # the line exists, so do its ends
    assert marks.hinge_left is not None
    assert marks.hinge_right is not None
    plane = line.frame.plane
    handles = [
        Handle("hinge-left", LV_CAVITY, marks.hinge_left),
        Handle("apex", LV_CAVITY, marks.apex),
        Handle("hinge-right", LV_CAVITY, marks.hinge_right),
    ]
    if marks.apex_epi is not None:
        handles.append(Handle("apex-epi", LV_MYOCARDIUM, marks.apex_epi))
    for name, side in (("left", LEFT), ("right", RIGHT)):
        for number, place in enumerate((*PLACES, 0.88), start=1):
            at = line.index(place, side)
            inner, thickness = line.points[at], line.thickness[at]
            if number <= len(PLACES):
                handles.append(Handle(f"endo-{name}-{number}", LV_CAVITY, plane.pixel(inner)))
            if thickness > 0:
                outer = inner + thickness * line.normals[at]
                handles.append(Handle(f"epi-{name}-{number}", LV_MYOCARDIUM, plane.pixel(outer)))
    return handles


def _atrium(label_map: LabelMap, marks: Landmarks) -> list[Handle]:
    """Around the atrium from the roof on; places beside the annulus are left to the hinges."""
    handles = _around(label_map, LEFT_ATRIUM, AROUND_ATRIUM, marks.roof)
    hinges = np.array([marks.hinge_left, marks.hinge_right], dtype=np.float64)
    gap = np.hypot(*(hinges[1] - hinges[0])) / 3
    return [h for h in handles if np.hypot(*(hinges - np.array(h.place)).T).min() > gap]


def _around(label_map: LabelMap, structure: int, count: int, start: Point | None = None) -> list[Handle]:
    ring = border(label_map.ids == structure).astype(np.float64)
    if len(ring) < count:
        return []
    first = 0 if start is None else int(np.argmin(np.hypot(*(ring - np.array(start)).T)))
    at = (first + np.arange(count) * len(ring) // count) % len(ring)
    key = "atrium" if structure == LEFT_ATRIUM else LABELS[structure].key
    return [Handle(f"{key}-{k}", structure, (float(x), float(y))) for k, (x, y) in enumerate(ring[at], start=1)]
