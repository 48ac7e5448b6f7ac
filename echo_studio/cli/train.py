"""`echo-studio train`: a model from a recipe and a data folder."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.options import CheckpointsOption, SplitsOption
from echo_studio.cli.output import BAD_INPUT, JsonOption, print_result, progress
from echo_studio.errors import EchoStudioError, RequestError
from echo_studio.types import View

if TYPE_CHECKING:
    from echo_studio.train.tasks.video import RecordedSource


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe, e.g. training/edm-l64.toml.")],
    out: Annotated[Path, typer.Option(help="Folder of the run: states, samples, TensorBoard log, checkpoint.")],
    data: Annotated[
        Path | None, typer.Option(help="A folder in CAMUS's layout with its split files; not needed with --recordings.")
    ] = None,
    recordings: Annotated[
        Path | None,
        typer.Option(
            help="For recipes of clips: EchoNet-Dynamic, CAMUS's half sequences, or a folder of loops to learn from."
        ),
    ] = None,
    view: Annotated[View, typer.Option(help="Of --recordings whose layout does not tell it.")] = "4CH",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out stopped.")] = False,
    init: Annotated[Path | None, typer.Option(help="Checkpoint folder to warm-start from.")] = None,
    minutes: Annotated[float, typer.Option(help="Stop after so many minutes, resumable; 0 for no limit.")] = 0.0,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 or mps.")] = "cpu",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves torch's choice.")] = 0,
    gradient_accumulation_steps: Annotated[
        int,
        typer.Option(
            "--pieces", min=1, help="Compute each batch in so many parts (gradient accumulation): saves memory."
        ),
    ] = 1,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model.

    With --recordings a network of clips learns from real heartbeats: every frame of them is labelled by the labeller
    and the labels are evened out over time; half sequences bring their own labels.

    Writes OUT/checkpoint/ (averaged weights and card), OUT/samples/, OUT/log/ (TensorBoard) and OUT/step-*/ (the state
    that --resume needs). Killed at any moment, a run loses at most the minutes since its last state. Under torchrun
    the processes share every batch, each with a core or, with --device cuda, a GPU of its own.

    \b
    Example:
      echo-studio train training/edm-l64.toml --data ~/data/CAMUS_public --out runs/edm-l64 --minutes 90
      echo-studio train training/video-spade.toml --recordings ~/data/EchoNet-Dynamic --out runs/video
      torchrun --nproc-per-node 4 -m echo_studio.cli train training/papers/edm.toml --device cuda ...
    """
    import torch

    from echo_studio.data.datasets.camus import CamusFolder
    from echo_studio.generate.catalog import bundled_checkpoints
    from echo_studio.train.loop import Report
    from echo_studio.train.loop import train as run_training
    from echo_studio.train.recipe import read_recipe
    from echo_studio.train.registry import task_for
    from echo_studio.train.team import join

    if (data is None) == (recordings is None):
        raise RequestError(
            expected="either --data or --recordings",
            got="none of them" if data is None else "both",
            remedy="leave one of them out" if data else "name a CAMUS folder, or recordings",
        )
    if threads:
        torch.set_num_threads(threads)
    with _reported_once():
        team = join(device)
        plan = team.main_process_first(lambda: read_recipe(recipe))
        folder = checkpoints or bundled_checkpoints()
        task = team.main_process_first(
            lambda: task_for(
                plan,
                CamusFolder(data, splits) if data else None,
                folder,
                init,
                str(team.device),
                _recorded(recordings, view, splits, folder) if recordings else None,
            )
        )
    figures = ("loss {task.fields[loss]:.4f}", "{task.fields[speed]:.1f} images/s")
    bar = progress(plan.name, *figures, shown=team.is_main_process, loss=math.nan, speed=0.0)
    with bar as advance, _reported_once():

        def note(report: Report) -> None:
            loss, speed = report.figures["model/loss"], report.images_per_second
            advance(report.images, report.total, loss=loss, speed=speed)

        card = run_training(
            plan,
            task,
            out,
            resume=resume,
            init=init,
            minutes=minutes or math.inf,
            on_step=note,
            team=team,
            gradient_accumulation_steps=gradient_accumulation_steps,
            tell=lambda text: typer.echo(text, err=True) if team.is_main_process else None,
        )
        team.leave()
    if not team.is_main_process:
        return
    place = str(out / "checkpoint")
    found = {"checkpoint": place, "images_seen": card.images_seen, "scores": card.scores}
    print_result(as_json, found, f"{place}: {card.images_seen} images, {card.scores}")


def _recorded(place: Path, view: View, splits: Path | None, checkpoints: Path) -> "RecordedSource":
    """Recordings, labelled by the labeller of a folder of checkpoints."""
    from echo_studio.data.datasets.recorded import RecordedFolder
    from echo_studio.evaluate.frames.segmentation import LABELLER, FrameSegmenter
    from echo_studio.evaluate.video.recorded import LabelledRecordings
    from echo_studio.train.tasks.video import RecordedSource

    folder = RecordedFolder(place, view, splits)
    clips = LabelledRecordings(folder, FrameSegmenter.load(checkpoints / LABELLER))
    return RecordedSource(clips, clips.key, folder.layout)


@contextmanager
def _reported_once() -> Iterator[None]:
    """If several processes meet the same error, only the first one reports it; all end with the same exit code."""
    from echo_studio.train.team import rank

    try:
        yield
    except EchoStudioError:
        if rank() == 0:
            raise
        raise typer.Exit(BAD_INPUT) from None
