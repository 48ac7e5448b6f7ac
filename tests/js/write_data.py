"""Oracle data of the page's unit tests: what Python leaves of label maps after edits that the page makes too.

`python -m tests.js.write_data` writes `tests/js/data/*.json`, which `tests/js/*.test.js` read. Label maps are run
lengths, row by row: "12a3b" is twelve pixels of label 0 and three of label 1.
"""

import json
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.deform import KINDS, deform
from echo_studio.anatomy.shape.handles import automatic_handles
from echo_studio.data.template import BUNDLED, template
from echo_studio.types import LabelIds
from tests.anatomy.replay import replay
from tests.anatomy.replay_past import Moment, replay_past

DATA = Path(__file__).parent / "data"
HEARTS = [name for name in BUNDLED if name != "blank"]
SPACINGS = [None, (0.6, 0.6), (0.5, 0.8), (0.77, 0.31)]

Json = dict[str, Any]
Points = list[tuple[float, float]]
Op = dict[str, Any]


def packed(ids: LabelIds) -> str:
    """The run lengths of a label map."""
    return "".join(f"{len(list(run))}{chr(97 + label)}" for label, run in groupby(ids.ravel().tolist()))


def unpacked(runs: str) -> LabelIds:
    """uint8 (n,) the labels of run lengths."""
    ids: list[int] = []
    digits = ""
    for letter in runs:
        if letter.isdigit():
            digits += letter
        else:
            ids += [ord(letter) - 97] * int(digits)
            digits = ""
    return np.array(ids, np.uint8)


def heart(name: str, height: int, width: int, spacing: tuple[float, float] | None = None) -> LabelMap:
    """A bundled label map at another size."""
    ids = cv2.resize(template(name).ids, (width, height), interpolation=cv2.INTER_NEAREST)
    return LabelMap(np.ascontiguousarray(ids, np.uint8), spacing)


def described(label_map: LabelMap) -> Json:
    """A label map for the page, and the sector beneath it."""
    height, width = label_map.shape
    spacing = "" if label_map.spacing_mm is None else f"{label_map.spacing_mm[0]!r},{label_map.spacing_mm[1]!r}"
    sector = sector_region(label_map).astype(np.uint8)
    return {
        "width": width,
        "height": height,
        "spacing": spacing,
        "ids": packed(label_map.ids),
        "sector": packed(sector),
    }


class Hand:
    """Random operations of the edit log on one map."""

    def __init__(self, seed: int, label_map: LabelMap) -> None:
        self.rng = np.random.default_rng(seed)
        self.map = label_map
        self.height, self.width = label_map.shape

    def points(self, count: int, reach: float = 0.25) -> Points:
        """Places on the map and a little beyond it, in hundredths."""
        size = np.array([self.width, self.height])
        start = self.rng.uniform(0.15, 0.85, 2) * size
        steps = self.rng.normal(0, reach, (count, 2)) * size
        steps[0] = 0
        return [(x, y) for x, y in np.round(start + steps, 2).tolist()]

    def cells(self) -> list[list[int]]:
        cells = [[int(c) for c in point] for point in self.points(4)]
        return [cell for cell, before in zip(cells, [None, *cells], strict=False) if cell != before]

    def label(self) -> int:
        return int(self.rng.integers(1, 5))

    def locked(self) -> list[int]:
        return [[0], [0, 2], [], [0, 1, 4]][self.rng.integers(4)]

    def structures(self) -> list[int]:
        return [[1, 2], [1], [2], [3]][self.rng.integers(4)]

    def matrix(self) -> list[float]:
        """A turn, a scaling and a shear about a place on the map, and a shift."""
        linear = np.eye(2) + self.rng.normal(0, 0.35, (2, 2))
        if abs(np.linalg.det(linear)) < 0.05:
            linear = np.eye(2)
        centre = np.array([self.width, self.height]) * self.rng.uniform(0.3, 0.7, 2)
        shift = centre - linear @ centre + self.rng.normal(0, 5, 2)
        a, c, b, d = linear.ravel().tolist()
        return [round(number, 6) for number in (a, b, c, d, *shift.tolist())]

    def brush(self) -> Op:
        size = int(self.rng.integers(1, 24))
        return {"tool": "brush", "label": self.label(), "size": size, "cells": self.cells(), "locked": self.locked()}

    def eraser(self) -> Op:
        return {"tool": "eraser", "size": int(self.rng.integers(1, 24)), "cells": self.cells(), "locked": self.locked()}

    def fill(self) -> Op:
        at = [int(self.rng.integers(self.width)), int(self.rng.integers(self.height))]
        return {"tool": "fill", "label": self.label(), "at": at, "locked": self.locked()}

    def polygon(self) -> Op:
        points = [[x, y] for x, y in self.points(int(self.rng.integers(3, 8)))]
        if self.rng.random() < 0.4:  # corners on pixel centres, where ties are decided
            points = [[int(x) + 0.5, int(y) + 0.5] for x, y in points]
        return {"tool": "polygon", "label": self.label(), "points": points, "locked": self.locked()}

    def lasso(self) -> Op:
        points = [[x, y] for x, y in self.points(14, 0.12)]
        return {"tool": "lasso", "label": self.label(), "points": points, "locked": self.locked()}

    def transform(self) -> Op:
        return {
            "tool": "transform",
            "structures": self.structures(),
            "matrix": self.matrix(),
            "locked": self.locked(),
        }

    def paste(self) -> Op:
        label = int(self.rng.integers(1, 4))
        y, x = np.nonzero(self.map.ids == label)
        box = [int(side) for side in (x.min(), y.min(), x.max(), y.max())]
        inside = self.map.ids[box[1] : box[3] + 1, box[0] : box[2] + 1] == label
        runs = [(value, len(list(run))) for value, run in groupby(inside.ravel().tolist())]
        lengths = [0, *(length for _, length in runs)] if runs[0][0] else [length for _, length in runs]
        return {
            "tool": "paste",
            "label": label,
            "box": box,
            "mask": ",".join(str(length) for length in lengths),
            "matrix": self.matrix(),
            "locked": self.locked(),
        }


