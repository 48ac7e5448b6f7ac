"""How quick the gallery is: pages, filters, orders, bulk decisions and memory at 100,000 samples.

    python -m benchmarks.gallery [--samples 100000] [--work FOLDER] [--json]

Makes a set whose index, figures and tags are drawn at random; its samples' folders are links to a few that hold real
pictures, so every thumbnail is decoded and packed as always. Times are those of the page's own requests, over HTTP on
this machine, each the worst of several, by the clock and, where other programs are busy, by this process's own cores.
"""

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI

from echo_studio.dataset.build.manifest import MANIFEST_FORMAT, Item, SetSampling
from echo_studio.dataset.curation.store import CURATION, Curation
from echo_studio.dataset.pairs import write_pair
from echo_studio.dataset.sample import SetSample
from echo_studio.generate.sampling import Sampling
from echo_studio.web.routes import add_studio_routes
from tests.studio.fakes import FakeEngine, fake_studio, frame_request, heart, speckle

PICTURES = 48  # real folders that the others are links to
PAGE = 60
TURNS = 5
GENERATORS = ("edm-l64", "edm-256", "vp-256", "cyclegan")
DEFECTS = ("", "", "", "septal", "missing-atrium", "apical-aneurysm")
TAGS = ("teaching", "blurred", "artefact")
LIMITS_MS = {"page": 300, "filter": 500}
HEADER = "X-Studio-Session"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--work", type=Path, help="keep the set here, and take it from here the next time")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.work or Path(scratch)
        name = f"bench-{options.samples}"
        if not (root / "sets" / name).is_dir():
            write_set(root / "sets" / name, options.samples)
        if not (root / "sets" / name / CURATION).is_file():
            curate(root / "sets" / name, options.samples)
        figures = measure(root, name, options.samples)
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        for what, value in figures.items():
            clock, cores = value if isinstance(value, tuple) else (value, "")
            print(f"{what:44} {clock:>10} {cores:>10}")


def write_set(folder: Path, count: int) -> None:
    """A set with everything that the gallery reads."""
    started = time.perf_counter()
    part = folder.with_name(f".{folder.name}.tmp")
    part.mkdir(parents=True)
    maps = [
        {"name": f"map-{k}", "base": f"map-{k}", "view": view, "phase": phase, "sha256": "0" * 64, "spacing_mm": None}
        for k, (view, phase) in enumerate([("2CH", "ED"), ("2CH", "ES"), ("4CH", "ED"), ("4CH", "ES")] * 50)
    ]
    rng = np.random.default_rng(0)
    samplings = [SetSampling(Sampling(name, "heun", 10), "CC BY").to_json() for name in GENERATORS]
    header = {"format": MANIFEST_FORMAT, "generators": samplings, "maps": maps, "batch": 16, "samples": count}
    with (part / "manifest.jsonl").open("w") as lines:
        lines.write(json.dumps(header) + "\n")
        for number in range(count):
            defect = DEFECTS[int(rng.integers(len(DEFECTS)))]
            told = {"name": defect, "values": {}} if defect else None
            how, of = number * len(GENERATORS) // count, number % len(maps)
            lines.write(json.dumps(Item(f"s{number:07d}", how, of, 0, number, told, number).to_json()) + "\n")
    with (part / "index.jsonl").open("w") as lines:
        for batch, start in enumerate(range(0, count, 16)):
            ids = [f"s{number:07d}" for number in range(start, min(count, start + 16))]
            lines.write(json.dumps({"batch": batch, "samples": dict.fromkeys(ids, "0" * 64), "set_aside": {}}) + "\n")
    (part / "pictures").mkdir()
    for number in range(PICTURES):
        request = frame_request(heart(), "4CH", "ED", "edm-l64", "heun", 10, number)
        about = {"id": f"p{number}", "base": "map-0", "view": "4CH", "phase": "ED", "licence": "CC BY"}
        sample = SetSample(**about, image=speckle(request, 1.0), ids=heart().ids)
        write_pair(part / "pictures" / sample.id, sample)
    for number in range(count):
        (part / f"s{number:07d}").symlink_to(Path("pictures") / f"p{number % PICTURES}")
    part.rename(folder)
    print(f"written in {time.perf_counter() - started:.0f} s")


def curate(folder: Path, count: int) -> None:
    """Figures, decisions and tags of every kind."""
    started, rng = time.perf_counter(), np.random.default_rng(2)
    curation = Curation(folder)
    curation.sync()
    dice = rng.uniform(0.3, 1, (count, 3)).round(4)
    names = ("lv_endo", "lv_epi", "la")
    curation.set_adherence({k: dict(zip(names, map(float, row), strict=True)) for k, row in enumerate(dice)})
    curation.set_privacy((f"s{k:07d}", float(rng.uniform()), bool(rng.uniform() < 0.01)) for k in range(count))
    curation.decide(range(0, count, 3), "keep", "", "Ada")
    curation.decide(range(1, count, 7), "reject", "blurred", "Ada")
    for place, tag in enumerate(TAGS):
        curation.tag(range(place, count, 5 + place), tag, reviewer="Ada")
    curation.close()
    print(f"curated in {time.perf_counter() - started:.0f} s")


