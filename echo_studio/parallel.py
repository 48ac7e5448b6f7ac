"""Work items, each of which leaves one file: done in several processes, and only those whose file is missing."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Protocol


class WorkItem(Protocol):
    """One piece of work. It is sent to other processes, so it holds paths and numbers, no arrays."""

    @property
    def out(self) -> Path:
        """The file that it leaves, written whole or not at all; named after everything that it depends on."""
        ...

    def run(self) -> None:
        """Do it."""
        ...


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_work(
    items: Sequence[WorkItem], workers: int, on_item: Callable[[int, int], None] = lambda done, of: None
) -> None:
    """Run every item whose file is missing, in order, and several at once with several workers.

    When the process is killed, only the items under way are lost. Workers end with their parent.

    Args:
        workers: processes; with one the work is done in this process.
        on_item: called with (items done, items) at the start and after each.

    Raises:
        EchoStudioError: an item cannot be done; the others under way are finished first.
    """
    waiting = {item.out: item for item in items if not item.out.is_file()}
    done = len(items) - len(waiting)
    on_item(done, len(items))
    if workers == 1 or len(waiting) < 2:
        for item in waiting.values():
            item.run()
            done += 1
            on_item(done, len(items))
        return
    threads = max(1, cores() // workers)
    with worker_pool(workers, partial(start_worker, threads)) as pool:
        futures = [pool.submit(item.run) for item in waiting.values()]
        try:
            for future in as_completed(futures):
                future.result()
                done += 1
                on_item(done, len(items))
        except BaseException as error:
            # Ctrl+C reaches the workers too: there is nothing to wait for.
            pool.shutdown(wait=isinstance(error, Exception), cancel_futures=True)
            raise


def worker_pool(workers: int, start: Callable[[], None]) -> ProcessPoolExecutor:
    """Processes, each of which calls `start` first: `start_worker` or something that does."""
    # Fresh processes: a fork of one in which torch runs threads can hang.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), start)


def start_worker(threads: int) -> None:
    """Prepare a worker's process: how many threads it computes with; it ends with its parent."""
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read when an item loads torch, which takes seconds
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
