"""Whose turn it is: one at a time, a person's run before a background one, also in the middle of that."""

import threading
import time
from collections.abc import Callable

from echo_studio.studio.engine.device_lock import DeviceLock


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "not within two minutes"
        time.sleep(0.002)


def start(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_run_waits_until_the_device_is_free() -> None:
    device_lock, seen = DeviceLock(), []

    def second() -> None:
        with device_lock.take():
            seen.append("second")

    with device_lock.take():
        thread = start(second)
        until(lambda: device_lock.waiting == 1)
        seen.append("first")
    thread.join(10)
    assert seen == ["first", "second"]


def test_a_background_run_begins_after_everybody_who_waits() -> None:
    device_lock, seen = DeviceLock(), []
    begun = threading.Event()

    def background() -> None:
        begun.set()
        with device_lock.take(background=True):
            seen.append("background")

    def urgent() -> None:
        with device_lock.take():
            seen.append("urgent")

    with device_lock.take():
        threads = [start(background)]
        begun.wait(10)
        threads += [start(urgent), start(urgent)]
        until(lambda: device_lock.waiting == 3)
    for thread in threads:
        thread.join(10)
    assert seen == ["urgent", "urgent", "background"]


def test_a_background_run_gives_way_in_the_middle_and_is_told_how_long() -> None:
    device_lock, seen = DeviceLock(), []

    def urgent() -> None:
        with device_lock.take():
            time.sleep(0.02)
            seen.append("urgent")

    with device_lock.take(background=True):
        assert device_lock.yield_device() == 0.0
        thread = start(urgent)
        until(lambda: device_lock.waiting == 1)
        away = device_lock.yield_device()
        seen.append("background goes on")
        assert device_lock.yield_device() == 0.0
    thread.join(10)
    assert seen == ["urgent", "background goes on"]
    assert away >= 0.02


def test_those_who_wait_are_served_in_the_order_in_which_they_came() -> None:
    device_lock, seen = DeviceLock(), []

    def run(name: int) -> None:
        with device_lock.take():
            seen.append(name)

    threads = []
    with device_lock.take():
        for name in range(8):
            threads.append(start(lambda name=name: run(name)))
            until(lambda name=name: device_lock.waiting == name + 1)
    for thread in threads:
        thread.join(10)
    assert seen == list(range(8))


def test_background_runs_side_by_side_share_the_device_step_by_step() -> None:
    device_lock, seen = DeviceLock(), []

    def background(name: str) -> None:
        with device_lock.take(background=True):
            for _ in range(3):
                seen.append(name)
                device_lock.yield_device()

    with device_lock.take():
        threads = [start(lambda: background("clip"))]
        until(lambda: device_lock.waiting == 1)
        threads.append(start(lambda: background("comparison")))
        until(lambda: device_lock.waiting == 2)
    for thread in threads:
        thread.join(10)
    assert seen == ["clip", "comparison"] * 3
