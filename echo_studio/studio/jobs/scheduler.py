"""Who comes next: live jobs before others, and within each kind owners take turns, however many jobs one has."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from echo_studio.studio.jobs.job import Job

LIVE_RUN = 4  # so many live jobs in a row at most while others wait: twenty people who paint hold nobody up for ever


AnyJob: TypeAlias = Job[Any, Any]


class FairScheduler:
    """Remembers who was served when; holds no jobs.

    Without a tie it is round-robin: the owner who was served longest ago comes next, who never was before all.
    """

    def __init__(self) -> None:
        self._served: dict[str, int] = {}  # by owner: when, counted in jobs
        self._count = 0
        self._live_run = 0

    def next(self, waiting: Sequence[AnyJob]) -> AnyJob:
        """The job that is served now; its owner comes after the others from here on.

        Args:
            waiting: in the order in which they came; not empty.
        """
        job = self._first(waiting)
        self._note(job)
        owners = {other.owner for other in waiting}
        if len(self._served) > 10 * len(owners) + 1000:  # sessions come and go
            self._served = {owner: turn for owner, turn in self._served.items() if turn > self._count - 1000}
        return job

    def order(self, waiting: Iterable[AnyJob]) -> list[AnyJob]:
        """All of them as they would be served if nobody else came."""
        trial = FairScheduler()
        trial._served, trial._count, trial._live_run = dict(self._served), self._count, self._live_run
        left, order = list(waiting), []
        while left:
            job = trial._first(left)
            trial._note(job)
            left.remove(job)
            order.append(job)
        return order

    def _first(self, waiting: Sequence[AnyJob]) -> AnyJob:
        live = [job for job in waiting if job.live]
        others = [job for job in waiting if not job.live]
        first = others if not live or (others and self._live_run >= LIVE_RUN) else live
        return min(first, key=lambda job: self._served.get(job.owner, 0))  # of equals the first one that came

    def _note(self, job: AnyJob) -> None:
        self._count += 1
        self._served[job.owner] = self._count
        self._live_run = self._live_run + 1 if job.live else 0
