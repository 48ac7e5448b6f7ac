"""Bundle trained checkpoints: copy them to checkpoints/, tie them together, measure them, write scores into cards.

    python training/bundle.py --data CAMUS --segmenter RUN --codec RUN --generator RUN [--nfe 20] [--limit N]

RUN is a run folder of `echo-studio train`. A generator was trained on latents of its codec's encoder; a codec whose
decoder was trained on since (gamma-vae-64-decoder.toml) serves it as well, and this script checks that the encoder and
the latents' scale are the same before it writes the new hash into the generator's card.
"""

import argparse
import dataclasses
import shutil
from pathlib import Path

import torch

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.evaluate.frames.adherence import measure_adherence
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.generate.build import load_network
from echo_studio.generate.catalog import load_generator
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


def same_encoder(a: Path, b: Path) -> bool:
    """Whether two autoencoders give the same latents."""
    (card_a, net_a), (card_b, net_b) = load_network(a), load_network(b)
    ours, theirs = net_a.state_dict(), net_b.state_dict()
    encoder = [key for key in ours if key.startswith("encoder")]
    return card_a.settings == card_b.settings and all(torch.equal(ours[key], theirs[key]) for key in encoder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--segmenter", type=Path)
    parser.add_argument("--codec", type=Path)
    parser.add_argument("--trained-on", type=Path, help="run of the codec that the generator was trained on")
    parser.add_argument("--generator", type=Path)
    parser.add_argument("--nfe", type=int, default=20)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--out", type=Path, default=CHECKPOINTS)
    args = parser.parse_args()
    if args.segmenter:
        copy(args.segmenter, args.out)
    codec = copy(args.codec, args.out) if args.codec else None
    if not args.generator:
        return
    card = copy(args.generator, args.out)
    if codec and card.needs.get(codec.name) != codec.sha256:
        if not same_encoder(args.trained_on / "checkpoint", args.codec / "checkpoint"):
            raise SystemExit("the codec's encoder is not the one that the generator was trained on")
        card = dataclasses.replace(card, needs={codec.name: codec.sha256})
        write_card(args.out / card.name, card)
    data = CamusFolder(args.data)
    ids = data.frame_ids(data.split("validation"))[: args.limit or None]
    report = measure_adherence(
        load_generator(card.name, args.out),
        FrameSegmenter.load(args.out / "segmenter"),
        [data.read(frame_id) for frame_id in ids],
        advised_sampling(card, nfe=args.nfe, guidance=0),
        0,
        lambda done, total: print(f"{done}/{total}", end="\r", flush=True),
    )
    measured = {f"adherence_nfe_{args.nfe}_{card.advised_solver}": {"n": report.n, **report.generated}}
    card = dataclasses.replace(card, scores={**card.scores, "validation": {**card.scores["validation"], **measured}})
    write_card(args.out / card.name, card)
    segmenter = read_card(args.out / "segmenter")
    scores = {
        **segmenter.scores,
        "validation_bundled": {"n": report.n, **{f"dice_{k}": v for k, v in report.real.items()}},
    }
    write_card(args.out / "segmenter", dataclasses.replace(segmenter, scores=scores))
    print(report.to_json())


if __name__ == "__main__":
    main()
