"""A set made in jobs is the set that one worker makes, also where a job dies; submitit's local executor stands in."""

import importlib.util
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest

from echo_studio.dataset.build import slurm
from echo_studio.dataset.build.set_folder import Made, SetFolder
from echo_studio.dataset.build.slurm import Parcel, on_slurm, settings_of
from echo_studio.dataset.build.synthesise import Batch, run_batch, synthesise
from echo_studio.errors import CheckpointError, EchoStudioError, OutputError, RequestError
from tests.dataset.build.test_cluster import Deadly
from tests.dataset.hearts import assert_whole, small_order
from tests.generate.tiny import tiny_checkpoints

HAS_SUBMITIT = importlib.util.find_spec("submitit") is not None
needs_submitit = pytest.mark.skipif(not HAS_SUBMITIT, reason="needs the extra `cluster`")


def test_settings_are_submitits_and_what_it_does_not_share_is_asked_of_slurm() -> None:
    assert settings_of("slurm") == {}
    assert settings_of("slurm:partition=gpu, timeout_min=60", "cuda") == {
        "slurm_partition": "gpu",
        "timeout_min": 60,
        "gpus_per_node": 1,
    }
    for wrong in ("slurm:gpu", "slurm:=3", "slurm:partition="):
        with pytest.raises(RequestError, match="NAME=VALUE"):
            settings_of(wrong)


@needs_submitit
def test_without_slurm_and_with_unknown_settings_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OutputError, match="--cluster auto"):
        next(on_slurm(iter([]), folder=SetFolder(tmp_path), workers=1, settings={}))
    with pytest.raises(RequestError, match="docs/slurm"):
        next(
            on_slurm(
                iter([]), folder=SetFolder(tmp_path), workers=1, settings={"slurm_colour": "red"}, executor="local"
            )
        )


def test_a_job_whose_run_is_over_makes_no_more(tmp_path: Path) -> None:
    (tmp_path / "driver").write_text("another run")
    batch = Batch(tmp_path / "missing", 0, ())  # would be refused
    assert Parcel(tmp_path, "this run", (batch,))() == []


class Job:
    """A job that is over at once: it dies, or has a result."""

    def __init__(self, outcome: object) -> None:
        self.outcome = outcome

    def done(self) -> bool:
        return True

    def exception(self) -> BaseException | None:
        return self.outcome if isinstance(self.outcome, RuntimeError) else None

    def result(self) -> object:
        return self.outcome


def shared_out(folder: Path, count: int, send: Callable[[list[Batch]], Job], parcel: int = 3) -> list[int]:
    """The numbers of the batches that are made, in order."""
    (folder / "made").mkdir()
    waiting = iter([Batch(folder, number, ()) for number in range(count)])
    return [made.batch for made in slurm._shared_out(waiting, folder, 2, parcel, send, lambda: False)]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "LOOK", 0)


def test_what_jobs_leave_counts_once_and_what_they_do_not_is_sent_again(tmp_path: Path, at_once: None) -> None:
    sent: list[list[int]] = []

    def send(batches: list[Batch]) -> Job:
        numbers = [batch.number for batch in batches]
        sent.append(numbers)
        first = [Made(number) for number in numbers[:1]]
        for made in first:  # each job leaves the file of its first batch; every second one dies of the next
            (tmp_path / "made" / f"{made.batch}.json").write_text(json.dumps(asdict(made)))
        return Job(RuntimeError("out of time") if len(sent) % 2 else [*first, *(Made(n) for n in numbers[1:])])

    assert sorted(shared_out(tmp_path, 7, send)) == list(range(7))
    again = [number for numbers in sent for number in numbers]
    assert len(again) > 7
    assert again.count(0) == 1  # what was left by a job that died is not made again


def test_a_batch_that_ends_job_after_job_is_named(tmp_path: Path, at_once: None) -> None:
    with pytest.raises(EchoStudioError, match=r"5 that ended at batch 2: node failed.*log") as caught:
        shared_out(
            tmp_path,
            4,
            lambda batches: Job(
                RuntimeError("node failed") if batches[0].number == 2 else [Made(batch.number) for batch in batches]
            ),
            parcel=1,
        )
    assert "\n" not in str(caught.value)


def test_an_error_of_the_user_in_a_job_is_told_when_the_others_are_done(tmp_path: Path, at_once: None) -> None:
    made: list[int] = []

    def send(batches: list[Batch]) -> Job:
        if batches[0].number == 1:
            return Job(CheckpointError(expected="weights", got="none", remedy="restore them"))
        made.append(batches[0].number)
        return Job([Made(batches[0].number)])

    with pytest.raises(CheckpointError, match="expected weights, got none; restore them"):
        shared_out(tmp_path, 50, send, parcel=1)
    assert made == [0]


@needs_submitit
@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # submitit's own
def test_jobs_of_which_one_is_killed_make_the_same_set_and_find_what_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.setattr(slurm, "LOOK", 0.2)
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    order, marker, root = small_order(checkpoints), tmp_path / "marker", tmp_path / "jobs"
    alone = SetFolder(tmp_path / "alone")
    with alone.begin(order):
        synthesise(alone, 1, checkpoints)

    folder = SetFolder(root)
    with folder.begin(order):
        # An earlier run left two batches: one that it had added to the index, and one that a job finished later.
        batches = {number: Batch(root, number, tuple(items), checkpoints) for number, items in folder.batches()}
        (root / ".jobs" / "made").mkdir(parents=True)
        for number in (0, 5):
            made = run_batch(batches[number])
            assert isinstance(made, Made)
            (root / ".jobs" / "made" / f"{number}.json").write_text(json.dumps(asdict(made)))
            if number == 0:
                folder.index.append(made)

        sent: list[int] = []

        def executor(waiting: Iterator[Batch], *, stop: Callable[[], bool]) -> Iterator[Made]:
            def deadly() -> Iterator[Batch]:
                for batch in waiting:
                    sent.append(batch.number)
                    yield Deadly(**vars(batch), marker=marker)

            local = partial(on_slurm, folder=folder, workers=2, settings={}, executor="local", parcel=8)
            return local(deadly(), stop=stop)

        synthesise(folder, 1, checkpoints, executor=executor)
    assert marker.exists()
    assert 0 not in sent
    assert not (root / ".jobs").exists()
    assert_whole(root, tmp_path / "alone")
    assert folder.index.sha256() == alone.index.sha256()
