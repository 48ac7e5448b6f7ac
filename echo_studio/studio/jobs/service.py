"""The jobs of all pages: frames, comparisons, videos, and what is done to sets. Knows no generator.

Of each kind a session, project or set has one job: a new one cancels the older. Workers are few, so jobs wait: live
ones go first, and owners take turns (`FairScheduler`). A full queue refuses in words that a person can read.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from echo_studio.errors import BusyError
from echo_studio.studio.jobs.job import Job, JobState, OutcomeT, Progress, RequestT
from echo_studio.studio.jobs.scheduler import FairScheduler
from echo_studio.studio.sessions import Sessions, choose_evictions
from echo_studio.types import Json

__all__ = ["KINDS", "AnyJob", "JobKind", "JobService"]

AnyJob: TypeAlias = Job[Any, Any]
Listener: TypeAlias = Callable[[AnyJob | None], None]


@dataclass(frozen=True)
class JobKind:
    """How jobs of a kind are run.

    Attributes:
        workers: jobs that run at a time; on one device they share it, NFE by NFE.
        max_waiting: jobs that may wait.
        max_of_owner: how many of them may be of one owner.
        max_kept: keys whose ended jobs are kept, beside those that wait or run; None if they stay until `forget`.
        needs_page: keys are ids of projects, and a job stops some time after the last page of its project was closed.
    """

    workers: int = 1
    max_waiting: int = 32
    max_of_owner: int = 4
    max_kept: int | None = None
    needs_page: bool = False


KINDS: dict[str, JobKind] = {
    "frame": JobKind(),  # by session
    "draft": JobKind(),  # by session: of a map that a hand moves at this moment
    "comparison": JobKind(workers=3, max_kept=8, needs_page=True),  # by project; a large one holds up nobody else's
    "video": JobKind(workers=2, max_kept=4, needs_page=True),  # by project
    "beat": JobKind(max_kept=4, needs_page=True),  # by project: of the heart that is being drawn
    "make": JobKind(),  # these three by the folder of a set
    "measure": JobKind(),
    "export": JobKind(),
}


@dataclass
class _Slot:
    """The jobs of a key that are kept.

    A page may ask for news of a job just when it starts the next one: `overtaken`, the one before, is for that answer.
    """

    newest: AnyJob
    done: AnyJob | None = None
    overtaken: AnyJob | None = None


class _Queue:
    """The jobs of one kind. The lock of the service guards it."""

    def __init__(self, kind: JobKind) -> None:
        self.kind = kind
        self.scheduler = FairScheduler()
        self.waiting: list[AnyJob] = []  # as they came
        self.slots: dict[str, _Slot] = {}  # by key, the newest last
        self.threads = 0

    def drop_cancelled(self) -> None:
        self.waiting = [job for job in self.waiting if not job.progress().ended]

    def check_room(self, owner: str) -> None:
        own = sum(job.owner == owner for job in self.waiting)
        if own >= self.kind.max_of_owner:
            raise BusyError(
                expected=f"at most {self.kind.max_of_owner} waiting jobs of one person",
                got=f"{own} of yours",
                remedy="wait until one of them has begun, or cancel one",
            )
        if len(self.waiting) >= self.kind.max_waiting:
            raise BusyError(
                expected="a free place in the queue",
                got=f"{len(self.waiting)} waiting jobs",
                remedy="try again in a minute",
            )

    def add(self, job: AnyJob) -> None:
        older = self.slots.pop(job.key, None)
        self.slots[job.key] = _Slot(job, older.done, older.newest) if older else _Slot(job)
        self.waiting.append(job)
        if self.kind.max_kept is not None:
            owners = {key: slot.newest.owner for key, slot in self.slots.items()}
            for key in choose_evictions(owners, self.kind.max_kept, lambda k: self.slots[k].newest.progress().ended):
                del self.slots[key]

    def ahead_of(self, job: AnyJob) -> int:
        """Jobs that are served before this one, those that run included."""
        self.drop_cancelled()
        order = self.scheduler.order(self.waiting) if job in self.waiting else []
        running = sum(slot.newest.progress().state is JobState.RUNNING for slot in self.slots.values())
        return running + (order.index(job) if order else 0)

    def count_places(self) -> None:
        """Whoever waits may have another place in the queue now."""
        for job in self.waiting:
            job.count_change()


class JobService:
    """Args:
        sessions: the open pages.
        kinds: how jobs of each kind are run; handed in by tests.

    Attributes:
        run: a name of this run of the server: job numbers and stamps begin anew with each.
        last: the number of the newest job; they grow.
        closed: the server stops.
    """

    def __init__(self, sessions: Sessions, kinds: Mapping[str, JobKind] = KINDS) -> None:
        self._sessions = sessions
        self._queues = {name: _Queue(kind) for name, kind in kinds.items()}
        self._changed = threading.Condition()
        self._listeners: tuple[Listener, ...] = ()
        self.run = secrets.token_hex(4)
        self.last = 0
        self.closed = False

    def start(
        self,
        kind: str,
        key: str,
        request: RequestT,
        work: Callable[[Job[RequestT, OutcomeT]], OutcomeT],
        *,
        owner: str,
        live: bool = False,
    ) -> Job[RequestT, OutcomeT]:
        """Take a job in and cancel the key's older one of this kind. Live jobs go before those that are not.

        Args:
            work: does the job; it calls the job's `on_step` after every NFE.
            owner: who takes turns with others and has a share of the places.

        Raises:
            BusyError: too many jobs wait, of this owner or in all. The key's older one is cancelled all the same.
        """
        queue = self._queues[kind]
        with self._changed:
            if key in queue.slots:
                queue.slots[key].newest.cancel()
            queue.drop_cancelled()
            queue.check_room(owner)
            self.last += 1
            job = Job(
                self.last,
                kind,
                key,
                owner,
                request,
                work,
                live=live,
                has_page=lambda: self._has_page(kind, key),
                on_change=self._notify,
            )
            queue.add(job)
            if self.closed:
                job.cancel()  # no worker is left: whoever waits for it would wait for ever
            queue.count_places()
            while queue.threads < queue.kind.workers:
                queue.threads += 1
                threading.Thread(target=self._serve, args=(queue,), name=f"{kind}-{queue.threads}", daemon=True).start()
            self._changed.notify_all()
        return job

    def current(self, kind: str, key: str) -> AnyJob | None:
        """The newest job of a key, ended or not."""
        with self._changed:
            slot = self._queues[kind].slots.get(key)
            return slot.newest if slot else None

    def done(self, kind: str, key: str) -> AnyJob | None:
        """The job of a key that was done last."""
        with self._changed:
            slot = self._queues[kind].slots.get(key)
            return slot.done if slot else None

    def find(self, kind: str, key: str, number: int) -> AnyJob | None:
        """A job of this key: the newest, the one before it or the last done; None for others' and older ones."""
        with self._changed:
            slot = self._queues[kind].slots.get(key)
            kept = (slot.newest, slot.done, slot.overtaken) if slot else ()
        return next((job for job in kept if job is not None and job.number == number), None)

    def listed(self, belongs: Callable[[AnyJob], bool]) -> list[AnyJob]:
        """The newest job of each key, and older ones that have not ended yet, as far as they belong; newest first."""
        with self._changed:
            slots = [slot for queue in self._queues.values() for slot in queue.slots.values()]
        older = [slot.overtaken for slot in slots if slot.overtaken and not slot.overtaken.progress().ended]
        jobs = (*older, *(slot.newest for slot in slots))
        return sorted(filter(belongs, jobs), key=lambda job: -job.number)

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Call `listener` with every job that changes, and with None after `wake`.

        It is called on the thread that changes the job, perhaps with the service's lock held: it must not wait.
        """
        with self._changed:
            self._listeners = (*self._listeners, listener)
        try:
            yield
        finally:
            with self._changed:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

    def wake(self) -> None:
        """Let everybody who listens look again: a session has ended, or the server stops."""
        self._notify(None)

    def progress(self, job: AnyJob) -> Progress:
        """Where the job is, with the number of jobs ahead of it while it waits."""
        with self._changed:
            ahead = self._queues[job.kind].ahead_of(job)
        return job.progress(ahead)

    def describe(self, job: AnyJob) -> Json:
        """What a page hears of every job, JSON-able: kind, number, stamp and the fields of `Progress`."""
        stamp = job.stamp  # before the rest is read: what changes meanwhile is reported the next time
        return {"kind": job.kind, "number": job.number, "stamp": stamp, **asdict(self.progress(job))}

    def forget(self, kind: str, key: str) -> None:
        """Cancel a key's job and drop its results."""
        with self._changed:
            slot = self._queues[kind].slots.pop(key, None)
        if slot is not None:
            slot.newest.cancel()

    def close(self) -> None:
        """Cancel everything, and let the workers and everybody who listens end."""
        with self._changed:
            self.closed = True
            for queue in self._queues.values():
                for slot in queue.slots.values():
                    slot.newest.cancel()
            self._changed.notify_all()
        self.wake()

    def _notify(self, job: AnyJob | None) -> None:
        for listener in self._listeners:
            listener(job)

    def _has_page(self, kind: str, key: str) -> bool:
        return not self._queues[kind].kind.needs_page or self._sessions.is_open(key)

    def _serve(self, queue: _Queue) -> None:
        while True:
            with self._changed:
                queue.drop_cancelled()
                while not queue.waiting and not self.closed:
                    self._changed.wait()
                    queue.drop_cancelled()
                if self.closed:
                    return
                job = queue.scheduler.next(queue.waiting)
                queue.waiting.remove(job)
            job.run()
            with self._changed:
                queue.count_places()
                # A key that was forgotten meanwhile keeps nothing.
                if job.outcome is not None and job.key in queue.slots:
                    queue.slots[job.key].done = job
