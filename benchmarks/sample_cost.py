"""Where the time of a sample of a set goes, on one core: heart, network, encoding, writing.

python -m benchmarks.sample_cost --out FOLDER [--samples 8] [--generator edm-l64] [--nfe 10]

Heart, encoding and writing run on the processor also where the network runs on a GPU, so they say how many workers a
GPU needs. Processor seconds, medians; writing also on the wall, as it waits for the disk (every file is synchronised).
Bytes are what a sample's files hold, and what they take in blocks of 4096. Prints one JSON object.
"""

import argparse
import itertools
import json
import statistics
import time
from pathlib import Path

import torch

from echo_studio.data.atomic import write_folder
from echo_studio.dataset.build.batch import SampleRenderer, deformed_map
from echo_studio.dataset.build.request import set_request
from echo_studio.dataset.pairs import pair_files
from echo_studio.dataset.sources.base_maps import base_maps

BLOCK = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--generator", default="edm-l64")
    parser.add_argument("--nfe", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    maps = base_maps(None, "4CH")[:1]
    order = set_request(
        maps, [options.generator], "", [options.nfe], None, "cpu", variations=options.samples + 1, seed=5
    )
    header = order.header()
    maker = SampleRenderer(header, lambda number: order.maps[number].label_map)
    told: dict[str, list[float]] = {key: [] for key in ("heart", "network", "encode", "write", "write_wall", "bytes")}
    blocks = []
    for number, item in enumerate(order.items()):
        at = [time.thread_time()]
        deformed_map(order.maps[item.map].label_map, item, header)
        at.append(time.thread_time())
        (sample,), _ = maker.make([item])
        at.append(time.thread_time())
        files = pair_files(sample)
        at.append(time.thread_time())
        wall = time.perf_counter()
        write_folder(options.out / sample.id, files)
        at.append(time.thread_time())
        if number == 0:
            continue  # it loads the network
        heart, made, encode, write = (after - before for before, after in itertools.pairwise(at))
        sizes = [len(data) for data in files.values()]
        blocks.append(sum(-(-size // BLOCK) * BLOCK for size in sizes) + BLOCK)
        values = (heart, made - heart, encode, write, time.perf_counter() - wall, sum(sizes))
        for key, value in zip(told, values, strict=True):
            told[key].append(value)
    medians = {key: round(statistics.median(values), 4) for key, values in told.items()}
    print(json.dumps({"samples": options.samples, **medians, "disk_bytes": statistics.median(blocks)}, indent=2))


if __name__ == "__main__":
    main()
