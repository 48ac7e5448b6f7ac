"""Loaded models, shared by all sessions of a process: each is loaded once, and runs one at a time."""

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.diffusion.schedule import SCHEDULES
from echo_studio.diffusion.solver import SOLVERS
from echo_studio.evaluate.adherence import adherence
from echo_studio.evaluate.label_frame import label_frame
from echo_studio.evaluate.segmentation import FrameSegmenter
from echo_studio.generate.catalog import bundled_checkpoints, load_cards, load_generator
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.service.turns import Turns
from echo_studio.types import GrayImage, Spacing

SEGMENTER = "segmenter"


class Engine:
    """Generators and the segmenter of one folder of checkpoints.

    Args:
        checkpoints: the bundled folder by default.
        device: torch's name of a device.
    """

    def __init__(self, checkpoints: Path | None = None, device: str = "cpu") -> None:
        self.checkpoints = checkpoints or bundled_checkpoints()
        self.device = device
        self._generators: dict[str, Generator] = {}
        self._segmenter: FrameSegmenter | None = None
        self._loading = threading.Lock()
        # Two runs side by side on one device take longer than one after the other, and twice the memory.
        self._turns = Turns()

    def cards(self) -> list[Card]:
        """The generators that can be asked for."""
        return list(load_cards(self.checkpoints).values())

    def solvers(self) -> list[tuple[str, str]]:
        """(label for people, name) of each solver."""
        return [(solver.label, name) for name, solver in SOLVERS.items()]

    def schedules(self) -> list[str]:
        """The names of the noise schedules that a request can ask for."""
        return list(SCHEDULES)

    def generate(
        self,
        request: GenerationRequest,
        on_step: Callable[[int, int, Callable[[], GrayImage]], None] | None = None,
        *,
        patient: bool = False,
    ) -> Generated:
        """See `Generator.generate`; waits while another run is on the device.

        Args:
            patient: nobody waits for this run, as in a comparison. Others go before it, also between two of its NFE,
                and their time is not counted in its seconds.

        Raises:
            UnknownNameError, CheckpointError: see `generate.catalog.load_generator`.
            Cancelled: raised from on_step.
        """
        generator = self._generator(request.generator)
        away = 0.0

        def step(done: int, total: int, preview: Callable[[], GrayImage]) -> None:
            nonlocal away
            if patient:
                away += self._turns.give_way()
            if on_step is not None:
                on_step(done, total, preview)

        with self._turns.take(patient=patient):
            made = generator.generate(request, step)
        return dataclasses.replace(made, seconds=made.seconds - away)

    def adherence(self, image: GrayImage, label_map: LabelMap) -> dict[str, float | None]:
        """Dice of `lv_endo`, `lv_epi` and `la`; None where the label map lacks the structure."""
        return adherence(self._loaded_segmenter(), image, label_map)

    def label_frame(self, image: GrayImage, spacing_mm: Spacing | None = None) -> LabelMap:
        """Labels of a real frame, uint8 (h, w), at its size; see `evaluate.label_frame`.

        Raises:
            ImageError: no lit sector is found.
            CheckpointError: the segmenter cannot be read.
        """
        return label_frame(self._loaded_segmenter(), image, spacing_mm)

    def _loaded_segmenter(self) -> FrameSegmenter:
        with self._loading:
            if self._segmenter is None:
                self._segmenter = FrameSegmenter.load(self.checkpoints / SEGMENTER)
            return self._segmenter

    def _generator(self, name: str) -> Generator:
        with self._loading:
            if name not in self._generators:
                self._generators[name] = load_generator(name, self.checkpoints, self.device)
            return self._generators[name]
