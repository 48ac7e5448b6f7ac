"""The operations of the edit log that the server computes: from the browser's map to the map after one of them.

Sent by the page, so perhaps by a stranger: whatever is wrong with an operation, the answer is one line. `replay`
knows these and the operations that the browser draws by itself.
"""

from collections.abc import Callable

import numpy as np

from echo_studio.anatomy.edits import parameters as read
from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.edits.parameters import Op
from echo_studio.anatomy.edits.repair import only_largest, repair, smooth
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.deform import KINDS, MAX_HANDLES, deform
from echo_studio.anatomy.shape.sliders import SLIDERS, Shape, reshape
from echo_studio.anatomy.shape.variation import random_variation
from echo_studio.anatomy.shape.warp import STRUCTURES, check_structures
from echo_studio.errors import UnknownNameError
from echo_studio.types import BoolMask

WORKING_SIDES = (64, 1024)  # pixels, the longer side of a map that was resized on purpose
LEAST_SIDE = 8


def apply_edit(label_map: LabelMap, op: Op, sector: BoolMask | None = None) -> LabelMap:
    """The label map after one operation; the same object where it changes nothing.

    Args:
        op: `{"tool": NAME, ...parameters}`, NAME a key of `EDITS`:
            shape: values {slider: value}, see `shape.SLIDERS`;
            vary: seed; by the code before TorchIO (`data.deform.apply_edit` knows both);
            defect: defect and values {parameter: value}, see `defects.DEFECTS`;
            resize: side, the longer one after it, in pixels;
            smooth: label and radius in pixels; islands: label; repair: kind, see `repair.REPAIRS`;
            deform: kind, structures, before, after, and locked where there is any.
        sector: (h, w) the sector as the canvas knows it, for `deform`; `sector_region(label_map)` by default.

    Raises:
        RequestError: a parameter that is missing or has an impossible value.
        UnknownNameError: a tool, parameter, slider, defect or repair that does not exist.
        LabelMapError: the map lacks what the operation needs: a ventricle, its spacing, a sector.
    """
    tool = read.tool_of(op, EDITS)
    return EDITS[tool](label_map, op, sector)


def sector_after(before: LabelMap, sector: BoolMask | None, after: LabelMap, op: Op) -> BoolMask:
    """(h, w) the sector after an operation: what it was, but where it was resized or the sliders drew another one.

    Args:
        before, after: the maps before and after `op`, which `apply_edit` has accepted.
        sector: (h, w) the sector before; None where it is not known: then it is `sector_region(before)`.
    """
    if after.shape != before.shape:
        known = sector_region(before) if sector is None else sector
        return LabelMap(known.astype(np.uint8)).resized(*after.shape).ids > 0
    values = op.get("values", {}) if op["tool"] == "shape" else {}
    if any(values.get(name, SLIDERS[name].neutral) != SLIDERS[name].neutral for name in ("fan_angle", "fan_depth")):
        return np.asarray(after.inside | sector_region(after))
    return sector_region(before) if sector is None else sector


def _shape(label_map: LabelMap, op: Op, _sector: BoolMask | None) -> LabelMap:
    read.only(op, "values")
    given = read.values(op["values"], "values")
    for name in given:
        if name not in SLIDERS:
            raise UnknownNameError("shape slider", name[:40], SLIDERS)
    sliders = {name: read.number(value, name, SLIDERS[name].low, SLIDERS[name].high) for name, value in given.items()}
    return reshape(label_map, Shape(**sliders))


def _resize(label_map: LabelMap, op: Op, _sector: BoolMask | None) -> LabelMap:
    read.only(op, "side")
    side = read.whole(op["side"], "side", *WORKING_SIDES)
    height, width = label_map.shape
    longer = max(height, width)
    return label_map.resized(*(max(LEAST_SIDE, round(length * side / longer)) for length in (height, width)))


def _vary(label_map: LabelMap, op: Op, _sector: BoolMask | None) -> LabelMap:
    read.only(op, "seed")
    return random_variation(label_map, read.whole(op["seed"], "seed", 0, read.LARGEST_SEED))


def _defect(label_map: LabelMap, op: Op, _sector: BoolMask | None) -> LabelMap:
    read.only(op, "defect", optional=("values",))
    given = read.values(op.get("values", {}), "values")
    limit = float("inf")  # apply_defect knows every parameter's own
    values = {
        key[:40]: value[:40] if isinstance(value, str) else read.number(value, key[:40], -limit, limit)
        for key, value in given.items()
    }
    return apply_defect(label_map, read.text(op["defect"], "defect")[:40], values)


def _smooth(label_map: LabelMap, op: Op, _sector: BoolMask | None) -> LabelMap:
    read.only(op, "label", "radius")
    return smooth(label_map, _structure(op), read.number(op["radius"], "radius", 0, 64))


def _islands(label_map: LabelMap, op: Op, _sector: BoolMask | None) -> LabelMap:
    read.only(op, "label")
    return only_largest(label_map, _structure(op))


def _repair(label_map: LabelMap, op: Op, _sector: BoolMask | None) -> LabelMap:
    read.only(op, "kind")
    return repair(label_map, read.text(op["kind"], "kind")[:40])


def _deform(label_map: LabelMap, op: Op, sector: BoolMask | None) -> LabelMap:
    read.only(op, "kind", "structures", "before", "after", optional=("locked",))
    before, after = (read.points(op[key], key, MAX_HANDLES) for key in ("before", "after"))
    structures = check_structures(read.labels(op["structures"], "structures"))
    locked = read.labels(op.get("locked", []), "locked")
    kind = read.text(op["kind"], "kind")
    if kind not in KINDS:
        raise UnknownNameError("deformation", kind[:40], KINDS)
    return deform(label_map, before.tolist(), after.tolist(), structures, kind, sector, locked)


EDITS: dict[str, Callable[[LabelMap, Op, BoolMask | None], LabelMap]] = {
    "shape": _shape,
    "resize": _resize,
    "vary": _vary,
    "defect": _defect,
    "smooth": _smooth,
    "islands": _islands,
    "repair": _repair,
    "deform": _deform,
}


def _structure(op: Op) -> int:
    return read.whole(op["label"], "label", min(STRUCTURES), max(STRUCTURES))
