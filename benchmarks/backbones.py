"""One backbone with and without the studio's shortcuts: prepared modulation, channels-last, latents in place of pixels.

python -m benchmarks.backbones [--papers] [--rounds 3] [--threads 1]

A backbone with random weights in 256 x 256 pixels and in 64 x 64 latents: seconds to prepare SPADE's modulation and of
a call, in the studio's channels-last layout and in the papers' plain contiguous one. From them follow images a second
with the modulation prepared and with it computed at every call, and how many times as fast latents are, their decoding
included. The bundled widths by default, with the pixels' shortcut (blocks of 2 x 2) and without; --papers takes the
papers' own backbone, which has 330 million parameters and needs 8 GiB of memory.
"""

import argparse
import gc
import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.formulations import Plain
from benchmarks.stopwatch import clock, clock_name
from benchmarks.untrained import TRAINING, recipes
from benchmarks.workload import Workload
from echo_studio.generate.build import build_network
from echo_studio.types import Json

NFE = 20
LAYOUTS = {"channels-last": torch.channels_last, "contiguous": torch.contiguous_format}


@dataclass(frozen=True)
class Parts:
    """Seconds of the parts of an image in one layout."""

    prepare: float
    call: float

    def image(self, nfe: int, *, prepared: bool) -> float:
        """The calls of one image with the modulation prepared once, or computed at each of them."""
        return nfe * self.call + (1 if prepared else nfe) * self.prepare


def parts_of(network: Json, side: int, rounds: int) -> tuple[int, dict[str, Parts]]:
    """Parameters, and the parts in each layout, measured in turn after a round that is not counted."""
    torch.manual_seed(0)
    ours: Any = build_network("edm", network).eval().requires_grad_(False)
    works = {
        "channels-last": Workload("edm", ours, side, side),
        "contiguous": Workload("edm", Plain(ours), side, side),
    }
    now, times = clock(), defaultdict(list)
    with torch.inference_mode():
        for turn in range(rounds + 1):
            for layout, work in works.items():
                ours.to(memory_format=LAYOUTS[layout])  # one copy for both, since the papers' fill gigabytes
                started = now()
                prepared = work.prepare(1)
                between = now()
                work.call(1, prepared)
                if turn:
                    times[layout].append((between - started, now() - between))
                del prepared
    parts = {
        layout: Parts(*(statistics.median(column) for column in zip(*found, strict=True)))
        for layout, found in times.items()
    }
    return sum(parameter.numel() for parameter in ours.parameters()), parts


def decoding(network: Json, rounds: int) -> float:
    """Seconds to decode one latent of 64 x 64."""
    work = Workload("gamma-vae", build_network("gamma-vae", network).eval(), 256, 256)
    now, times = clock(), []
    with torch.inference_mode():
        for _ in range(rounds + 1):
            started = now()
            work.call(1, None)
            times.append(now() - started)
    return statistics.median(times[1:])


def print_line(name: str, parameters: int, parts: dict[str, Parts]) -> float:
    """One row; gives back the seconds of the prepared image, without decoding."""
    ours, plain = parts["channels-last"], parts["contiguous"]
    prepared, again, papers = (
        ours.image(NFE, prepared=True),
        ours.image(NFE, prepared=False),
        plain.image(NFE, prepared=False),
    )
    times = f"{ours.prepare:9.3f}{ours.call:9.3f}{plain.prepare:9.3f}{plain.call:9.3f}"
    print(f"{name:34}{parameters / 1e6:8.1f} M{times}{again / prepared:12.2f}{papers / prepared:11.2f}", flush=True)
    return prepared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    known = recipes(TRAINING / "papers" if options.papers else TRAINING)
    if options.papers:
        shapes = {
            "edm, 256 x 256": (known["edm-paper"].network, 256),
            "edm-l64, 64 x 64": (known["edm-l64-paper"].network, 64),
        }
        codec = known["gamma-vae-64-paper"].network
    else:
        blocks = known["edm-256"].network
        plain = {**blocks, "patch": 1}
        shapes = {
            "edm-256, blocks of 2 x 2 pixels": (blocks, 256),
            "its widths, single pixels": (plain, 256),
            "its widths, 64 x 64 latents": (plain, 64),
        }
        codec = known["gamma-vae-64"].network
    print(f"{options.threads} threads, {clock_name()}, medians of {options.rounds} calls, taken in turn\n")
    print(f"{'':46}{'channels-last':>16}{'contiguous':>18}{f'prepared at {NFE} NFE,':>23}")
    heads = "".join(f"{head:>9}" for head in ("prepare", "call", "prepare", "call"))
    print(f"{'network':34}{'parameters':>10}{heads}{'vs recomp.':>12}{'vs papers':>11}")
    seconds = {}
    for name, (network, side) in shapes.items():
        seconds[name] = print_line(name, *parts_of(network, side, options.rounds))
        gc.collect()
    decode = decoding(codec, options.rounds)
    *pixels, latents = seconds
    print(f"\ndecoding one latent: {decode:.3f} s")
    for name in pixels:
        alone, whole = seconds[name] / seconds[latents], seconds[name] / (seconds[latents] + decode)
        print(f"{latents} against {name}, {NFE} NFE each: {alone:.1f} times as fast, {whole:.1f} with decoding")


if __name__ == "__main__":
    main()
