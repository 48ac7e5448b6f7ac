"""Replay the operations of the edit log that look further back than the map before them.

shape, vary with `base`: another try of the sliders, or of the seed, on the map at position `base` of the history.

defect-edit, of the defect that led to `position`, to `defect` and `values`; defect-remove of the same. The new map
starts as the map at `position` − 1 with the defect as it is now, or without it. Over it is laid what was changed
since: the steps after `position` fall into runs, which the edits of this same defect part; of each run, in order,
the pixels in which the map after the run differs from the map before it get their value after it.

Positions count the states of the history; the map that a step made is at the position after the map before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.edits import parameters as read
from echo_studio.anatomy.edits.apply import apply_edit
from echo_studio.anatomy.edits.parameters import Op
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.plane import with_ids
from echo_studio.errors import RequestError
from echo_studio.types import BoolMask
from tests.anatomy.replay import replay

EDITED = ("defect-edit", "defect-remove")


@dataclass(frozen=True)
class Moment:
    """One state of the history: the map, its sector (h, w), and the operation that led to it, {} at the start."""

    label_map: LabelMap
    sector: BoolMask
    op: Op


def replay_past(past: Sequence[Moment], first: int, op: Op) -> LabelMap:
    """The label map after one operation, from the states before it.

    Args:
        past: the states that are kept, in order; the last one is the map before `op`.
        first: position of the first of them.
        op: any that `replay` knows; shape and vary with `base`; defect-edit, defect-remove.

    Raises:
        RequestError: a position that is not kept or holds no defect, or what `replay` raises.
        UnknownNameError, LabelMapError: as `replay`.
    """
    tool = op.get("tool")
    if tool in EDITED:
        return _defect_anew(past, first, op)
    base = len(past) - 1
    if tool in ("shape", "vary") and "base" in op:
        base = read.whole(op["base"], "base", first, first + base) - first
        op = {key: value for key, value in op.items() if key != "base"}
    return replay(past[base].label_map, past[base].sector, op)


def _defect_anew(past: Sequence[Moment], first: int, op: Op) -> LabelMap:
    read.only(op, "position", optional=("defect", "values", "schema"))
    position = read.whole(op["position"], "position", first + 1, first + len(past) - 1)
    before, *since = past[position - 1 - first :]
    if since[0].op.get("tool") != "defect" or any(one.label_map.shape != before.label_map.shape for one in since):
        raise RequestError(
            expected="the position of a defect on the map as it is",
            got=f"{position}",
            remedy="name a step that applied one, after the map was opened",
        )
    made = before.label_map
    if op["tool"] == "defect-edit":
        again = {key: value for key, value in op.items() if key in ("defect", "values", "schema")}
        made = apply_edit(made, {"tool": "defect", **again})
    ids = made.ids.copy()
    run = since[0].label_map.ids
    last = run
    for moment in since[1:]:
        if moment.op.get("tool") in EDITED and moment.op.get("position") == position:
            ids = np.where(last != run, last, ids)
            run = moment.label_map.ids
        last = moment.label_map.ids
    return with_ids(before.label_map, np.where(last != run, last, ids))
