"""A set made on Ray is the set that one worker makes, also where an actor dies."""

import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from echo_studio.dataset.build.cluster import AUTO, on_cluster, share_of_gpu
from echo_studio.dataset.build.set_folder import Made, SetFolder
from echo_studio.dataset.build.synthesise import Batch, synthesise
from echo_studio.errors import OutputError
from tests.dataset.hearts import assert_whole, small_order
from tests.generate.tiny import tiny_checkpoints


@dataclass(frozen=True)
class Deadly(Batch):
    """A batch that kills the first worker that tries to make number 3."""

    marker: Path = Path()

    def run(self) -> Made:
        if self.number == 3 and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run()


HAS_RAY = importlib.util.find_spec("ray") is not None


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it were not installed
    waiting: Iterator[Batch] = iter([])
    with pytest.raises(OutputError, match=r"echo-studio\[cluster\]"):
        next(on_cluster(waiting, address=AUTO, workers=2))


@pytest.mark.parametrize(("workers", "share"), [(1, 1), (8, 1), (9, 1 / 2), (16, 1 / 2), (32, 1 / 4)])
def test_workers_share_gpus_so_that_each_finds_a_place(workers: int, share: float) -> None:
    assert share_of_gpu({"CPU": 64.0, "GPU": 8.0}, workers, "cuda") == share
    assert 8 * int(1 / share) >= workers
    assert share_of_gpu({"CPU": 64.0, "GPU": 8.0}, workers, "cpu") == 0


def test_workers_that_would_wait_for_ever_are_refused() -> None:
    with pytest.raises(OutputError, match="got 2 in the cluster; take fewer --workers"):
        share_of_gpu({"CPU": 2.0}, 3, "cpu")
    with pytest.raises(OutputError, match="take --device cpu"):
        share_of_gpu({"CPU": 2.0}, 2, "cuda")


@pytest.mark.skipif(not HAS_RAY, reason="needs the extra `cluster`")
@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray's own
def test_two_actors_of_which_one_is_killed_make_the_same_set(tmp_path: Path) -> None:
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    order, marker = small_order(checkpoints), tmp_path / "marker"

    def executor(waiting: Iterator[Batch], *, stop: Callable[[], bool]) -> Iterator[Made]:
        deadly = (Deadly(**vars(batch), marker=marker) for batch in waiting)
        return on_cluster(deadly, address=AUTO, workers=2, stop=stop)

    for name, how in (("alone", None), ("ray", executor)):
        folder = SetFolder(tmp_path / name)
        with folder.begin(order):
            synthesise(folder, 1, checkpoints, executor=how)
    assert marker.exists()
    assert_whole(tmp_path / "ray", tmp_path / "alone")
