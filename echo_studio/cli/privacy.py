"""`echo-studio evaluate privacy`: made frames that are copies of training images."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.options import (
    CheckpointsOption,
    GeneratorOption,
    ImagesOption,
    NfeOption,
    SeedOption,
    SolverOption,
    SplitsOption,
    check_source,
    frames_to_judge,
)
from echo_studio.cli.output import JsonOption, print_json, print_table, progress
from echo_studio.types import Json


def privacy(
    data: Annotated[Path, typer.Option(help="A folder in CAMUS's layout with its split files.")],
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
    the side, and by what the segmenter's encoder sees. It is flagged where one of them is higher than 1 in 1000 real
    training images is expected to reach with another patient's. The false alarm rate is that of all real frames of the
    split. Twins are training images of two patients that are as near. kept.txt, in --out, lists the frames that a
    curated set may hold. Pairs show real patients' images: they stay where the data set may be.

    \b
    Example:
      echo-studio evaluate privacy --generator edm-l64 --data ~/data/CAMUS_public --limit 48 --out privacy/
      echo-studio evaluate privacy --images made/ --data ~/data/CAMUS_public --json
    """
    check_source(generator, images, solver, nfe)

    from echo_studio.data.atomic import write_folder
    from echo_studio.data.datasets.camus import CamusFolder, held_out
    from echo_studio.evaluate.frames.distances import spread
    from echo_studio.evaluate.frames.segmentation import FrameSegmenter
    from echo_studio.evaluate.privacy import CopyFinder, false_alarms, pair_files
    from echo_studio.generate.catalog import bundled_checkpoints

    folder = CamusFolder(data, splits)
    held = held_out(folder, split)
    training = folder.frame_ids(folder.split("training"))
    segmenter = FrameSegmenter.load((checkpoints or bundled_checkpoints()) / "segmenter")
    guides = [] if images is not None else [folder.read(frame_id) for frame_id in spread(held, limit)]
    made = frames_to_judge(guides, generator, images, solver, nfe, seed, checkpoints)
    with progress("Learning the training images") as advance:
        finder = CopyFinder.of(
            segmenter, lambda k: folder.read_image(training[k]), [one.patient for one in training], advance
        )
    alarms = sum(bool(one.flags) for one in finder.nearest([folder.read_image(frame_id) for frame_id in held]))
    neighbours = finder.nearest(made.images)
    report: Json = {
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
        write_folder(out, pair_files(made, neighbours, lambda k: folder.read_image(training[k]), report))
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: Json) -> None:
    closest = sorted(report["frames"], key=lambda one: (not one["flags"], -one["grain"]))
    shown = closest[: max(8, report["flagged"])]
    rows = [
        (one["name"], one["neighbour"], f"{one['grain']:.3f}", f"{one['structure']:.3f}", " ".join(one["flags"]))
        for one in shown
    ]
    print_table(("Frame", "Training image", "Grain", "Structure", "Flagged by"), rows)
    alarms, near = report["false_alarms"], report["near"]
    low, high = alarms["interval_95"]
    for first, second in report["twins"]:
        typer.echo(f"the training split holds twins: {first} and {second}")
    typer.echo(f"near means grain above {near['grain']:.3f} or structure above {near['structure']:.3f}")
    typer.echo(
        f"{report['flagged']} of {report['n']['made']} frames are flagged; of {alarms['n']} held-out real ones "
        f"{alarms['flagged']} ({100 * alarms['rate']:.1f} %, 95 % interval {100 * low:.1f} to {100 * high:.1f})"
    )