TOOLS: list[Callable[[Hand], Op]] = [
    Hand.brush,
    Hand.eraser,
    Hand.fill,
    Hand.polygon,
    Hand.lasso,
    Hand.transform,
    Hand.paste,
]


def edits() -> Json:
    """Eight edits of each kind on maps of odd, even and unequal sides."""
    maps = {
        name: heart(name, *shape)
        for name, shape in zip(HEARTS[:4], [(64, 64), (57, 80), (75, 51), (48, 65)], strict=True)
    }
    cases = []
    for number, name in enumerate(list(maps) * 14):
        op = TOOLS[number // 8](Hand(number, maps[name]))
        after = replay(maps[name], sector_region(maps[name]), op)
        cases.append({"map": name, "op": op, "after": packed(after.ids)})
    return {"maps": {name: described(label_map) for name, label_map in maps.items()}, "cases": cases}


LINE = [(50.0, 30.0), (55.0, 45.0), (60.0, 60.0), (65.0, 75.0)]
DEGENERATE: dict[str, tuple[Points, Points]] = {
    "one handle translates": ([(60.0, 40.0)], [(67.0, 31.0)]),
    "one handle by half a pixel": ([(60.0, 40.0)], [(60.5, 39.5)]),
    "two handles turn": ([(50.0, 40.0), (75.0, 45.0)], [(50.0, 40.0), (70.0, 55.0)]),
    "two handles fall together": ([(50.0, 40.0), (75.0, 45.0)], [(60.0, 40.0), (60.0, 40.0)]),
    "two handles come from one place": ([(60.0, 40.0), (60.0, 40.0)], [(50.0, 40.0), (75.0, 45.0)]),
    "handles swap": ([(50.0, 40.0), (75.0, 45.0)], [(75.0, 45.0), (50.0, 40.0)]),
    "handles on a line": (LINE, [(x + 7.0, y - 3.0) for x, y in LINE]),
    "handles on a line leave it": (LINE, [*LINE[:3], (80.0, 70.0)]),
    "handles almost on a line": (LINE[:3], [*LINE[:2], (60.001, 60.0)]),
    "a handle ends on a node": (LINE, [LINE[0], (64.0, 48.0), *LINE[2:]]),
    "handles rest on nodes": ([(48.0, 32.0), (64.0, 32.0), (56.0, 64.0)], [(48.0, 32.0), (68.0, 36.0), (56.0, 64.0)]),
    "a handle ends beside a node": (LINE, [LINE[0], (64.0 + 1e-7, 48.0), *LINE[2:]]),
    "all leave the map": (LINE, [(x + 900.0, y) for x, y in LINE]),
    "nothing moves": (LINE, LINE),
}


def random_drag(rng: np.random.Generator, label_map: LabelMap) -> tuple[Points, Points]:
    """Some handles and where they went: one dragged alone, all astray, or folds; others stay as if pinned."""
    handles = automatic_handles(label_map)
    kept = rng.permutation(len(handles))[: rng.integers(1, len(handles) + 1)]
    before = np.array([handles[k].place for k in kept])
    if rng.random() < 0.3:
        before += rng.uniform(-2, 2, before.shape)  # added by hand: not on whole pixels
    moves = rng.normal(0, max(label_map.shape) * rng.choice([0.02, 0.08, 0.6]), before.shape)
    pinned = rng.random(len(before)) < rng.choice([0.0, 0.5, 0.95])
    pinned[rng.integers(len(before))] = False
    after = np.where(pinned[:, None], before, before + moves)
    first, last = ([(x, y) for x, y in np.round(places, 3).tolist()] for places in (before, after))
    return first, last


def warps() -> Json:
    """Random drags, degenerate ones in each kind, and sizes whose last cell of the grid is whole, cut or a pixel."""
    maps: dict[str, LabelMap] = {}
    cases: list[Json] = []

    def add(
        title: str, name: str, before: Points, after: Points, structures: list[int], kind: str, locked: Sequence[int]
    ) -> None:
        ids = deform(maps[name], before, after, structures, kind, locked=list(locked)).ids  # type: ignore[arg-type]
        drag = {"before": before, "after": after, "structures": structures, "kind": kind, "locked": list(locked)}
        cases.append({"title": title, "map": name, **drag, "ids": packed(ids)})

    for seed in range(40):
        rng = np.random.default_rng(seed)
        name = f"{HEARTS[seed % len(HEARTS)]} {seed % 8}"
        shape = [(96, 96), (64, 120), (113, 70), (57, 60), (128, 128), (65, 68), (72, 75), (100, 65)][seed % 8]
        maps.setdefault(name, heart(name.split(maxsplit=1)[0], *shape, SPACINGS[seed % 4]))
        before, after = random_drag(rng, maps[name])
        structures = [[1, 2], [1], [2], [3], [1, 2, 3]][rng.integers(5)]
        add(f"random {seed}", name, before, after, structures, KINDS[seed % 3], [[], [0], [0, 4, 2]][rng.integers(3)])
    for name, spacing in (("square", None), ("flat", (0.5, 0.8))):
        maps[name] = heart("4ch-ed", 128, 128, spacing)
        for title, (before, after) in DEGENERATE.items():
            for kind in KINDS:
                add(title, name, before, after, [1, 2], kind, [])
    for side in (57, 64, 65, 72):
        name = f"side {side}"
        maps[name] = heart("4ch-es", side + 3, side)
        before = [handle.place for handle in automatic_handles(maps[name])]
        after = [(x + 0.4 * side, y + 0.3 * side) for x, y in before]
        add("beyond the last row and column", name, before, after, [1, 2, 3], "rigid", [])
    return {"maps": {name: described(label_map) for name, label_map in maps.items()}, "cases": cases}


def past() -> Json:
    """A history with two defects and strokes between them, and edits of these defects later."""
    label_map = heart("4ch-ed", 128, 128, (1.0, 1.0))
    sector = sector_region(label_map)
    moments = [Moment(label_map, sector, {})]
    ops: list[Op] = [
        {"tool": "brush", "label": 3, "size": 5, "cells": [[60, 30], [66, 44]]},
        {"tool": "defect", "defect": "septal", "values": {"width_mm": 12.0}},
        {"tool": "brush", "label": 2, "size": 7, "cells": [[40, 60], [80, 62]]},
        {"tool": "defect", "defect": "hypertrophy", "values": {}},
        {"tool": "defect-edit", "position": 2, "defect": "septal", "values": {"width_mm": 20.0}},
        {"tool": "eraser", "size": 9, "cells": [[64, 50]]},
        {"tool": "defect-edit", "position": 2, "defect": "septal", "values": {"width_mm": 6.0}},
        {"tool": "defect-remove", "position": 4, "defect": "hypertrophy"},
        {"tool": "defect-remove", "position": 2, "defect": "septal"},
    ]
    steps: list[Json] = []
    for op in ops:
        after = replay_past(moments, 0, op)
        step = {"op": op, "after": packed(after.ids)}
        if op["tool"] == "defect-edit":  # what the server answers: the defect alone, on the map before it
            alone = {"tool": "defect", "defect": op["defect"], "values": op["values"]}
            step["made"] = packed(replay_past(moments[: op["position"]], 0, alone).ids)
        steps.append(step)
        moments.append(Moment(after, sector, op))
    return {"map": described(label_map), "steps": steps}


FILES: dict[str, Callable[[], Json]] = {"edits": edits, "warps": warps, "past": past}


def main() -> None:
    """Write every file."""
    for name, make in FILES.items():
        (DATA / f"{name}.json").write_text(json.dumps(make(), separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
