"""A set made on Ray by two workers while they and their driver are killed, against one that one worker makes in peace.

python -m benchmarks.faults --out FOLDER [--samples 24] [--generator edm-l64] [--nfe 10] [--together]

FOLDER/disturbed is made by `echo-studio synthesise --cluster auto --workers 2`. A worker is killed (SIGKILL) when 15,
35 and 75 of 100 samples are finished, the driver at 55; then the same command runs again, at once. FOLDER/alone is made
by `--workers 1`. Both must hold every sample of the manifest once and nothing else, with the same hashes, which are
computed anew from the files. Stopped, the benchmark goes on where it was: FOLDER/faults.json says which faults were
dealt. Prints one JSON object, also to FOLDER/result.json, and ends with status 1 where the sets differ.

--together runs both at once, where there are three cores or patience. Linux alone: processes are found in /proc.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.processes import below, name_of
from echo_studio.dataset.build.set_folder import SetFolder, files_sha256
from echo_studio.dataset.sources.base_maps import base_maps

VIEW = "4CH"
COMMAND = [sys.executable, "-c", "from echo_studio.cli import main; raise SystemExit(main())"]
SCHEDULE = ((0.15, "worker"), (0.35, "worker"), (0.55, "driver"), (0.75, "worker"))
ACTOR = "_Worker"  # of dataset.build.cluster, as Ray names its process
POLL = 0.5  # seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=24, help="rounded up to whole variations of the bundled maps")
    parser.add_argument("--generator", default="edm-l64")
    parser.add_argument("--nfe", type=int, default=10)
    parser.add_argument("--checkpoints", type=Path)
    parser.add_argument("--together", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    disturbed, alone = options.out / "disturbed", options.out / "alone"
    peace = started(options, alone, "--workers", "1") if options.together else None
    try:
        told = disturb(options, disturbed)
    except BaseException:
        if peace is not None:
            peace.terminate()
        raise
    seconds = time.perf_counter()
    peace = peace or started(options, alone, "--workers", "1")
    if peace.wait() != 0:
        raise SystemExit(f"the undisturbed run failed, see {alone.with_suffix('.log')}")
    result = {
        "samples": sum(1 for _ in alone.glob("s*")),
        "generator": options.generator,
        "nfe": options.nfe,
        "faults": told,
        "one_worker_seconds": None if options.together else round(time.perf_counter() - seconds, 1),
        "disturbed": census(disturbed),
        "alone": census(alone),
    }
    result["equal"] = result["disturbed"] == result["alone"] and not result["alone"]["faults"]
    text = json.dumps(result, indent=2)
    (options.out / "result.json").write_text(text + "\n")
    print(text)
    return 0 if result["equal"] else 1


def started(options: argparse.Namespace, out: Path, *how: str) -> subprocess.Popen[bytes]:
    """The command, writing to a log beside the set."""
    maps = len(base_maps(None, VIEW))
    call = [
        *(*COMMAND, "synthesise", "--view", VIEW, "--generator", options.generator, "--nfe", str(options.nfe)),
        *("--variations", str(-(-options.samples // maps)), "--seed", "5", "--out", str(out), *how),
        *(("--checkpoints", str(options.checkpoints)) if options.checkpoints else ()),
    ]
    with out.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(call, stdout=log, stderr=log)


def disturb(options: argparse.Namespace, out: Path) -> list[dict[str, Any]]:
    """Make the set, dealing the faults that were not dealt yet."""
    notes = options.out / "faults.json"
    told: list[dict[str, Any]] = json.loads(notes.read_text()) if notes.exists() else []
    orphans: list[int] = []
    while True:
        driver = started(options, out, "--cluster", "auto", "--workers", "2")
        while driver.poll() is None:
            time.sleep(POLL)
            made = finished(out)
            total = SetFolder(out).header["samples"] if SetFolder(out).begun else 0
            if len(told) == len(SCHEDULE) or not total or made < SCHEDULE[len(told)][0] * total:
                continue
            kind = SCHEDULE[len(told)][1]
            victims = below(driver.pid) if kind == "worker" else [driver.pid]
            pid = next((pid for pid in victims if kind == "driver" or ACTOR in name_of(pid)), None)
            if pid is None:
                continue  # its replacement is still starting
            if kind == "driver":
                orphans = below(pid)
            os.kill(pid, signal.SIGKILL)
            told.append({"killed": kind, "when_finished": made})
            notes.write_text(json.dumps(told))
            if kind == "driver":
                driver.wait()
        if driver.returncode == 0:
            left = [pid for pid in orphans if "ray" in name_of(pid)]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            return [*told, {"of_the_killed_driver_still_alive": len(left)}]
        if driver.returncode != -signal.SIGKILL:
            raise SystemExit(f"the disturbed run failed, see {out.with_suffix('.log')}")


def finished(out: Path) -> int:
    return sum(len(made.samples) + len(made.set_aside) for made in SetFolder(out).index)


def census(out: Path) -> dict[str, Any]:
    """What a set holds: every sample's hash as its files give it, and whatever should not be."""
    folder = SetFolder(out)
    wanted = {item.id for _, items in folder.batches() for item in items}
    listed = Counter(name for made in folder.index for name in made.samples)
    index = {name: digest for made in folder.index for name, digest in made.samples.items()}
    there = {path.name for path in out.iterdir() if path.is_dir() and path.name != "maps"}
    found = {
        name: files_sha256({path.name: path.read_bytes() for path in (out / name).iterdir()})
        for name in sorted(there & wanted)
    }
    faults = {
        "lost": sorted(wanted - found.keys()),
        "twice": sorted(name for name, times in listed.items() if times > 1),
        "not_in_index": sorted(found.keys() - index.keys()),
        "other_hash_than_in_index": sorted(name for name in index if found.get(name) != index[name]),
        "left_over": sorted(there - wanted),
    }
    return {
        "finished": len(found),
        "set_sha256": folder.index.sha256(),
        "files_sha256": files_sha256({name: digest.encode() for name, digest in found.items()}),
        "faults": {what: names for what, names in faults.items() if names},
    }


if __name__ == "__main__":
    raise SystemExit(main())
