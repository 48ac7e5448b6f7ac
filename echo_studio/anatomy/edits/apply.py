"""The operations of the edit log that the server computes: from the browser's map to the map after one of them.

Sent by the page, so perhaps by a stranger: whatever is wrong with an operation, the answer is one line. `replay`
knows these and the operations that the browser draws by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from echo_studio.anatomy.edits import parameters as read
from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.edits.parameters import Op
from echo_studio.anatomy.edits.repair import MAX_RADIUS, only_largest, repair, smooth
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SCHEMA
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.deform import KINDS, MAX_HANDLES, deform
from echo_studio.anatomy.shape.sliders import SLIDERS, Shape, reshape
from echo_studio.anatomy.shape.variation import random_variation
from echo_studio.anatomy.shape.warp import STRUCTURES, check_structures
from echo_studio.errors import UnknownNameError
from echo_studio.types import BoolMask, FloatArray

WORKING_SIDES = (64, 1024)  # pixels, the longer side of a map that was resized on purpose
LEAST_SIDE = 8


def apply_edit(label_map: LabelMap, op: Op, sector: BoolMask | None = None) -> LabelMap:
    """The label map after one operation; the same object where it changes nothing.

    Args:
        op: `{"tool": NAME, ...parameters}`, NAME a key of `EDITS`:
            shape: values {slider: value}, see `shape.SLIDERS`;
            vary: seed; by the code before TorchIO (`data.deform.apply_edit` knows both);
            defect: defect and values {parameter: value}, see `defects.DEFECTS`, and the schema for all but version 1;
            resize: side, the longer one after it, in pixels;
            smooth: label and radius in pixels; islands: label; repair: kind, see `repair.REPAIRS`;
            deform: kind, structures, before, after, and locked where there is any.
        sector: (h, w) the sector as the canvas knows it, for `deform`; `sector_region(label_map)` by default.

    Raises:
        RequestError: a parameter that is missing or has an impossible value.
        UnknownNameError: a tool, parameter, slider, defect or repair that does not exist.
        LabelMapError: the map lacks what the operation needs: a ventricle, its spacing, a sector.
    """
    edit = EDITS[read.tool_of(op, EDITS)]
    return edit.make(label_map, sector, *read.parameters(op, edit.readers, edit.defaults))


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


def _resize(label_map: LabelMap, _sector: BoolMask | None, side: int) -> LabelMap:
    longer = max(label_map.shape)
    return label_map.resized(*(max(LEAST_SIDE, round(length * side / longer)) for length in label_map.shape))


def _deform(
    label_map: LabelMap,
    sector: BoolMask | None,
    kind: str,
    structures: list[int],
    before: FloatArray,
    after: FloatArray,
    locked: frozenset[int],
) -> LabelMap:
    if kind not in KINDS:
        raise UnknownNameError("deformation", kind, KINDS)
    return deform(label_map, before.tolist(), after.tolist(), structures, kind, sector, locked)


@dataclass(frozen=True)
class Edit:
    """A tool that the server computes.

    Attributes:
        make: the map after it, from the map, the sector (None for the map's own) and the parameters.
        readers: of the parameters, by name.
        defaults: of the parameters that may be left out.
    """

    make: Callable[..., LabelMap]
    readers: Mapping[str, read.Reader]
    defaults: Mapping[str, Any] = field(default_factory=dict)


SEED = partial(read.whole, low=0, high=read.LARGEST_SEED)
STRUCTURE = partial(read.whole, low=min(STRUCTURES), high=max(STRUCTURES))
HANDLES = partial(read.points, most=MAX_HANDLES)

EDITS: dict[str, Edit] = {
    "shape": Edit(lambda heart, _, values: reshape(heart, Shape.of(values)), {"values": read.values}),
    "resize": Edit(_resize, {"side": partial(read.whole, low=WORKING_SIDES[0], high=WORKING_SIDES[1])}),
    "vary": Edit(lambda heart, _, seed: random_variation(heart, seed), {"seed": SEED}),
    "defect": Edit(
        lambda heart, _, name, values, schema: apply_defect(heart, name, values, schema),
        {"defect": read.name, "values": read.values, "schema": read.name},
        {"values": {}, "schema": SCHEMA},
    ),
    "smooth": Edit(
        lambda heart, _, label, radius: smooth(heart, label, radius),
        {"label": STRUCTURE, "radius": partial(read.number, low=0, high=MAX_RADIUS)},
    ),
    "islands": Edit(lambda heart, _, label: only_largest(heart, label), {"label": STRUCTURE}),
    "repair": Edit(lambda heart, _, kind: repair(heart, kind), {"kind": read.name}),
    "deform": Edit(
        _deform,
        {
            "kind": read.name,
            "structures": lambda value, what: check_structures(read.labels(value, what)),
            "before": HANDLES,
            "after": HANDLES,
            "locked": read.labels,
        },
        {"locked": []},
    ),
}
