"""`echo-studio synthesise`: a set of synthetic frames and clips from label maps."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.options import CheckpointsOption, number_range, numbers, pairs, share
from echo_studio.cli.output import INTERRUPTED, JsonOption, print_result
from echo_studio.types import Json, Phase, View

if TYPE_CHECKING:
    from echo_studio.dataset.build.manifest import SetRequest
    from echo_studio.dataset.build.plan import Plan
    from echo_studio.dataset.build.set_folder import SetFolder

EVERY = 10.0  # seconds between lines of progress where stderr is no terminal


def synthesise(
    out: Annotated[
        str,
        typer.Option(
            help="Folder of the set, a new one or one that was begun with this command; or s3://BUCKET/NAME, gs://... "
            "(extra `cluster`)."
        ),
    ],
    label_maps: Annotated[
        Path | None,
        typer.Option(
            help="Folder of label maps (PNG, NIfTI, MetaImage, NRRD), a set of ours in any format, "
            "CAMUS's layout, nnU-Net's raw "
            "data, or DICOM segmentations; the bundled maps by default."
        ),
    ] = None,
    view: Annotated[
        View | None, typer.Option(help="Take maps of this view; what maps show whose names do not tell.")
    ] = None,
    phase: Annotated[Phase | None, typer.Option(help="The same for ED and ES.")] = None,
    split: Annotated[
        str, typer.Option(help="Of a data set that has splits: training, validation, testing or all.")
    ] = "training",
    generator: Annotated[str, typer.Option(help="Names that `echo-studio models` lists, with commas.")] = "edm-l64",
    solver: Annotated[str, typer.Option(help="Sampler; each generator's advised one by default.")] = "",
    nfe: Annotated[str, typer.Option(help="NFE, such as 5,10,20; each generator's advised one by default.")] = "",
    variations: Annotated[int, typer.Option(help="Deformations of every map; 0 for the maps as they are.")] = 5,
    seeds: Annotated[int, typer.Option(help="Samples of every deformed map, each from other noise.")] = 1,
    ranges: Annotated[
        list[str] | None,
        typer.Option(
            "--range", help="Of the deformations, e.g. rotation-deg=10 or scale=0.9,1.1; the papers' by default."
        ),
    ] = None,
    defect: Annotated[
        list[str] | None, typer.Option(help="A defect and its share of the hearts, e.g. septal=0.1; repeatable.")
    ] = None,
    ef: Annotated[
        str,
        typer.Option(
            help="Ejection fraction in percent, e.g. 25-65: each sample draws its own. Clips need it; frames then show "
            "maps at end diastole contracted to end systole."
        ),
    ] = "",
    frames: Annotated[int | None, typer.Option(help="Frames of a clip, 2 to 64; 24 by default.")] = None,
    look: Annotated[
        Path | None,
        typer.Option(
            help="A real frame, or a folder of frames and recordings: the samples get their grain, each that of one of "
            "them. Only two numbers a frame go into the set."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of deformations, defects, ejection fractions and noise.")] = 0,
    batch: Annotated[int, typer.Option(help="Frames computed at once: 1 is best on a CPU, 16 and more on a GPU.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes; on a CPU each computes with one thread.")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 or mps.")] = "cpu",
    cluster: Annotated[
        str,
        typer.Option(
            help="Workers elsewhere (extra `cluster`), all of which must see SET: slurm, with settings as "
            "slurm:partition=gpu,timeout_min=60; or Ray: the ADDRESS of a cluster, or auto for this machine."
        ),
    ] = "",
    plan: Annotated[bool, typer.Option("--plan", help="Tell samples, minutes and disk, and stop.")] = False,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a set of synthetic frames or clips: label maps x variations x generators x seeds.

    Tells samples, minutes and disk first. SET/manifest.jsonl fixes every sample, and SET/index.jsonl says which are
    finished. Stopped by Ctrl+C, a crash or a full disk, the same command goes on, and the set is bit for bit the one
    that an undisturbed run makes, with any number of workers. `echo-studio export SET` writes it in other formats.

    \b
    Example:
      echo-studio synthesise --label-maps maps --view 4CH --generator edm-l64 --nfe 10 --variations 8 \\
          --defect septal=0.1 --seed 5 --out my-set
      echo-studio synthesise --view 4CH --generator free-echo --ef 25-65 --variations 8 --out my-clips
    """
    from echo_studio.dataset.build.cluster import AUTO
    from echo_studio.dataset.build.plan import plan_set
    from echo_studio.dataset.build.request import ranges_of, set_request
    from echo_studio.dataset.build.stored_set import set_at
    from echo_studio.dataset.sources.base_maps import base_maps, passed_over
    from echo_studio.dataset.sources.looks import looks_of

    if label_maps is not None and (others := passed_over(label_maps)):
        listed = f"{', '.join(others[:3])}{', ...' if len(others) > 3 else ''}"
        typer.echo(f"passed over {len(others)} file{'s' if len(others) > 1 else ''}: {listed}", err=True)
    widths = {key.replace("-", "_"): numbers(f"range {key}", text, float) for key, text in pairs(ranges, "--range")}
    shares = {key: share(key, text) for key, text in pairs(defect, "--defect")}
    efs = number_range("ef", ef)
    generators = [name.strip() for name in generator.split(",") if name.strip()]
    request = set_request(
        # Beats begin at end diastole: of a folder of both phases, those maps are meant.
        base_maps(label_maps, view, phase or ("ED" if efs else None), split),
        generators,
        solver,
        numbers("nfe", nfe, int),
        checkpoints,
        device,
        frames,
        variations=variations,
        repeats=seeds,
        ranges=ranges_of(widths),
        defects=shares,
        ef=efs,
        looks=() if look is None else looks_of(look, generators, checkpoints),
        seed=seed,
        batch=batch,
    )
    folder = set_at(out)
    folder.check(request)
    planned = plan_set(request, folder, workers, checkpoints, elsewhere=cluster not in ("", AUTO))
    if plan:
        print_result(as_json, {"plan": planned.to_json()}, format_plan(planned))
        return
    typer.echo(format_plan(planned), err=True)
    done = _make(request, folder, workers, checkpoints, device, cluster, planned)
    aside = f", {done['set_aside']} set aside (their defect does not fit)" if done["set_aside"] else ""
    line = f"{out}  {done['samples']} of {planned.samples} samples{aside}  sha256 {done['sha256'][:16]}"
    print_result(as_json, {"out": out, "plan": planned.to_json(), **done}, line)
    if done["samples"] + done["set_aside"] < planned.samples:
        typer.echo("stopped; the same command goes on from here", err=True)
        raise typer.Exit(INTERRUPTED)


