"""`echo-studio evaluate video`: one table of what video generators make, in the papers' layout."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from echo_studio.cli.options import CheckpointsOption, SplitsOption, numbers
from echo_studio.cli.output import JsonOption, print_json, print_result, progress, table
from echo_studio.errors import DataError, EchoStudioError, RequestError, UnknownNameError
from echo_studio.types import Json, View

if TYPE_CHECKING:
    from echo_studio.evaluate.video.metrics import VideoScores, VideoSetting
    from echo_studio.generate.video.generator import VideoEntry


REFERENCES = ("interpolated", "recordings")
NO_WEIGHTS = "no weights"
# Heading, entry of `VideoScores`, its format.
COLUMNS = (
    ("method", "generator", "{:>20}"),
    ("t", "start_step", "{:>3}"),
    ("s", "guidance", "{:>4g}"),
    ("frames", "frames", "{:>6}"),
    ("NFE", "nfe", "{:>4}"),
    ("SSIM", "ssim", "{:>6.3f}"),
    ("PSNR", "psnr", "{:>6.2f}"),
    ("FID", "fid", "{:>10.2f}"),
    ("FVD", "fvd", "{:>10.2f}"),
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
    data: Annotated[Path | None, typer.Option(help="A CAMUS folder; not needed with --recordings.")] = None,
    recordings: Annotated[
        Path | None,
        typer.Option(
            help="A clip (MP4, AVI, DICOM) or a folder of them: print what its speckle remembers, nothing else. With "
            "--reference recordings: EchoNet-Dynamic, CAMUS's half sequences or a folder of loops."
        ),
    ] = None,
    reference: Annotated[
        str, typer.Option(help="What clips are compared with: `interpolated` cycles of --data, or --recordings.")
    ] = "interpolated",
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
    samples: Annotated[int, typer.Option(min=1, max=100, help="Clips of every patient; the papers have ten.")] = 1,
    paper: Annotated[
        bool, typer.Option("--paper", help="FID and FVD too: needs the extra `paper` and its weights on the disk.")
    ] = False,
    paper_weights: Annotated[
        Path | None, typer.Option(help="The same, with the folder that holds the two files of weights.")
    ] = None,
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

    Below the table: how the grain of each generator's clips correlates with itself 1, 2, 4 and 8 frames later, in place
    and with the motion of the label maps taken out, how much a frame differs from the next and how much the mean grey
    wanders, both over the contrast. With --recordings the same of any clips, whose frames the labeller labels.

    With --reference recordings real heartbeats are the reference, labelled frame by frame by the labeller (half
    sequences bring their own labels), and clips are made from their label maps at ED and ES. Recordings that cannot be
    used are named.

    \b
    Example:
      echo-studio evaluate video --generators beat-l64,free-echo,sdedit --start-steps 15,35,55 \\
          --ef 25,40,55,65 --data ~/data/CAMUS_public --json
      echo-studio evaluate video --recordings ~/data/EchoNet-Dynamic/Videos
      echo-studio evaluate video --reference recordings --recordings ~/data/EchoNet-Dynamic --view 4CH --limit 50
    """
    if (data is None) == (recordings is None):
        raise RequestError(
            expected="either --data or --recordings",
            got="none of them" if data is None else "both",
            remedy="leave one of them out" if data else "name a CAMUS folder, or clips",
        )
    if reference not in REFERENCES:
        raise UnknownNameError("reference", reference, REFERENCES)
    if reference == "recordings" and recordings is None:
        raise RequestError(
            expected="--recordings with a folder for --reference recordings", got="none", remedy="name the folder"
        )
    if recordings is not None and reference != "recordings":
        _recordings(recordings, limit, checkpoints, as_json)
        return
    lengths, budgets, steps = (
        numbers(*pair, int) for pair in (("frames", frames), ("nfe", nfe), ("start-steps", start_steps))
    )
    scales, efs = numbers("guidance", guidance, float), numbers("ef", ef, float)
    if not lengths:
        raise RequestError(expected="--frames with a number", got="none", remedy="try --frames 24")
    _check(lengths, budgets, steps, scales, efs, seed)

    from echo_studio.data.clips.interpolated import SIDE, interpolated_cycle
    from echo_studio.data.datasets.camus import CamusFolder
    from echo_studio.data.datasets.recorded import RecordedFolder
    from echo_studio.evaluate.frames.distances import NAMED
    from echo_studio.evaluate.frames.paper_features import PaperFeatures
    from echo_studio.evaluate.frames.segmentation import Scorers
    from echo_studio.evaluate.video.metrics import (
        Beat,
        VideoReference,
        beat_pairs,
        measure_reference,
        measure_video,
        recorded_beats,
    )
    from echo_studio.evaluate.video.recorded import LabelledRecordings
    from echo_studio.generate.video.catalog import load_video_generator, video_generators

    networks = PaperFeatures(paper_weights) if paper or paper_weights else None
    known = video_generators(checkpoints)
    names = generators.split(",")
    for name in names:
        if name not in known:
            raise UnknownNameError("video generator", name, known)
    settings = [one for name in names for one in _settings(known[name], solver, budgets, lengths, steps, scales)]
    scorers = Scorers.load(checkpoints)
    if recordings is not None:
        clips = LabelledRecordings(RecordedFolder(recordings, view, splits), scorers.labeller, limit)
        heading = "recordings"

        def beats_of(length: int) -> list[Beat]:
            return recorded_beats(clips, split, length, SIDE, view)

    else:
        assert data is not None
        pairs = beat_pairs(CamusFolder(data, splits), split, view, limit)
        heading = "interpolated cycles"

        def beats_of(length: int) -> list[Beat]:
            return [Beat.of(*pair, length, interpolated_cycle) for pair in pairs]

    models = {name: load_video_generator(name, checkpoints) for name in names}
    rows: list[VideoScores] = []

    def add(row: "VideoScores") -> None:
        rows.append(row)
        if not as_json:
            typer.echo(_line(row))

    if not as_json:
        typer.echo(_heading())
    for length in lengths:
        compared = VideoReference(scorers, beats_of(length), networks, heading)
        add(measure_reference(compared))
        for setting in settings:
            if setting.frames == length:
                with progress(
                    f"{setting.sampling.generator}, {setting.sampling.nfe} NFE, start step {setting.start_step}"
                ) as advance:
                    add(
                        measure_video(
                            models[setting.sampling.generator], setting, compared, seed, efs, samples, advance
                        )
                    )
    if not as_json:
        for fault in sorted(set(clips.faults)) if recordings else []:
            typer.echo(f"left out: {fault}")
        print_result(False, {}, "", memory_table([(row.generator, row.memory) for row in rows]))
    else:
        print_json(
            {
                "reference": f"recordings ({clips.folder.layout})"
                if recordings
                else "interpolated cycles between real ED and ES frames",
                "left_out": sorted(set(clips.faults)) if recordings else [],
                "split": split,
                "view": view,
                "features": NAMED[scorers.judge.card.kind],
                "labeller": {"features": NAMED[scorers.labeller.card.kind]},
                "efs": efs,
                "rows": [row.to_json() for row in rows],
            }
        )


