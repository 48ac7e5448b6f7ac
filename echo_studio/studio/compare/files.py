"""The files of a comparison: frames, records, the table of figures, the contact sheet."""

import io
import json
import re
import zipfile
from pathlib import Path, PurePath

from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.media import NOTICE
from echo_studio.studio.compare.figures import figures_csv, record
from echo_studio.studio.compare.plan import Plan
from echo_studio.studio.compare.run import Comparison
from echo_studio.studio.compare.sheet import contact_sheet

FIGURES_FILE = "figures.csv"
SHEET_FILE = "sheet.png"


def frame_file(plan: Plan, number: int) -> str:
    """Name of a cell's frame, such as `r1c2-edm-l64-nfe10.png`: its place and what is special about it."""
    cell = plan.cells[number]
    words = [
        f"{axis.name if axis.name in ('nfe', 'seed', 'guidance') else ''}{axis.values[place]}"
        for axis, place in ((plan.rows, cell.row), (plan.columns, cell.column))
    ]
    slug = "-".join(re.sub(r"[^\w.]+", "-", word).strip("-.")[:40] for word in words)
    return f"r{cell.row + 1}c{cell.column + 1}-{slug}.png"


def record_file(plan: Plan, number: int) -> str:
    """Name of the record beside a cell's frame."""
    return str(PurePath(frame_file(plan, number)).with_suffix(".json"))


def frame_png(comparison: Comparison, number: int) -> bytes | None:
    """A cell's frame with its record, marked as synthetic; None before it is done."""
    generated = comparison.cells[number].generated
    if generated is None:
        return None
    note = {"notice": NOTICE, "record": record(comparison, number)}
    spacing = comparison.plan.cells[number].request.label_map.spacing_mm
    return encode(Path("frame.png"), generated.image, spacing, NOTICE, note)


def record_json(comparison: Comparison, number: int) -> bytes | None:
    """A cell's record as a file; None before it is done."""
    known = record(comparison, number)
    return None if known is None else (json.dumps(known, indent=2, allow_nan=False) + "\n").encode()


def everything_zip(comparison: Comparison, reference: int) -> bytes:
    """All files of the cells that are done, in one archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(len(comparison.plan.cells)):
            frame, details = frame_png(comparison, number), record_json(comparison, number)
            if frame is not None and details is not None:
                archive.writestr(frame_file(comparison.plan, number), frame)
                archive.writestr(record_file(comparison.plan, number), details)
        archive.writestr(FIGURES_FILE, figures_csv(comparison, reference))
        archive.writestr(SHEET_FILE, contact_sheet(comparison, reference))
    return packed.getvalue()
