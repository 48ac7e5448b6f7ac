"""Loaded models, shared by all sessions of a process: each is loaded once, and runs one at a time."""

import contextlib
import ctypes
import dataclasses
import gc
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.diffusion.schedule import SCHEDULES
from echo_studio.diffusion.solvers import SOLVERS
from echo_studio.errors import UnknownNameError
from echo_studio.evaluate.frames.adherence import adherence
from echo_studio.evaluate.frames.segmentation import JUDGE, LABELLER, FrameSegmenter, Labelled, labelled
from echo_studio.evaluate.video.recorded_labels import recorded_labels
from echo_studio.generate.catalog import Catalog, Checkpoint, catalog
from echo_studio.generate.checkpoint import ONE_CALL, Card
from echo_studio.generate.generator import Generator
from echo_studio.generate.importing import import_checkpoint, remove_checkpoint
from echo_studio.generate.precision import quickest
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.generate.sampling import Precision
from echo_studio.generate.source import Source
from echo_studio.generate.video.request import GrayClip
from echo_studio.studio.engine.device_lock import DeviceLock
from echo_studio.studio.engine.model_cache import LoadState, ModelCache
from echo_studio.studio.engine.set_maker import SetMaker
from echo_studio.studio.engine.videos import VideoEngine
from echo_studio.studio.jobs.job import OnStep
from echo_studio.types import GrayImage, Json, Spacing

FLOAT32 = 4  # bytes

# What the page shows of a card; the network's configuration and its numbers stay in the file.
CARD_ENTRIES = (
    "title",
    "kind",
    "description",
    "caution",
    "paper",
    "resolution",
    "makes",
    "advised_nfe",
    "advised_solver",
    "needs",
    "data",
    "split",
    "licence",
    "images_seen",
    "minutes",
    "machine",
    "scores",
    "sha256",
)


