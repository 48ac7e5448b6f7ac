"""What is done to a set while a person does other things: making it, measuring it, exporting it. With rate and time
left; it goes on when the page is closed, and ends with the server."""

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from echo_studio.errors import BusyError
from echo_studio.studio.jobs import Job, JobQueue
from echo_studio.types import Json

__all__ = ["KINDS", "SetTask", "SetTasks"]

KINDS = ("make", "measure", "export")
RATE_OVER = 20  # the last so many steps say how fast it goes


class SetTask:
    """One task on one set; told of every step, read from any thread.

    Args:
        work: does it; gets `tell(done, of)` and `stopped()`, and returns what the page is told at the end.
    """

    def __init__(self, folder: Path, kind: str, work: Callable[["SetTask"], Json]) -> None:
        self.folder, self.kind, self.work = folder, kind, work
        self.stopped: Callable[[], bool] = lambda: False
        self._lock = threading.Lock()
        self._done = self._of = 0
        self._steps: list[tuple[float, int]] = []

    def tell(self, done: int, of: int) -> None:
        """So far it is."""
        with self._lock:
            self._done, self._of = done, of
            self._steps = [*self._steps[-RATE_OVER:], (monotonic(), done)]

    def progress(self) -> Json:
        """`done`, `of`, `rate` a second and `seconds` left; None while that is not known."""
        with self._lock:
            (began, first), (now, last) = (self._steps[0], self._steps[-1]) if self._steps else ((0.0, 0), (0.0, 0))
            rate = (last - first) / (now - began) if now > began and last > first else None
            left = None if rate is None else (self._of - self._done) / rate
            return {"done": self._done, "of": self._of, "rate": rate, "seconds": left}


class SetTasks:
    """Making, measuring and exporting sets: of each kind one at a time, the others wait; of each set one of a kind."""

    def __init__(self) -> None:
        self._lanes: dict[str, JobQueue[SetTask, Json]] = {kind: JobQueue(_work) for kind in KINDS}

    def start(self, task: SetTask) -> None:
        """Begin a task, or let it wait for its turn.

        Raises:
            BusyError: the set has such a task already, or too many wait.
        """
        if self.running(task.folder, task.kind):
            raise BusyError(
                expected=f"no other run to {task.kind} {task.folder.name}",
                got="one",
                remedy="wait for its end, or stop it",
            )
        self._lanes[task.kind].submit(str(task.folder), task, owner=str(task.folder.parent))

    def running(self, folder: Path, kind: str) -> bool:
        """Whether the set has such a task that waits or runs."""
        job = self._job(folder, kind)
        return job is not None and not job.progress().ended

    def stop(self, folder: Path, kind: str) -> None:
        """Let a task end after the step under way."""
        job = self._job(folder, kind)
        if job is not None:
            job.cancel()

    def forget(self, folder: Path) -> None:
        """The set is removed: its tasks stop, and nothing is told of them."""
        for lane in self._lanes.values():
            lane.forget(str(folder))

    def told(self, folder: Path) -> Json:
        """By kind, of the newest tasks of a set: state, how far, what came of it."""
        tasks = {}
        for kind in KINDS:
            job = self._job(folder, kind)
            if job is None:
                continue
            progress = self._lanes[kind].progress(job)
            tasks[kind] = {
                "number": job.number,
                "state": progress.state.value,
                "ahead": progress.ahead,
                "stopping": progress.stopping,
                "message": progress.message,
                **job.request.progress(),
                "outcome": job.outcome,
            }
        return tasks

    def close(self) -> None:
        """Stop everything: the server stops."""
        for lane in self._lanes.values():
            lane.close()

    def _job(self, folder: Path, kind: str) -> Job[SetTask, Json] | None:
        return self._lanes[kind].current(str(folder))


def _work(job: Job[SetTask, Json]) -> Json:
    task = job.request
    task.stopped = lambda: job.progress().stopping
    return task.work(task)
