"""Tasks on sets: one of a kind at a time for each set, stopped between two steps, and how fast they go."""

import threading
from pathlib import Path

import pytest

from echo_studio.errors import BusyError, DataError
from echo_studio.studio.sets.tasks import SetTask, SetTasks
from echo_studio.types import Json

PATH = Path("/sets/one")


def ended(tasks: SetTasks, path: Path = PATH, kind: str = "make") -> Json:
    # Tasks of one kind come one after the other: when the next one runs, this one has ended.
    passed = threading.Event()
    other = SetTask(Path("/sets/last"), kind, lambda task: (passed.set(), {})[1])
    tasks.start(other)
    assert passed.wait(20)
    return tasks.told(path)[kind]


def test_a_task_tells_how_far_it_is_and_what_came_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 2.0, 4.0))
    monkeypatch.setattr("echo_studio.studio.sets.tasks.monotonic", lambda: next(clock))
    task = SetTask(PATH, "make", lambda task: {})
    assert task.progress() == {"done": 0, "of": 0, "rate": None, "seconds": None}
    for done in (10, 11, 12):
        task.tell(done, 20)
    assert task.progress() == {"done": 12, "of": 20, "rate": 0.5, "seconds": 16.0}


def test_a_set_has_one_task_of_a_kind_and_it_stops_when_asked() -> None:
    tasks = SetTasks()
    begun, stop = threading.Event(), threading.Event()

    def work(task: SetTask) -> Json:
        begun.set()
        while not task.stopped():
            stop.wait(0.01)
        return {"made": 1}

    tasks.start(SetTask(PATH, "make", work))
    assert begun.wait(20)
    with pytest.raises(BusyError, match="wait for its end"):
        tasks.start(SetTask(PATH, "make", work))
    assert tasks.running(PATH, "make")
    assert not tasks.running(PATH, "export")
    tasks.stop(PATH, "make")
    assert ended(tasks)["state"] == "cancelled"
    tasks.start(SetTask(PATH, "make", lambda task: {"made": 2}))
    assert ended(tasks)["outcome"] == {"made": 2}
    tasks.forget(PATH)
    assert tasks.told(PATH) == {}
    tasks.close()


def test_a_task_that_fails_tells_why() -> None:
    tasks = SetTasks()

    def work(task: SetTask) -> Json:
        raise DataError(expected="room", got="none", remedy="make some")

    tasks.start(SetTask(PATH, "export", work))
    assert ended(tasks, kind="export")["message"] == "expected room, got none; make some"
    tasks.close()
