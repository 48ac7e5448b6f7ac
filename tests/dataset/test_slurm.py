"""A set made in jobs is the set that one worker makes, also where a job dies; submitit's local executor stands in."""

import importlib.util
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest

from echo_studio.dataset import slurm
from echo_studio.dataset.index import Made
from echo_studio.dataset.set_folder import SetFolder
from echo_studio.dataset.slurm import Parcel, on_slurm, settings_of
from echo_studio.dataset.synthesise import Batch, run_batch, synthesise
from echo_studio.errors import OutputError, RequestError
from tests.dataset.hearts import assert_whole, small_order
from tests.dataset.test_cluster import Deadly
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

        def carry(waiting: Iterator[Batch], *, stop: Callable[[], bool]) -> Iterator[Made]:
            def deadly() -> Iterator[Batch]:
                for batch in waiting:
                    sent.append(batch.number)
                    yield Deadly(**vars(batch), marker=marker)

            local = partial(on_slurm, folder=folder, workers=2, settings={}, executor="local", parcel=4)
            return local(deadly(), stop=stop)

        synthesise(folder, 1, checkpoints, carry=carry)
    assert marker.exists()
    assert 0 not in sent
    assert not (root / ".jobs").exists()
    assert_whole(root, tmp_path / "alone")
    assert folder.index.sha256() == alone.index.sha256()
