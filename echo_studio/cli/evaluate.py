"""`echo-studio evaluate ...`: how good generated frames and clips are."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.evaluate_defects import defects
from echo_studio.cli.evaluate_edits import edits
from echo_studio.cli.evaluate_realism import realism
from echo_studio.cli.evaluate_video import evaluate_video
from echo_studio.cli.options import CheckpointsOption, DataOption, SplitsOption, numbers, opened
from echo_studio.cli.output import JsonOption, print_json, print_result, progress, table
from echo_studio.cli.utility import utility
from echo_studio.errors import RequestError
from echo_studio.types import Json

if TYPE_CHECKING:
    from echo_studio.data.datasets.camus import CamusFrame
    from echo_studio.evaluate.frames.made_frames import MadeSet

DEFAULT_GENERATOR = "edm-l64"
GeneratorOption = Annotated[
    str, typer.Option(help=f"A name that `echo-studio models` lists; {DEFAULT_GENERATOR} without --images.")
]
ImagesOption = Annotated[
    Path | None, typer.Option("--images", help="A folder of PNG frames of one size to score, in place of a generator.")
]
SolverOption = Annotated[str, typer.Option(help="Sampler; the generator's advised one by default.")]
NfeOption = Annotated[int, typer.Option(min=0, max=1000, help="Function evaluations; 0 for what is advised.")]
SeedOption = Annotated[int, typer.Option(help="Frame k is made with SEED + k.")]
SpreadOption = Annotated[int, typer.Option(min=0, help="So many frames, spread evenly over the split; 0 for all.")]
LINE = "{:>16} {:>5} {:>8} {:>8} {:>8} {:>9} {:>6} {:>6}"

evaluate = typer.Typer(help="Measure what a generator makes.")


@evaluate.command("adherence")
def adherence(
    data: DataOption,
    generator: Annotated[str, typer.Option(help="A name that `echo-studio models` lists.")] = DEFAULT_GENERATOR,
    solver: Annotated[str | None, typer.Option(help="Sampler; the generator's advised one by default.")] = None,
    nfe: Annotated[
        int | None, typer.Option(help="Number of function evaluations, 1 to 1000; what is advised by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="training, validation or testing.")] = "validation",
    limit: Annotated[int, typer.Option(min=0, help="First so many frames of the split; 0 for all.")] = 0,
    seed: SeedOption = 0,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare generated frames with the label maps that guided them.

    Prints the mean Dice, as fractions, on the real frames and on frames generated from their label maps: the judge's,
    who takes part in no training, and the labeller's. Blur can raise Dice; grain, the strength of what is finer than a
    pixel over the real frames', it lowers.

    \b
    Example:
      echo-studio evaluate adherence --generator edm-l64 --nfe 20 --data ~/data/CAMUS_public --split validation --json
    """
    from echo_studio.evaluate.frames.adherence import measure_adherence
    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.request import check_seed
    from echo_studio.generate.sampling import advised_sampling

    model = load_generator(generator, checkpoints)
    sampling = advised_sampling(model.card, solver=solver, nfe=nfe, guidance=0)
    check_seed(seed)
    folder, scorers = opened(data, splits, checkpoints)
    frame_ids = folder.frame_ids(folder.split(split))
    frames = [folder.read(frame_id) for frame_id in frame_ids[: limit or None]]
    with progress("Generating") as advance:
        found = measure_adherence(model, scorers, frames, sampling, seed, advance)
    scores = (found.real, found.generated, found.labeller["real"], found.labeller["generated"])
    rows = [(key, *(f"{one[key]:.3f}" for one in scores)) for key in found.generated]
    headings = ("Structure", "Real (judge)", "Generated (judge)", "Real (labeller)", "Generated (labeller)")
    grain = f"grain {found.grain:.3f} of the real frames', its spread over frames {found.grain_spread:.3f} of theirs"
    print_result(as_json, found.to_json(), table(headings, rows), grain)


