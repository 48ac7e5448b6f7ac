"""Where the processor time of a beat goes: `python -m benchmarks.beat_cost [--clips 3]`.

Clips of 24 frames of a bundled map by one thread; the least of the clips' times, in processor seconds. The first frames
and a third of them, from which the Video tab plays the whole beat, are timed on the wall.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from echo_studio.data.template import template
from echo_studio.generate.sampling import advised_sampling
from echo_studio.generate.video import beat, moving_noise
from echo_studio.generate.video.catalog import load_video_generator
from echo_studio.generate.video.request import GrayClip, VideoRequest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=3)
    parser.add_argument("--generator", default="beat-l64")
    parser.add_argument("--nfe", type=int)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    spent: dict[str, float] = {}

    def timed(name: str, owner: Any, method: str) -> None:
        inner: Callable[..., Any] = getattr(owner, method)

        def outer(*given: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return inner(*given, **named)
            finally:
                spent[name] = spent.get(name, 0.0) + time.process_time() - start

        setattr(owner, method, outer)

    made_by = load_video_generator(options.generator)
    timed("label cycle", beat, "cycle_of")
    timed("noise, counted in the parts above too", moving_noise.NoiseStream, "__call__")
    timed("noise, counted in the parts above too", beat._Beat, "of")
    for model in {type(one) for one in (made_by.frames, made_by.refiner) if one}:  # type: ignore[attr-defined]
        timed("network with its noise", model, "diffused")
    timed("frames from latents, with their noise", beat._Beat, "pictures")
    request = VideoRequest(template("4ch-ed"), advised_sampling(made_by.entry, nfe=options.nfe))
    made_by.generate(request)
    best: tuple[float, dict[str, float], list[float]] | None = None
    for _ in range(options.clips):
        spent.clear()
        shown: list[float] = []
        start, wall = time.process_time(), time.perf_counter()

        def seen(places: Sequence[int], frames: GrayClip, since: float = wall, at: list[float] = shown) -> None:  # noqa: ARG001
            at.extend([time.perf_counter() - since] * len(places))

        made_by.generate(request, on_frames=seen)
        took = time.process_time() - start
        if best is None or took < best[0]:
            best = took, dict(spent), shown
    assert best is not None
    took, parts, shown = best
    print(f"{options.generator}, {len(shown)} frames, {options.threads} threads: {took:.2f} processor s")
    for name, seconds in sorted(parts.items(), key=lambda part: -part[1]):
        print(f"  {name:<40} {seconds:.2f}")
    print(f"first frames after {shown[0]:.2f} s, a third of them after {shown[len(shown) // 3 - 1]:.2f} s")


if __name__ == "__main__":
    main()
