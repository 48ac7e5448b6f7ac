"""Runs a comparison cell after cell, each a run of its own, and says how far each one is.

What a cell takes is its run alone: before the first cell of a generator the generator is loaded and makes one
NFE that is thrown away, and while another run has the device the clock of a cell stands still.
"""

import contextlib
import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.errors import Cancelled, EchoStudioError
from echo_studio.generate.request import Generated, GenerationRequest
from echo_studio.studio.compare.plan import Plan
from echo_studio.studio.engine.engine import Engine
from echo_studio.studio.jobs.job import JobState, failure_message
from echo_studio.types import BoolMask, GrayImage, Json

Adherence = dict[str, float | None]


@dataclass(frozen=True)
class Progress:
    """Where a cell is.

    Attributes:
        nfe: done so far; 0 also while its generator is loaded.
        generated: its frame and record once it is done.
        adherence: Dice of each structure, None where the label map lacks it; empty where it could not be measured.
        message: why it failed, or what could not be measured; one line, mostly empty.
    """

    state: JobState = JobState.WAITING
    nfe: int = 0
    generated: Generated | None = None
    adherence: Adherence = field(default_factory=dict)
    message: str = ""


class Comparison:
    """A plan and how far each of its cells is; safe to read from any thread."""

    def __init__(self, plan: Plan, body: Json | None = None) -> None:
        self.plan = plan
        self.body = body or {}  # what the page sent
        self._lock = threading.Lock()
        self._cells = [Progress() for _ in plan.cells]
        self.known: dict[tuple[int, int], float | None] = {}  # what was measured between two cells that are done

    @cached_property
    def sectors(self) -> dict[str, BoolMask]:
        """(h, w) by the name of a label map: where its frames show something."""
        maps = {cell.guide: cell.request.label_map for cell in self.plan.cells}
        return {name: np.asarray(within_sector(label_map.ids) > 0) for name, label_map in maps.items()}

    @property
    def cells(self) -> list[Progress]:
        """In the order of `plan.cells`, as they are now."""
        with self._lock:
            return list(self._cells)

    def images(self) -> list[GrayImage | None]:
        """The frames of the cells, None where there is none."""
        return [cell.generated.image if cell.generated is not None else None for cell in self.cells]

    def put(self, number: int, progress: Progress) -> None:
        with self._lock:
            self._cells[number] = progress

    def cancel_rest(self) -> None:
        """Nothing more comes: cells that wait or run are cancelled."""
        with self._lock:
            for number, cell in enumerate(self._cells):
                if cell.state in (JobState.WAITING, JobState.RUNNING):
                    self._cells[number] = Progress(JobState.CANCELLED, cell.nfe)


def run(
    comparison: Comparison,
    engine: Engine,
    check: Callable[[], None] = lambda: None,
    on_change: Callable[[int, Progress], None] = lambda number, progress: None,
) -> None:
    """Run a comparison on the calling thread. A cell that fails says why, and the next one begins.

    Args:
        comparison: takes every step in.
        engine: other runs on its device go before every cell, and between two NFE of one.
        check: called between two NFE; raises Cancelled to stop everything.
        on_change: called with a cell's number and progress after every change.

    Raises:
        Cancelled: from `check`. Cells that are done stay as they are.
    """
    warm: set[tuple[str, bool]] = set()
    try:
        for number in range(len(comparison.plan.cells)):
            check()
            _run_cell(comparison, number, engine, warm, check, on_change)
    finally:
        comparison.cancel_rest()  # of a run that was broken off; else none is left


def _run_cell(
    comparison: Comparison,
    number: int,
    engine: Engine,
    warm: set[tuple[str, bool]],
    check: Callable[[], None],
    on_change: Callable[[int, Progress], None],
) -> None:
    request = comparison.plan.cells[number].request

    def put(progress: Progress) -> None:
        comparison.put(number, progress)
        on_change(number, progress)

    def on_step(nfe: int, *_: object) -> None:
        check()
        put(Progress(JobState.RUNNING, nfe))

    put(Progress(JobState.RUNNING))
    try:
        _warm_up(engine, request, warm, check)
        progress = _measured(engine, request, engine.generate(request, on_step, background=True))
    except Cancelled:
        raise
    except Exception as error:
        progress = Progress(JobState.FAILED, message=failure_message(error))
    put(progress)


def _warm_up(
    engine: Engine, request: GenerationRequest, warm: set[tuple[str, bool]], check: Callable[[], None]
) -> None:
    """Load a generator and let it run once; guided runs have batches of another size, for which it is not warm."""
    kind = (request.sampling.generator, request.sampling.guidance > 0)
    if kind in warm:
        return
    with contextlib.suppress(EchoStudioError):  # the run itself says what is wrong
        once = dataclasses.replace(request, sampling=dataclasses.replace(request.sampling, nfe=1))
        engine.generate(once, lambda *_: check(), background=True)
    warm.add(kind)


def _measured(engine: Engine, request: GenerationRequest, generated: Generated) -> Progress:
    try:
        adherence = engine.adherence(generated.image, request.label_map)
    except EchoStudioError as error:
        message = f"adherence is not measured: {error}"
        return Progress(JobState.DONE, request.sampling.nfe, generated, message=message)
    return Progress(JobState.DONE, request.sampling.nfe, generated, adherence)
