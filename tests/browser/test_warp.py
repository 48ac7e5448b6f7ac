"""The browser's warp against Python's: the same drags leave the same labels, pixel for pixel."""

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.plane import Plane
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.deform import KINDS, deform
from echo_studio.anatomy.shape.handles import automatic_handles
from echo_studio.data.template import BUNDLED, template
from echo_studio.web.tabs import canvas

pytestmark = pytest.mark.browser

WARP = Path(canvas.STATIC) / "canvas" / "warp.js"
DRAW = """([map, options, kind, frames]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const warp = new Warp({ ...map, ids: bytes(map.ids), sector: bytes(map.sector) }, options);
  let ids;
  for (const [before, after] of frames) ids = warp.draw(before, after, kind);
  let text = "";
  for (let i = 0; i < ids.length; i += 8192) text += String.fromCharCode(...ids.subarray(i, i + 8192));
  return btoa(text);
}"""
HEARTS = [name for name in BUNDLED if name != "blank"]
SPACINGS = [None, (0.6, 0.6), (0.5, 0.8), (0.77, 0.31)]

Points = list[tuple[float, float]]


@pytest.fixture(scope="module")
def blank_page(chromium):
    page = chromium.new_page()
    page.evaluate("source => { window.Warp = new Function(`${source}\\nreturn Warp;`)(); }", WARP.read_text("utf-8"))
    yield page
    page.close()


def in_browser(
    page,
    label_map: LabelMap,
    before: Points,
    after: Points,
    structures: list[int],
    kind: str,
    locked: list[int],
    by_way_of: list[Points] | None = None,
) -> np.ndarray:
    """uint8 (h, w) what warp.js draws; `by_way_of` are frames of the same drag before the last one."""
    height, width = label_map.shape
    sent = {"width": width, "height": height, "ids": packed(label_map.ids), "sector": packed(sector_region(label_map))}
    options = {"structures": structures, "locked": locked, "aspect": Plane.of(label_map).aspect}
    frames = [[before, places] for places in [*(by_way_of or []), after]]
    drawn = base64.b64decode(page.evaluate(DRAW, [sent, options, kind, frames]))
    return np.frombuffer(drawn, np.uint8).reshape(height, width)


def packed(array: np.ndarray) -> str:
    return base64.b64encode(array.astype(np.uint8).tobytes()).decode()


def resized(name: str, width: int, height: int, spacing: tuple[float, float] | None) -> LabelMap:
    return LabelMap(cv2.resize(template(name).ids, (width, height), interpolation=cv2.INTER_NEAREST), spacing)


def random_drag(rng: np.random.Generator, label_map: LabelMap) -> tuple[Points, Points]:
    """Some handles and where they went: one dragged alone, all astray, or folds; others stay as if pinned."""
    handles = automatic_handles(label_map)
    kept = rng.permutation(len(handles))[: rng.integers(1, len(handles) + 1)]
    before = np.array([handles[k].place for k in kept])
    if rng.random() < 0.3:
        before += rng.uniform(-2, 2, before.shape)  # added by hand: not on whole pixels
    size = max(label_map.shape) * rng.choice([0.02, 0.08, 0.6])
    moves = rng.normal(0, size, before.shape)
    pinned = rng.random(len(before)) < rng.choice([0.0, 0.5, 0.95])
    pinned[rng.integers(len(before))] = False
    after = np.where(pinned[:, None], before, before + moves)
    return [(x, y) for x, y in before.tolist()], [(x, y) for x, y in after.tolist()]


