"""The cache of loaded models: loads once, serves others meanwhile, drops a model only when nobody uses what it has."""

import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from echo_studio.studio.engine.model_cache import LoadState, ModelCache

SECONDS = 120  # after which a test that waits has failed


class Bench:
    """Loads that wait until a test lets them go on."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.begun = threading.Semaphore(0)
        self.free = threading.Event()
        self.failure: Exception | None = None

    def load(self, name: str) -> "Thing":
        self.loads.append(name)
        self.begun.release()
        assert self.free.wait(SECONDS)
        if self.failure is not None:
            raise self.failure
        return Thing(name)


class Thing:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def model_cache(bench: Bench) -> ModelCache[Thing]:
    return ModelCache(bench.load)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def look(
    model_cache: ModelCache[Thing], name: str, version: str = "1", during: Callable[[], Any] = lambda: None
) -> Thing:
    with model_cache.use(name, version) as thing:
        during()
        return thing


def test_eight_who_ask_at_once_share_one_load(
    model_cache: ModelCache[Thing], bench: Bench, pool: ThreadPoolExecutor
) -> None:
    asked = [pool.submit(look, model_cache, "a") for _ in range(8)]
    assert bench.begun.acquire(timeout=SECONDS)
    assert model_cache.state("a") is LoadState.LOADING
    bench.free.set()
    assert len({id(one.result(SECONDS)) for one in asked}) == 1
    assert bench.loads == ["a"]
    assert model_cache.state("a") is LoadState.LOADED


def test_a_loaded_model_is_used_while_another_is_loaded(
    model_cache: ModelCache[Thing], bench: Bench, pool: ThreadPoolExecutor
) -> None:
    bench.free.set()
    look(model_cache, "a")
    bench.free.clear()
    slow = pool.submit(look, model_cache, "b")
    assert pool.submit(look, model_cache, "a").result(SECONDS).name == "a"
    assert not slow.done()
    bench.free.set()
    assert slow.result(SECONDS).name == "b"


def test_a_failed_load_is_told_to_all_who_wait_and_tried_again_later(
    model_cache: ModelCache[Thing], bench: Bench, pool: ThreadPoolExecutor
) -> None:
    bench.failure = OSError("gone")
    asked = [pool.submit(look, model_cache, "a") for _ in range(3)]
    bench.free.set()
    for one in asked:
        assert isinstance(one.exception(SECONDS), OSError)
    assert model_cache.state("a") is LoadState.ABSENT
    bench.failure = None
    assert look(model_cache, "a").name == "a"


def test_what_is_dropped_is_freed(model_cache: ModelCache[Thing], bench: Bench) -> None:
    bench.free.set()
    kept = weakref.ref(look(model_cache, "a"))
    assert kept() is not None
    model_cache.drop("a")
    assert kept() is None
    assert model_cache.state("a") is LoadState.ABSENT
    model_cache.drop("a")
    model_cache.drop("unknown")


def test_a_run_in_progress_finishes_before_its_model_goes(model_cache: ModelCache[Thing], bench: Bench) -> None:
    bench.free.set()
    with model_cache.use("a", "1") as thing:
        kept = weakref.ref(thing)
        del thing
        model_cache.drop("a")
        assert model_cache.state("a") is LoadState.LEAVING
        assert kept() is not None
    assert kept() is None
    assert model_cache.state("a") is LoadState.ABSENT


def test_who_asks_for_a_leaving_model_keeps_it(model_cache: ModelCache[Thing], bench: Bench) -> None:
    bench.free.set()
    with model_cache.use("a", "1"):
        model_cache.drop("a")
        look(model_cache, "a")
        assert model_cache.state("a") is LoadState.LOADED
    assert model_cache.state("a") is LoadState.LOADED
    assert bench.loads == ["a"]


def test_a_model_that_is_dropped_while_it_is_loaded_serves_who_waits_and_goes(
    model_cache: ModelCache[Thing], bench: Bench, pool: ThreadPoolExecutor
) -> None:
    waiting = pool.submit(look, model_cache, "a")
    assert bench.begun.acquire(timeout=SECONDS)
    model_cache.drop("a")
    bench.free.set()
    assert waiting.result(SECONDS).name == "a"
    assert model_cache.state("a") is LoadState.ABSENT


def test_another_version_takes_the_place_and_runs_with_the_older_one_finish(
    model_cache: ModelCache[Thing], bench: Bench
) -> None:
    bench.free.set()
    with model_cache.use("a", "1") as older:
        newer = look(model_cache, "a", "2")
        assert newer is not older
        assert look(model_cache, "a", "2") is newer
    assert look(model_cache, "a", "2") is newer
    assert bench.loads == ["a", "a"]
