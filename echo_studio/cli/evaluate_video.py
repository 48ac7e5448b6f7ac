"""`echo-studio evaluate video`: one table of what video generators make, in the papers' layout."""

import itertools
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.options import CheckpointsOption, DataOption, SplitsOption, numbers, opened
from echo_studio.cli.output import JsonOption, print_json, progress
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import View

if TYPE_CHECKING:
    from echo_studio.evaluate.video.metrics import VideoScores, VideoSetting
    from echo_studio.generate.video.generator import VideoEntry


# Heading, entry of `VideoScores`, its format.
COLUMNS = (
    ("method", "generator", "{:>20}"),
    ("t", "start_step", "{:>3}"),
    ("s", "guidance", "{:>4g}"),
    ("frames", "frames", "{:>6}"),
    ("NFE", "nfe", "{:>4}"),
    ("SSIM", "ssim", "{:>6.3f}"),
    ("PSNR", "psnr", "{:>6.2f}"),
    ("FID", "fid", "{:>7.2f}"),
    ("FVD", "fvd", "{:>7.2f}"),
    ("Fr frames", "frechet_frames", "{:>9.2f}"),
    ("Fr motion", "frechet_motion", "{:>9.2f}"),
    ("flicker", "flicker", "{:>7.2f}"),
    ("loop", "loop", "{:>5.2f}"),
    ("LV Dice", "lv_dice", "{:>7.3f}"),
    ("EF error", "ef_error", "{:>8.1f}"),
    ("EF rank", "ef_rank", "{:>7.2f}"),
    ("seconds", "seconds", "{:>7.1f}"),
)


