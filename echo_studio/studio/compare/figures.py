"""The figures of a comparison's cells, in a table and as ranking."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.evaluate.frames.segmentation import JUDGE
from echo_studio.studio.compare.plan import Cell
from echo_studio.studio.compare.run import Comparison, Progress
from echo_studio.types import BoolMask, GrayImage, Json

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Figure:
    """How a figure is called, its unit, how many decimals tell something, and whether more of it is better."""

    title: str
    unit: str
    decimals: int
    more_is_better: bool


FIGURES: dict[str, Figure] = {
    "seconds": Figure("Latency", "s", 2, False),
    "nfe": Figure("NFE", "", 0, False),
    "lv_endo": Figure("LV cavity", "Dice", 3, True),
    "lv_epi": Figure("LV epicardium", "Dice", 3, True),
    "la": Figure("Left atrium", "Dice", 3, True),
    "adherence": Figure("Mean adherence", "Dice", 3, True),
    "rmse": Figure("RMSE to the reference", "grey levels", 2, False),
}
STRUCTURES = ("lv_endo", "lv_epi", "la")
COLUMNS = ("row", "column", "label_map", "view", "phase", "generator", "solver", "schedule", "nfe", "seed", "guidance")


def figures(comparison: Comparison, reference: int, states: Sequence[Progress]) -> list[Figures]:
    """What `FIGURES` names, of every cell; None where it is not known.

    Args:
        reference: number of the cell that `rmse` is measured against, within both sectors. None for frames of
            another size.
        states: `comparison.cells`, read once, so that figures and states are of the same moment.

    Raises:
        RequestError: no such cell.
    """
    cells = comparison.plan.cells
    check_reference(comparison, reference)
    chosen = states[reference].generated
    found: list[Figures] = []
    for number, (cell, progress) in enumerate(zip(cells, states, strict=True)):
        known: Figures = dict.fromkeys(FIGURES)
        made = progress.generated
        if made is not None:
            known |= {"seconds": made.seconds, "nfe": cell.request.sampling.nfe}
            known |= {name: progress.adherence.get(name) for name in STRUCTURES}
            dice = [value for name in STRUCTURES if (value := known[name]) is not None]
            known["adherence"] = sum(dice) / len(dice) if dice else None
            if chosen is not None and chosen.image.shape == made.image.shape:
                known["rmse"] = _rmse(comparison, number, reference, made.image, chosen.image)
        found.append(known)
    return found


def _rmse(comparison: Comparison, number: int, reference: int, image: GrayImage, target: GrayImage) -> float | None:
    """Measured once: a page asks for the figures several times a second."""
    pair = min(number, reference), max(number, reference)
    if pair not in comparison.known:
        sectors = [comparison.sectors[comparison.plan.cells[one].guide] for one in pair]
        comparison.known[pair] = rmse(image, target, sectors[0] & sectors[1])
    return comparison.known[pair]


def check_reference(comparison: Comparison, reference: int) -> None:
    """Raise RequestError where no cell has this number."""
    count = len(comparison.plan.cells)
    if not 0 <= reference < count:
        raise RequestError(
            expected=f"a reference among {count} cells", got=f"number {reference + 1}", remedy="choose one of the grid"
        )


def rmse(image: GrayImage, reference: GrayImage, inside: BoolMask) -> float | None:
    """Root mean square difference of two frames uint8 (h, w) in grey levels, where `inside` (h, w) is True."""
    if not inside.any():
        return None
    difference = image[inside].astype(np.float64) - reference[inside]
    return float(np.sqrt(np.mean(difference**2)))


def ranking(found: list[Figures], name: str) -> list[int]:
    """The cells that have a figure, the best one first; equals keep their order.

    Raises:
        UnknownNameError: no such figure.
    """
    if name not in FIGURES:
        raise UnknownNameError("figure", name, FIGURES)
    sign = -1 if FIGURES[name].more_is_better else 1
    known = [(sign * value, number) for number, of_cell in enumerate(found) if (value := of_cell[name]) is not None]
    return [number for _, number in sorted(known)]


def shown(name: str, value: float | None) -> str:
    """A figure for people, without its unit; a dash where it is not known."""
    return "–" if value is None else f"{value:.{FIGURES[name].decimals}f}"


def figures_csv(comparison: Comparison, reference: int) -> str:
    """A table with a line for every cell: its settings, its state, its figures. Rows and columns count from 1."""
    text = io.StringIO()
    table = csv.DictWriter(
        text, [*COLUMNS, "state", *(name for name in FIGURES if name != "nfe"), "reference", "image_sha256", "remark"]
    )
    table.writeheader()
    states = comparison.cells
    of_cells = figures(comparison, reference, states)
    for number, (cell, progress) in enumerate(zip(comparison.plan.cells, states, strict=True)):
        known = {name: value for name, value in of_cells[number].items() if name != "nfe"}
        table.writerow(
            {
                **settings(cell),
                **{name: "" if value is None else round(value, 6) for name, value in known.items()},
                "row": cell.row + 1,
                "column": cell.column + 1,
                "state": progress.state.value,
                "reference": "yes" if number == reference else "",
                "image_sha256": image_sha256(progress),
                "remark": "; ".join(filter(None, (cell.note, progress.message))),
            }
        )
    return text.getvalue()


def settings(cell: Cell) -> Json:
    """What a cell is made with, by the names of the table."""
    request, sampling = cell.request, cell.request.sampling
    return {
        "label_map": cell.guide,
        "view": request.view,
        "phase": request.phase,
        "generator": sampling.generator,
        "solver": sampling.solver,
        "schedule": sampling.schedule,
        "nfe": sampling.nfe,
        "seed": request.seed,
        "guidance": sampling.guidance,
    }


def title(cell: Cell) -> str:
    """Generator, solver and NFE in a few words."""
    made = cell.request.sampling
    return " · ".join([made.generator, *([] if cell.one_call else [made.solver]), f"{made.nfe} NFE"])


def record(comparison: Comparison, number: int) -> Json | None:
    """What brings a cell's frame back, and what was measured on it; None before it is done."""
    cell, progress = comparison.plan.cells[number], comparison.cells[number]
    if progress.generated is None:
        return None
    measured = {
        "seconds": progress.generated.seconds,
        "adherence": progress.adherence,
        "scored_by": JUDGE,
        "image_sha256": image_sha256(progress),
    }
    return {**progress.generated.record.to_json(), "label_map": cell.guide, "note": cell.note, "measured": measured}


def image_sha256(progress: Progress) -> str:
    """Of the pixels of a frame; empty where there is none."""
    if progress.generated is None:
        return ""
    return hashlib.sha256(progress.generated.image.tobytes()).hexdigest()
