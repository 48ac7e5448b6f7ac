"""One piece of work: where it is, how to stop it, what it has to show on the way."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from echo_studio.errors import Cancelled, EchoStudioError
from echo_studio.types import GrayImage

__all__ = ["ALONE_SECONDS", "Job", "JobState", "OnStep", "Progress", "failure_message"]

RequestT = TypeVar("RequestT")
OutcomeT = TypeVar("OutcomeT")
OnStep: TypeAlias = Callable[[int, int, Callable[[], GrayImage]], None]

# Decoding a preview costs about a tenth of a second: no more than a fifth of the time may go there.
PREVIEW_INTERVAL = 0.3
PREVIEW_SHARE = 0.2
# A job that nobody looks at any more stops; a page that is reloaded is back long before.
ALONE_SECONDS = 30.0

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
        parts: pieces of the outcome that are ready while the work goes on; see `Job.parts`.
        draft: the newest preview is a whole frame of fewer NFE, not an estimate on the way.
        ahead: jobs that come before this one while it waits.
        stopping: the NFE under way is the last one, because a cancel was asked for.
        message: one line for the person if the job failed, else empty.
        elapsed: seconds since the job started to run.
    """

    state: JobState
    nfe: int
    total: int
    preview: int
    parts: int
    draft: bool
    ahead: int
    stopping: bool
    message: str
    elapsed: float

    @property
    def ended(self) -> bool:
        return self.state not in (JobState.WAITING, JobState.RUNNING)


class Job(Generic[RequestT, OutcomeT]):
    """One piece of work for one session, project or set. Made by `JobService.start`; safe to read from any thread.

    Attributes:
        kind: a name of `service.KINDS`.
        key: whose job it is: of each kind a key has one job.
        owner: who takes turns with others and has a share of the places.
        stamp: grows with every change of the progress.
        news: the stamp of the last change of state, preview or parts, which is what a person waits for.
        parts: pieces of the outcome that are ready while the work goes on; none any more when it has ended.

    `on_change` is called after every change, on whichever thread made it.
    """

    def __init__(
        self,
        number: int,
        kind: str,
        key: str,
        owner: str,
        request: RequestT,
        work: "Callable[[Job[RequestT, OutcomeT]], OutcomeT]",
        *,
        live: bool = False,
        has_page: Callable[[], bool] = lambda: True,
        on_change: "Callable[[Job[RequestT, OutcomeT]], None]" = lambda job: None,
    ) -> None:
        self.number, self.kind, self.key, self.owner, self.request, self.live = number, kind, key, owner, request, live
        self.outcome: OutcomeT | None = None
        self.preview: GrayImage | None = None
        self.stamp = self.news = 0
        self.parts: tuple[object, ...] = ()
        self._work, self._has_page, self._on_change = work, has_page, on_change
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._ended = threading.Event()
        self._state = JobState.WAITING
        self._message = ""
        self._nfe = self._total = self._previews = 0
        self._draft = False
        self._started = self._finished = self._preview_due = self._page_seen = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether a cancel was asked for."""
        return self._cancel.is_set()

    def cancel(self) -> None:
        """Stop before the next NFE; a waiting job stops at once, an ended one stays as it is."""
        self._cancel.set()
        with self._lock:
            if self._state not in (JobState.WAITING, JobState.RUNNING):
                return
            self._add_news()
            if self._state is JobState.WAITING:
                self._state = JobState.CANCELLED
                self._ended.set()
        self._on_change(self)

    def wait(self) -> JobState:
        """Block until the job has ended; returns how."""
        self._ended.wait()
        return self._state

    def progress(self, ahead: int = 0) -> Progress:
        with self._lock:
            until = self._finished or time.monotonic()
            return Progress(
                state=self._state,
                nfe=self._nfe,
                total=self._total,
                preview=self._previews,
                parts=len(self.parts),
                draft=self._draft,
                ahead=ahead,
                stopping=self._state is JobState.RUNNING and self._cancel.is_set(),
                message=self._message,
                elapsed=until - self._started if self._started else 0.0,
            )

    def run(self) -> None:
        """Do the work on the calling thread. Never raises: the state says how it ended."""
        with self._lock:
            if self._state is not JobState.WAITING:
                return
            self._state = JobState.RUNNING
            self._started = self._page_seen = time.monotonic()
            self._add_news()
        self._on_change(self)
        try:
            outcome = self._work(self)
            self.raise_if_cancelled()
        except Cancelled:
            self._end(JobState.CANCELLED)
        except Exception as error:
            self._end(JobState.FAILED, failure_message(error))
        else:
            self.outcome = outcome
            self._end(JobState.DONE)

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled if the job has to stop; work calls it between two NFE.

        A job of a kind that needs a page also stops `ALONE_SECONDS` after its last page was closed.
        """
        if self._cancel.is_set():
            raise Cancelled
        now = time.monotonic()
        if self._has_page():
            self._page_seen = now
        elif now - self._page_seen > ALONE_SECONDS:
            raise Cancelled

    def count_change(self) -> None:
        """Something changed that a page may hear of a little later."""
        with self._lock:
            self.stamp += 1
        self._on_change(self)

    def show_draft(self, image: GrayImage) -> None:
        """Work has a whole frame of few NFE and goes on to a better one. Raises Cancelled like `on_step`."""
        with self._lock:
            self.preview, self._previews, self._draft = image, self._previews + 1, True
            self._add_news()
        self._on_change(self)
        self.raise_if_cancelled()

    def add_part(self, part: object) -> None:
        """A piece of the outcome is ready. Raises Cancelled like `on_step`."""
        with self._lock:
            self.parts = (*self.parts, part)
            self._add_news()
        self._on_change(self)
        self.raise_if_cancelled()

    def on_step(self, nfe: int, total: int, preview: Callable[[], GrayImage]) -> None:
        """Work has done an NFE. The estimate on the way is shown unless a draft or parts, which are clearer, are there.

        Raises:
            Cancelled: the job has to stop.
        """
        with self._lock:
            self._nfe, self._total = nfe, total
            self.stamp += 1
        self._on_change(self)
        self.raise_if_cancelled()
        now = time.monotonic()
        if self._draft or self.parts or nfe >= total or now < self._preview_due:
            return
        image = preview()
        cost = time.monotonic() - now
        self._preview_due = time.monotonic() + max(PREVIEW_INTERVAL, cost / PREVIEW_SHARE)
        with self._lock:
            self.preview, self._previews = image, self._previews + 1
            self._add_news()
        self._on_change(self)
        self.raise_if_cancelled()

    def _end(self, state: JobState, message: str = "") -> None:
        with self._lock:
            self._state, self._message, self._finished = state, message, time.monotonic()
            self.parts = ()
            self._add_news()
        self._ended.set()
        self._on_change(self)

    def _add_news(self) -> None:
        self.stamp += 1
        self.news = self.stamp


def failure_message(error: Exception) -> str:
    """One line on why work failed; a foreign error is logged and keeps its text, which may hold paths, to itself."""
    if isinstance(error, EchoStudioError):
        return str(error)
    log.error("a job failed", exc_info=error)
    return f"the generator failed ({type(error).__name__}); the terminal shows details"
