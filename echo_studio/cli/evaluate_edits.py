"""`echo-studio evaluate edits`: how well edited real frames keep to the edited map and to their source."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.options import CheckpointsOption, DataOption, SplitsOption
from echo_studio.cli.output import JsonOption, print_result, progress, table
from echo_studio.errors import RequestError

COLUMNS = ("Edit", "n", "LV cavity", "Epicardium", "LA", "Untouched", "Seam", "Grain")
FIGURES = ("lv_endo", "lv_epi", "la", "untouched", "seam", "grain")


def edits(
    data: DataOption,
    generator: Annotated[
        str, typer.Option(help="A generator by diffusion that `echo-studio models` lists.")
    ] = "edm-l64",
    solver: Annotated[str, typer.Option(help="Sampler; the generator's advised one by default.")] = "",
    nfe: Annotated[int, typer.Option(min=0, max=1000, help="Function evaluations; 0 for what is advised.")] = 0,
    limit: Annotated[
        int, typer.Option(min=0, help="So many frames, spread evenly over the validation split; 0: all.")
    ] = 8,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="A PNG picture: the first five frames, real and with each edit.")
    ] = None,
    beats: Annotated[
        int, typer.Option(min=0, help="So many frames at end diastole beat with EF 25, 40 and 55; 0: none.")
    ] = 0,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Edit real frames, and measure adherence, what stays untouched, seams, grain and what is kept of the look.

    Adherence is the judge's Dice with the edited map. The sheet shows real patients: keep to the licence of the data.

    \b
    Example:
      echo-studio evaluate edits --data ~/data/CAMUS_public --limit 60
    """
    from echo_studio.cli.options import opened
    from echo_studio.data.atomic import check_writable
    from echo_studio.data.datasets.camus import held_out
    from echo_studio.evaluate.frames.defect_effects import write_sheet
    from echo_studio.evaluate.frames.distances import spread
    from echo_studio.evaluate.frames.edited_frames import EDITS, measure_edits
    from echo_studio.evaluate.frames.realism import read_at_side
    from echo_studio.evaluate.video.beating_stills import measure_beating_stills
    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.generator import SampledGenerator
    from echo_studio.generate.sampling import advised_sampling
    from echo_studio.generate.source import EDITED_NOTICE
    from echo_studio.generate.video.catalog import default_video_generator, load_video_generator

    if sheet is not None:
        if sheet.suffix != ".png":
            raise RequestError(expected="a sheet that ends in .png", got=str(sheet), remedy="try --sheet edits.png")
        check_writable(sheet)
    folder, scorers = opened(data, splits, checkpoints)
    every = read_at_side(folder, held_out(folder, "validation"))
    model = load_generator(generator, checkpoints)
    if not isinstance(model, SampledGenerator):
        raise RequestError(expected="a generator by diffusion", got=generator, remedy="try --generator edm-l64")
    sampling = advised_sampling(model.card, solver=solver, nfe=nfe or None, guidance=0)
    with progress(f"{model.card.name}, {sampling.solver}, {sampling.nfe} NFE") as advance:
        images = [frame.image for frame in every]
        found, rows = measure_edits(
            model, spread(every, limit), sampling, scorers, images, advance, keep=5 if sheet else 0
        )
    if beats:
        stills = [frame for frame in every if frame.frame_id.phase == "ED"]
        beating = load_video_generator(default_video_generator(checkpoints), checkpoints)
        with progress(f"{beating.entry.name} of real frames") as advance:
            found["beating"] = measure_beating_stills(
                beating, spread(stills, beats), advised_sampling(beating.entry), scorers, advance
            )
    if sheet is not None:
        write_sheet(rows, ("real frame", *EDITS), EDITED_NOTICE, sheet)
    cells = [[edit["edit"], str(edit["n"]), *(str(edit[figure]) for figure in FIGURES)] for edit in found["edits"]]
    kept = found["kept"]
    lines = [f"Unedited: {found['unedited_db']} dB against the codec alone (least {found['unedited_db_least']})."]
    if "nearest" in kept:
        lines.append(
            f"Whole frame: mean, contrast and grain of the surroundings correlate {kept['mean']}, {kept['contrast']} "
            f"and {kept['grain']} with the source's; it is the nearest of {kept['others']} frames in "
            f"{kept['nearest']:.0%}."
        )
    if beats:
        one = found["beating"]
        lines.append(
            f"{one['n']} beats of real frames: EF {one['error']} points from what was asked (bias {one['bias']}), the "
            f"first frame {one['first_frame_db']} dB to its source (least {one['first_frame_db_least']})."
        )
    print_result(as_json, found, table(COLUMNS, cells), *lines)
