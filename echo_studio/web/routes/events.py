"""One stream of server-sent events for the jobs of every kind: their newest states, then each change.

Each event is the whole state of a job, as its plain GET describes it; `kind`, `number` and `stamp` are always in it.
Its id names the server's run, the job and the stamp. A page that comes back sends the ids that it has in Last-Event-ID,
separated by commas, and hears only of what is newer.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from echo_studio.studio.jobs.service import AnyJob
from echo_studio.studio.sessions import Session
from echo_studio.studio.studio import Studio
from echo_studio.types import Json
from echo_studio.web.wire.wire import Mine, TheStudio, session_of

HEARTBEAT_SECONDS = 10.0  # a comment, so that neither a proxy nor the page takes the stream for dead
STREAM_SECONDS = 60.0  # then the page comes again, and is asked for its login again
ONCE_SECONDS = 2.0  # an answer to `once` comes after so long, with news or without
# NFE are counted for the page so often; a picture or an end is sent at once. A comparison has every cell in its event.
COUNT_SECONDS = {"comparison": 0.2}
USUAL_COUNT_SECONDS = 0.1
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
EVENT_ID = re.compile(r"([0-9a-f]{1,16})\.([0-9]{1,15})\.([0-9]{1,15})")


router = APIRouter(dependencies=[Depends(session_of)])  # no route opens without a token


@router.get("/events")
async def events(
    studio: TheStudio,
    session: Mine,
    once: bool = False,
    ids: Annotated[str, Header(alias="Last-Event-ID")] = "",
) -> StreamingResponse:
    """The stream. With `once` it ends as soon as something was in it: for proxies that hold answers back."""
    known = EVENT_ID.findall(ids)
    seen = {int(number): int(stamp) for run, number, stamp in known if run == studio.jobs.run}
    stream = Events(studio, session, seen).stream(HEARTBEAT_SECONDS, once)
    return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)


class Events:
    """The events of one page.

    Args:
        seen: by the number of a job, the stamp of what the page has of it.
    """

    def __init__(self, studio: Studio, session: Session, seen: dict[int, int]) -> None:
        self._studio, self._session, self._seen = studio, session, seen
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._changed: dict[int, AnyJob] = {}
        self._sent_at: dict[int, float] = {}
        self._begun = self._loop.time()

    async def stream(self, heartbeat_seconds: float, once: bool) -> AsyncIterator[str]:
        """The text of the stream; it ends with the session, with the server, after a while, or after news if `once`."""
        ends = self._begun + (ONCE_SECONDS if once else STREAM_SECONDS)
        with self._studio.jobs.listening(self._listen):
            last = self._studio.jobs.last
            listed = self._studio.jobs.listed(self._is_mine)
            self._changed |= {job.number: job for job in listed}
            yield _event("hello", {"run": self._studio.jobs.run, "last": last, "jobs": [job.number for job in listed]})
            beat = self._loop.time()
            while not self._ended() and self._loop.time() < ends:
                self._woken.clear()
                due = self._take_due()
                for job in due:
                    yield await self._state(job)
                if due and once:
                    return
                now = self._loop.time()
                if due:
                    beat = now
                elif now >= beat + heartbeat_seconds:
                    yield ": heartbeat\n\n"
                    beat = now
                until = min([ends, beat + heartbeat_seconds, *map(self._due_at, self._changed.values())])
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), max(0.0, until - now))

    def _listen(self, job: AnyJob | None) -> None:
        if job is None or self._is_mine(job):
            with contextlib.suppress(RuntimeError):  # the server has stopped and its loop is closed
                self._loop.call_soon_threadsafe(self._note, job)

    def _note(self, job: AnyJob | None) -> None:
        if job is not None:
            self._changed[job.number] = job
        self._woken.set()

    def _is_mine(self, job: AnyJob) -> bool:
        return self._studio.has_job(self._session, job)

    def _ended(self) -> bool:
        return self._studio.jobs.closed or self._studio.sessions.known(self._session.token) is None

    def _due_at(self, job: AnyJob) -> float:
        """When a change is sent: news at once, a count some time after what was sent before it."""
        if job.news > self._seen.get(job.number, -1):
            return 0.0
        pause = COUNT_SECONDS.get(job.kind, USUAL_COUNT_SECONDS)
        return self._sent_at.get(job.number, self._begun) + pause

    def _take_due(self) -> list[AnyJob]:
        """Jobs whose newest state is sent now; those without a new one are forgotten."""
        self._changed = {n: job for n, job in self._changed.items() if job.stamp > self._seen.get(n, -1)}
        now = self._loop.time()
        due = [job for job in self._changed.values() if self._due_at(job) <= now]
        for job in due:
            del self._changed[job.number]
        return due

    async def _state(self, job: AnyJob) -> str:
        state = await run_in_threadpool(self._studio.describe_job, job)
        self._seen[job.number], self._sent_at[job.number] = state["stamp"], self._loop.time()
        return _event("job", state, f"{self._studio.jobs.run}.{job.number}.{state['stamp']}")


def _event(name: str, data: Json, event_id: str = "") -> str:
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, allow_nan=False)}\n\n"
