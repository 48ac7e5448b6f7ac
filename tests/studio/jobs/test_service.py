"""The jobs of all kinds: order, cancel between two NFE, one job of a kind a key, what is kept, refusals."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from echo_studio.errors import BusyError, Cancelled, RequestError
from echo_studio.studio.jobs import job as job_module
from echo_studio.studio.jobs.job import PREVIEW_INTERVAL, Job, JobState
from echo_studio.studio.jobs.service import KINDS, JobKind, JobService

FRAME = np.zeros((8, 8), np.uint8)


class Pages:
    """In place of `Sessions`: which projects a page has open."""

    def __init__(self, *projects: str) -> None:
        self.projects = set(projects)

    def is_open(self, project: str) -> bool:
        return project in self.projects


class Queue:
    """Jobs of one kind, done by `work`."""

    def __init__(self, work: Callable[[Job[int, str]], str], pages: Pages | None = None, **rules: Any) -> None:
        self.service = JobService(pages or Pages(), {"kind": JobKind(**rules)})  # type: ignore[arg-type]
        self.work, self.progress, self.close = work, self.service.progress, self.service.close

    def submit(self, key: str, request: int, owner: str = "", live: bool = False) -> Job[int, str]:
        return self.service.start("kind", key, request, self.work, owner=owner or key, live=live)

    def find(self, key: str, number: int) -> Job[int, str] | None:
        return self.service.find("kind", key, number)

    def forget(self, key: str) -> None:
        self.service.forget("kind", key)


class Bench:
    """Work whose every NFE waits for the test: `pass_steps(n)` lets n of them happen."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.done: list[int] = []
        self.started: list[int] = []

    def work(self, job: Job[int, str]) -> str:
        request = job.request
        self.started.append(request)
        for nfe in range(1, 4):
            assert self.gate.acquire(timeout=120)
            self.done.append(request)
            job.on_step(nfe, 3, lambda: FRAME)
        return f"frame {request}"

    def pass_steps(self, count: int) -> None:
        for _ in range(count):
            self.gate.release()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def queue(bench: Bench) -> Iterator[Queue]:
    queue = Queue(bench.work, max_waiting=2)
    yield queue
    queue.close()
    bench.pass_steps(100)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "the job did not get there in two minutes"
        time.sleep(0.005)


def state(job: Job[int, str]) -> JobState:
    return job.progress().state


def test_a_job_runs_to_its_outcome_and_is_found_again(queue: Queue, bench: Bench) -> None:
    job = queue.submit("anna", 7)
    bench.pass_steps(3)
    until(lambda: job.progress().ended)
    assert state(job) is JobState.DONE
    assert job.outcome == "frame 7"
    assert (job.progress().nfe, job.progress().total) == (3, 3)
    assert queue.find("anna", job.number) is job


def test_no_session_finds_the_job_of_another(queue: Queue, bench: Bench) -> None:
    job = queue.submit("anna", 1)
    assert queue.find("ben", job.number) is None


def test_cancel_stops_between_two_nfe(queue: Queue, bench: Bench) -> None:
    job = queue.submit("anna", 1)
    bench.pass_steps(1)
    until(lambda: job.progress().nfe == 1)
    job.cancel()
    assert job.progress().stopping
    bench.pass_steps(1)
    until(lambda: job.progress().ended)
    assert state(job) is JobState.CANCELLED
    assert bench.done == [1, 1]
    assert job.outcome is None


def test_a_newer_job_cancels_the_older_one_of_its_session_only(queue: Queue, bench: Bench) -> None:
    older, other = queue.submit("anna", 1), queue.submit("ben", 2)
    until(lambda: bench.started == [1])
    newer = queue.submit("anna", 3)
    bench.pass_steps(20)
    until(lambda: newer.progress().ended and other.progress().ended)
    assert [state(job) for job in (older, other, newer)] == [JobState.CANCELLED, JobState.DONE, JobState.DONE]


def test_an_overtaken_job_is_found_until_the_next_one_overtakes(queue: Queue, bench: Bench) -> None:
    first, second = queue.submit("anna", 1), queue.submit("anna", 2)
    assert queue.find("anna", first.number) is first, "its page may be asking for news of it just now"
    queue.submit("anna", 3)
    assert queue.find("anna", first.number) is None
    assert queue.find("anna", second.number) is second


