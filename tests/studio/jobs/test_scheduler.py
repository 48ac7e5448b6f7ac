"""Turns: owners one after the other, live jobs first but not for ever, and an order that is the one that happens."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from echo_studio.studio.jobs.scheduler import LIVE_RUN, FairScheduler


@dataclass(frozen=True)
class Job:
    owner: str
    number: int
    live: bool = False


JOBS = st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=16).map(
    lambda pairs: [Job(owner, number, live) for number, (owner, live) in enumerate(pairs)]
)


def served(scheduler: FairScheduler, waiting: list[Job]) -> list[Job]:
    waiting, order = list(waiting), []
    while waiting:
        order.append(scheduler.next(waiting))
        waiting.remove(order[-1])
    return order


def test_an_owner_of_many_jobs_holds_up_nobody() -> None:
    many = [Job("anna", k) for k in range(5)]
    late = [Job("ben", 5), Job("cleo", 6), Job("ben", 7)]
    assert [job.owner[0] for job in served(FairScheduler(), [*many, *late])] == list("abcabaaa")


def test_jobs_of_one_owner_and_first_jobs_of_several_come_as_they_came() -> None:
    assert served(FairScheduler(), [Job("a", k) for k in range(4)]) == [Job("a", k) for k in range(4)]
    assert served(FairScheduler(), [Job(name, 0) for name in "dbca"]) == [Job(name, 0) for name in "dbca"]


def test_who_was_served_just_now_comes_after_who_was_not() -> None:
    scheduler = FairScheduler()
    scheduler.next([Job("anna", 1)])
    assert scheduler.next([Job("anna", 2), Job("ben", 3)]).owner == "ben"


def test_a_frame_that_was_asked_for_comes_after_a_few_live_ones_however_many_draw() -> None:
    scheduler, asked = FairScheduler(), Job("asked", 0)
    order = [scheduler.next([asked, *(Job(f"live{k}", k, True) for k in range(20))]) for _ in range(LIVE_RUN + 1)]
    assert [job.live for job in order] == [True] * LIVE_RUN + [False]


@given(before=JOBS, waiting=JOBS)
def test_the_order_that_is_foreseen_is_the_order_that_happens(before: list[Job], waiting: list[Job]) -> None:
    scheduler = FairScheduler()
    served(scheduler, before)
    foreseen = scheduler.order(waiting)
    assert served(scheduler, waiting) == foreseen


@given(waiting=JOBS)
def test_nobody_waits_for_a_second_turn_of_another_of_the_same_kind(waiting: list[Job]) -> None:
    calm = [Job(job.owner, job.number) for job in waiting]
    order = served(FairScheduler(), calm)
    for place, job in enumerate(order):
        before = [other.owner for other in order[:place]]
        assert all(before.count(name) <= before.count(job.owner) + 1 for name in before)
