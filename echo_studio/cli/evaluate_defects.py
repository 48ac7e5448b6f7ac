"""`echo-studio evaluate defects`: what a generator shows of each defect."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.options import CheckpointsOption, DataOption, SplitsOption
from echo_studio.cli.output import JsonOption, print_result, progress, table
from echo_studio.errors import RequestError


def defects(
    data: DataOption,
    generator: Annotated[str, typer.Option(help="A name that `echo-studio models` lists.")] = "edm-l64",
    solver: Annotated[str, typer.Option(help="Sampler; the generator's advised one by default.")] = "",
    nfe: Annotated[int, typer.Option(min=0, max=1000, help="Function evaluations; 0 for what is advised.")] = 0,
    limit: Annotated[
        int, typer.Option(min=0, help="So many label maps, spread evenly over the validation split; 0: all.")
    ] = 8,
    seed: Annotated[int, typer.Option(help="Map k is generated with SEED + k, with and without a defect.")] = 0,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="A PNG picture: the first four maps, without and with each defect.")
    ] = None,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Grey levels where each defect changes the label map, in the frame without it and in the frame with it.

    Both frames have the same seed. Nothing of a heart may be painted beyond the sector. Maps without a spacing have
    only the defects that are not measured in mm.

    \b
    Example:
      echo-studio evaluate defects --generator edm-l64 --data ~/data/CAMUS_public --sheet defects.png
    """
    from echo_studio.anatomy.edits.defects import DEFECTS
    from echo_studio.data.atomic import check_writable
    from echo_studio.data.datasets.camus import CamusFolder, held_out
    from echo_studio.data.formats.media import NOTICE
    from echo_studio.evaluate.frames.defect_effects import measure_defects, write_sheet
    from echo_studio.evaluate.frames.distances import spread
    from echo_studio.evaluate.frames.realism import read_at_side
    from echo_studio.evaluate.report.sections import DEFECT_COLUMNS, defect_rows
    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.request import check_seed
    from echo_studio.generate.sampling import advised_sampling

    check_seed(seed)
    if sheet is not None:
        if sheet.suffix != ".png":
            raise RequestError(expected="a sheet that ends in .png", got=str(sheet), remedy="try --sheet defects.png")
        check_writable(sheet)
    folder = CamusFolder(data, splits)
    frames = read_at_side(folder, spread(held_out(folder, "validation"), limit))
    model = load_generator(generator, checkpoints)
    sampling = advised_sampling(model.card, solver=solver, nfe=nfe or None, guidance=0)
    with progress(f"{model.card.name}, {sampling.solver}, {sampling.nfe} NFE") as advance:
        found, rows = measure_defects(model, frames, sampling, seed, advance, keep=4 if sheet else 0)
    if sheet is not None:
        write_sheet(rows, ("no defect", *DEFECTS), NOTICE, sheet)
    print_result(as_json, found, table(DEFECT_COLUMNS, [[str(cell) for cell in row] for row in defect_rows(found)]))
