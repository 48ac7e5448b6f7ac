"""The defects by name, with the parameters that a form or a command line needs."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from echo_studio.anatomy.edits.defect_chamber import (
    AROUND,
    SIDES,
    cavity_mass,
    dilated_ventricle,
    missing_atrium,
    pericardial_effusion,
)
from echo_studio.anatomy.edits.defect_wall import (
    apical_aneurysm,
    hypertrophy,
    septal_defect,
    thickened_segment,
    thinned_segment,
)
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import OUTSIDE, SCHEMA, SCHEMA_2, SCHEMAS, as_version_1
from echo_studio.anatomy.landmarks.segments import SEGMENT_NAMES
from echo_studio.anatomy.plane import Plane, with_ids
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.errors import RequestError, UnknownNameError, check_range

Value: TypeAlias = float | str

MAX_PIXELS = 4096.0  # a length in pixels: the side of the largest map


@dataclass(frozen=True)
class Number:
    """A number of a defect; `unit` is mm, share or times. Lengths may come in pixels instead, see `apply_defect`."""

    title: str
    unit: str
    low: float
    high: float
    default: float


@dataclass(frozen=True)
class Choice:
    """One of several names."""

    title: str
    choices: tuple[str, ...]
    default: str


@dataclass(frozen=True)
class Defect:
    """A defect: its title, the pure function, and its parameters by their keyword in that function."""

    title: str
    make: Callable[..., LabelMap]
    parameters: Mapping[str, Number | Choice]


DEFECTS: dict[str, Defect] = {
    "septal": Defect(
        "Septal defect",
        septal_defect,
        {
            "at": Number("Place, apex to base", "share", 0.0, 1.0, 0.6),
            "width_mm": Number("Width", "mm", 0.0, 40.0, 8.0),
        },
    ),
    "missing-atrium": Defect(
        "Missing left atrium", missing_atrium, {"share": Number("Missing from the roof", "share", 0.0, 1.0, 1.0)}
    ),
    "aneurysm": Defect(
        "Apical aneurysm",
        apical_aneurysm,
        {
            "bulge_mm": Number("Bulge", "mm", 0.0, 25.0, 8.0),
            "neck_mm": Number("Extent along the wall", "mm", 10.0, 90.0, 40.0),
            "thinning": Number("Wall lost", "share", 0.0, 0.9, 0.5),
        },
    ),
    "thin-wall": Defect(
        "Thinned wall segment",
        thinned_segment,
        {
            "segment": Choice("Segment", SEGMENT_NAMES, "apical septal"),
            "share": Number("Wall lost", "share", 0.0, 0.9, 0.5),
        },
    ),
    "thick-wall": Defect(
        "Thickened wall segment",
        thickened_segment,
        {
            "segment": Choice("Segment", SEGMENT_NAMES, "basal inferoseptal"),
            "extra_mm": Number("Added thickness", "mm", 0.0, 20.0, 6.0),
        },
    ),
    "dilated": Defect(
        "Dilated ventricle",
        dilated_ventricle,
        {
            "factor": Number("Size", "times", 1.0, 1.6, 1.2),
            "roundness": Number("Roundness", "times", 1.0, 1.6, 1.05),
        },
    ),
    "hypertrophy": Defect(
        "Hypertrophy",
        hypertrophy,
        {
            "extra_mm": Number("Added thickness", "mm", 0.0, 20.0, 5.0),
            "inward": Number("Share into the cavity", "share", 0.0, 1.0, 0.7),
        },
    ),
    "effusion": Defect(
        "Pericardial effusion",
        pericardial_effusion,
        {
            "thickness_mm": Number("Thickness", "mm", 0.0, 30.0, 10.0),
            "around": Choice("Place", AROUND, "free wall"),
        },
    ),
    "mass": Defect(
        "Mass or thrombus",
        cavity_mass,
        {
            "at": Number("Place, apex to base", "share", 0.0, 1.0, 0.1),
            "side": Choice("Side", tuple(SIDES), "left"),
            "diameter_mm": Number("Diameter", "mm", 0.0, 50.0, 15.0),
            "inward": Number("Towards the axis", "share", 0.0, 1.0, 0.0),
        },
    ),
}


def apply_defect(
    label_map: LabelMap, name: str, values: Mapping[str, Value] | None = None, schema: str = SCHEMA_2
) -> LabelMap:
    """A label map with a defect, in which every structure ends where the sector does.

    Lengths are mm. Where any is given in pixels of x (`width_px` for `width_mm`), all that are given must
    be, defaults are not taken, and the map needs no spacing: that is how maps without one get defects.

    Args:
        name: a key of `DEFECTS`.
        values: by the parameters' keywords; missing ones have their defaults.
        schema: version of the label schema; edits and sets that began with version 1 go on with it: what is fluid or
            mass now is outside or sector there, see `labels.as_version_1`.

    Raises:
        UnknownNameError: another defect, parameter, choice or schema.
        RequestError: a value out of its range or no number, or lengths in two units.
        LabelMapError: the map lacks what the defect needs: a ventricle, or its spacing.
    """
    if name not in DEFECTS:
        raise UnknownNameError("defect", name, DEFECTS)
    if schema not in SCHEMAS:
        raise UnknownNameError("label schema", schema[:40], SCHEMAS)
    made = _applied(label_map, name, values)
    if made is label_map:
        return label_map
    if schema == SCHEMA:
        return with_ids(label_map, as_version_1(made.ids))
    # A ventricle that fills the sector leaves too little of it to tell where it ended: cut while that is known.
    beyond = np.isin(made.ids, STRUCTURES) & ~sector_region(label_map)
    return with_ids(made, np.where(beyond, np.uint8(OUTSIDE), made.ids))


def _applied(label_map: LabelMap, name: str, values: Mapping[str, Value] | None) -> LabelMap:
    parameters = DEFECTS[name].parameters
    given = dict(values or {})
    pixels = {key: key[:-3] + "_mm" for key in given if key.endswith("_px") and key[:-3] + "_mm" in parameters}
    unknown = next((key for key in given if key not in parameters and key not in pixels), None)
    if unknown is not None:
        raise UnknownNameError(f"parameter of {name}", unknown[:40], parameters)
    if not pixels:
        return DEFECTS[name].make(label_map, **_checked(name, given))
    lengths = {key for key, parameter in parameters.items() if isinstance(parameter, Number) and parameter.unit == "mm"}
    if lengths & set(given) or lengths - set(pixels.values()):
        raise RequestError(
            expected=f"all lengths of {name} in one unit: {', '.join(sorted(lengths))}, or all of them in _px",
            got=", ".join(sorted(given)),
            remedy="give every length in pixels, or all in mm",
        )
    scaled = {pixels.get(key, key): value for key, value in given.items()}
    # In a map whose pixels are 1 wide, pixels are the unit of every length.
    by_pixel = LabelMap(label_map.ids, (Plane.of(label_map).aspect, 1.0))
    made = DEFECTS[name].make(by_pixel, **_checked(name, scaled, lengths))
    return label_map if made is by_pixel else LabelMap(made.ids, label_map.spacing_mm)


def _checked(name: str, values: Mapping[str, Value], pixels: Collection[str] = ()) -> dict[str, Value]:
    """The values, each in its parameter's range; those in `pixels` may be as long as a map."""
    for key, value in values.items():
        parameter = DEFECTS[name].parameters[key]
        if isinstance(parameter, Choice):
            if value not in parameter.choices:
                raise UnknownNameError(key, str(value)[:40], parameter.choices)
        else:
            low, high = (0.0, MAX_PIXELS) if key in pixels else (parameter.low, parameter.high)
            check_range(f"{key} of {name}", value, low, high, parameter.unit)
    return dict(values)