def memory_table(rows: Sequence[tuple[str, Json]]) -> Table:
    """What clips' speckle remembers: a line a tissue, correlations at the lags in place and with motion taken out."""
    from echo_studio.evaluate.video.memory import LAGS, TISSUES

    def numbers_of(values: "list[float | None]") -> list[str]:
        return ["-" if value is None else f"{value:.2f}" for value in values]

    lines = [
        (
            f"{name}, {memory['fps']:.0f} fps, change {memory['change']:.2f}, wander {memory['wander']:.2f}"
            if k == 0
            else "",
            tissue,
            *numbers_of(memory["in_place"][tissue]),
            *numbers_of(memory["moved_back"][tissue]),
        )
        for name, memory in rows
        for k, tissue in enumerate(TISSUES)
    ]
    heads = [f"lag {lag}" for lag in LAGS]
    return table(("Clips", "Tissue", *heads, *(f"{head}, no motion" for head in heads)), lines)


def _recordings(place: Path, limit: int, checkpoints: Path | None, as_json: bool) -> None:
    """Print what the speckle of recordings remembers."""
    from echo_studio.data.datasets.loops import LoopFolder
    from echo_studio.evaluate.frames.distances import spread
    from echo_studio.evaluate.frames.segmentation import LABELLER, FrameSegmenter
    from echo_studio.evaluate.video.memory import mean_memory
    from echo_studio.evaluate.video.recorded import recorded_memory
    from echo_studio.generate.catalog import bundled_checkpoints

    paths = spread(LoopFolder(place).paths, limit) if place.is_dir() else [place]
    labeller = FrameSegmenter.load((checkpoints or bundled_checkpoints()) / LABELLER)
    found, faults = [], []
    with progress("Measuring recordings") as advance:
        for k, path in enumerate(paths):
            try:
                found.append((path.name, recorded_memory(path, labeller)))
            except EchoStudioError as error:  # the other recordings are measured all the same
                faults.append(f"{path.name}: {error}")
            advance(k + 1, len(paths))
    if not found:
        raise DataError(expected="a recording that can be measured", got="; ".join(faults[:3]), remedy="name others")
    mean = mean_memory([one for _, one in found]).to_json()
    listed = {"recordings": [{"name": name, **one.to_json()} for name, one in found], "mean": mean, "faults": faults}
    rows = [(f"mean of {len(found)}", mean)] if len(found) > 1 else [(found[0][0], mean)]
    print_result(as_json, listed, memory_table(rows), *(f"left out: {fault}" for fault in faults))


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
    if row.nfe:  # the reference is not compared with itself
        values.update({key: NO_WEIGHTS for key in ("fid", "fvd") if values[key] is None})
    return " ".join(_cell(form, values[key]) for _, key, form in COLUMNS)


def _cell(form: str, value: float | str | None) -> str:
    """A value in its column's format; a dash of the same width if it is None, words as they are."""
    if value is not None and value != NO_WEIGHTS:
        return form.format(value)
    width = form.removeprefix("{:>").removesuffix("}").rstrip("fg").split(".")[0]
    return f"{value or '-':>{width}}"
