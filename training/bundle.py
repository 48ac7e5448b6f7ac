"""Bundle trained checkpoints: copy them to checkpoints/, tie them together, measure them, write scores into cards.

    python training/bundle.py --data CAMUS [--segmenter RUN] [--judge RUN] [--codec RUN] [--generator RUN]
    python training/bundle.py --data CAMUS --rescore NAME [--limit N] [--out CHECKPOINTS]

RUN is a run folder of `echo-studio train`. A generator was trained on latents of an encoder; a bundled decoder of the
same encoder (`--decoder gamma-vae-64-grain`) serves it as well, and its hash is then written into the generator's card.

A generator is measured with what it advises, by the judge; the labeller's figures go beside the judge's. `--rescore`
measures a bundled one again, with every solver, NFE and number of maps that its card has a line of, and prints a line
of JSON for each. `--limit` is for a trial: it writes lines of fewer maps, so give it another `--out`.
"""

import argparse
import dataclasses
import json
import shutil
import sys
import time
from pathlib import Path

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.evaluate.frames.adherence import BY_NFE, Quality, Validation, keep_quality, mean_dice
from echo_studio.evaluate.frames.distances import reference_images, spread
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Scorers
from echo_studio.generate.catalog import catalog
from echo_studio.generate.checkpoint import CARD, WEIGHTS, Card, read_card, write_card
from echo_studio.generate.sampling import advised_sampling

CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"


def copy(run: Path, checkpoints: Path) -> Card:
    source = run / "checkpoint"
    card = read_card(source)
    target = checkpoints / card.name
    target.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS, CARD):
        shutil.copyfile(source / name, target / name)
    return card


def rescore(name: str, data: CamusFolder, checkpoints: Path, limit: int) -> None:
    """Measure every line of a generator's card again, and its adherence with what is advised, on validation maps.

    Frames of a line are made once. The card is written after each line, so that what was done stays when it is stopped.

    Args:
        limit: at most so many maps a line; 0 for as many as it had.
    """
    models = catalog(checkpoints)
    model, folder = models.load(name), models.generators()[name].folder
    scorers, others = Scorers.load(checkpoints), reference_images(data)
    frame_ids = data.frame_ids(data.split("validation"))
    most = min(limit or len(frame_ids), len(frame_ids))
    best = advised_sampling(model.card, guidance=0)
    advised = (best.solver, best.nfe, most)
    kept = [(one["solver"], one["nfe"], min(one["n"], most)) for one in read_card(folder).scores.get(BY_NFE, [])]
    validations: dict[int, Validation] = {}
    for solver, nfe, count in sorted({*kept, advised}):
        if count not in validations:
            frames = [data.read(frame_id) for frame_id in spread(frame_ids, count)]
            validations[count] = Validation.of(scorers, frames, others)
        start = time.process_time()
        sampling = advised_sampling(model.card, solver=solver, nfe=nfe, guidance=0)
        line = validations[count].measure(model, sampling, 0, progress)
        keep_quality(folder, model.card.sha256, line)
        if (solver, nfe, count) == advised:
            keep_adherence(folder, line)
        print(json.dumps({**line.to_json(), "processor_seconds": round(time.process_time() - start)}), flush=True)


def keep_adherence(folder: Path, line: Quality) -> None:
    """Write adherence and grain of a line among the validation scores of a card."""
    card = read_card(folder)
    dice = {"n": line.n, **line.dice, "grain": line.grain, "grain_spread": line.grain_spread}
    labeller = {key: value for key, value in line.labeller.items() if key in line.dice}
    entry = {f"adherence_nfe_{line.sampling.nfe}_{line.sampling.solver}": {**dice, "labeller": labeller}}
    validation = {**card.scores.get("validation", {}), **entry}
    write_card(folder, dataclasses.replace(card, scores={**card.scores, "validation": validation}))


def keep_dice(folder: Path, data: CamusFolder) -> None:
    """Write the Dice of a segmenter or judge on the real validation frames into its card."""
    frames = [data.read(frame_id) for frame_id in data.frame_ids(data.split("validation"))]
    dice = mean_dice(FrameSegmenter.load(folder), [frame.image for frame in frames], frames)
    card = read_card(folder)
    bundled = {"n": len(frames), **{f"dice_{key}": value for key, value in dice.items()}}
    write_card(folder, dataclasses.replace(card, scores={**card.scores, "validation_bundled": bundled}))


def progress(done: int, total: int) -> None:
    print(f"{done}/{total}", end="\r", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--segmenter", type=Path)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--codec", type=Path)
    parser.add_argument("--generator", type=Path)
    parser.add_argument("--decoder", metavar="NAME", help="a bundled decoder that the generator paints with")
    parser.add_argument("--rescore", metavar="NAME", help="a bundled generator, to be measured again by the judge")
    parser.add_argument("--limit", type=int, default=0, help="at most so many validation maps; 0 for all")
    parser.add_argument("--out", type=Path, default=CHECKPOINTS)
    args = parser.parse_args()
    data = CamusFolder(args.data)
    for run in (args.segmenter, args.judge):
        if run:
            keep_dice(args.out / copy(run, args.out).name, data)
    if args.codec:
        copy(args.codec, args.out)
    name = args.rescore
    if args.generator:
        card = copy(args.generator, args.out)
        if args.decoder:
            decoder = read_card(args.out / args.decoder)
            if decoder.needs != card.needs:
                raise SystemExit(f"{card.name} was trained on {card.needs}, and {decoder.name} decodes {decoder.needs}")
            write_card(args.out / card.name, dataclasses.replace(card, needs={decoder.name: decoder.sha256}))
        name = card.name
    if name:
        rescore(name, data, args.out, args.limit)


if __name__ == "__main__":
    main()