def test_a_waiting_job_knows_how_many_are_ahead_and_never_starts_once_cancelled(queue: Queue, bench: Bench) -> None:
    running = queue.submit("anna", 1)
    until(lambda: state(running) is JobState.RUNNING)
    second, third = queue.submit("ben", 2), queue.submit("cleo", 3)
    assert queue.progress(third).ahead == 2
    second.cancel()
    assert state(second) is JobState.CANCELLED
    assert queue.progress(third).ahead == 1
    bench.pass_steps(20)
    until(lambda: third.progress().ended)
    assert bench.started == [1, 3]


def test_live_jobs_go_before_those_that_wait_and_keep_their_own_order(bench: Bench) -> None:
    queue = Queue(bench.work)
    running = queue.submit("anna", 1)
    until(lambda: state(running) is JobState.RUNNING)
    waiting = [queue.submit(name, k) for k, name in enumerate(("ben", "cleo"), 2)]
    first, second = queue.submit("dan", 10, live=True), queue.submit("eve", 11, live=True)
    assert [queue.progress(job).ahead for job in (first, second, *waiting)] == [1, 2, 3, 4]
    bench.pass_steps(20)
    until(lambda: all(job.progress().ended for job in waiting))
    queue.close()
    assert bench.started == [1, 10, 11, 2, 3], "the one that runs is not stopped"


def test_a_live_job_that_is_overtaken_leaves_the_queue_to_its_newer_one(queue: Queue, bench: Bench) -> None:
    running = queue.submit("anna", 1)
    until(lambda: state(running) is JobState.RUNNING)
    jobs = [queue.submit("ben", k, live=True) for k in range(10, 15)]
    bench.pass_steps(20)
    until(lambda: jobs[-1].progress().ended)
    assert bench.started == [1, 14]
    assert [state(job) for job in jobs] == [JobState.CANCELLED] * 4 + [JobState.DONE]


def test_news_are_states_and_pictures_and_a_count_alone_is_none() -> None:
    marks: list[tuple[int, int]] = []

    def work(job: Job[int, str]) -> str:
        def note() -> None:
            marks.append((job.stamp, job.news))

        note()
        job.show_draft(FRAME)
        note()
        job.on_step(1, 3, lambda: FRAME)  # a draft is there: no preview is made
        note()
        return "frame"

    queue = Queue(work)
    job = queue.submit("anna", 1)
    until(lambda: job.progress().ended)
    queue.close()
    (start, started), (draft, drafted), (step, stepped) = marks
    assert (started, drafted, stepped) == (start, draft, draft)
    assert start < draft < step
    assert job.news == job.stamp


def test_a_full_queue_refuses_in_one_line_and_takes_jobs_again_later(queue: Queue, bench: Bench) -> None:
    first = queue.submit("anna", 1)
    until(lambda: state(first) is JobState.RUNNING)
    queue.submit("ben", 2)
    queue.submit("cleo", 3)
    with pytest.raises(BusyError, match="2 waiting jobs; try again in a minute"):
        queue.submit("dan", 4)
    # Replacing one's own waiting job needs no further place.
    queue.submit("cleo", 5)


def test_one_person_cannot_fill_the_queue_with_many_pages(bench: Bench) -> None:
    queue = Queue(bench.work, max_waiting=16, max_of_owner=2)
    running = queue.submit("page 0", 0, owner="anna")
    until(lambda: state(running) is JobState.RUNNING)
    for page in (1, 2):
        queue.submit(f"page {page}", page, owner="anna")
    with pytest.raises(BusyError, match="at most 2 waiting jobs of one person, got 2 of yours; wait until"):
        queue.submit("page 3", 3, owner="anna")
    queue.submit("page 2", 4, owner="anna")  # instead of the one that this page asked for before
    last = queue.submit("page 4", 5, owner="ben")
    assert queue.progress(last).ahead == 1, "the one that runs alone: ben has had no turn yet"
    queue.close()
    bench.pass_steps(20)


def test_an_error_of_the_package_is_shown_and_a_foreign_one_keeps_its_text_to_itself() -> None:
    errors = iter([RequestError(expected="a", got="b", remedy="c"), OSError("/home/secret/path")])

    def work(job: Job[int, str]) -> str:
        raise next(errors)

    queue = Queue(work)
    ours = queue.submit("anna", 1)
    until(lambda: ours.progress().ended)
    hidden = queue.submit("anna", 2)
    until(lambda: hidden.progress().ended)
    queue.close()
    assert ours.progress().message == "expected a, got b; c"
    assert "OSError" in hidden.progress().message
    assert "secret" not in hidden.progress().message


