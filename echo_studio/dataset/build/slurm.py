"""Make the batches of a set in SLURM jobs, through submitit. Needs the extra `cluster`.

A job takes a parcel of batches; every machine must see the set's folder under the same path. Samples get their names as
everywhere; what a finished batch is made of, a line of the index, goes into a small file under SET/.jobs/made, since
this process alone writes the index. So a job that is killed costs the batch under way, and what jobs finish while
nobody looks is found by the next run.
"""

import json
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from echo_studio.data.atomic import write_bytes, write_json
from echo_studio.dataset.build.set_folder import Made, SetFolder
from echo_studio.dataset.build.synthesise import DEATHS, Batch, run_batch
from echo_studio.dataset.extras import need
from echo_studio.errors import EchoStudioError, OutputError, RequestError, raised_as
from echo_studio.types import Json

SLURM = "slurm"
MADE, DRIVER = "made", "driver"
WHOLE = "[0-9]*.json"
PARCEL = 64  # batches a job: a job waits in a queue and loads a generator
LOOK = 2.0  # seconds between two looks at what was made
COMMON = ("name", "timeout_min", "mem_gb", "cpus_per_task", "gpus_per_node")  # submitit's words for every scheduler


@dataclass(frozen=True)
class Parcel:
    """What a job does: its batches, while the run that sent it has not been stopped or followed by another.

    Attributes:
        folder: SET/.jobs.
        run: name of the run that sent it, which DRIVER in the folder holds.
    """

    folder: Path
    run: str
    batches: tuple[Batch, ...]

    def __call__(self) -> list[Made] | EchoStudioError:
        torch.set_num_threads(1)
        done = []
        for batch in self.batches:
            if not self._wanted():
                break
            result = run_batch(batch)
            if isinstance(result, EchoStudioError):
                return result
            write_json(self.folder / MADE / f"{batch.number}.json", asdict(result))
            done.append(result)
        return done

    def _wanted(self) -> bool:
        with suppress(OSError):
            return (self.folder / DRIVER).read_text() == self.run
        return False


def settings_of(text: str, device: str = "cpu") -> Json:
    """submitit's parameters from `slurm:partition=gpu,timeout_min=60`; names that it does not share are SLURM's.

    Raises:
        RequestError: something else.
    """
    settings: Json = {"gpus_per_node": 1} if device.startswith("cuda") else {}
    for one in filter(None, text.partition(":")[2].split(",")):
        key, equals, value = (part.strip() for part in one.partition("="))
        if not (key and equals and value):
            raise RequestError(
                expected="--cluster slurm:NAME=VALUE,...", got=text, remedy="try slurm:partition=gpu,timeout_min=60"
            )
        settings[key if key in COMMON else f"slurm_{key}"] = int(value) if value.isdecimal() else value
    return settings


