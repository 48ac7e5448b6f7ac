"""Make the samples of a set that are not there yet, in this process or in several; no crash costs more than a batch.

A sample is written under a temporary name and renamed; when a batch is there, one line of the index says so. Workers
make samples, this process alone writes the index. On a CPU every worker computes with one thread: with two, sums run
in another order, and the last bits of a frame change. So the number of workers changes nothing but the time.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol

import torch

from echo_studio.dataset.build.batch import SampleRenderer
from echo_studio.dataset.build.manifest import Item
from echo_studio.dataset.build.set_folder import MANIFEST, Made, SetFolder, files_sha256
from echo_studio.dataset.build.stored_set import set_at
from echo_studio.dataset.pairs import pair_files
from echo_studio.errors import EchoStudioError
from echo_studio.parallel import start_worker, worker_pool

DEATHS = 5  # of its worker, after which a batch is not tried again
AHEAD = 2  # batches a worker is given in advance


class Executor(Protocol):
    """Makes batches and gives each back when its samples are on the disk; `stop` ends it between two."""

    def __call__(self, waiting: "Iterator[Batch]", *, stop: Callable[[], bool]) -> Iterator[Made]: ...


@dataclass(frozen=True)
class Batch:
    """Some samples of a set, fit to travel to another process.

    Attributes:
        root: the set's folder, or the URL of a set on an object store.
    """

    root: Path | str
    number: int
    items: tuple[Item, ...]
    checkpoints: Path | None = None
    device: str = "cpu"

    def run(self) -> Made:
        """Make and write the samples; the index is not touched.

        Raises:
            OutputError: a place that cannot be written; no half sample is left behind.
            EchoStudioError: label maps or weights that cannot be read.
        """
        folder = _set_at(self.root, (self.root / MANIFEST).stat().st_mtime_ns if isinstance(self.root, Path) else 0)
        renderer = SampleRenderer(folder.header, folder.base, self.checkpoints, self.device)
        samples, set_aside = renderer.make(self.items)
        hashes = {}
        for sample in samples:
            files = pair_files(sample)
            folder.keep(sample.id, files)
            hashes[sample.id] = files_sha256(files)
        return Made(self.number, hashes, set_aside)


def synthesise(
    folder: SetFolder,
    workers: int = 1,
    checkpoints: Path | None = None,
    device: str = "cpu",
    on_made: Callable[[int], None] = lambda samples: None,
    stop: Callable[[], bool] = lambda: False,
    executor: Executor | None = None,
) -> None:
    """Make what is missing of a set that was begun; call it within `SetFolder.begin`.

    Args:
        workers: processes; 1 for this one.
        on_made: called with the samples of each batch once it is in the index.
        stop: called before every batch; True ends the work; what is under way is finished.
        executor: makes the batches elsewhere; by default this machine does.

    Raises:
        OutputError: the disk is full. What was finished stays; the same call goes on.
        EchoStudioError: label maps or weights that cannot be read, or a batch that ends its worker again and again.
    """
    finished = folder.finished()
    waiting = (
        Batch(folder.where, number, tuple(items), checkpoints, device)
        for number, items in folder.batches()
        if number not in finished
    )
    if executor is None:
        executor = in_this_process if workers == 1 else partial(in_processes, workers=workers)
    for made in executor(waiting, stop=stop):
        folder.index.append(made)
        on_made(len(made.samples) + len(made.set_aside))


@contextmanager
def one_thread(device: str) -> Iterator[None]:
    """Compute as every worker does while the block runs."""
    before = torch.get_num_threads()
    if torch.device(device).type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_this_process(waiting: Iterator[Batch], *, stop: Callable[[], bool]) -> Iterator[Made]:
    for batch in waiting:
        if stop():
            return
        with one_thread(batch.device):
            made = batch.run()
        yield made


def in_processes(
    waiting: Iterator[Batch], *, workers: int, stop: Callable[[], bool], background: bool = False
) -> Iterator[Made]:
    """Batches as they are finished, in processes of their own. One that dies is replaced, its work done again.

    Args:
        background: whether the processes give way to all other programs on this machine.
    """
    deaths: Counter[int] = Counter()
    again: list[Batch] = []
    while True:
        pool = worker_pool(workers, start_in_background if background else _start)
        under_way: dict[Future[Made], Batch] = {}
        fault: EchoStudioError | None = None
        try:
            while True:
                while len(under_way) < workers * AHEAD and not stop() and fault is None:
                    batch = again.pop() if again else next(waiting, None)
                    if batch is None:
                        break
                    under_way[pool.submit(batch.run)] = batch
                if not under_way:
                    if fault is not None:
                        raise fault
                    return
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    made = None
                    try:
                        made = future.result()  # a dead worker shows here, and spoils all that is under way
                    except EchoStudioError as error:
                        fault = error  # raised once the others are in the index
                    del under_way[future]
                    if made is not None:
                        yield made
        except BrokenProcessPool:
            again += under_way.values()
            deaths.update(batch.number for batch in under_way.values())
            worst, count = deaths.most_common(1)[0]
            if count >= DEATHS:
                raise died(worst, count) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def start_in_background() -> None:
    """Prepare a worker that computes only when nobody else does."""
    if hasattr(os, "nice"):
        os.nice(19)
    _start()


def _start() -> None:
    # Ctrl+C reaches every process of a terminal: the parent decides, and samples under way are finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start_worker(1)


def died(batch: int, times: int) -> EchoStudioError:
    """The error where a batch has ended its worker so many times."""
    return EchoStudioError(
        expected="workers that live to finish their samples",
        got=f"{times} that ended at batch {batch}",
        remedy="if memory is short, take fewer --workers, then run the same command again",
    )


def run_batch(batch: Batch) -> Made | EchoStudioError:
    """`Batch.run` with its error as a value: clusters wrap an error that is raised in one of their own class."""
    try:
        return batch.run()
    except EchoStudioError as error:
        return error


@lru_cache(maxsize=1)
def _set_at(root: Path | str, written: int) -> SetFolder:  # noqa: ARG001
    return set_at(root)
