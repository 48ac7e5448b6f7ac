"""Jobs: who waits, who runs, how far it is, and how to stop it. Knows no generator and no page.

One session has one job: a new one cancels the older. Workers are few (one a device), so jobs wait: live ones go first,
and owners take turns (`fair_line`). A full queue refuses in words that a person can read.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Generic, TypeVar

from echo_studio.errors import BusyError, Cancelled, EchoStudioError
from echo_studio.service.fair_line import FairLine
from echo_studio.types import GrayImage

RequestT = TypeVar("RequestT")
OutcomeT = TypeVar("OutcomeT")
OnStep = Callable[[int, int, Callable[[], GrayImage]], None]

# Decoding a preview costs about a tenth of a second: no more than a fifth of the time may go there.
PREVIEW_INTERVAL = 0.3
PREVIEW_SHARE = 0.2

log = logging.getLogger(__name__)


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """Where a job is.

    Attributes:
        nfe, total: NFE done and asked for; 0 until the first one.
        preview: how many previews were made; the newest is `Job.preview`.
        draft: the newest preview is a whole frame of fewer NFE, not an estimate on the way.
        ahead: jobs that come before this one while it waits.
        stopping: the NFE under way is the last one, because a cancel was asked for.
        message: one line for the person where the job failed, else empty.
        seconds: since the job started to run.
    """

    state: JobState
    nfe: int
    total: int
    preview: int
    draft: bool
    ahead: int
    stopping: bool
    message: str
    seconds: float

    @property
    def ended(self) -> bool:
        return self.state not in (JobState.WAITING, JobState.RUNNING)


class Job(Generic[RequestT, OutcomeT]):
    """One piece of work of one session. Made by `JobQueue.submit`; safe to read from any thread."""

    def __init__(
        self, number: int, session: str, request: RequestT, *, live: bool = False, owner: str | None = None
    ) -> None:
        self.number, self.session, self.request, self.live = number, session, request, live
        self.owner = session if owner is None else owner  # who takes turns with others
        self.outcome: OutcomeT | None = None
        self.preview: GrayImage | None = None
        self.stamp = 0  # grows with every change of the progress
        self.news = 0  # the stamp of the last change of state or preview: what a person waits for
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._state = JobState.WAITING
        self._message = ""
        self._nfe = self._total = self._previews = 0
        self._draft = False
        self._started = self._finished = self._preview_due = 0.0

    def cancel(self) -> None:
        """Stop before the next NFE; a waiting job stops at once, an ended one stays as it is."""
        self._cancel.set()
        with self._lock:
            self._tell()
            if self._state is JobState.WAITING:
                self._state = JobState.CANCELLED

    def progress(self, ahead: int = 0) -> Progress:
        with self._lock:
            until = self._finished or time.monotonic()
            return Progress(
                state=self._state,
                nfe=self._nfe,
                total=self._total,
                preview=self._previews,
                draft=self._draft,
                ahead=ahead,
                stopping=self._state is JobState.RUNNING and self._cancel.is_set(),
                message=self._message,
                seconds=until - self._started if self._started else 0.0,
            )

    def run(self, work: "Callable[[Job[RequestT, OutcomeT]], OutcomeT]") -> None:
        """Carry the work out on the calling thread. Never raises: the state tells how it ended."""
        with self._lock:
            if self._state is not JobState.WAITING:
                return
            self._state = JobState.RUNNING
            self._started = time.monotonic()
            self._tell()
        try:
            outcome = work(self)
            self.raise_if_cancelled()
        except Cancelled:
            self._end(JobState.CANCELLED)
        except EchoStudioError as error:
            self._end(JobState.FAILED, str(error))
        except Exception as error:
            log.exception("job %d failed", self.number)
            # The text of a foreign error may carry paths of this machine; its type says enough to act on.
            self._end(JobState.FAILED, f"the generator failed ({type(error).__name__}); the terminal shows details")
        else:
            self.outcome = outcome
            self._end(JobState.DONE)

    def _end(self, state: JobState, message: str = "") -> None:
        with self._lock:
            self._state, self._message, self._finished = state, message, time.monotonic()
            self._tell()

    def _tell(self) -> None:
        self.stamp += 1
        self.news = self.stamp

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled where the job has to stop; work calls it between two NFE."""
        if self._cancel.is_set():
            raise Cancelled

    def show_draft(self, image: GrayImage) -> None:
        """Work has a whole frame of few NFE and goes on to a better one. Raises Cancelled like `on_step`."""
        with self._lock:
            self.preview, self._previews, self._draft = image, self._previews + 1, True
            self._tell()
        self.raise_if_cancelled()

    def on_step(self, nfe: int, total: int, preview: Callable[[], GrayImage]) -> None:
        """Work has done an NFE. The estimate on the way is shown unless a draft, which is clearer, is there.

        Raises:
            Cancelled: the job has to stop.
        """
        with self._lock:
            self._nfe, self._total = nfe, total
            self.stamp += 1
        self.raise_if_cancelled()
        now = time.monotonic()
        if self._draft or nfe >= total or now < self._preview_due:
            return
        image = preview()
        cost = time.monotonic() - now
        self._preview_due = time.monotonic() + max(PREVIEW_INTERVAL, cost / PREVIEW_SHARE)
        with self._lock:
            self.preview, self._previews = image, self._previews + 1
            self._tell()
        self.raise_if_cancelled()


