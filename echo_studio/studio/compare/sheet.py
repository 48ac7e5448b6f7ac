"""The contact sheet of a comparison: its frames in their rows and columns, with their figures, as one PNG."""

import io
import json
import textwrap
import unicodedata
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABELS
from echo_studio.data.decoding.picture_file import NOTE_KEY
from echo_studio.data.formats.media import NOTICE
from echo_studio.studio.compare.figures import Figures, figures, record, settings, shown, title
from echo_studio.studio.compare.plan import AXES, Axis, Cell, Plan, Value
from echo_studio.studio.compare.run import Comparison
from echo_studio.studio.jobs.job import JobState
from echo_studio.types import GrayImage

TILE = 256  # pixels: larger frames are made smaller for the sheet
GAP = 12
LINE = 18
MARGIN = 150  # what rows are called
TITLE = 58
FOOT = 30
MAP = 64  # pixels of a label map above its column; one beside a row has twice as many
GROUND, FRAME, TEXT, QUIET, MARK = (22, 24, 27), (0, 0, 0), (227, 230, 233), (154, 163, 173), (240, 180, 90)
# The built-in font has few signs beyond ASCII.
PLAIN = str.maketrans({"×": "x", "–": "-", "−": "-", "²": "2", "Γ": "Gamma", "σ": "sigma"})


def contact_sheet(comparison: Comparison, reference: int) -> bytes:
    """A PNG of the grid; a cell without a frame says why. Marked as synthetic in the picture and in its metadata.

    Args:
        reference: number of the cell that RMSE is measured against; it has a border.
    """
    plan = comparison.plan
    grid = _Grid(
        top=TITLE + 24 + (MAP + 6 if plan.columns.name == "label_map" else 0),
        caption=(4 if any(cell.note for cell in plan.cells) else 3) * LINE + 12,
    )
    width, height = grid.corner(len(plan.rows.values), len(plan.columns.values))
    sheet = Image.new("RGB", (width, height + FOOT), GROUND)
    pen = ImageDraw.Draw(sheet)
    _head(sheet, pen, plan, grid)
    states = comparison.cells
    found = figures(comparison, reference, states)
    for number, (cell, progress) in enumerate(zip(plan.cells, states, strict=True)):
        x, y = grid.corner(cell.row, cell.column)
        pen.rectangle((x - 1, y - 1, x + TILE, y + TILE), FRAME, MARK if number == reference else FRAME)
        if progress.generated is None:
            words = progress.message if progress.state is JobState.FAILED else progress.state.value
            _write(pen, (x + 10, y + 10), "\n".join(textwrap.wrap(words, 38)), 13, MARK)
        else:
            sheet.paste(Image.fromarray(_tile(progress.generated.image)), (x, y))
        first, *lines = _caption(cell, found[number] if progress.generated is not None else None)
        _write(pen, (x, y + TILE + 4), first, 13, TEXT)
        _write(pen, (x, y + TILE + 4 + LINE), "\n".join(lines), 13, QUIET)
    foot = f"{NOTICE}. RMSE in grey levels to the framed cell; LV, epi, LA: Dice."
    _write(pen, (GAP, height + 6), foot, 13, QUIET)
    return _packed(sheet, comparison)


@dataclass(frozen=True)
class _Grid:
    """Where cells lie: below `top` pixels, each with `caption` pixels for words."""

    top: int
    caption: int

    def corner(self, row: int, column: int) -> tuple[int, int]:
        return MARGIN + column * (TILE + GAP), self.top + row * (TILE + self.caption + GAP)


def _write(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, colour: tuple[int, int, int]
) -> None:
    """Text in the built-in font, which every machine has."""
    plain = unicodedata.normalize("NFKC", text.translate(PLAIN))
    pen.multiline_text(place, plain, colour, ImageFont.load_default(size), spacing=4)


def _caption(cell: Cell, known: Figures | None) -> list[str]:
    lines = [title(cell)]
    if known is not None:
        lines.append(f"{shown('seconds', known['seconds'])} s · RMSE {shown('rmse', known['rmse'])}")
        names = {"LV": "lv_endo", "epi": "lv_epi", "LA": "la"}
        lines.append(" · ".join(f"{name} {shown(key, known[key])}" for name, key in names.items()))
    return [*lines, cell.note] if cell.note else lines


def _head(sheet: Image.Image, pen: ImageDraw.ImageDraw, plan: Plan, grid: _Grid) -> None:
    """What the axes are, what is the same in every cell, and the label maps."""
    first = settings(plan.cells[0])
    same = [
        f"{AXES[name].title} {value}"
        for name, value in first.items()
        if name in AXES and value not in ("", 0.0) and all(settings(cell)[name] == value for cell in plan.cells)
    ]
    _write(pen, (GAP, 8), f"{AXES[plan.rows.name].title} x {AXES[plan.columns.name].title}", 18, TEXT)
    _write(pen, (GAP, 34), " · ".join(same), 13, QUIET)
    maps = {cell.guide: cell.request.label_map for cell in plan.cells}
    for place, value in enumerate(plan.columns.values):
        x, y = grid.corner(0, place)
        _write(pen, (x, TITLE), heading(plan.columns, value), 14, TEXT)
        if plan.columns.name == "label_map":
            _paste_map(sheet, maps[str(value)], (x, y - MAP - 6), MAP)
    for place, value in enumerate(plan.rows.values):
        _, y = grid.corner(place, 0)
        _write(pen, (GAP, y), "\n".join(textwrap.wrap(heading(plan.rows, value), 18)), 14, TEXT)
        if plan.rows.name == "label_map":
            _paste_map(sheet, maps[str(value)], (GAP, y + TILE - 2 * MAP), 2 * MAP)
    if len(maps) == 1 and plan.rows.name != "label_map":
        _, y = grid.corner(0, 0)
        _paste_map(sheet, next(iter(maps.values())), (GAP, y + TILE - 2 * MAP), 2 * MAP)


def heading(axis: Axis, value: Value) -> str:
    """What a row or column is called: names as they are, numbers with what they count."""
    words = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{AXES[axis.name].title} {words}" if axis.name in ("nfe", "seed", "guidance") else words


def _tile(image: GrayImage) -> GrayImage:
    """The frame in a square of the sheet, its proportions kept, on black."""
    height, width = image.shape
    scale = min(1.0, TILE / max(height, width))
    small = cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    tile = np.zeros((TILE, TILE), np.uint8)
    top, left = (TILE - small.shape[0]) // 2, (TILE - small.shape[1]) // 2
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    return tile


def _paste_map(sheet: Image.Image, label_map: LabelMap, place: tuple[int, int], side: int) -> None:
    height, width = label_map.shape
    scale = side / max(height, width)
    small = label_map.resized(max(8, round(height * scale)), max(8, round(width * scale)))
    colours = np.array([label.colour for label in LABELS], np.uint8)
    sheet.paste(Image.fromarray(colours[small.ids]), place)


def _packed(sheet: Image.Image, comparison: Comparison) -> bytes:
    records = [record(comparison, number) for number in range(len(comparison.plan.cells))]
    notes = PngInfo()
    notes.add_text("Comment", NOTICE)
    notes.add_text(NOTE_KEY, json.dumps({"notice": NOTICE, "records": records}, allow_nan=False), zip=True)
    packed = io.BytesIO()
    sheet.save(packed, "PNG", pnginfo=notes, optimize=True)
    return packed.getvalue()
