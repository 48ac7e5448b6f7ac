"""What is done to a set while a person does other things: making, measuring and exporting it.

It goes on when the page is closed, and ends with the server. The page sees the rate and the time left.
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from echo_studio.data.formats.image_file import read_gray
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.curation.thumbnail import first
from echo_studio.dataset.export.formats import export_set
from echo_studio.dataset.split import Fractions
from echo_studio.errors import BusyError, EchoStudioError, OutputError, raised_as
from echo_studio.studio.engine.engine import Engine
from echo_studio.studio.jobs.job import Job
from echo_studio.studio.jobs.service import JobService
from echo_studio.studio.sets.places import OpenSets
from echo_studio.types import Json

KINDS = ("make", "measure", "export")
RATE_OVER = 20  # the last so many steps say how fast it goes
FRAMES_AT_ONCE = 8  # measured between two looks at whether to stop


class Count:
    """How many of how many steps are done, and how fast that goes; read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done = self._of = 0
        self._steps: list[tuple[float, int]] = []

    def set(self, done: int, of: int) -> None:
        """So many are done by now."""
        with self._lock:
            self._done, self._of = done, of
            self._steps = [*self._steps[-RATE_OVER:], (monotonic(), done)]

    def to_json(self) -> Json:
        """`done`, `of`, `rate` a second and `seconds` left; None while that is not known."""
        with self._lock:
            (began, first), (now, last) = (self._steps[0], self._steps[-1]) if self._steps else ((0.0, 0), (0.0, 0))
            rate = (last - first) / (now - began) if now > began and last > first else None
            left = None if rate is None else (self._of - self._done) / rate
            return {"done": self._done, "of": self._of, "rate": rate, "seconds": left}


SetJob: TypeAlias = Job[Count, Json]


class SetWork:
    """Args:
    engine: makes sets, and measures adherence.
    jobs: runs the tasks: of each kind one at a time, and of each set one of a kind.
    open_sets: where adherence is kept.
    """

    def __init__(self, engine: Engine, jobs: JobService, open_sets: OpenSets) -> None:
        self._engine, self._jobs, self._open = engine, jobs, open_sets

    def running(self, path: Path, kind: str) -> bool:
        """Whether the set has such a task that waits or runs."""
        job = self._jobs.current(kind, str(path))
        return job is not None and not job.progress().ended

    def stop(self, path: Path, kind: str) -> None:
        """Let a task end after the step under way."""
        job = self._jobs.current(kind, str(path)) if kind in KINDS else None
        if job is not None:
            job.cancel()

    def forget(self, path: Path) -> None:
        """The set is removed: its tasks stop, and nothing of them is kept."""
        for kind in KINDS:
            self._jobs.forget(kind, str(path))

    def status(self, path: Path) -> Json:
        """By kind, of the newest tasks of a set: state, how far, what came of it."""
        jobs = {kind: self._jobs.current(kind, str(path)) for kind in KINDS}
        return {kind: self.describe(job) for kind, job in jobs.items() if job is not None}

    def describe(self, job: SetJob) -> Json:
        """How far a task is, JSON-able."""
        message = {**self._jobs.describe(job), **job.request.to_json(), "outcome": job.outcome}
        return {**message, "set": Path(job.key).name}

    def make(self, path: Path, workers: int) -> None:
        """Begin to make what is missing of a set; its adherence is measured afterwards.

        Raises:
            BusyError: it is being made, or too many wait.
        """
        folder = SetFolder(path)

        def work(job: SetJob) -> Json:
            with folder.held():
                done = sum(folder.count().values())
                _count(job, done, folder.header["samples"])

                def on_made(samples: int) -> None:
                    nonlocal done
                    done += samples
                    _count(job, done, folder.header["samples"])

                self._engine.sets.make(folder, workers, on_made, lambda: job.cancelled)
            with contextlib.suppress(EchoStudioError):  # it can be asked for again
                self.measure(path)
            return folder.count()

        self._start("make", path, work)

    def measure(self, path: Path) -> None:
        """Begin to measure adherence where it is missing.

        Raises:
            BusyError: it is being measured, or too many wait.
        """

        def work(job: SetJob) -> Json:
            curation = self._open.of(path)
            done, of = 0, int(curation.counts()["unmeasured"])
            _count(job, done, of)
            while not job.cancelled and (some := self._open.of(path).unmeasured(FRAMES_AT_ONCE)):
                curation.set_adherence({number: self._dice(path / name) for number, name in some})
                done += len(some)
                _count(job, done, max(of, done))
            return {"measured": done}

        self._start("measure", path, work)

    def export(
        self, source: Path, form: str, out: Path, fractions: Fractions, seed: int, only: str, note: Callable[[], None]
    ) -> None:
        """Begin to export a set; `note` is called when it is there.

        Raises:
            BusyError: it is being exported, or too many wait.
        """

        def work(job: SetJob) -> Json:
            def on_sample(done: int, of: int) -> None:
                job.raise_if_cancelled()
                _count(job, done, of)

            make_folder(out.parent)
            card = export_set(source, form, out, fractions, seed, None, on_sample, only)
            note()
            return {"export": out.name, "frames": card["frames"], "clips": card["clips"]}

        self._start("export", source, work)

    def _start(self, kind: str, path: Path, work: Callable[[SetJob], Json]) -> None:
        if self.running(path, kind):
            raise BusyError(
                expected=f"no other run to {kind} {path.name}", got="one", remedy="wait for its end, or stop it"
            )
        self._jobs.start(kind, str(path), Count(), work, owner=str(path.parent))

    def _dice(self, sample: Path) -> dict[str, float | None]:
        """Of a frame, or of a clip's first one; nothing if it cannot be read."""
        try:
            image, label_map = read_gray(first(sample, "frame"))[0], read_label_map(first(sample, "labels"))
            return self._engine.adherence(image, label_map, background=True)
        except EchoStudioError:
            return {}


def _count(job: SetJob, done: int, of: int) -> None:
    """So many steps of a task are done by now."""
    job.request.set(done, of)
    job.count_change()


def make_folder(folder: Path) -> None:
    """Make a folder if there is none; raises OutputError."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def writing(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Turn what the system says about a place into an error for a person."""
    expected = f"a folder {folder.name} that can be written"
    return raised_as(OutputError, OSError, expected=expected, remedy="make room or change its rights")
