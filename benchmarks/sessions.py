"""Twenty people at once: each logs in, edits and generates; then what an attacker would try.

python -m benchmarks.sessions [--sessions 20] [--browsers 3] [--seconds 120] [--generator draft-l64]

The sessions are HTTP clients that speak the page's own protocol, and some real pages in Chromium. It counts errors,
refusals with their words, edits that the server lost, and how long a person waits; it fails where there is an error,
a lost edit, or an attack that is not refused.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.attacks import attacks
from benchmarks.people import PASSWORD, PATIENCE, Person, Tally, run_person
from benchmarks.people_pages import run_pages

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def studio(folder: Path, names: list[str]) -> Iterator[str]:
    """The real program with users, on a free port."""
    from echo_studio.studio.users.users import Users

    users = Users(folder / "users.json")
    for name in names:
        users.add(name, PASSWORD)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from echo_studio.cli import main; main()", "app", "--port", str(port)]
    command += ["--auth", str(users.path), "--projects", str(folder / "projects")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
        while True:
            try:
                httpx.get(f"{address}/login", timeout=PATIENCE).raise_for_status()
                break
            except httpx.TransportError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit((folder / "log.txt").read_text()) from None
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait()
        sys.stdout.write((folder / "log.txt").read_text()[-2000:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--browsers", type=int, default=3, help="how many of the sessions are pages in Chromium")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--generator", default="draft-l64")
    args = parser.parse_args()
    names = [f"user{number:02d}" for number in range(args.sessions)]
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch, studio(Path(scratch), [*names, "anna", "ben"]) as address:
        pages, people = names[: args.browsers], names[args.browsers :]
        ready = threading.Barrier(len(people) + 1)
        persons = [Person(address, name, tally, seed) for seed, name in enumerate(people)]
        threads = [
            threading.Thread(target=run_person, args=(person, ready, args.seconds, args.generator))
            for person in persons
        ]
        for thread in threads:
            thread.start()
        run_pages(address, pages, ready, args.seconds, args.generator, tally)
        for thread in threads:
            thread.join()
        _report(args, tally)
        tried = attacks(address, PASSWORD, Path(scratch) / "projects")
    through = [name for name, refused in tried if not refused]
    print(f"attacks        {len(tried)} tried, {len(tried) - len(through)} refused")
    for name in through:
        print(f"  NOT REFUSED: {name}")
    return 1 if tally.errors or tally.lost or through else 0


def _report(args: argparse.Namespace, tally: Tally) -> None:
    print(f"sessions       {args.sessions}, {args.browsers} of them pages in Chromium, {args.seconds:.0f} s each")
    print(f"edits          {tally.edits}, sessions whose copy on the server differs: {tally.lost}")
    counts = [tally.by_user[name] for name in sorted(tally.by_user)] or [0]
    print(f"frames         {tally.frames}; of a session {min(counts)} to {max(counts)}")
    print(f"refusals       {sum(tally.refusals.values())}")
    for words, count in tally.refusals.most_common():
        print(f"  {count} x {words}")
    for what, seconds in tally.waits.items():
        ordered = sorted(seconds)
        p95 = ordered[int(0.95 * (len(ordered) - 1))]
        print(f"{what:14s} median {statistics.median(ordered):.3f} s, 95 % {p95:.3f} s, longest {ordered[-1]:.3f} s")
    print(f"errors         {len(tally.errors)}")
    for words in tally.errors[:20]:
        print(f"  {words}")


if __name__ == "__main__":
    sys.exit(main())
