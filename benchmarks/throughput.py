"""Images a second against NFE, for every generator, on this machine (003, Fig. 4).

python -m benchmarks.throughput [--out FOLDER] [--full] [--generators edm-l64,cyclegan] [--checkpoints FOLDER]

Three ways to run each: as the studio does (SPADE's modulation prepared once, channels-last); with the modulation
computed at every call; and as the papers' released code does (at every call, plain contiguous layout). float32, one
image at a time, Euler's method, the first bundled label map. Generators without a checkpoint are measured with random
weights, which are as fast, or left out where only a teacher could make them.

Up to --whole NFE, whole images are timed. Longer runs are computed: the longest that was timed, and the median of its
calls for each NFE more. --full times all of them (SDM with 1000 NFE alone takes minutes).
"""

import argparse
import itertools
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.formulations import FORMULATIONS
from benchmarks.stopwatch import Interleaved, Laps, clock, clock_name
from benchmarks.throughput_report import NFE, Row, print_tables, rows_of, save
from benchmarks.untrained import TRAINING, makes_frames, recipes, untrained_generator
from echo_studio.data.template import template
from echo_studio.generate.catalog import load_cards, load_generator
from echo_studio.generate.generator import Generator, SampledGenerator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling

BUNDLED = ("sdm", "ve", "vp", "edm-256", "edm-l128", "edm-l64", "draft-l64", "cyclegan")
CALLS = 5  # NFE at which the slower formulations are timed: their longer runs are computed
Job = tuple[str, str, int]  # generator, formulation, NFE


def generators(folder: Path | None, names: list[str]) -> dict[str, tuple[Generator, bool]]:
    """By name: the generator, and whether its weights are trained ones."""
    trained = load_cards(folder)
    beside = recipes(TRAINING)
    known = [*trained, *(name for name, recipe in beside.items() if makes_frames(recipe) and name not in trained)]
    # Of the recipes some are legs on the way to a generator; nobody waits for those.
    chosen = names or [*trained, *(name for name in BUNDLED if name in known and name not in trained)]
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        raise SystemExit(f"no generator or recipe {unknown[0]!r}; choose among {', '.join(known)}")
    return {
        name: (load_generator(name, folder), True)
        if name in trained
        else (untrained_generator(beside[name], beside), False)
        for name in chosen
    }


def image_of(generator: Generator, nfe: int) -> Callable[[Laps], None]:
    """Makes one image and notes how long each call took."""
    request = GenerationRequest(template("4ch-ed"), Sampling(generator.card.name, "euler", nfe))

    def make(laps: Laps) -> None:
        now, stamps = clock(), []
        generator.generate(request, lambda done, total, preview: stamps.append(now()))
        laps.calls += [after - before for before, after in itertools.pairwise(stamps)]

    return make


def jobs_of(found: dict[str, tuple[Generator, bool]], whole: int) -> dict[Job, Callable[[Laps], None]]:
    jobs: dict[Job, Callable[[Laps], None]] = {}
    for name, (generator, _) in found.items():
        if not isinstance(generator, SampledGenerator):
            jobs[name, "prepared", 1] = image_of(generator, 1)
            continue
        for formulation, rewritten in FORMULATIONS.items():
            longest = [nfe for nfe in NFE if nfe <= whole] if formulation == "prepared" or whole >= NFE[-1] else [CALLS]
            variant = rewritten(generator)
            jobs |= {(name, formulation, nfe): image_of(variant, nfe) for nfe in longest}
    return jobs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generators", default="", help="names with commas between them; all by default")
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--whole", type=int, default=20, help="longest run that is timed and not computed")
    parser.add_argument("--full", action="store_true", help="time every run")
    parser.add_argument("--out", type=Path, help="folder for throughput.csv, .json and .png")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found = generators(options.checkpoints, [name for name in options.generators.split(",") if name])
    jobs = jobs_of(found, NFE[-1] if options.full else max(2, options.whole))

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done}/{total}", end="" if done < total else "\r", file=sys.stderr, flush=True)

    laps = Interleaved(jobs).run(options.rounds, tell)
    rows: list[Row] = []
    for name, (generator, trained) in found.items():
        one_call = not isinstance(generator, SampledGenerator)
        for formulation in ("prepared",) if one_call else FORMULATIONS:
            timed = {nfe: lap for (whose, how, nfe), lap in laps.items() if (whose, how) == (name, formulation)}
            rows += rows_of(name, trained, formulation, timed, [1] if one_call else NFE)
    machine = f"{platform.processor() or platform.machine()}, {options.threads} threads, torch {torch.__version__}"
    about = f"{machine}; {clock_name()}; medians of {options.rounds} rounds, all generators in turn"
    print_tables(rows, about)
    if options.out:
        save(options.out, rows, about)


if __name__ == "__main__":
    main()
