"""How much faster two workers make a set than one, each with one thread, in turn in one run.

python -m benchmarks.scale_out [--samples 16] [--rounds 3] [--workers 2] [--generator edm-l64] [--nfe 10]

Every round makes a set with one worker (a process of its own, as every other) and one with several. Timed is what comes
after the first samples: loading is left out, since thousands follow. Printed are samples a second on the wall, medians
over the rounds, and their ratio; beside it the processor seconds that a sample costs. Where other programs compute
meanwhile, the ratio says as much about them; what workers cost each other (caches, memory) shows in the processor
seconds, which should hardly differ. Linux alone.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.processes import below, processor_seconds
from echo_studio.dataset.build.request import set_request
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.build.synthesise import in_processes, synthesise
from echo_studio.dataset.sources.base_maps import base_maps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=16, help="timed in each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--generator", default="edm-l64")
    parser.add_argument("--nfe", type=int, default=10)
    options = parser.parse_args()
    runs: dict[int, list[tuple[float, float]]] = {1: [], options.workers: []}
    for _ in range(options.rounds):
        for workers, told in runs.items():
            told.append(timed(workers, options))
    found = {
        workers: {
            "samples_a_second": round(statistics.median(rate for rate, _ in told), 4),
            "processor_seconds_a_sample": round(statistics.median(cost for _, cost in told), 4),
            "rounds": [round(rate, 4) for rate, _ in told],
        }
        for workers, told in runs.items()
    }
    one, many = found[1], found[options.workers]
    ratio = many["samples_a_second"] / one["samples_a_second"]
    cost = many["processor_seconds_a_sample"] / one["processor_seconds_a_sample"]
    about = {"generator": options.generator, "nfe": options.nfe, "samples": options.samples, "load": os.getloadavg()}
    ratios = {"faster": round(ratio, 3), "processor_cost": round(cost, 3)}
    print(json.dumps({**about, "workers": found, **ratios}, indent=2))


def timed(workers: int, options: argparse.Namespace) -> tuple[float, float]:
    """Samples a second and processor seconds a sample, after the first ones."""
    maps = base_maps(None, "4CH")[:1]
    count = options.samples + 2 * workers
    order = set_request(maps, [options.generator], "", [options.nfe], None, "cpu", variations=count, seed=5)
    marks: list[tuple[float, float]] = []

    def on_made(_: int) -> None:
        busy = sum(processor_seconds(pid) for pid in below(os.getpid()))
        marks.append((time.perf_counter(), busy))

    with tempfile.TemporaryDirectory() as place:
        folder = SetFolder(Path(place) / "set")
        with folder.begin(order):
            synthesise(
                folder,
                on_made=on_made,
                executor=lambda waiting, *, stop: in_processes(waiting, workers=workers, stop=stop),
            )
    # Until each has made one or two: the last of these opens the clock. At the end none waits for another.
    (start, before), (end, after) = marks[2 * workers - 1], marks[-workers]
    made = len(marks) - 2 * workers - workers + 1
    return made / (end - start), (after - before) / made


if __name__ == "__main__":
    main()