def evaluate_video(
    data: DataOption,
    generators: Annotated[
        str, typer.Option(help="Names with commas between them, such as beat-l64,video-spade,free-echo,sdedit.")
    ] = "beat-l64",
    solver: Annotated[str, typer.Option(help="Sampler; each generator's advised one by default.")] = "",
    nfe: Annotated[
        str, typer.Option(help="Numbers of function evaluations, such as 10,20; the advised one by default.")
    ] = "",
    frames: Annotated[str, typer.Option(help="Frames of a clip, such as 16,24.")] = "24",
    start_steps: Annotated[
        str,
        typer.Option(
            help="Of 64, for generators that have a start step, such as 15,35,55; the advised one by default."
        ),
    ] = "",
    guidance: Annotated[
        str,
        typer.Option(help="Scales of guidance, for generators that take one, such as 0,7; the advised one by default."),
    ] = "",
    ef: Annotated[
        str,
        typer.Option(help="EFs in percent to ask for in turn, such as 25,40,55,65: one more clip of every patient."),
    ] = "",
    view: Annotated[View, typer.Option(help="Apical view.")] = "2CH",
    split: Annotated[str, typer.Option(help="training, validation or testing.")] = "validation",
    limit: Annotated[int, typer.Option(min=0, help="So many patients, spread evenly over the split; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(help="Clip k is made with SEED + k.")] = 0,
    paper: Annotated[
        bool, typer.Option("--paper", help="FID and FVD too: needs the extra `paper` and its weights on the disk.")
    ] = False,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare generated clips with heartbeats that were interpolated between real ED and ES frames.

    Every clip is made from the label maps of a patient's two frames. SSIM and PSNR are means over whole 128 x 128
    frames; Fr are Fréchet distances on echo features of frames and of differences between frames; flicker is the change
    from frame to frame over the reference's; loop the change from the last frame to the first over that between
    neighbours; EF error the points between EF asked and EF measured. Fr, LV Dice and EF are the judge's; --json holds
    the labeller's too. The first line of each number of frames is the reference itself. Fréchet distances grow as clips
    get fewer: compare equal numbers of them.

    \b
    Example:
      echo-studio evaluate video --generators beat-l64,free-echo,sdedit --start-steps 15,35,55 \\
          --ef 25,40,55,65 --data ~/data/CAMUS_public --json
    """
    lengths, budgets, steps = (
        numbers(*pair, int) for pair in (("frames", frames), ("nfe", nfe), ("start-steps", start_steps))
    )
    scales, efs = numbers("guidance", guidance, float), numbers("ef", ef, float)
    if not lengths:
        raise RequestError(expected="--frames with a number", got="none", remedy="try --frames 24")
    _check(lengths, budgets, steps, scales, efs, seed)

    from echo_studio.data.clips.interpolated import interpolated_cycle
    from echo_studio.evaluate.frames.distances import NAMED
    from echo_studio.evaluate.frames.paper_features import PaperFeatures
    from echo_studio.evaluate.video.metrics import Beat, VideoReference, beat_pairs, measure_reference, measure_video
    from echo_studio.generate.video.catalog import load_video_generator, video_generators

    networks = PaperFeatures() if paper else None
    known = video_generators(checkpoints)
    names = generators.split(",")
    for name in names:
        if name not in known:
            raise UnknownNameError("video generator", name, known)
    settings = [one for name in names for one in _settings(known[name], solver, budgets, lengths, steps, scales)]
    folder, scorers = opened(data, splits, checkpoints)
    pairs = beat_pairs(folder, split, view, limit)
    models = {name: load_video_generator(name, checkpoints) for name in names}
    rows: list[VideoScores] = []

    def add(row: "VideoScores") -> None:
        rows.append(row)
        if not as_json:
            typer.echo(_line(row))

    if not as_json:
        typer.echo(_heading())
    for length in lengths:
        beats = [Beat.of(*pair, length, interpolated_cycle) for pair in pairs]
        reference = VideoReference(scorers, beats, networks)
        add(measure_reference(reference))
        for setting in settings:
            if setting.frames == length:
                with progress(
                    f"{setting.sampling.generator}, {setting.sampling.nfe} NFE, start step {setting.start_step}"
                ) as advance:
                    add(measure_video(models[setting.sampling.generator], setting, reference, seed, efs, advance))
    if as_json:
        print_json(
            {
                "reference": "interpolated cycles between real ED and ES frames",
                "split": split,
                "view": view,
                "features": NAMED[scorers.judge.card.kind],
                "labeller": {"features": NAMED[scorers.labeller.card.kind]},
                "efs": efs,
                "rows": [row.to_json() for row in rows],
            }
        )


def _settings(
    entry: "VideoEntry", solver: str, budgets: list[int], lengths: list[int], steps: list[int], scales: list[float]
) -> "list[VideoSetting]":
    """What is measured of one generator: start steps and guidance only where it has them."""
    from echo_studio.evaluate.video.metrics import VideoSetting
    from echo_studio.generate.sampling import advised_sampling

    return [
        VideoSetting(advised_sampling(entry, solver=solver, nfe=nfe, guidance=scale), length, step)
        for length in lengths
        for nfe in budgets or [entry.advised_nfe]
        for scale in ((scales or [entry.advised_guidance]) if entry.guidance else [0.0])
        for step in ((steps or [entry.advised_start_step]) if entry.starts else [0])
    ]


def _check(
    lengths: list[int], budgets: list[int], steps: list[int], scales: list[float], efs: list[float], seed: int
) -> None:
    """Refuse impossible numbers as a request would, before anything is loaded or generated."""
    import numpy as np

    from echo_studio.anatomy.label_map import LabelMap
    from echo_studio.anatomy.labels import SECTOR
    from echo_studio.anatomy.motion.motion import Motion
    from echo_studio.generate.sampling import DEFAULT_SOLVER, Sampling
    from echo_studio.generate.video.request import VideoRequest

    heart, sampling = LabelMap(np.full((8, 8), SECTOR, np.uint8)), Sampling("", DEFAULT_SOLVER, 1)
    for length, step in itertools.product(lengths, steps or [0]):
        VideoRequest(heart, sampling, frames=length, start_step=step, seed=seed)
    for budget, scale in itertools.product(budgets or [1], scales or [0.0]):
        Sampling("", DEFAULT_SOLVER, budget, scale)
    for percent in efs:
        Motion(ef=percent)


def _heading() -> str:
    return " ".join(f"{heading:>{len(_cell(form, None))}}" for heading, _, form in COLUMNS)


def _line(row: "VideoScores") -> str:
    values = row.to_json()
    if not row.nfe:  # the reference was not generated
        values.update(dict.fromkeys(("nfe", "start_step", "guidance")))
    return " ".join(_cell(form, values[key]) for _, key, form in COLUMNS)


def _cell(form: str, value: float | str | None) -> str:
    """A value in its column's format; a dash of the same width if it is None."""
    if value is not None:
        return form.format(value)
    width = form.removeprefix("{:>").removesuffix("}").rstrip("fg").split(".")[0]
    return f"{'-':>{width}}"