def measure(root: Path, name: str, count: int) -> dict[str, Any]:
    studio = fake_studio(FakeEngine(), root)
    app = FastAPI()
    add_studio_routes(app, studio)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    session = studio.open_session("new")
    at = f"/studio/dataset/sets/{name}"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={HEADER: session.token}, timeout=120) as page:
        page.get("/studio/dataset").raise_for_status()
        idle = resident_mib()
        figures: dict[str, Any] = {"samples": count, "idle app, MiB": round(idle)}
        figures["open the set, ms"] = timed(lambda: page.get(at), 1)

        def numbers(**wanted: Any) -> Any:
            reply = page.post(f"{at}/numbers", json=wanted).raise_for_status()
            return np.frombuffer(reply.content, "<u4")

        filters: dict[str, dict[str, Any]] = {
            "all": {},
            "by decision": {"choices": {"verdict": ["keep"]}},
            "by generator and defect": {"choices": {"generator": ["vp-256"], "defect": ["septal"]}},
            "by view": {"choices": {"view": ["4CH"]}},
            "by tag": {"choices": {"tag": ["teaching"]}},
            "by adherence": {"ranges": {"adherence": [0.7, 0.8]}},
            "by privacy distance": {"ranges": {"privacy": [0.9, None]}},
            "by text": {"text": "map-17"},
            "flagged": {"flagged": True},
            "sorted by adherence": {"sort": "adherence", "descending": True},
            "sorted by privacy distance": {"sort": "privacy"},
            "sorted by generator": {"sort": "generator"},
            "sorted by time of decision": {"sort": "at", "descending": True},
        }
        for words, wanted in filters.items():
            figures[f"filter {words}, ms"] = timed(lambda wanted=wanted: numbers(**wanted), TURNS)
        rng = np.random.default_rng(1)
        order = numbers(sort="adherence")

        def look(kind: str, some: list[int]) -> None:
            page.post(f"{at}/samples", json={"numbers": some}).raise_for_status()
            page.post(f"{at}/thumbnails", json={"numbers": some, "outlined": kind == "labels"}).raise_for_status()

        def anywhere() -> list[int]:
            start = int(rng.integers(max(1, count - PAGE)))
            return [int(number) for number in order[start : start + PAGE]]

        figures["page of 60 never seen, ms"] = timed(lambda: look("frames", anywhere()), TURNS)
        figures["page of 60 with labels, ms"] = timed(lambda: look("labels", anywhere()), TURNS)
        some = anywhere()
        look("frames", some)
        figures["page of 60 seen before, ms"] = timed(lambda: look("frames", some), TURNS)
        figures["counts, ms"] = timed(lambda: page.get(at), TURNS)
        act = {"numbers": [int(number) for number in order[:1]], "verdict": "reject", "reviewer": "Ada"}
        figures["decide about one, ms"] = timed(lambda: page.post(f"{at}/decide", json=act), 1)
        bulk = {"numbers": [int(number) for number in order], "verdict": "", "reviewer": "Ada"}
        figures["decide about all, ms"] = timed(lambda: page.post(f"{at}/decide", json=bulk), 1)
        figures["undo that, ms"] = timed(lambda: page.post(f"{at}/undo"), 1)
        page.post(f"{at}/undo").raise_for_status()
        for start in range(0, min(count, 6000), PAGE):
            look("frames", [int(number) for number in order[start : start + PAGE]])
        figures["memory over the idle app, MiB"] = round(resident_mib() - idle)
    studio.close()
    server.should_exit = True
    worst = {
        kind: tuple(map(max, zip(*(value for key, value in figures.items() if key.startswith(kind)), strict=True)))
        for kind in LIMITS_MS
    }
    figures |= {f"worst {kind} (wanted < {LIMITS_MS[kind]}), ms": value for kind, value in worst.items()}
    return figures


def timed(act: Callable[[], Any], device_lock: int) -> tuple[float, float]:
    """The longest of several in milliseconds: by the clock, and of this process's cores, client and server together."""
    worst = 0.0, 0.0
    for _ in range(device_lock):
        started, computed = time.perf_counter(), time.process_time()
        act()
        took = time.perf_counter() - started, time.process_time() - computed
        worst = max(worst[0], took[0]), max(worst[1], took[1])
    return round(worst[0] * 1000, 1), round(worst[1] * 1000, 1)


def resident_mib() -> float:
    """Memory of this process that is in use; the client's own requests are in it too."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
