"""A project's history as one message for the page, so that undo and redo work as before it was closed.

Four bytes (little endian) say how long the JSON after them is; the rest is label ids, a byte a pixel, to which
the JSON points by offset. The history is cut into pages: runs of steps on a map of the same size in the same
sector. Within a page a step keeps only the box of pixels that it changed, before and after.
"""

import json
import struct
from dataclasses import dataclass, field

import numpy as np

from echo_studio.project.pictures import Canvas
from echo_studio.project.project import Project
from echo_studio.types import Json, LabelIds


@dataclass
class _Packer:
    """Collects arrays and says where each one lies."""

    size: int = 0
    parts: list[bytes] = field(default_factory=list)

    def add(self, array: np.ndarray) -> int:
        start = self.size
        self.parts.append(np.ascontiguousarray(array, dtype=np.uint8).tobytes())
        self.size += len(self.parts[-1])
        return start


def pack_history(project: Project) -> bytes:
    """Every kept step and the canvas as it is now.

    The JSON: `revision`, `position`, `base` (place of the oldest state), `pages` (`width`, `height`, `spacing`,
    `ids`, `sector`: offsets), `page` of each state in `states`, and `steps`: `op` with either `box` [x0, y0, x1, y1],
    `before` and `after`, or no box where the page changes. A page's ids are those of the current state, else of
    its last state where it lies before the current one, of its first where it lies behind.
    """
    packer = _Packer()
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
            spacing = canvas.label_map.spacing_mm
            words = "" if spacing is None else f"{spacing[0]!r},{spacing[1]!r}"
            pages.append({"width": width, "height": height, "spacing": words, "sector": packer.add(canvas.sector)})
            shown.append(canvas.label_map.ids)
        else:
            steps.append({"op": step.op, **_patch(packer, previous.label_map.ids, canvas.label_map.ids)})
            if step.position <= position:
                shown[-1] = canvas.label_map.ids
        states.append(len(pages) - 1)
        previous = canvas
    for page, ids in zip(pages, shown, strict=True):
        page["ids"] = packer.add(ids)
    described = {"revision": project.revision, "position": position, "base": base, "pages": pages, "states": states}
    head = json.dumps({**described, "steps": steps}).encode()
    return b"".join([struct.pack("<I", len(head)), head, *packer.parts])


def _same_page(one: Canvas, other: Canvas) -> bool:
    same_map = one.label_map.shape == other.label_map.shape and one.label_map.spacing_mm == other.label_map.spacing_mm
    return same_map and np.array_equal(one.sector, other.sector)


def _patch(packer: _Packer, before: LabelIds, after: LabelIds) -> Json:
    y, x = np.nonzero(before != after)
    x0, y0, x1, y1 = (int(v) for v in (x.min(), y.min(), x.max(), y.max())) if len(x) else (0, 0, 0, 0)
    cut = np.s_[y0 : y1 + 1, x0 : x1 + 1]
    return {"box": [x0, y0, x1, y1], "before": packer.add(before[cut]), "after": packer.add(after[cut])}
