"""One piece of work: where it is, how to stop it, what it has to show on the way."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from echo_studio.errors import Cancelled, EchoStudioError
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
