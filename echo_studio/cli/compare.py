"""`echo-studio compare`: a grid of frames whose rows and columns vary one thing each."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.table import Table

from echo_studio.cli.options import CheckpointsOption
from echo_studio.cli.output import JsonOption, print_result, progress, table
from echo_studio.data.atomic import check_empty, write_bytes
from echo_studio.errors import OutputError, RequestError
from echo_studio.types import Json, Phase, View

if TYPE_CHECKING:
    from echo_studio.studio.compare.plan import Axis, Guide, Plan
    from echo_studio.studio.compare.run import Comparison, Progress
    from echo_studio.studio.engine.engine import Engine

FAILED = 1
AXIS_HELP = (
    "NAME=VALUE,VALUE,...: generator, solver, schedule, nfe, seed, guidance. generator, solver, schedule and label-map"
    " alone stand for all that there are. nfe and solver may be 'advised'."
)


def compare(
    label_map: Annotated[list[Path], typer.Option(help="Label map, ids 0 to 6; several where they are an axis.")],
    view: Annotated[list[str], typer.Option(help="Apical view: one, or one for each label map.")],
    rows: Annotated[str, typer.Option(help=AXIS_HELP)],
    out: Annotated[Path, typer.Option(help="Folder to write: new or empty.")],
    columns: Annotated[str, typer.Option(help="As --rows; one column where it is left out.")] = "",
    phase: Annotated[list[str] | None, typer.Option(help="ED (default) or ES: one, or one for each map.")] = None,
    generator: Annotated[str | None, typer.Option(help="The same in every cell.")] = None,
    solver: Annotated[str | None, typer.Option(help="The same in every cell; else as each card advises.")] = None,
    schedule: Annotated[str | None, typer.Option(help="The same in every cell.")] = None,
    nfe: Annotated[int | None, typer.Option(help="The same in every cell; else as each card advises.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same in every cell; 0 by default.")] = None,
    guidance: Annotated[float | None, typer.Option(help="The same in every cell; 0 by default.")] = None,
    reference: Annotated[str, typer.Option(help="ROW,COLUMN of the cell that RMSE is measured against.")] = "1,1",
    rank: Annotated[
        str, typer.Option(help="Print the best cells first, by seconds, nfe, lv_endo, lv_epi, la, adherence or rmse.")
    ] = "",
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare generators, solvers, NFE, seeds, guidance or label maps on the same noise.

    Writes each cell's frame and record as it comes, then figures.csv and the contact sheet sheet.png; synthetic, not
    for diagnosis. A cell that fails says why and the rest goes on; the exit code is 1 then. Ctrl+C keeps what is done.

    \b
    Example:
      echo-studio compare --label-map map.png --view 4CH --rows solver=heun,ipndm \\
          --columns nfe=5,10,20 --generator edm-l64 --seed 1 --out comparison
    """
    guides = _guides(label_map, view, phase or ["ED"])
    check_empty(out)  # before minutes are spent: files of two comparisons in one folder could not be distinguished

    from echo_studio.studio.compare.figures import FIGURES, figures, ranking
    from echo_studio.studio.engine.engine import Engine

    fixed: Json = {"generator": generator, "solver": solver, "schedule": schedule, "nfe": nfe}
    fixed |= {"seed": seed, "guidance": guidance}
    engine = Engine(checkpoints)
    comparison = _comparison(engine, guides, rows, columns, {k: v for k, v in fixed.items() if v is not None})
    known = _number(reference, comparison.plan)
    if rank and rank not in FIGURES:
        ranking([], rank)  # says which there are
    _make_folder(out)
    try:
        _run(comparison, engine, out)
    except KeyboardInterrupt:
        done = sum(cell.generated is not None for cell in comparison.cells)
        typer.echo(f"stopped: {done} of {len(comparison.cells)} cells are in {out}", err=True)
        raise
    finally:
        _write_summary(comparison, known, out)
    found = figures(comparison, known, comparison.cells)
    ranked = ranking(found, rank) if rank else []
    ranked += [number for number in range(len(found)) if number not in ranked]
    report = [{**_cell_json(comparison, number, out), "figures": found[number]} for number in ranked]
    figures_file, sheet = str(out / "figures.csv"), str(out / "sheet.png")
    cell = comparison.plan.cells[known]
    print_result(
        as_json,
        {"figures": figures_file, "sheet": sheet, "reference": [cell.row + 1, cell.column + 1], "cells": report},
        _table(comparison, report),
        f"{sheet}  {figures_file}",
    )
    if any(one["state"] == "failed" for one in report):
        raise typer.Exit(FAILED)


def _guides(paths: list[Path], views: list[str], phases: list[str]) -> "list[Guide]":
    from echo_studio.data.formats.image_file import stem_of
    from echo_studio.data.formats.label_file import read_label_map
    from echo_studio.studio.compare.plan import Guide

    count = len(paths)
    for name, given in (("view", views), ("phase", phases)):
        if len(given) not in (1, count):
            raise RequestError(
                expected=f"one {name}, or one for each of {count} label maps",
                got=f"{len(given)}",
                remedy=f"give --{name} once, or {count} times",
            )
    stems = [stem_of(path) for path in paths]
    names = stems if len(set(stems)) == count else [str(path) for path in paths]
    every = [given * count if len(given) == 1 else given for given in (views, phases)]
    return [
        Guide(name, read_label_map(path), cast(View, view), cast(Phase, phase))  # a request checks them
        for name, path, view, phase in zip(names, paths, *every, strict=True)
    ]


