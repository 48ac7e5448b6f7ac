"""`echo-studio evaluate ...`: how good generated frames and clips are."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.evaluate_video import evaluate_video
from echo_studio.cli.fidelity import fidelity
from echo_studio.cli.options import CheckpointsOption, SplitsOption
from echo_studio.cli.output import JsonOption, print_json, print_table, progress
from echo_studio.cli.privacy import privacy
from echo_studio.cli.quality import quality
from echo_studio.cli.report import report
from echo_studio.cli.utility import utility

evaluate = typer.Typer(help="Measure what a generator makes.")


@evaluate.command("adherence")
def adherence(
    data: Annotated[Path, typer.Option(help="A folder in CAMUS's layout with its split files.")],
    generator: Annotated[str, typer.Option(help="A name that `echo-studio models` lists.")] = "edm-l64",
    solver: Annotated[str | None, typer.Option(help="Sampler; the generator's advised one by default.")] = None,
    nfe: Annotated[
        int | None, typer.Option(help="Number of function evaluations, 1 to 1000; what is advised by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="training, validation or testing.")] = "validation",
    limit: Annotated[int, typer.Option(min=0, help="First so many frames of the split; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(help="Frame k is made with SEED + k.")] = 0,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare generated frames with the label maps that guided them.

    Prints the mean Dice, as fractions, of the bundled segmenter on the real frames and on frames generated from their
    label maps.

    \b
    Example:
      echo-studio evaluate adherence --generator edm-l64 --nfe 20 --data ~/data/CAMUS_public --split validation --json
    """
    from echo_studio.data.datasets.camus import CamusFolder
    from echo_studio.evaluate.frames.adherence import measure_adherence
    from echo_studio.evaluate.frames.segmentation import FrameSegmenter
    from echo_studio.generate.catalog import bundled_checkpoints, load_generator
    from echo_studio.generate.request import check_seed
    from echo_studio.generate.sampling import advised_sampling

    model = load_generator(generator, checkpoints)
    sampling = advised_sampling(model.card, solver=solver, nfe=nfe, guidance=0)
    check_seed(seed)
    folder = CamusFolder(data, splits)
    frame_ids = folder.frame_ids(folder.split(split))
    frames = [folder.read(frame_id) for frame_id in frame_ids[: limit or None]]
    places = checkpoints or bundled_checkpoints()
    segmenter = FrameSegmenter.load(places / "segmenter")
    with progress("Generating") as advance:
        report = measure_adherence(model, segmenter, frames, sampling, seed, advance)
    if as_json:
        print_json(report.to_json())
        return
    rows = [(key, f"{report.real[key]:.3f}", f"{report.generated[key]:.3f}") for key in report.generated]
    print_table(("Structure", "Real", "Generated"), rows)


evaluate.command("quality")(quality)
evaluate.command("fidelity")(fidelity)
evaluate.command("privacy")(privacy)
evaluate.command("utility")(utility)
evaluate.command("video")(evaluate_video)
evaluate.command("report")(report)
