"""`echo-studio evaluate utility`: how well networks that saw generated frames alone do on real patients."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.options import CheckpointsOption, SplitsOption, numbers
from echo_studio.cli.output import JsonOption, print_result, progress, table
from echo_studio.errors import RequestError
from echo_studio.types import Json


def utility(
    data: Annotated[
        Path, typer.Option(help="A folder in CAMUS's layout: label maps, and real frames to compare with.")
    ],
    test: Annotated[Path | None, typer.Option(help="A folder in CAMUS's layout to test on; DATA by default.")] = None,
    test_split: Annotated[str, typer.Option(help="training, validation or testing, of TEST.")] = "testing",
    generator: Annotated[str, typer.Option(help="Names that `echo-studio models` lists, with commas.")] = "edm-l64",
    solver: Annotated[str, typer.Option(help="Sampler; each generator's advised one by default.")] = "",
    nfe: Annotated[str, typer.Option(help="NFE, such as 5,10,20; each generator's advised one by default.")] = "",
    maps: Annotated[int, typer.Option(min=1, help="Deformed label maps, and so synthetic frames.")] = 9000,
    segmenter: Annotated[str, typer.Option(help="A recipe of training/downstream, or a TOML file.")] = "unet8",
    classifier: Annotated[str, typer.Option(help="The same for views; '' for none.")] = "view-small",
    epochs: Annotated[
        int, typer.Option(min=0, help="Of the segmenter, and at most so many of the classifier; 0 for the recipes'.")
    ] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of every network; figures are their means.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the deformations and of the frames.")] = 0,
    limit: Annotated[int, typer.Option(min=0, help="So many test frames, evenly spread; 0 for all.")] = 0,
    work: Annotated[
        Path | None, typer.Option(help="Where sets, states and results are kept; a cache folder by default.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 for one a core.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 or mps.")] = "cpu",
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a generator's utility: train on its frames alone, test on real patients.

    Deforms the training patients' label maps, makes a frame of each, trains a segmenter and a view classifier on them
    and, beside it, on the same patients' real frames with the same budget, and tests both. Dice and accuracy are
    fractions. Killed at any time, the same command goes on; what was made once is found again in WORK.

    \b
    Example:
      echo-studio evaluate utility --nfe 10 --data ~/data/CAMUS_public --test-split validation --maps 3200 --seeds 3
    """
    import platformdirs

    from echo_studio.data.datasets.camus import CamusFolder
    from echo_studio.evaluate.utility.downstream_recipe import downstream_recipe
    from echo_studio.evaluate.utility.figures import utility_json
    from echo_studio.evaluate.utility.request import UtilityRequest, samplings
    from echo_studio.evaluate.utility.run import measure_utility
    from echo_studio.parallel import cores

    names = [name.strip() for name in generator.split(",") if name.strip()]
    finds = downstream_recipe(segmenter, "segmentation")
    tells = downstream_recipe(classifier, "view") if classifier else None
    if epochs:
        finds = finds.model_copy(update={"epochs": epochs})
        tells = tells and tells.model_copy(update={"epochs": min(epochs, tells.epochs)})
    if not names:
        raise RequestError(expected="a generator", got="none", remedy="try --generator edm-l64")
    place = work or platformdirs.user_cache_path("echo-studio", appauthor=False) / "utility"
    request = UtilityRequest(
        data=CamusFolder(data, splits),
        test=CamusFolder(test or data, None if test else splits),
        test_split=test_split,
        samplings=tuple(samplings(names, solver, numbers("nfe", nfe, int), checkpoints)),
        checkpoints=checkpoints,
        maps=maps,
        segmenter=finds,
        classifier=tells,
        seeds=seeds,
        set_seed=seed,
        limit=limit,
        work=place,
        workers=workers or cores(),
        device=device,
    )
    with progress("Measuring utility") as advance:
        found = measure_utility(request, lambda stage, done, of: advance(done, of))
    report = utility_json(request, found)
    rows = [_row(f"{run['generator']}, {run['nfe']} NFE", run["figures"]) for run in report["runs"]]
    columns = ("Trained on", "LV endo", "LV epi", "LA", "Hausdorff endo (px)", "View")
    print_result(as_json, report, table(columns, [*rows, _row("real frames", report["real_figures"])]))


def _row(name: str, figures: Json) -> tuple[str, ...]:
    def format_figure(figure: Json | None, digits: int) -> str:
        return f"{figure['mean']:.{digits}f} ± {figure['bootstrap_sd']:.{digits}f}" if figure else "-"

    dice = (format_figure(figures["dice"].get(key), 3) for key in ("lv_endo", "lv_epi", "la"))
    return (
        name,
        *dice,
        format_figure(figures["hausdorff_px"].get("lv_endo"), 1),
        format_figure(figures["view_accuracy"], 3),
    )
