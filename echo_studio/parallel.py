"""Work in pieces, each of which leaves one file: done in several processes, and only what is not there yet."""

import dataclasses
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Protocol

import torch

from echo_studio.errors import EchoStudioError

__all__ = ["Piece", "Refusal", "carry_out", "cores", "start_worker", "worker_pool"]


class Piece(Protocol):
    """One piece of work. It travels to another process, so it holds paths and numbers, no arrays."""

    @property
    def out(self) -> Path:
        """The file that it leaves, written whole or not at all; named after everything that it depends on."""
        ...

    def run(self) -> None:
        """Do it."""
        ...


@dataclasses.dataclass(frozen=True)
class Refusal:
    """An error of the user, made fit to travel: exceptions with named arguments cannot be pickled."""

    expected: str
    got: str
    remedy: str

    @classmethod
    def of(cls, error: EchoStudioError) -> "Refusal":
        return cls(error.expected, error.got, error.remedy)

    def error(self) -> EchoStudioError:
        return EchoStudioError(**dataclasses.asdict(self))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def carry_out(
    pieces: Sequence[Piece], workers: int, on_piece: Callable[[int, int], None] = lambda done, of: None
) -> None:
    """Do every piece whose file is not there, in order; several at once where there are workers.

    Killed at any moment, it costs the pieces under way. Workers end with their parent.

    Args:
        workers: processes; with one the work is done in this process.
        on_piece: called with (pieces done, pieces) at the start and after each.

    Raises:
        EchoStudioError: a piece cannot be done; the others under way are finished first.
    """
    waiting = {piece.out: piece for piece in pieces if not piece.out.is_file()}
    done = len(pieces) - len(waiting)
    on_piece(done, len(pieces))
    if workers == 1 or len(waiting) < 2:
        for piece in waiting.values():
            piece.run()
            done += 1
            on_piece(done, len(pieces))
        return
    threads = max(1, cores() // workers)
    with worker_pool(workers, partial(start_worker, threads)) as pool:
        futures = [pool.submit(_do, piece) for piece in waiting.values()]
        try:
            for future in as_completed(futures):
                refusal = future.result()
                if refusal is not None:
                    raise refusal.error()
                done += 1
                on_piece(done, len(pieces))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def worker_pool(workers: int, start: Callable[[], None]) -> ProcessPoolExecutor:
    """Processes, each of which calls `start` first: `start_worker` or something that does."""
    # Fresh processes: a fork of one in which torch runs threads can hang.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), start)


def start_worker(threads: int) -> None:
    """Prepare a worker's process: how many threads it computes with; it ends with its parent."""
    torch.set_num_threads(threads)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def _do(piece: Piece) -> Refusal | None:
    try:
        piece.run()
    except EchoStudioError as error:
        return Refusal.of(error)
    return None
