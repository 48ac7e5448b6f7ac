"""Sets with an index and no pixels, for the tests of curating."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from echo_studio.dataset.build.manifest import MANIFEST_FORMAT, Item
from echo_studio.dataset.build.set_folder import Made
from echo_studio.dataset.curation.store import Curation

COUNT = 24


def random_curation(root: Path, made: int = COUNT, measured: bool = True) -> Curation:
    """An open curation of COUNT planned samples with figures at random; every value comes more than once."""
    rng = np.random.default_rng(3)
    root.mkdir(parents=True)
    maps = [{"name": f"map-{k}", "base": f"map-{k}", "view": v, "phase": p} for k, (v, p) in enumerate(VIEWS)]
    samplings = [{"generator": name, "solver": "heun", "nfe": nfe} for name, nfe in (("edm-l64", 10), ("vp-256", 50))]
    header = {"format": MANIFEST_FORMAT, "generators": samplings, "maps": maps, "batch": 1, "samples": COUNT}
    lines = [json.dumps(header)]
    for number in range(COUNT):
        name = ("", "septal", "missing-atrium")[int(rng.integers(3))]
        defect = {"name": name, "values": {}} if name else None
        item = Item(f"s{number:07d}", number % 2, number % len(maps), 0, number, defect, number)
        lines.append(json.dumps(asdict(item)))
    (root / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    curation = Curation(root)
    curation.folder.index.append(Made(0, {f"s{number:07d}": "a" * 64 for number in range(made)}))
    curation.sync()
    if measured:
        dice = {number: {name: _dice(rng) for name in ("lv_endo", "lv_epi", "la")} for number in range(0, COUNT, 2)}
        curation.set_adherence(dice)
        curation.set_privacy((f"s{number:07d}", _dice(rng) or 0.0, bool(number % 4)) for number in range(3, COUNT))
        curation.decide(range(0, 9), "keep")
        curation.decide(range(6, 12), "reject", "blurred")
        curation.tag(range(2, 20, 3), "good")
        curation.tag(range(1, 20, 5), "teaching")
    return curation


VIEWS = (("2CH", "ED"), ("4CH", "ED"), ("4CH", "ES"))


def _dice(rng: np.random.Generator) -> float | None:
    return None if rng.uniform() < 0.2 else round(float(rng.uniform()), 1)
