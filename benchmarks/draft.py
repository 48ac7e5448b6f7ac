"""What a distilled draft saves and how close it comes: one call against its teacher's many.

python benchmarks/draft.py [--generator draft-l64] [--threads 1] [--rounds 7]

Times whole frames of 256 x 256, from label map to pixels, all variants in turn. Then compares the frames of the
bundled label maps, two seeds each, with the teacher's at 100 NFE of Heun: root mean square in grey levels inside the
sector, and grain, the mean square of differences between neighbouring pixels, as a share of theirs.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.stopwatch import Interleaved, Laps, clock_name
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.template import template
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.types import GrayImage, Phase, View

MAPS: tuple[tuple[str, View, Phase], ...] = (
    ("2ch-ed", "2CH", "ED"),
    ("2ch-es", "2CH", "ES"),
    ("4ch-ed", "4CH", "ED"),
    ("4ch-es", "4CH", "ES"),
)
SEEDS = (0, 1)
EXACT = ("heun", 100)
LONGER = (("heun", 20), ("ipndm", 10), ("ipndm", 5))


def requests(name: str, solver: str, nfe: int) -> list[GenerationRequest]:
    return [
        GenerationRequest(template(which), Sampling(name, solver, nfe), view, phase, seed)
        for which, view, phase in MAPS
        for seed in SEEDS
    ]


def grain(frame: GrayImage, inside: np.ndarray) -> float:
    both = inside[:, 1:] & inside[:, :-1]
    return float(np.mean(np.diff(frame.astype(float), axis=1)[both] ** 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default="draft-l64")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    student = load_generator(options.generator)
    teacher = load_generator(next(iter(student.card.distilled_from)))
    variants: dict[str, tuple[Generator, str, int]] = {
        **{f"{teacher.card.name}, {nfe} NFE of {solver}": (teacher, solver, nfe) for solver, nfe in LONGER},
        f"{student.card.name}, 1 NFE": (student, "euler", 1),
    }

    def drawing(generator: Generator, solver: str, nfe: int) -> Callable[[Laps], None]:
        request = requests(generator.card.name, solver, nfe)[0]

        def draw(_: Laps) -> None:
            generator.generate(request)

        return draw

    laps = Interleaved({words: drawing(*how) for words, how in variants.items()}).run(options.rounds)
    exact = [frame.image for frame in teacher.generate_batch(requests(teacher.card.name, *EXACT))]
    insides = [within_sector(template(which).ids) > 0 for which, _, _ in MAPS for _ in SEEDS]
    table = Table("Frame", "seconds", "times as fast", "off by, grey levels", "grain")
    slowest = next(iter(laps.values())).seconds
    for words, (generator, solver, nfe) in variants.items():
        frames = [frame.image for frame in generator.generate_batch(requests(generator.card.name, solver, nfe))]
        together = list(zip(frames, exact, insides, strict=True))
        squares = [np.mean((ours.astype(float) - theirs)[inside] ** 2) for ours, theirs, inside in together]
        grains = [grain(ours, inside) / grain(theirs, inside) for ours, theirs, inside in together]
        seconds = laps[words].seconds
        table.add_row(
            words,
            f"{seconds:.3f}",
            f"{slowest / seconds:.1f}",
            f"{np.sqrt(np.mean(squares)):.1f}",
            f"{np.mean(grains):.2f}",
        )
    console = Console(width=110)
    console.print(table)
    console.print(f"{clock_name()}, {options.threads} threads, median of {options.rounds} rounds")


if __name__ == "__main__":
    main()