def _comparison(engine: "Engine", guides: "list[Guide]", rows: str, columns: str, fixed: Json) -> "Comparison":
    from echo_studio.studio.compare.plan import Axis, plan
    from echo_studio.studio.compare.run import Comparison

    cards = engine.cards()
    choices = {
        "generator": [card.name for card in cards],
        "solver": [name for _, name in engine.solvers()],
        "schedule": engine.schedules(),
        "label_map": [guide.name for guide in guides],
    }
    of_rows = _axis(rows, choices)
    if columns:
        of_columns = _axis(columns, choices)
    elif of_rows.name == "seed":
        of_columns = Axis.read("generator", [fixed.pop("generator", "")])
    else:
        of_columns = Axis("seed", (fixed.pop("seed", 0),))
    return Comparison(plan(of_rows, of_columns, guides, fixed, cards))


def _axis(text: str, choices: dict[str, list[str]]) -> "Axis":
    from echo_studio.studio.compare.plan import AXES, Axis

    name, given, values = text.partition("=")
    name = name.strip().replace("-", "_")
    if not given and name in AXES and name not in choices:
        raise RequestError(expected=f"values of {name}", got="none", remedy=f"write {name}=VALUE,VALUE")
    return Axis.read(name, values.split(",") if given else choices.get(name, []))


def _number(text: str, plan: "Plan") -> int:
    """The number of the cell at "ROW,COLUMN", which count from 1."""
    parts = [int(part) for part in text.split(",") if part.strip().isdecimal()]
    if len(parts) != 2 or not (1 <= parts[0] <= len(plan.rows.values) and 1 <= parts[1] <= len(plan.columns.values)):
        raise RequestError(
            expected=f"a reference from 1,1 to {len(plan.rows.values)},{len(plan.columns.values)}",
            got=f"{text!r}",
            remedy="name its row and its column",
        )
    return (parts[0] - 1) * len(plan.columns.values) + parts[1] - 1


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            expected="a folder that can be made", got=f"{out} ({error.strerror})", remedy="choose another with --out"
        ) from error


def _run(comparison: "Comparison", engine: "Engine", out: Path) -> None:
    from echo_studio.studio.compare.files import frame_file, frame_png, record_file, record_json
    from echo_studio.studio.compare.run import run

    plan = comparison.plan
    of = sum(cell.request.sampling.nfe for cell in plan.cells)

    def note(number: int, now: "Progress") -> None:
        advance(sum(cell.request.sampling.nfe for cell in plan.cells[:number]) + now.nfe, of)
        frame, record = frame_png(comparison, number), record_json(comparison, number)
        if frame is not None and record is not None:
            write_bytes(out / frame_file(plan, number), frame)
            write_bytes(out / record_file(plan, number), record)

    with progress("NFE of all cells") as advance:
        run(comparison, engine, on_change=note)


def _write_summary(comparison: "Comparison", reference: int, out: Path) -> None:
    from echo_studio.studio.compare.figures import figures_csv
    from echo_studio.studio.compare.files import FIGURES_FILE, SHEET_FILE
    from echo_studio.studio.compare.sheet import contact_sheet

    write_bytes(out / FIGURES_FILE, figures_csv(comparison, reference).encode())
    write_bytes(out / SHEET_FILE, contact_sheet(comparison, reference))


def _cell_json(comparison: "Comparison", number: int, out: Path) -> Json:
    from echo_studio.studio.compare.figures import record
    from echo_studio.studio.compare.files import frame_file, record_file

    cell, now = comparison.plan.cells[number], comparison.cells[number]
    done = now.generated is not None
    return {
        "row": cell.row + 1,
        "column": cell.column + 1,
        "state": now.state.value,
        "note": cell.note,
        "message": now.message,
        "frame": str(out / frame_file(comparison.plan, number)) if done else None,
        "record_file": str(out / record_file(comparison.plan, number)) if done else None,
        "record": record(comparison, number),
    }


def _table(comparison: "Comparison", report: list[Json]) -> Table:
    from echo_studio.studio.compare.figures import FIGURES, shown
    from echo_studio.studio.compare.plan import ADVISED, AXES

    plan = comparison.plan
    listed = {axis.name for axis in (plan.rows, plan.columns) if ADVISED not in axis.values}
    names = [name for name in FIGURES if name != "adherence" and name not in listed]

    def line(cell: dict[str, Any]) -> list[str]:
        values = (plan.rows.values[cell["row"] - 1], plan.columns.values[cell["column"] - 1])
        remark = "; ".join(filter(None, (cell["note"], cell["message"])))
        known = [shown(name, cell["figures"][name]) for name in names]
        return [*(str(value) for value in values), cell["state"], *known, remark]

    heads = [AXES[plan.rows.name].title, AXES[plan.columns.name].title, "State"]
    return table([*heads, *(FIGURES[name].title for name in names), "Remark"], [line(cell) for cell in report])