@evaluate.command("quality")
def quality(
    data: DataOption,
    generator: Annotated[str, typer.Option(help="A name that `echo-studio models` lists.")] = DEFAULT_GENERATOR,
    solver: Annotated[str, typer.Option(help="Sampler; the advised one by default.")] = "",
    nfe: Annotated[
        str, typer.Option(help="Numbers of function evaluations, such as 2,5,10; the advised one by default.")
    ] = "",
    split: Annotated[str, typer.Option(help="training, validation or testing.")] = "validation",
    limit: SpreadOption = 0,
    seed: SeedOption = 0,
    write_card: Annotated[
        bool, typer.Option("--write-card", help="Keep every line in the generator's card as soon as it is measured.")
    ] = False,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure quality against cost: adherence and Fréchet distance at several NFE.

    Makes a frame from the label map of each real one. Adherence is the judge's mean Dice on them, as a fraction; the
    Fréchet distance on its echo features is to those real frames; --json and cards hold the labeller's too. Blur can
    raise Dice: grain is the strength of what is finer than a pixel, and spread its deviation over frames, both over the
    real frames'. The last line gives what real frames reach: adherence of the same frames, Fréchet distance of as many
    frames of other hearts, from the training split. Fréchet distances grow as frames get fewer: compare equal numbers
    of them.

    \b
    Example:
      echo-studio evaluate quality --generator edm-l64 --solver ipndm --nfe 2,5,10 --data ~/data/CAMUS_public --limit 48
    """
    from echo_studio.evaluate.frames.adherence import Validation, keep_quality
    from echo_studio.evaluate.frames.distances import reference_images, spread
    from echo_studio.generate.catalog import catalog
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
    folder, scorers = opened(data, splits, checkpoints)
    frame_ids = spread(folder.frame_ids(folder.split(split)), limit)
    frames = [folder.read(frame_id) for frame_id in frame_ids]
    validation = Validation.of(scorers, frames, reference_images(folder))
    if not as_json:
        typer.echo(LINE.format("solver", "NFE", "LV endo", "LV epi", "LA", "Fréchet", "grain", "spread"))
    measured = []
    for sampling in samplings:
        with progress(f"{generator}, {sampling.solver}, {sampling.nfe} NFE") as advance:
            line = validation.measure(model, sampling, seed, advance)
        if write_card:
            keep_quality(models.generators()[generator].folder, model.card.sha256, line)
        measured.append(line)
        if not as_json:
            typer.echo(_quality_line(sampling.solver, str(sampling.nfe), line.to_json()))
    real = validation.real()
    if as_json:
        by_nfe = [line.to_json() for line in measured]
        print_json({"generator": generator, "n": len(frames), **real, "by_nfe": by_nfe})
    else:
        typer.echo(_quality_line("real frames", "", {**real["real"], "grain": 1.0, "grain_spread": 1.0}))


def _quality_line(name: str, nfe: str, line: Json) -> str:
    scores = (f"{line[key]:.3f}" if key in line else "-" for key in ("lv_endo", "lv_epi", "la"))
    return LINE.format(name, nfe, *scores, *(f"{line[key]:.2f}" for key in ("frechet", "grain", "grain_spread")))


@evaluate.command("fidelity")
def fidelity(
    data: DataOption,
    generator: GeneratorOption = "",
    images: ImagesOption = None,
    solver: SolverOption = "",
    nfe: NfeOption = 0,
    split: Annotated[str, typer.Option(help="Held-out real frames: validation or testing.")] = "validation",
    limit: SpreadOption = 0,
    seed: SeedOption = 0,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare made frames with held-out real ones: distances of features, likeness, adherence, speckle, grain.

    Makes a frame from the label map of each real one, or reads the frames of a folder; a frame of a folder belongs to
    the real one whose name (patient0001_4CH_ED) it or its own folder bears. Beside a distance stands what 200 frames of
    other hearts, of the training split, reach; beside the rest, what the held-out frames are. Adherence and echo
    features are the judge's, then the labeller's. Inception's distances come along where the extra `paper` and its
    weights are present. Fréchet distances grow as frames get fewer: compare equal numbers.

    \b
    Example:
      echo-studio evaluate fidelity --generator edm-l64 --nfe 10 --data ~/data/CAMUS_public --limit 48
      echo-studio evaluate fidelity --images made/ --data ~/data/CAMUS_public --json
    """
    _check_source(generator, images, solver, nfe)

    from echo_studio.data.datasets.camus import held_out
    from echo_studio.evaluate.frames.distances import REFERENCE_FRAMES, spread
    from echo_studio.evaluate.frames.fidelity import measure_fidelity
    from echo_studio.evaluate.frames.paper_features import INCEPTION, PaperFeatures, present
    from echo_studio.evaluate.report.sections import fidelity_rows

    folder, scorers = opened(data, splits, checkpoints)
    real = [folder.read(frame_id) for frame_id in spread(held_out(folder, split), limit)]
    inception = PaperFeatures(names=(INCEPTION,)) if present(INCEPTION) else None
    made = _frames_to_score(real, generator, images, solver, nfe, seed, checkpoints)
    training = folder.frame_ids(folder.split("training"))
    others = [folder.read(frame_id) for frame_id in spread(training, REFERENCE_FRAMES)]
    found = measure_fidelity(scorers, made, real, others, inception)
    print_result(as_json, found, table(("Measure", "Made", "Real frames"), fidelity_rows(found)))


@evaluate.command("privacy")
def privacy(
    data: DataOption,
    generator: GeneratorOption = "",
    images: ImagesOption = None,
    solver: SolverOption = "",
    nfe: NfeOption = 0,
    split: Annotated[
        str, typer.Option(help="Held-out real frames, for false alarms and label maps: validation or testing.")
    ] = "validation",
    limit: Annotated[int, typer.Option(min=0, help="Make so many frames, spread evenly over the split; 0: all.")] = 0,
    seed: SeedOption = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A new folder for picture pairs, the report and lists of frames kept and flagged."),
    ] = None,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for copies of training images among made frames, and tell how often real ones are taken for copies.

    Every frame is held against all training images: by the correlation of its grain, at the best shift within 3 % of
    the side, and by what the labeller's encoder sees. It is flagged where one of them is higher than 1 in 1000 real
    training images is expected to reach with another patient's. The false alarm rate is that of all real frames of the
    split. Twins are training images of two patients that are as near. kept.txt, in --out, lists the frames that a
    curated set may hold. Pairs show real patients' images: they stay where the data set may be.

    \b
    Example:
      echo-studio evaluate privacy --generator edm-l64 --data ~/data/CAMUS_public --limit 48 --out privacy/
      echo-studio evaluate privacy --images made/ --data ~/data/CAMUS_public --json
    """
    _check_source(generator, images, solver, nfe)

    from echo_studio.data.atomic import write_folder
    from echo_studio.data.datasets.camus import held_out
    from echo_studio.evaluate.frames.distances import spread
    from echo_studio.evaluate.privacy import CopyFinder, false_alarms, pair_files

    folder, scorers = opened(data, splits, checkpoints)
    held = held_out(folder, split)
    training = folder.frame_ids(folder.split("training"))
    guides = [] if images is not None else [folder.read(frame_id) for frame_id in spread(held, limit)]
    made = _frames_to_score(guides, generator, images, solver, nfe, seed, checkpoints)
    with progress("Learning the training images") as advance:
        finder = CopyFinder.of(
            scorers.labeller, lambda k: folder.read_image(training[k]), [one.patient for one in training], advance
        )
    alarms = sum(bool(one.flags) for one in finder.nearest([folder.read_image(frame_id) for frame_id in held]))
    neighbours = finder.nearest(made.images)
    found: Json = {
        "source": made.source,
        "n": {"made": len(neighbours), "training": len(training), "held_out": len(held)},
        "near": {"grain": round(finder.near_grain, 4), "structure": round(finder.near_structure, 4)},
        "false_alarms": false_alarms(alarms, len(held)),
        "twins": [[training[first].stem, training[second].stem] for first, second in finder.twins],
        "flagged": sum(bool(one.flags) for one in neighbours),
        "frames": [
            {
                "name": name,
                "neighbour": training[one.place].stem,
                "grain": round(one.grain, 4),
                "structure": round(one.structure, 4),
                "flags": list(one.flags),
            }
            for name, one in zip(made.names, neighbours, strict=True)
        ],
    }
    if out is not None:
        write_folder(out, pair_files(made, neighbours, lambda k: folder.read_image(training[k]), found))
    closest = sorted(found["frames"], key=lambda one: (not one["flags"], -one["grain"]))
    rows = [
        (one["name"], one["neighbour"], f"{one['grain']:.3f}", f"{one['structure']:.3f}", " ".join(one["flags"]))
        for one in closest[: max(8, found["flagged"])]
    ]
    rates, near = found["false_alarms"], found["near"]
    low, high = rates["interval_95"]
    print_result(
        as_json,
        found,
        table(("Frame", "Training image", "Grain", "Structure", "Flagged by"), rows),
        *(f"the training split holds twins: {first} and {second}" for first, second in found["twins"]),
        f"near means grain above {near['grain']:.3f} or structure above {near['structure']:.3f}",
        f"{found['flagged']} of {found['n']['made']} frames are flagged; of {rates['n']} held-out real ones "
        f"{rates['flagged']} ({100 * rates['rate']:.1f} %, 95 % interval {100 * low:.1f} to {100 * high:.1f})",
    )


def _check_source(generator: str, images: Path | None, solver: str, nfe: int) -> None:
    """Raise RequestError where a folder comes with options of a generator."""
    if images is not None and (generator or solver or nfe):
        raise RequestError(
            expected="either --images or a generator with its options",
            got=f"--images {images} and more",
            remedy="leave one of them out",
        )


def _frames_to_score(
    frames: "Sequence[CamusFrame]",
    generator: str,
    images: Path | None,
    solver: str,
    nfe: int,
    seed: int,
    checkpoints: Path | None,
) -> "MadeSet":
    """Make frames from the label maps of real ones, or read those of a folder, paired with them by name."""
    from echo_studio.evaluate.frames.made_frames import found_in, made_now
    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.request import check_seed
    from echo_studio.generate.sampling import advised_sampling

    if images is not None:
        return found_in(images, frames)
    model = load_generator(generator or DEFAULT_GENERATOR, checkpoints)
    sampling = advised_sampling(model.card, solver=solver, nfe=nfe or None, guidance=0)
    check_seed(seed)
    with progress(f"{model.card.name}, {sampling.solver}, {sampling.nfe} NFE") as advance:
        return made_now(model, frames, sampling, seed, advance)


evaluate.command("realism")(realism)
evaluate.command("defects")(defects)
evaluate.command("edits")(edits)
evaluate.command("utility")(utility)
evaluate.command("video")(evaluate_video)


@evaluate.command("report")
def report(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="JSON of evaluations, named after them, and pictures.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option(help="The HTML page; the same as Markdown goes beside it.")] = Path(
        "report.html"
    ),
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Echo Studio: results",
    as_json: JsonOption = False,
) -> None:
    """Write one self-contained HTML page, and Markdown: tables in the papers' layout, plots, contact sheets, records.

    FOLDER holds what the evaluations print with --json, each in a file whose name begins with the evaluation's:
    utility-*.json, quality-*.json, fidelity-*.json, realism-*.json, defects-*.json, privacy-*.json, video-*.json, and
    throughput.json of the benchmark.
    Pictures (.png, .webp) are shown with their names as captions. The page opens off line.

    \b
    Example:
      echo-studio evaluate quality --nfe 2,5,10 --data ~/data/CAMUS_public --json > results/quality.json
      echo-studio evaluate report results --out report.html
    """
    from echo_studio.data.atomic import check_writable
    from echo_studio.evaluate.report.page import write_report
    from echo_studio.evaluate.report.sections import read_report

    if out.suffix != ".html":
        raise RequestError(expected="an output that ends in .html", got=str(out), remedy="try --out report.html")
    check_writable(out)
    written = write_report(read_report(results, title), out)
    files = [str(path) for path in written]
    print_result(as_json, {"files": files}, "  ".join(files))