class Engine:
    """Generators, the judge and the labeller of a catalog of checkpoints.

    Args:
        checkpoints: a catalog, or a folder that is the only one; the bundled and the person's own by default.
        device: torch's name of a device.
    """

    def __init__(self, checkpoints: Catalog | Path | None = None, device: str = "cpu") -> None:
        self.catalog = checkpoints if isinstance(checkpoints, Catalog) else catalog(checkpoints)
        self.device = device
        self._model_cache: ModelCache[Generator] = ModelCache(lambda name: self.catalog.load(name, device))
        self._importing = threading.Lock()
        self._segmenters: dict[str, FrameSegmenter] = {}
        self._loading = threading.Lock()
        # Two runs side by side on one device take longer than one after the other, and twice the memory.
        self._device_lock = DeviceLock()
        only = None if checkpoints is None else self.catalog.bundled
        self.videos = VideoEngine(only, device, self._device_lock, lambda: self._loaded_segmenter(JUDGE))
        self.sets = SetMaker(only, device)

    def cards(self) -> list[Card]:
        """The generators that can be asked for; those that were imported meanwhile too."""
        return [found.card for found in self.catalog.generators().values() if found.card]

    def quickest_precision(self) -> Precision:
        """What networks run in where nobody chose; see `generate.precision.quickest`."""
        return quickest(self.device)

    def with_look(self) -> set[str]:
        """Names of those whose grain and coarseness can be chosen."""
        return self.catalog.with_look()

    def models(self) -> list[Json]:
        """Everything in the catalog with its state, parts and damaged ones too; bundled ones first."""
        found = self.catalog.checkpoints()
        return [model_json(checkpoint, found, self._model_cache.state) for checkpoint in found]

    def load(self, name: str) -> None:
        """Load a generator, so that the next frame does not wait for it.

        Raises:
            UnknownNameError, CheckpointError: see `Catalog.load`.
        """
        with self._model_cache.use(name, self._version(name)):
            pass

    def unload(self, name: str) -> None:
        """Free a generator's memory; runs that use it are finished first. The next frame of it loads it again."""
        self._model_cache.drop(name)
        self._tidy(name)

    def import_model(self, source: Path, name: str = "") -> Card:
        """See `generate.importing.import_checkpoint`; one import after the other."""
        with self._importing:
            return import_checkpoint(self.catalog, source, name)

    def remove_model(self, name: str) -> None:
        """See `generate.importing.remove_checkpoint`; runs that use it are finished."""
        with self._importing:
            remove_checkpoint(self.catalog, name)
        self.unload(name)

    def solvers(self) -> list[tuple[str, str]]:
        """(label for people, name) of each solver."""
        return [(solver.label, name) for name, solver in SOLVERS.items()]

    def schedules(self) -> list[str]:
        """The names of the noise schedules that a request can ask for."""
        return list(SCHEDULES)

    def generate(
        self,
        request: GenerationRequest,
        on_step: OnStep | None = None,
        *,
        background: bool = False,
    ) -> Generated:
        """See `Generator.generate`; waits while another run is on the device.

        Args:
            background: nobody waits for this run, as in a comparison. Others go before it, also between two of its NFE,
                and their time is not counted in its seconds.

        Raises:
            UnknownNameError, CheckpointError: see `Catalog.load`.
            Cancelled: raised from on_step.
        """
        away = 0.0

        def step(done: int, total: int, preview: Callable[[], GrayImage]) -> None:
            nonlocal away
            if background:
                away += self._device_lock.yield_device()
            if on_step is not None:
                on_step(done, total, preview)

        made = self._made(request, step, background)
        self._tidy(request.sampling.generator)
        return dataclasses.replace(made, seconds=made.seconds - away)

    def _made(self, request: GenerationRequest, on_step: OnStep, background: bool) -> Generated:
        """Apart from `generate`, so that nothing refers to the generator when it may leave."""
        name = request.sampling.generator
        with (
            self._model_cache.use(name, self._version(name)) as generator,
            self._device_lock.take(background=background),
        ):
            return generator.generate(request, on_step)

    def _tidy(self, name: str) -> None:
        if self._model_cache.state(name) is LoadState.ABSENT:
            _return_memory()

    def adherence(self, image: GrayImage, label_map: LabelMap, *, background: bool = False) -> dict[str, float | None]:
        """Dice of `lv_endo`, `lv_epi` and `la` by the judge; None where the label map lacks the structure.

        Args:
            background: nobody waits for it: runs on the device go first.

        Raises:
            CheckpointError: the judge cannot be read.
        """
        judge = self._loaded_segmenter(JUDGE)
        with self._device_lock.take(background=True) if background else contextlib.nullcontext():
            return adherence(judge, image, label_map)

    def labelled(self, image: GrayImage, spacing_mm: Spacing | None = None) -> Labelled:
        """Labels of a real frame, uint8 (h, w), at its size, with warnings; see `evaluate.frames.segmentation`.

        Raises:
            ImageError: no lit sector is found.
            CheckpointError: the labeller cannot be read.
        """
        return labelled(self._loaded_segmenter(LABELLER), image, spacing_mm)

    def labels_of(self, clip: GrayClip, spacing_mm: Spacing | None = None) -> list[LabelMap]:
        """Label maps of the frames of a recording, uint8 (t, h, w); see `evaluate.video.recorded_labels`.

        Raises:
            ImageError: no frame has a lit sector.
            CheckpointError: the labeller cannot be read.
        """
        return recorded_labels(self._loaded_segmenter(LABELLER), clip, spacing_mm)

    def forget(self, source: Source) -> None:
        """Drop what is kept in memory of a real frame."""
        self.catalog.inversions.forget(source)

    def _loaded_segmenter(self, name: str) -> FrameSegmenter:
        with self._loading:
            if name not in self._segmenters:
                self._segmenters[name] = FrameSegmenter.load(self.catalog.bundled / name)
            return self._segmenters[name]

    def _version(self, name: str) -> str:
        """Which weights a name stands for now; a name may be removed and imported again with others."""
        generators = self.catalog.generators()
        if name not in generators:
            raise UnknownNameError("generator", name, generators)
        card = generators[name].card
        return card.sha256 if card else ""


def model_json(checkpoint: Checkpoint, others: Sequence[Checkpoint], state: Callable[[str], LoadState]) -> Json:
    """A checkpoint of the catalog as the page shows it.

    `name`: of the card; of the folder where the card cannot be read. `own`: imported by this person, who may remove it.
    `card`: `CARD_ENTRIES`, or None where it cannot be read. `fault`: why it cannot be used, in one line, or "".
    `one_call`: a generator for NFE 1 alone, without solver. `parameters`: numbers in its weights; 0 where they cannot
    be read. `file_bytes`: of its weights on the disk. `memory_bytes`: of its weights in memory once it is loaded, with
    those of what it needs. `state`: whether it is loaded; parts never are by themselves.

    Args:
        others: the catalog, of which some may be parts of it.
    """
    card = checkpoint.card
    usable = card is not None and not checkpoint.fault
    needs = card.needs.values() if card else ()
    parts = [other.parameters for other in others if other.card and other.card.sha256 in needs]
    return {
        "name": card.name if card and usable else checkpoint.folder.name,
        "own": checkpoint.own,
        "card": card and {name: getattr(card, name) for name in CARD_ENTRIES},
        "fault": checkpoint.fault,
        "one_call": card is not None and card.kind in ONE_CALL,
        "parameters": checkpoint.parameters,
        "file_bytes": checkpoint.file_bytes,
        "memory_bytes": FLOAT32 * (checkpoint.parameters + sum(parts)),
        "state": state(card.name) if card and usable else LoadState.ABSENT,
    }


def _return_memory() -> None:
    """Hand free memory to the system. glibc and CUDA's allocator keep it for later otherwise: 100 MiB after a
    few frames of edm-l64. Other systems' allocators give it back by themselves."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
