"""Jobs: who waits, who runs, how far it is, and how to stop it. Knows no generator and no page.

One session has one job: a new one cancels the older. Workers are few (one a device), so jobs wait: live ones go first,
and owners take turns (`fair_line`). A full queue refuses in words that a person can read.
"""

import threading
from collections.abc import Callable
from itertools import count
from typing import Generic

from echo_studio.errors import BusyError
from echo_studio.studio.job import Job, JobState, OnStep, OutcomeT, Progress, RequestT
from echo_studio.studio.scheduler import FairScheduler

__all__ = ["Job", "JobQueue", "JobState", "OnStep", "Progress"]


class JobQueue(Generic[RequestT, OutcomeT]):
    """Runs jobs in a fair order (`FairScheduler`).

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
        max_waiting: int = 32,
        max_of_owner: int = 4,
    ) -> None:
        self._work = work
        self._workers = workers
        self._max_waiting = max_waiting
        self._max_of_owner = max_of_owner
        self._line = FairScheduler()
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