def _make(
    request: "SetRequest",
    folder: "SetFolder",
    workers: int,
    checkpoints: Path | None,
    device: str,
    cluster: str,
    planned: "Plan",
) -> Json:
    from echo_studio.dataset.build.cluster import on_cluster
    from echo_studio.dataset.build.slurm import SLURM, on_slurm, settings_of
    from echo_studio.dataset.build.synthesise import Executor
    from echo_studio.dataset.build.synthesise import synthesise as run

    executor: Executor | None = None
    if cluster.partition(":")[0] == SLURM:
        executor = partial(on_slurm, folder=folder, workers=workers, settings=settings_of(cluster, device))
    elif cluster:
        executor = partial(on_cluster, address=cluster, workers=workers)
    started = time.perf_counter()
    made = 0
    with folder.begin(request), _ctrl_c() as stopped, _pace(planned.finished, planned.samples) as advance:

        def on_made(samples: int) -> None:
            nonlocal made
            made += samples
            advance(made)

        run(folder, workers, checkpoints, device, on_made, stopped, executor)
        seconds = time.perf_counter() - started
        counts = folder.count()
        return {
            **counts,
            "made": made,
            "seconds": round(seconds, 2),
            "samples_per_second": round(made / seconds, 3),
            "sha256": folder.index.sha256(),
        }


@contextmanager
def _ctrl_c() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl+C came: samples under way are finished first. A second one ends at once."""
    came = False

    def note(*_: object) -> None:
        nonlocal came
        came = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _pace(finished: int, of: int) -> Iterator[Callable[[int], None]]:
    """Progress, rate and time left on stderr: one line that is written over, in a log file one line now and then."""
    started = printed = time.perf_counter()
    live = sys.stderr.isatty()

    def advance(made: int) -> None:
        nonlocal printed
        now = time.perf_counter()
        last = finished + made == of
        if live or last or now - printed >= EVERY:
            printed = now
            text = pace_text(finished + made, of, made / (now - started))
            sys.stderr.write(f"\r{text}\x1b[K" if live else f"{text}\n")
            sys.stderr.flush()

    try:
        yield advance
    finally:
        if live:
            sys.stderr.write("\n")


def pace_text(done: int, of: int, rate: float) -> str:
    """How far the work is, samples a second, and what is left: minutes and seconds, hours where it is long."""
    seconds = round((of - done) / rate)
    minutes, hours = seconds // 60, seconds // 3600
    left = f"{hours} h {minutes % 60:02d} min" if hours else f"{minutes}:{seconds % 60:02d} min"
    return f"{done}/{of} samples, {rate:.2f} a second, {left} left"


def format_plan(plan: "Plan") -> str:
    done = f" ({plan.finished} of them finished)" if plan.finished else ""
    free, short = "", ""
    if plan.free_bytes is not None:
        free = f" ({plan.free_bytes / 1e9:.1f} GB free)"
        short = "; NOT ENOUGH ROOM" if plan.disk_bytes > plan.free_bytes else ""
    disk = f"{plan.disk_bytes / 1e6:.0f} MB of disk{free}"
    what = "clips" if plan.clips == plan.samples else "images and clips" if plan.clips else "images"
    return (
        f"{plan.samples} {what}{done} of {plan.label_maps} label maps, {plan.minutes:.1f} minutes with "
        f"{plan.workers} worker{'s' if plan.workers > 1 else ''}, {disk}{short}"
    )
