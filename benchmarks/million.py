"""What the process that drives a large set needs: seconds, memory, disk, with as many samples as are asked for.

python -m benchmarks.million --out FOLDER [--samples 1000000] [--maps 1000] [--batch 16]

All is done as `synthesise` and `export` do it, but for the samples themselves: no frame is drawn, their folders stay
empty and the index gets made-up hashes. So the figures are those of the driver alone: writing the manifest, handing out
every batch and writing it into the index, finding what is finished when the same command runs again, counting, hashing
the whole set, and the summaries that an export holds. Memory is the largest resident set so far, torch and libraries
included. Prints one JSON object. FOLDER/set is removed at the end; a million empty folders take some 4 GB.
"""

import argparse
import hashlib
import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.template import template
from echo_studio.dataset.build.manifest import BaseMap, SetRequest, SetSampling
from echo_studio.dataset.build.set_folder import MANIFEST, Made, SetFolder
from echo_studio.dataset.build.synthesise import Batch, synthesise
from echo_studio.dataset.export.card import summary_of
from echo_studio.dataset.sample import SampleHeader
from echo_studio.dataset.split import Fractions, split_by_base
from echo_studio.generate.sampling import Sampling

LICENCE = "CC BY-NC-SA 4.0 (from CAMUS), non-commercial research only"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--maps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    root: Path = options.out / "set"
    phases: list[dict[str, Any]] = []

    @contextmanager
    def phase(what: str) -> Iterator[None]:
        started, worked = time.perf_counter(), time.process_time()
        yield
        phases.append(
            {
                "phase": what,
                "seconds": round(time.perf_counter() - started, 1),
                "processor_seconds": round(time.process_time() - worked, 1),
                "peak_mb": memory(),
            }
        )
        print(phases[-1], file=sys.stderr, flush=True)

    with phase("start"):
        order = an_order(options.samples, options.maps, options.batch)
        folder = SetFolder(root)
    with phase("manifest"), folder.begin(order):
        pass
    with phase("hand out and index"), folder.begin(order):
        synthesise(folder, executor=handed_out)
    with phase("go on: what is finished"):
        finished = len(folder.finished())
    with phase("count and hash"):
        counts, _ = folder.count(), folder.index.sha256()
    with phase("export: summaries and split"):
        summaries = [summary_of(header) for header in headers(order)]
        split_by_base([(one.id, one.base) for one in summaries], Fractions())
    result = {
        "samples": order.count,
        "counted": counts["samples"],
        "batches_finished": finished,
        "manifest_bytes_a_sample": round((root / MANIFEST).stat().st_size / order.count, 1),
        "index_bytes_a_sample": round(folder.index.path.stat().st_size / order.count, 1),
        "phases": phases,
    }
    print(json.dumps(result, indent=2))
    shutil.rmtree(root)


def an_order(samples: int, maps: int, batch: int) -> SetRequest:
    """Maps that all differ, as those of many patients do."""
    ids = template("4ch-ed").ids
    bases = []
    for number in range(maps):
        drawn = np.array(ids)
        drawn[number // 256, number % 256] = 4
        bases.append(BaseMap(f"patient{number:04d}_4CH_ED", f"patient{number:04d}", "4CH", "ED", LabelMap(drawn)))
    weights = {"edm-l64": "ab" * 32, "gamma-vae-64": "cd" * 32}
    how = SetSampling(Sampling("edm-l64", "ipndm", 10, weights=weights), LICENCE)
    return SetRequest(tuple(bases), (how,), variations=samples // maps, batch=batch, seed=5)


def handed_out(waiting: Iterator[Batch], *, stop: Callable[[], bool]) -> Iterator[Made]:
    """In place of workers: an empty folder and a hash for every sample."""
    for batch in waiting:
        if stop():
            return
        hashes = {}
        for item in batch.items:
            (batch.root / item.id).mkdir()
            hashes[item.id] = hashlib.sha256(item.id.encode()).hexdigest()
        yield Made(batch.number, hashes)


def headers(order: SetRequest) -> Iterator[SampleHeader]:
    """As they come from the samples' records."""
    record = {"generator": "edm-l64", "solver": "ipndm", "nfe": 10, "checkpoints": order.samplings[0].checkpoints}
    for item in order.items():
        base = order.maps[item.map]
        yield SampleHeader(
            id=item.id, base=base.base, view="4CH", phase="ED", licence=LICENCE, record={**record, "seed": item.seed}
        )


def memory() -> int:
    """The largest resident set of this process so far, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1 << 20) if sys.platform == "darwin" else most * 1024 / 1e6)


if __name__ == "__main__":
    main()
