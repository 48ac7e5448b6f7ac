"""How long a person waits on this machine: page, first frame, next frames, memory.

python benchmarks/latency.py [--generator edm-l64] [--nfe 20] [--repeat 5]
"""

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def page_seconds() -> tuple[float, float]:
    """Seconds from `python app.py` to a served page, and the server's peak memory in MiB by then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=120) as page:
                    page.read()
                break
            except (urllib.error.URLError, ConnectionError):
                if server.poll() is not None:
                    raise SystemExit("app.py stopped before it served a page") from None
                time.sleep(0.1)
        seconds = time.perf_counter() - started
        status = Path(f"/proc/{server.pid}/status")
        peak = 0.0
        if status.is_file():
            peak = next(float(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return seconds, peak / 1024
    finally:
        server.terminate()
        server.wait()


def draft_costs(repeat: int) -> dict[str, float]:
    """Processor milliseconds of a whole draft, from label map to pixels, on one thread, by precision."""
    import torch

    import echo_studio as es
    from echo_studio.generate.sampling import Precision

    torch.set_num_threads(1)
    generator, heart = es.load_generator("draft-l64"), es.template("4ch-ed")
    costs: dict[Precision, list[float]] = {"float32": [], "bfloat16": []}
    for seed in range(repeat + 1):
        for precision, taken in costs.items():
            started = time.process_time()
            generator(heart, seed=seed, precision=precision)
            taken.append(1000 * (time.process_time() - started))
    return {str(precision): statistics.median(taken[1:]) for precision, taken in costs.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", default="edm-l64")
    parser.add_argument("--nfe", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    seconds, megabytes = page_seconds()
    print(f"page served          {seconds:8.2f} s   ({megabytes:.0f} MiB)")

    started = time.perf_counter()
    from echo_studio.data.template import template
    from echo_studio.generate.request import GenerationRequest
    from echo_studio.generate.sampling import Sampling
    from echo_studio.studio.engine.engine import Engine

    engine = Engine()
    label_map = template("4ch-ed")
    requests = [
        GenerationRequest(label_map, Sampling(args.generator, "heun", args.nfe), seed=k) for k in range(args.repeat)
    ]
    engine.generate(requests[0])
    print(f"load and first frame {time.perf_counter() - started:8.2f} s")
    frames, scores = [], []
    for request in requests:
        started = time.perf_counter()
        image = engine.generate(request).image
        frames.append(time.perf_counter() - started)
        started = time.perf_counter()
        engine.adherence(image, label_map)
        scores.append(time.perf_counter() - started)
    print(f"frame at {args.nfe:3d} NFE     {statistics.median(frames):8.2f} s   (median of {args.repeat})")
    print(f"adherence            {statistics.median(scores):8.2f} s   (median of {args.repeat})")
    for precision, milliseconds in draft_costs(args.repeat).items():
        print(f"draft, {precision:13s} {milliseconds:8.0f} ms  of one processor (median of {args.repeat})")
    print(f"quicker here         {engine.quickest_precision()}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)
    print(f"peak memory          {peak:8.0f} MiB ({os.cpu_count()} cores)")


if __name__ == "__main__":
    main()
