"""`echo-studio evaluate quality`: adherence and Fréchet distance of a generator at several NFE."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.options import CheckpointsOption, SplitsOption, numbers
from echo_studio.cli.output import JsonOption, print_json, progress
from echo_studio.errors import CheckpointError, RequestError

if TYPE_CHECKING:
    from echo_studio.evaluate.frames.adherence import Quality

LINE = "{:>16} {:>5} {:>8} {:>8} {:>8} {:>9}"


def quality(
    data: Annotated[Path, typer.Option(help="A folder in CAMUS's layout with its split files.")],
    generator: Annotated[str, typer.Option(help="A name that `echo-studio models` lists.")] = "edm-l64",
    solver: Annotated[str, typer.Option(help="Sampler; the advised one by default.")] = "",
    nfe: Annotated[
        str, typer.Option(help="Numbers of function evaluations, such as 2,5,10; the advised one by default.")
    ] = "",
    split: Annotated[str, typer.Option(help="training, validation or testing.")] = "validation",
    limit: Annotated[int, typer.Option(min=0, help="So many frames, spread evenly over the split; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(help="Frame k is made with SEED + k.")] = 0,
    write_card: Annotated[
        bool, typer.Option("--write-card", help="Keep every line in the generator's card as soon as it is measured.")
    ] = False,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure quality against cost: adherence and Fréchet distance at several NFE.

    Makes a frame from the label map of each real one. Adherence is the mean Dice, as a fraction, of the bundled
    segmenter on them; the Fréchet distance on echo features is to those real frames. The last line gives what real
    frames reach: adherence of the same frames, Fréchet distance of as many frames of other hearts, from the training
    split. Fréchet distances grow as frames get fewer: compare equal numbers of them.

    \b
    Example:
      echo-studio evaluate quality --generator edm-l64 --solver ipndm --nfe 2,5,10 --data ~/data/CAMUS_public --limit 48
    """
    from echo_studio.data.datasets.camus import CamusFolder
    from echo_studio.evaluate.frames.adherence import Validation
    from echo_studio.evaluate.frames.distances import NAMED, RealFrames, spread
    from echo_studio.evaluate.frames.segmentation import FrameSegmenter
    from echo_studio.generate.catalog import bundled_checkpoints, catalog
    from echo_studio.generate.checkpoint import ONE_CALL
    from echo_studio.generate.request import check_seed
    from echo_studio.generate.sampling import advised_sampling

    if write_card and split != "validation":
        raise RequestError(
            expected="--split validation with --write-card, since cards hold validation scores",
            got=split,
            remedy="leave one of them out",
        )
    models = catalog(checkpoints)
    model = models.load(generator)
    budgets = numbers("nfe", nfe, int) or [model.card.advised_nfe]
    samplings = [advised_sampling(model.card, solver=solver, nfe=budget, guidance=0) for budget in budgets]
    check_seed(seed)
    if model.card.kind in ONE_CALL and budgets != [1]:
        raise RequestError(
            expected=f"--nfe 1, since {generator} makes a frame in one call",
            got=f"--nfe {nfe}",
            remedy="leave --nfe out",
        )
    folder = CamusFolder(data, splits)
    frame_ids = spread(folder.frame_ids(folder.split(split)), limit)
    segmenter = FrameSegmenter.load((checkpoints or bundled_checkpoints()) / "segmenter")
    frames = [folder.read(frame_id) for frame_id in frame_ids]
    validation = Validation.of(segmenter, frames, RealFrames.of(segmenter, folder))
    if not as_json:
        typer.echo(LINE.format("solver", "NFE", "LV endo", "LV epi", "LA", "Fréchet"))
    measured = []
    for sampling in samplings:
        with progress(f"{generator}, {sampling.solver}, {sampling.nfe} NFE") as advance:
            line = validation.measure(model, sampling, seed, advance)
        if write_card:
            _keep(models.generators()[generator].folder, model.card.sha256, line)
        measured.append(line)
        if not as_json:
            typer.echo(_line(sampling.solver, str(sampling.nfe), line.dice, line.frechet))
    if as_json:
        real = {**validation.adherence, "frechet": validation.frechet_real}
        by_nfe = [line.to_json() for line in measured]
        print_json({"generator": generator, "n": len(frames), "features": NAMED, "real": real, "by_nfe": by_nfe})
    else:
        typer.echo(_line("real frames", "", validation.adherence, validation.frechet_real))


def _line(name: str, nfe: str, dice: dict[str, float], frechet: float) -> str:
    scores = (f"{dice[key]:.3f}" if key in dice else "-" for key in ("lv_endo", "lv_epi", "la"))
    return LINE.format(name, nfe, *scores, f"{frechet:.2f}")


def _keep(folder: Path, sha256: str, line: "Quality") -> None:
    """Write a line into the card as it is on the disk now, since others may write to it meanwhile."""
    from echo_studio.evaluate.frames.adherence import with_quality
    from echo_studio.generate.checkpoint import read_card, write_card

    card = read_card(folder)
    if card.sha256 != sha256:
        raise CheckpointError(
            expected=f"the weights {sha256[:12]}... that were measured",
            got=f"{card.sha256[:12]}... in {folder} by now",
            remedy="measure again",
        )
    write_card(folder, with_quality(card, line))