def test_a_cancelled_raised_by_the_work_itself_is_no_failure() -> None:
    def work(job: Job[int, str]) -> str:
        raise Cancelled

    queue = Queue(work)
    job = queue.submit("anna", 1)
    until(lambda: job.progress().ended)
    queue.close()
    assert state(job) is JobState.CANCELLED


def test_previews_take_a_bounded_share_of_the_time() -> None:
    made = []

    def preview() -> np.ndarray:
        made.append(1)
        time.sleep(0.02)
        return FRAME

    def work(job: Job[int, str]) -> str:
        for nfe in range(1, 41):
            time.sleep(0.01)
            job.on_step(nfe, 40, preview)
        return "frame"

    queue = Queue(work)
    job = queue.submit("anna", 1)
    until(lambda: job.progress().ended)
    queue.close()
    assert 1 <= len(made) <= 1 + job.progress().elapsed / PREVIEW_INTERVAL
    assert job.progress().preview == len(made)


def test_forgetting_a_session_cancels_its_job_and_lets_its_result_go(queue: Queue, bench: Bench) -> None:
    done = queue.submit("anna", 1)
    bench.pass_steps(3)
    until(lambda: queue.find("anna", done.number) is done and done.progress().ended)
    running = queue.submit("anna", 2)
    queue.forget("anna")
    bench.pass_steps(3)
    until(lambda: running.progress().ended)
    assert state(running) is JobState.CANCELLED
    assert queue.find("anna", done.number) is None
    assert queue.find("anna", running.number) is None


def test_kinds_do_not_wait_for_each_other_and_have_a_job_each_of_a_key(bench: Bench) -> None:
    service = JobService(Pages("p"), KINDS)  # type: ignore[arg-type]
    jobs = [service.start(kind, "p", place, bench.work, owner="anna") for place, kind in enumerate(KINDS)]
    until(lambda: sorted(bench.started) == list(range(len(KINDS))))
    assert [service.current(kind, "p") for kind in KINDS] == jobs
    assert service.find("video", "p", jobs[0].number) is None
    service.close()
    bench.pass_steps(100)
    until(lambda: all(job.progress().ended for job in jobs))


def test_a_job_whose_pages_are_all_closed_stops_after_a_while(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages("p")
    queue = Queue(bench.work, pages, needs_page=True)
    job = queue.submit("p", 1)
    bench.pass_steps(1)
    until(lambda: job.progress().nfe == 1)
    pages.projects.clear()
    bench.pass_steps(1)
    until(lambda: job.progress().nfe == 2)
    assert not job.progress().ended, "a page that is reloaded is back soon"
    monkeypatch.setattr(job_module, "ALONE_SECONDS", 0.0)
    bench.pass_steps(1)
    until(lambda: job.progress().ended)
    queue.close()
    assert state(job) is JobState.CANCELLED


def test_a_job_that_needs_no_page_goes_on_without_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "ALONE_SECONDS", -1.0)
    queue = Queue(bench.work)
    job = queue.submit("p", 1)
    bench.pass_steps(3)
    until(lambda: job.progress().ended)
    queue.close()
    assert state(job) is JobState.DONE


def test_few_results_are_kept_and_whoever_has_most_loses_the_oldest_ended_one(bench: Bench) -> None:
    queue = Queue(bench.work, max_kept=2)
    bench.pass_steps(9)
    jobs = []
    for key, owner in (("a1", "anna"), ("b", "ben"), ("a2", "anna")):
        jobs.append(queue.submit(key, len(jobs), owner))
        until(lambda: jobs[-1].progress().ended)
    assert [queue.find(job.key, job.number) for job in jobs] == [None, *jobs[1:]]
    running = [queue.submit(key, k) for k, key in enumerate("xyz", 3)]
    assert all(queue.find(job.key, job.number) is job for job in running), "what waits or runs stays"
    queue.close()
    bench.pass_steps(20)


def test_a_page_hears_of_progress_with_the_stamp_that_it_had_before(queue: Queue, bench: Bench) -> None:
    job = queue.submit("anna", 1)
    bench.pass_steps(3)
    until(lambda: job.progress().ended)
    message = queue.service.describe(job)
    assert message["stamp"] == job.stamp
    assert (message["state"], message["nfe"], message["total"], message["message"]) == ("done", 3, 3, "")


def test_a_job_that_comes_when_the_service_is_closed_ends_at_once(queue: Queue) -> None:
    queue.close()
    assert queue.submit("a", 1).wait() is JobState.CANCELLED
