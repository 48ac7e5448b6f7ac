"""A project's history as one message for the page, so that undo and redo work as before it was closed.

Four bytes (little endian) say how long the JSON after them is; the rest is label ids, a byte a pixel, to which
the JSON points by offset. The history is cut into pages: runs of steps on a map of the same size in the same
sector. Within a page a step keeps only the box of pixels that it changed, before and after.
"""

import json
import struct

import numpy as np

from echo_studio.project.pictures import Canvas
from echo_studio.project.project import Project
from echo_studio.types import Json, LabelIds
from echo_studio.web.wire.wire import spacing_words


def pack_history(project: Project) -> bytes:
    """Every kept step and the canvas as it is now.

    The JSON: `revision`, `position`, `base` (place of the oldest state), `pages` (`width`, `height`, `spacing`,
    `ids`, `sector`: offsets), `page` of each state in `states`, and `steps`: `op` with either `box` [x0, y0, x1, y1],
    `before` and `after`, or no box where the page changes. A page's ids are those of the current state, else of
    its last state where it lies before the current one, of its first where it lies behind.
    """
    packed = bytearray()
    pages: list[Json] = []
    states: list[int] = []
    steps: list[Json] = []
    position = project.position
    base = project.kept().start
    previous: Canvas | None = None
    shown: list[LabelIds] = []  # the ids of each page
    for step in project.history():
        canvas = step.canvas
        if previous is None or not _same_page(previous, canvas):
            if previous is not None:
                steps.append({"op": step.op})
            height, width = canvas.label_map.shape
            words = spacing_words(canvas.label_map.spacing_mm)
            pages.append({"width": width, "height": height, "spacing": words, "sector": _add(packed, canvas.sector)})
            shown.append(canvas.label_map.ids)
        else:
            steps.append({"op": step.op, **_patch(packed, previous.label_map.ids, canvas.label_map.ids)})
            if step.position <= position:
                shown[-1] = canvas.label_map.ids
        states.append(len(pages) - 1)
        previous = canvas
    for page, ids in zip(pages, shown, strict=True):
        page["ids"] = _add(packed, ids)
    described = {"revision": project.revision, "position": position, "base": base, "pages": pages, "states": states}
    head = json.dumps({**described, "steps": steps}).encode()
    return struct.pack("<I", len(head)) + head + packed


def _add(packed: bytearray, array: np.ndarray) -> int:
    """Put an array behind the others; where it lies."""
    start = len(packed)
    packed += np.ascontiguousarray(array, dtype=np.uint8).tobytes()
    return start


def _same_page(one: Canvas, other: Canvas) -> bool:
    same_map = one.label_map.shape == other.label_map.shape and one.label_map.spacing_mm == other.label_map.spacing_mm
    return same_map and np.array_equal(one.sector, other.sector)


def _patch(packed: bytearray, before: LabelIds, after: LabelIds) -> Json:
    y, x = np.nonzero(before != after)
    x0, y0, x1, y1 = (int(v) for v in (x.min(), y.min(), x.max(), y.max())) if len(x) else (0, 0, 0, 0)
    cut = np.s_[y0 : y1 + 1, x0 : x1 + 1]
    return {"box": [x0, y0, x1, y1], "before": _add(packed, before[cut]), "after": _add(packed, after[cut])}
