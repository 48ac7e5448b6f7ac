"""`echo-studio evaluate fidelity`: how near made frames come to real ones, by every measure there is."""

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
from echo_studio.cli.output import JsonOption, print_json, print_table


def fidelity(
    data: Annotated[Path, typer.Option(help="A folder in CAMUS's layout with its split files.")],
    generator: GeneratorOption = "",
    images: ImagesOption = None,
    solver: SolverOption = "",
    nfe: NfeOption = 0,
    split: Annotated[str, typer.Option(help="Held-out real frames: validation or testing.")] = "validation",
    limit: Annotated[int, typer.Option(min=0, help="So many frames, spread evenly over the split; 0 for all.")] = 0,
    seed: SeedOption = 0,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare made frames with held-out real ones: distances of features, likeness, adherence, speckle.

    Makes a frame from the label map of each real one, or reads the frames of a folder; a frame of a folder belongs to
    the real one whose name (patient0001_4CH_ED) it or its own folder bears. Beside a distance stands what 200 frames of
    other hearts, of the training split, reach; beside the rest, what the held-out frames are. Inception's distances
    come along where the extra `paper` and its weights are present. Fréchet distances grow as frames get fewer: compare
    equal numbers.

    \b
    Example:
      echo-studio evaluate fidelity --generator edm-l64 --nfe 10 --data ~/data/CAMUS_public --limit 48
      echo-studio evaluate fidelity --images made/ --data ~/data/CAMUS_public --json
    """
    check_source(generator, images, solver, nfe)

    from echo_studio.data.datasets.camus import CamusFolder, held_out
    from echo_studio.evaluate.frames.distances import REFERENCE_FRAMES, spread
    from echo_studio.evaluate.frames.fidelity import measure_fidelity
    from echo_studio.evaluate.frames.paper_features import INCEPTION, PaperFeatures, present
    from echo_studio.evaluate.frames.segmentation import FrameSegmenter
    from echo_studio.evaluate.report.sections import fidelity_rows
    from echo_studio.generate.catalog import bundled_checkpoints

    folder = CamusFolder(data, splits)
    real = [folder.read(frame_id) for frame_id in spread(held_out(folder, split), limit)]
    segmenter = FrameSegmenter.load((checkpoints or bundled_checkpoints()) / "segmenter")
    inception = PaperFeatures(names=(INCEPTION,)) if present(INCEPTION) else None
    made = frames_to_judge(real, generator, images, solver, nfe, seed, checkpoints)
    training = folder.frame_ids(folder.split("training"))
    others = [folder.read(frame_id) for frame_id in spread(training, REFERENCE_FRAMES)]
    report = measure_fidelity(segmenter, made, real, others, inception)
    if as_json:
        print_json(report)
    else:
        print_table(("Measure", "Made", "Real frames"), fidelity_rows(report))
