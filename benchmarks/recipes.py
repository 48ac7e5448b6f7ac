"""What each recipe takes: parameters, operations, memory, and how fast it trains and samples on this machine.

python -m benchmarks.recipes [--largest GFLOP] [--markdown]

Parameters, operations and memory are counted. Speed is measured, on random numbers, where a call has at most --largest
GFLOP, and computed for the others (~) from their operations and the speed of the largest one measured.
"""

import argparse
import contextlib
import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.cost import Cost, cost_of
from benchmarks.stopwatch import Interleaved, Laps, clock_name
from benchmarks.untrained import TRAINING, recipe_files, recipes
from benchmarks.workload import Workload
from echo_studio.train.recipe import Recipe

COLUMNS = (
    *("recipe", "parameters", "GFLOP a call", "once a map", "GFLOP to train", "MiB fixed", "MiB an image"),
    *("batch", "trains images/s", "budget in hours", "calls/s"),
)


@dataclass(frozen=True)
class Speed:
    """Images a second in training (forward, backward, AdamW) and calls a second in sampling, on this machine."""

    train: float
    call: float


def speed_of(recipe: Recipe, beside: dict[str, Recipe], rounds: int, batch: int) -> Speed:
    """Measured in the recipe's precision in training and in float32 in sampling, as the studio samples."""
    torch.manual_seed(0)
    work = Workload.of(recipe, beside)
    optimiser = torch.optim.AdamW([p for p in work.network.parameters() if p.requires_grad], lr=1e-6)
    with torch.inference_mode():
        prepared = work.prepare(1)

    def call(_: Laps) -> None:
        with torch.inference_mode():
            work.call(1, prepared)

    def train(_: Laps) -> None:
        lower = torch.autocast("cpu", torch.bfloat16) if recipe.precision == "bfloat16" else contextlib.nullcontext()
        with lower:
            loss = work.train(batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    laps = Interleaved({"call": call, "train": train}).run(rounds)
    return Speed(batch / laps["train"].seconds, 1 / laps["call"].seconds)


def line_of(recipe: Recipe, path: Path, cost: Cost, speed: Speed | None, rate: Speed | None) -> list[str]:
    """One row; `rate` is operations a second, for recipes whose speed was not measured."""
    about = ""
    if speed is None and rate is not None:
        about, speed = "~", Speed(rate.train / cost.train_flop, rate.call / cost.call_flop)
    fast = ["", "", ""]
    if speed:
        hours = recipe.budget.images / speed.train / 3600
        fast = [f"{about}{speed.train:.3g}", f"{about}{hours:,.{0 if hours >= 10 else 1}f}", f"{about}{speed.call:.3g}"]
    return [
        str(path),
        f"{cost.parameters / 1e6:.1f} M",
        f"{cost.call_flop / 1e9:,.1f}",
        f"{cost.prepare_flop / 1e9:,.1f}" if cost.prepare_flop else "",
        f"{cost.train_flop / 1e9:,.0f}",
        f"{cost.fixed_bytes / 2**20:,.0f}",
        f"{cost.image_bytes / 2**20:,.0f}",
        str(recipe.budget.batch),
        *fast,
    ]


def print_table(lines: Sequence[Sequence[str]], markdown: bool) -> None:
    if markdown:
        for place, line in enumerate((COLUMNS, *lines)):
            print("| " + " | ".join(line) + " |")
            if place == 0:
                print("|" + "---|" * len(COLUMNS))
        return
    widths = [max(len(line[k]) for line in (COLUMNS, *lines)) for k in range(len(COLUMNS))]
    for line in (COLUMNS, *lines):
        print("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=float, default=30.0, help="GFLOP a call up to which speed is measured")
    parser.add_argument("--batch", type=int, default=4, help="images a training step that is timed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found: list[tuple[Path, Recipe, Cost, Speed | None]] = []
    for folder in (TRAINING, TRAINING / "papers"):
        beside = recipes(folder)
        for path, recipe in recipe_files(folder).items():
            cost = cost_of(recipe, beside)
            measured = cost.call_flop <= options.largest * 1e9
            speed = speed_of(recipe, beside, options.rounds, options.batch) if measured else None
            found.append((path.relative_to(TRAINING), recipe, cost, speed))
            gc.collect()
    timed = [(cost, speed) for _, _, cost, speed in found if speed]
    rate = None
    if timed:
        cost, speed = max(timed, key=lambda pair: pair[0].call_flop)
        rate = Speed(speed.train * cost.train_flop, speed.call * cost.call_flop)
        print(
            f"{options.threads} threads, {clock_name()}; largest measured: {rate.call / 1e9:.0f} GFLOP/s in sampling,"
        )
        print(f"{rate.train / 1e9:.0f} GFLOP/s in training\n")
    print_table([line_of(recipe, path, cost, speed, rate) for path, recipe, cost, speed in found], options.markdown)


if __name__ == "__main__":
    main()