def test_fifty_random_drags_leave_the_labels_that_python_leaves(blank_page) -> None:
    worst, unequal = 0.0, 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        width, height = (int(side) for side in rng.integers(64, 513, 2)) if seed % 3 else (256, 256)
        spacing = SPACINGS[seed % len(SPACINGS)]
        label_map = resized(HEARTS[rng.integers(len(HEARTS))], width, height, spacing)
        before, after = random_drag(rng, label_map)
        structures = [[1, 2], [1], [2], [3], [1, 2, 3]][rng.integers(5)]
        kind, locked = KINDS[seed % 3], [[], [0], [0, 4, 2]][rng.integers(3)]
        wanted = deform(label_map, before, after, structures, kind, locked=locked).ids
        drawn = in_browser(blank_page, label_map, before, after, structures, kind, locked, [before])
        share = (wanted != drawn).mean()
        assert share <= 0.001, f"drag {seed}: {kind} {structures}, {len(before)} handles, {width} x {height}"
        worst, unequal = max(worst, share), unequal + int(share > 0)
    print(f"worst: {worst:.3%} of the pixels differ; {unequal} of 50 drags differ at all")


LINE = [(100.0, 60.0), (110.0, 90.0), (120.0, 120.0), (130.0, 150.0)]
NEARLY = [(100.0, 60.0), (110.0, 90.0), (120.001, 120.0)]
DEGENERATE: dict[str, tuple[Points, Points]] = {
    "one handle translates": ([(120.0, 80.0)], [(127.0, 71.0)]),
    "one handle by half a pixel": ([(120.0, 80.0)], [(120.5, 79.5)]),
    "two handles turn": ([(100.0, 80.0), (150.0, 90.0)], [(100.0, 80.0), (140.0, 110.0)]),
    "two handles fall together": ([(100.0, 80.0), (150.0, 90.0)], [(120.0, 80.0), (120.0, 80.0)]),
    "two handles come from one place": ([(120.0, 80.0), (120.0, 80.0)], [(100.0, 80.0), (150.0, 90.0)]),
    "handles swap": ([(100.0, 80.0), (150.0, 90.0)], [(150.0, 90.0), (100.0, 80.0)]),
    "handles on a line": (LINE, [(x + 7.0, y - 3.0) for x, y in LINE]),
    "handles on a line leave it": (LINE, [*LINE[:3], (160.0, 140.0)]),
    "handles almost on a line": (LINE[:3], NEARLY),
    "a handle ends on a node": (LINE, [LINE[0], (120.0, 88.0), *LINE[2:]]),
    "handles rest on nodes": (
        [(96.0, 64.0), (128.0, 64.0), (112.0, 128.0)],
        [(96.0, 64.0), (136.0, 72.0), (112.0, 128.0)],
    ),
    "a handle ends beside a node": (LINE, [LINE[0], (120.0 + 1e-7, 88.0), *LINE[2:]]),
    "all leave the map": (LINE, [(x + 900.0, y) for x, y in LINE]),
    "nothing moves": (LINE, LINE),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_drags_leave_exactly_the_labels_that_python_leaves(blank_page, case: str, kind) -> None:
    before, after = DEGENERATE[case]
    for spacing in (None, (0.5, 0.8)):
        label_map = resized("4ch-ed", 256, 256, spacing)
        wanted = deform(label_map, before, after, [1, 2], kind).ids
        assert np.array_equal(in_browser(blank_page, label_map, before, after, [1, 2], kind, []), wanted)


@pytest.mark.parametrize("side", [57, 64, 65, 72])
def test_the_last_row_and_column_are_exact_whatever_the_size(blank_page, side: int) -> None:
    label_map = resized("4ch-es", side, side + 3, None)
    before = [handle.place for handle in automatic_handles(label_map)]
    after = [(x + 0.4 * side, y + 0.3 * side) for x, y in before]
    wanted = deform(label_map, before, after, [1, 2, 3], "rigid").ids
    assert (wanted[:, -1] == 1).any() or (wanted[:, -1] == 2).any()
    assert np.array_equal(in_browser(blank_page, label_map, before, after, [1, 2, 3], "rigid", []), wanted)


def test_every_frame_starts_from_the_map_before_the_drag(blank_page) -> None:
    label_map = resized("4ch-ed", 256, 256, None)
    before = [handle.place for handle in automatic_handles(label_map)]
    away = [(x + 60.0, y - 20.0) for x, y in before]
    back = in_browser(blank_page, label_map, before, before, [1, 2], "affine", [], [away, away])
    assert np.array_equal(back, label_map.ids)