def on_slurm(
    waiting: Iterator[Batch],
    *,
    folder: SetFolder,
    workers: int,
    settings: Json,
    stop: Callable[[], bool] = lambda: False,
    executor: str = SLURM,
    parcel: int = PARCEL,
) -> Iterator[Made]:
    """Batches as they are finished.

    Args:
        folder: the set.
        workers: jobs at once, each with one core if the settings do not say more.
        settings: of `settings_of`.
        stop: called now and then; True ends the work; batches under way are finished.
        executor: of submitit; its `local` runs jobs on this machine.
        parcel: batches a job.

    Raises:
        OutputError: the extra is missing, or no job can be sent.
        RequestError: settings that submitit does not know.
        EchoStudioError: what a batch raises, or one that ends its job again and again.
    """
    submitit = need("submitit", "cluster")
    jobs = folder.jobs
    (jobs / MADE).mkdir(parents=True, exist_ok=True)
    indexed = {made.batch for made in folder.index}
    for path in (jobs / MADE).glob(WHOLE):  # what the last run added to the index before it was killed
        if int(path.stem) in indexed:
            path.unlink()
    run = secrets.token_hex(8)
    write_bytes(jobs / DRIVER, run.encode())  # jobs of an earlier run end after their batch

    def send(batches: list[Batch]) -> Any:
        with (
            raised_as(
                OutputError,
                OSError,
                submitit.core.utils.FailedJobError,
                submitit.core.utils.FailedSubmissionError,
                expected="a scheduler that takes jobs",
                remedy="ask sbatch, or leave --cluster out",
            ),
            submitit.helpers.clean_env(),  # this process may itself be a job
        ):
            return sender.submit(Parcel(jobs, run, tuple(batches)))

    here = f"{executor} on this machine"
    with (
        raised_as(
            OutputError, RuntimeError, ValueError, expected=here, remedy="log in where sbatch is, or use --cluster auto"
        ),
        raised_as(
            RequestError,
            NameError,
            TypeError,
            AssertionError,
            expected="settings that submitit knows",
            remedy="see docs/slurm/README.md",
        ),
    ):
        sender = submitit.AutoExecutor(jobs / "log", cluster=executor)
        sender.update_parameters(**{"name": "echo-studio", "cpus_per_task": 1, "timeout_min": 240, **settings})
    yield from _shared_out(waiting, jobs, workers, parcel, send, stop)
    shutil.rmtree(jobs, ignore_errors=True)


def _shared_out(
    waiting: Iterator[Batch],
    jobs: Path,
    workers: int,
    parcel: int,
    send: Callable[[list[Batch]], Any],
    stop: Callable[[], bool],
) -> Iterator[Made]:
    there: set[int] = set()
    deaths: Counter[int] = Counter()
    again: list[Batch] = []
    under_way: list[tuple[Any, list[Batch]]] = []
    fault: EchoStudioError | None = None

    def found() -> Iterator[Made]:
        """What lies in MADE, each batch once."""
        for path in sorted((jobs / MADE).glob(WHOLE)):
            made = Made(**json.loads(path.read_text()))
            if made.batch not in there:
                there.add(made.batch)
                yield made
            path.unlink(missing_ok=True)  # it is in the index now

    try:
        while True:
            yield from found()
            halt = stop() or fault is not None
            if halt:
                (jobs / DRIVER).unlink(missing_ok=True)
            while len(under_way) < workers and not halt:
                batches = [again.pop() for _ in range(min(parcel, len(again)))]
                fresh = (batch for batch in waiting if batch.number not in there)
                batches += islice(fresh, parcel - len(batches))
                if not batches:
                    break
                under_way.append((send(batches), batches))
            if not under_way:
                if fault is not None:
                    raise fault
                return
            time.sleep(LOOK)
            for job, batches in [pair for pair in under_way if pair[0].done()]:
                under_way.remove((job, batches))
                yield from found()
                outcome = _outcome(job)
                for made in outcome if isinstance(outcome, list) else ():
                    if made.batch not in there:  # a file that this machine does not see yet
                        there.add(made.batch)
                        yield made
                left = [batch for batch in batches if batch.number not in there]
                if isinstance(outcome, EchoStudioError):
                    fault = outcome
                elif isinstance(outcome, str) and left:
                    again += left
                    at = left[0].number  # the first that is not there is the one that it died of
                    deaths[at] += 1
                    if deaths[at] >= DEATHS:
                        raise EchoStudioError(
                            expected="jobs that live to finish their samples",
                            got=f"{DEATHS} that ended at batch {at}: {outcome}",
                            remedy=f"see {jobs / 'log'}, then run the same command again",
                        )
    finally:
        (jobs / DRIVER).unlink(missing_ok=True)
        for job, _ in under_way:
            job.cancel(check=False)


def _outcome(job: Any) -> list[Made] | EchoStudioError | str:
    """What a job that is over brought; why, where it was killed, ran out of time or lost its machine."""
    fault = job.exception()
    if fault is not None:
        return _line(fault)
    result: list[Made] | EchoStudioError = job.result()
    return result


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[-160:] or type(error).__name__
