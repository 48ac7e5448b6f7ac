"""An engine without torch: noise in the sector that settles with every NFE, always the same for the same request."""

import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.anatomy.sector.geometry import Sector
from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.template import Templates
from echo_studio.evaluate.frames.segmentation import Labelled
from echo_studio.generate.request import Generated, GenerationRequest, record_of
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.source import Source
from echo_studio.generate.video.request import GrayClip
from echo_studio.project.library import Library
from echo_studio.studio.jobs.job import OnStep
from echo_studio.studio.studio import Studio
from echo_studio.types import GrayImage, Phase, Spacing, View
from tests.studio.fake_models import FakeModels
from tests.studio.fake_sets import FakeSets
from tests.studio.fake_videos import FakeVideos

SIDE = 256


def frame_request(
    label_map: LabelMap,
    view: View = "4CH",
    phase: Phase = "ED",
    generator: str = "edm-l64",
    solver: str = "heun",
    nfe: int = 20,
    seed: int = 0,
    guidance: float = 0.0,
    schedule: str = "",
) -> GenerationRequest:
    """A request in one line."""
    return GenerationRequest(label_map, Sampling(generator, solver, nfe, guidance, schedule), view, phase, seed)


class FakeEngine(FakeModels):
    def __init__(self, seconds_per_nfe: float = 0.02) -> None:
        super().__init__()
        self.seconds_per_nfe = seconds_per_nfe
        self.evaluations = 0
        self.evaluated: list[str] = []  # the digest of the label map of each
        self.failure: Exception | None = None
        self.forgotten: list[str] = []  # the sha256 of real frames
        self.videos = FakeVideos()
        self.sets = FakeSets()

    def solvers(self) -> list[tuple[str, str]]:
        return [("Heun (2nd order)", "heun"), ("Euler (DDIM)", "euler")]

    def schedules(self) -> list[str]:
        return ["karras", "few"]

    def generate(
        self,
        request: GenerationRequest,
        on_step: OnStep | None = None,
        *,
        background: bool = False,
    ) -> Generated:
        started = time.monotonic()
        for nfe in range(1, request.sampling.nfe + 1):
            time.sleep(self.seconds_per_nfe)
            self.evaluations += 1
            self.evaluated.append(request.label_map.digest)
            if self.failure is not None:
                raise self.failure
            if on_step is not None:
                on_step(nfe, request.sampling.nfe, lambda: speckle(request, 0.5))
        record = record_of(request, {request.sampling.generator: "0" * 64}, "2.10", "cpu")
        return Generated(speckle(request, 1.0), record, time.monotonic() - started)

    def adherence(self, image: GrayImage, label_map: LabelMap, *, background: bool = False) -> dict[str, float | None]:
        return {name: 0.9 if mask.any() else None for name, mask in label_map.structures().items()}

    def forget(self, source: Source) -> None:
        self.forgotten.append(source.sha256)

    def labelled(self, image: GrayImage, spacing_mm: Spacing | None = None) -> Labelled:
        return Labelled(self.label_frame(image, spacing_mm), {})

    def labels_of(self, clip: GrayClip, spacing_mm: Spacing | None = None) -> list[LabelMap]:
        return [self.label_frame(image, spacing_mm) for image in clip]

    def label_frame(self, image: GrayImage, spacing_mm: Spacing | None = None) -> LabelMap:
        """Bright pixels are wall, dark ones of the lit part are cavity."""
        ids = np.where(image > 128, LV_MYOCARDIUM, np.where(image > 40, SECTOR, np.where(image > 0, LV_CAVITY, 0)))
        return LabelMap(ids.astype(np.uint8), spacing_mm)


def speckle(request: GenerationRequest, gain: float) -> GrayImage:
    """uint8 (h, w): brighter in the wall, dark in the cavities, 0 outside the sector."""
    level = np.array([0, 30, 150, 35, 80])[request.label_map.ids]
    noise = np.random.default_rng(request.seed).gamma(2.0, 0.5, request.label_map.shape)
    return np.clip(level * noise * gain, 0, 255).astype(np.uint8)


def blank() -> LabelMap:
    """A sector with nothing in it."""
    sector = Sector((SIDE / 2, 8.0), -0.65, 0.65, 4.0, 236.0)
    return LabelMap(np.where(sector.mask(SIDE, SIDE), np.uint8(SECTOR), np.uint8(0)), (0.5, 0.5))


def heart() -> LabelMap:
    """A four-chamber view of ellipses, on the blank sector."""
    ids = blank().ids.copy()
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    for label, (cy, cx, ry, rx) in (
        (LV_MYOCARDIUM, (105, 130, 70, 42)),
        (LV_CAVITY, (110, 130, 58, 29)),
        (LEFT_ATRIUM, (188, 132, 26, 32)),
    ):
        ids[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1] = label
    return LabelMap(ids, (0.5, 0.5))


@cache
def templates() -> Templates:
    """In a folder of their own, which is written once."""
    titles = {
        "blank": "Blank sector",
        "4ch-ed": "Apical four-chamber, end diastole",
        "2ch-es": "Apical two-chamber, end systole",
    }
    folder = Path(tempfile.mkdtemp(prefix="echo-studio-templates-"))
    for name in titles:
        write_label_map(folder / f"{name}.png", blank() if name == "blank" else heart())
    return Templates(folder, titles)


def fake_studio(engine: Any = None, projects: Path | None = None) -> Studio:
    """A studio whose projects are in a folder of their own, which goes when the program ends."""
    library = Library(projects or Path(tempfile.mkdtemp(prefix="echo-studio-test-")))
    return Studio(engine or FakeEngine(), library, templates())
