"""Sets without torch: speckle in place of a generator, made batch by batch as the real ones are."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.data.atomic import write_folder
from echo_studio.data.deform import random_variation
from echo_studio.dataset.build.manifest import ClipSampling, SetRequest, SetSampling
from echo_studio.dataset.build.plan import Plan
from echo_studio.dataset.build.request import ranges_of
from echo_studio.dataset.build.set_folder import Made, SetFolder, files_sha256
from echo_studio.dataset.pairs import pair_files
from echo_studio.dataset.sample import SetSample
from echo_studio.errors import DataError, EchoStudioError, UnknownNameError
from echo_studio.generate.sampling import Sampling
from echo_studio.types import Json

GENERATORS = ("edm-l64", "vp-256")
CLIPS = "free-echo"


class FakeSets:
    cores = 2

    def __init__(self) -> None:
        self.seconds = 0.0
        self.failure: EchoStudioError | None = None
        self.version = "1"

    def clips(self) -> list[Json]:
        return [{"name": CLIPS, "title": "Free-Echo"}]

    def request(self, maps: Any, generators: Any, solver: str, budgets: Any, ranges: Any, **counts: Any) -> SetRequest:
        for name in generators:
            if name not in (*GENERATORS, CLIPS):
                raise UnknownNameError("generator", name, GENERATORS)
        samplings = [
            SetSampling(
                Sampling(name, solver or "heun", nfe, 1.0 if name == CLIPS else 0.0),
                "CC BY",
                ClipSampling(4, 120.0, 50) if name == CLIPS else None,
            )
            for name in generators
            for nfe in budgets or [20]
        ]
        return SetRequest(
            tuple(maps), tuple(samplings), ranges=ranges_of(ranges), versions={"echo-studio": self.version}, **counts
        )

    def plan(self, request: SetRequest, folder: SetFolder, workers: int) -> Plan:
        clips = (
            request.count * sum(sampling.clip is not None for sampling in request.samplings) // len(request.samplings)
        )
        return Plan(
            request.count, clips, 0, len(request.maps), len(request.samplings), workers, 60.0, 1.0, 20_000_000, 10**10
        )

    def check(self, folder: SetFolder) -> None:
        if folder.header["versions"] != {"echo-studio": self.version}:
            raise DataError(expected="a set of this version", got="another", remedy="make another set")

    def make(self, folder: SetFolder, workers: int, on_made: Callable[[int], None], stop: Callable[[], bool]) -> None:
        finished = folder.finished()
        for number, items in folder.batches():
            if number in finished:
                continue
            if stop():
                return
            time.sleep(self.seconds)
            if self.failure is not None:
                raise self.failure
            hashes, aside = {}, {}
            for item in items:
                try:
                    sample = _sample(folder, item)
                except EchoStudioError as error:
                    aside[item.id] = str(error)
                    continue
                files = pair_files(sample)
                write_folder(folder.root / item.id, files)
                hashes[item.id] = files_sha256(files)
            folder.index.append(Made(number, hashes, aside))
            on_made(len(items))


def _sample(folder: SetFolder, item: Any) -> SetSample:
    sampling, about = folder.header["generators"][item.how], folder.header["maps"][item.map]
    heart = folder.base(item.map)
    if item.variation is not None:
        heart = random_variation(heart, item.variation)
    if item.defect:
        heart = apply_defect(heart, item.defect["name"], item.defect["values"])
    clip = sampling.get("clip")
    ids = np.stack([np.roll(heart.ids, k, axis=0) for k in range(clip["frames"])]) if clip else heart.ids
    noise = np.random.default_rng(item.seed).gamma(2.0, 0.5, ids.shape)
    level = np.array([0, 30, 150, 35, 80])[ids]
    anatomy = {"map": about["name"], "defect": item.defect, "variation": item.variation}
    record = {**{key: sampling[key] for key in ("generator", "solver", "nfe")}, "seed": item.seed}
    return SetSample(
        id=item.id,
        base=about["base"],
        view=about["view"],
        phase=None if clip else about["phase"],
        fps=8.0 if clip else None,
        licence=sampling["licence"],
        spacing_mm=heart.spacing_mm,
        tags=(f"defect {item.defect['name']}",) if item.defect else (),
        record={**record, "anatomy": anatomy},
        image=np.clip(level * noise, 0, 255).astype(np.uint8),
        ids=ids,
    )