class JobQueue(Generic[RequestT, OutcomeT]):
    """Runs jobs in a fair order (`FairLine`).

    Args:
        work: does one job; it calls the job's `on_step` after every NFE.
        workers: jobs that run at a time.
        max_waiting: jobs that may wait.
        max_of_owner: how many of them may be of one owner.
    """

    def __init__(
        self,
        work: Callable[[Job[RequestT, OutcomeT]], OutcomeT],
        *,
        workers: int = 1,
        max_waiting: int = 16,
        max_of_owner: int = 4,
    ) -> None:
        self._work = work
        self._workers = workers
        self._max_waiting = max_waiting
        self._max_of_owner = max_of_owner
        self._line = FairLine()
        self._changed = threading.Condition()
        self._waiting: list[Job[RequestT, OutcomeT]] = []  # as they came
        self._current: dict[str, Job[RequestT, OutcomeT]] = {}
        self._finished: dict[str, Job[RequestT, OutcomeT]] = {}
        # A page may ask for news of a job just when it starts the next one: the older is kept for that answer.
        self._overtaken: dict[str, Job[RequestT, OutcomeT]] = {}
        self._numbers = count(1)
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(
        self, session: str, request: RequestT, *, live: bool = False, owner: str | None = None
    ) -> Job[RequestT, OutcomeT]:
        """Take a job in and cancel the session's older one. Live jobs go before those that are not.

        Args:
            owner: who takes turns with others and has a share of the places; the session itself by default.

        Raises:
            BusyError: too many jobs wait, of this owner or in all. The session's older one is cancelled all the same.
        """
        with self._changed:
            older = self._current.get(session)
            if older is not None:
                older.cancel()
            self._drop_cancelled()
            job: Job[RequestT, OutcomeT] = Job(next(self._numbers), session, request, live=live, owner=owner)
            self._check_room(job.owner)
            if older is not None:
                self._overtaken[session] = older
            self._current[session] = job
            self._waiting.append(job)
            self._start_threads()
            self._changed.notify()
        return job

    def current(self, session: str) -> Job[RequestT, OutcomeT] | None:
        """The session's newest job, ended or not."""
        with self._changed:
            return self._current.get(session)

    def find(self, session: str, number: int) -> Job[RequestT, OutcomeT] | None:
        """A job of this session: the newest, the one before it or the last done; None for others' and older ones."""
        with self._changed:
            kept = (self._current.get(session), self._finished.get(session), self._overtaken.get(session))
        return next((job for job in kept if job is not None and job.number == number), None)

    def done(self, session: str) -> Job[RequestT, OutcomeT] | None:
        """The job of this session that was done last."""
        with self._changed:
            return self._finished.get(session)

    def progress(self, job: Job[RequestT, OutcomeT]) -> Progress:
        """Where the job is, with the number of jobs ahead of it while it waits."""
        with self._changed:
            self._drop_cancelled()
            order = self._line.order(self._waiting) if job in self._waiting else []
            ahead = order.index(job) if order else 0
            busy = sum(other.progress().state is JobState.RUNNING for other in self._current.values())
        return job.progress(ahead + busy)

    def forget(self, session: str) -> None:
        """Cancel a session's job and let its results go."""
        with self._changed:
            job = self._current.pop(session, None)
            self._finished.pop(session, None)
            self._overtaken.pop(session, None)
        if job is not None:
            job.cancel()

    def close(self) -> None:
        """Cancel everything and let the workers end."""
        with self._changed:
            self._closed = True
            for job in self._current.values():
                job.cancel()
            self._changed.notify_all()

    def _start_threads(self) -> None:
        while len(self._threads) < self._workers:
            thread = threading.Thread(target=self._serve, name=f"job-worker-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._drop_cancelled()
                while not self._waiting and not self._closed:
                    self._changed.wait()
                    self._drop_cancelled()
                if self._closed:
                    return
                job = self._line.next(self._waiting)
                self._waiting.remove(job)
            job.run(self._work)
            with self._changed:
                # A session that was forgotten meanwhile keeps nothing.
                if job.outcome is not None and job.session in self._current:
                    self._finished[job.session] = job

    def _drop_cancelled(self) -> None:
        self._waiting = [job for job in self._waiting if not job.progress().ended]

    def _check_room(self, owner: str) -> None:
        own = sum(job.owner == owner for job in self._waiting)
        if own >= self._max_of_owner:
            raise BusyError(
                expected=f"at most {self._max_of_owner} waiting jobs of one person",
                got=f"{own} of yours",
                remedy="wait until one of them has begun, or cancel one",
            )
        if len(self._waiting) >= self._max_waiting:
            raise BusyError(
                expected="a free place in the queue",
                got=f"{len(self._waiting)} waiting jobs",
                remedy="try again in a minute",
            )
