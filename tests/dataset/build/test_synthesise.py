"""However a run is disturbed, the set is the one that an undisturbed run with one worker makes."""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from echo_studio.data.atomic import write_folder
from echo_studio.data.deform import random_variation
from echo_studio.data.formats.label_file import read_label_map, write_label_map
from echo_studio.data.template import template
from echo_studio.dataset.build.batch import deformed_map
from echo_studio.dataset.build.manifest import BaseMap, SetRequest
from echo_studio.dataset.build.plan import plan_set
from echo_studio.dataset.build.request import set_request
from echo_studio.dataset.build.set_folder import Index, Made, SetFolder
from echo_studio.dataset.build.synthesise import synthesise
from echo_studio.dataset.export.formats import export_set, read_set
from echo_studio.dataset.split import Fractions
from echo_studio.errors import BusyError, DataError, OutputError
from tests.dataset.hearts import assert_whole, sample_files, small_order
from tests.generate.tiny import tiny_checkpoints

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory, checkpoints: Path) -> Path:
    """The set of `small_order`, made by one worker without a disturbance."""
    root = tmp_path_factory.mktemp("sets") / "reference"
    make(root, small_order(checkpoints), checkpoints)
    return root


def make(root: Path, order: SetRequest, checkpoints: Path, most: int = 100, workers: int = 1) -> list[int]:
    """Run until `most` batches are made; the samples of each."""
    folder, told = SetFolder(root), list[int]()
    with folder.begin(order):
        synthesise(folder, workers, checkpoints, on_made=told.append, stop=lambda: len(told) >= most)
    return told


def test_every_sample_is_what_its_line_says_and_export_reads_them(
    reference: Path, checkpoints: Path, tmp_path: Path
) -> None:
    folder = SetFolder(reference)
    items = {item.id: item for _, batch in folder.batches() for item in batch}
    listed = list(read_set(reference))
    assert [one.header.id for one in listed] == sorted(items)
    for one in listed:
        item, sample = items[one.header.id], one.load()
        heart = deformed_map(folder.base(item.map), item, folder.header)
        assert np.array_equal(sample.ids, heart.ids)
        record = one.header.record
        assert (record["seed"], record["label_map_sha256"]) == (item.seed, heart.digest)
        assert record["anatomy"]["defect"] == item.defect
        assert one.header.tags == ((f"defect {item.defect['name']}",) if item.defect else ())
    assert any(item.defect for item in items.values())
    assert len({item.seed for item in items.values()}) == len(items) == 8
    card = export_set(reference, "png", tmp_path / "out", Fractions(0.25, 0.25))
    assert (card["frames"], card["label_maps"], card["weights"].keys()) == (8, 4, {"tiny", "tiny-vae"})


def test_a_run_that_was_stopped_goes_on_and_makes_nothing_twice(
    reference: Path, checkpoints: Path, tmp_path: Path
) -> None:
    order = small_order(checkpoints)
    assert make(tmp_path / "set", order, checkpoints, most=3) == [1, 1, 1]
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("set/s*/*")}
    assert plan_set(order, SetFolder(tmp_path / "set"), 1, checkpoints).finished == 3
    assert len(make(tmp_path / "set", order, checkpoints)) == 5
    assert make(tmp_path / "set", order, checkpoints) == []
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert_whole(tmp_path / "set", reference)
    assert SetFolder(tmp_path / "set").index.sha256() == SetFolder(reference).index.sha256()


def test_a_kill_in_the_middle_costs_at_most_a_batch(reference: Path, checkpoints: Path, tmp_path: Path) -> None:
    call = [sys.executable, "-m", "tests.dataset.making", str(tmp_path / "set"), str(checkpoints)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == "made 1\n"
        process.kill()
        more = process.stdout.read().count("made 1\n")
    (tmp_path / "set" / ".0123456789abcdef.tmp").mkdir()  # what a kill within a sample leaves
    left = make(tmp_path / "set", small_order(checkpoints), checkpoints)
    assert len(left) in (4 - more, 5 - more)  # a line may be written that was not told any more
    assert_whole(tmp_path / "set", reference)


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed_make_the_same_set(
    reference: Path, checkpoints: Path, tmp_path: Path
) -> None:
    folder, killed = SetFolder(tmp_path / "set"), list[int]()

    def kill_one(_: int) -> None:
        if not killed:
            killed.append(multiprocessing.active_children()[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)
            (folder.root / ".0123456789abcdef.tmp").mkdir()  # what a kill within a sample leaves

    with folder.begin(small_order(checkpoints)):
        synthesise(folder, 2, checkpoints, on_made=kill_one)
    assert killed
    assert_whole(tmp_path / "set", reference)


def test_a_torn_line_of_the_index_costs_its_batch_alone(reference: Path, checkpoints: Path, tmp_path: Path) -> None:
    order, root = small_order(checkpoints), tmp_path / "set"
    make(root, order, checkpoints, most=4)
    lines = (root / "index.jsonl").read_bytes().splitlines(keepends=True)
    (root / "index.jsonl").write_bytes(b"".join([lines[0], lines[1][:40] + b"\n", lines[2], lines[3][:-30]]))
    assert SetFolder(root).finished() == {0, 2}
    assert len(make(root, order, checkpoints)) == 6
    assert_whole(root, reference)


def test_what_was_removed_is_made_again(reference: Path, checkpoints: Path, tmp_path: Path) -> None:
    order, root = small_order(checkpoints), tmp_path / "set"
    make(root, order, checkpoints)
    for path in (root / "s0000003").iterdir():
        path.unlink()
    (root / "s0000003").rmdir()
    assert make(root, order, checkpoints) == [1]
    assert sample_files(root) == sample_files(reference)


def test_a_full_disk_stops_with_one_line_and_goes_on_when_there_is_room(
    reference: Path, checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, root, room = small_order(checkpoints), tmp_path / "set", [4]

    def write(path: Path, data: bytes) -> int:
        room[0] -= 1
        with path.open("wb") as file:
            if room[0] < 0:
                file.write(data[: len(data) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
            return file.write(data)

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", write)
        with pytest.raises(OutputError, match=r"No space left on device; make room .* goes on") as refused:
            make(root, order, checkpoints)
    assert "\n" not in str(refused.value)
    assert SetFolder(root).finished() == {0}  # three files a sample
    assert not list(root.glob(".*.tmp"))
    assert len(make(root, order, checkpoints)) == 7
    assert_whole(root, reference)


def test_a_worker_that_outlives_its_killed_driver_spoils_nothing(
    reference: Path, checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = list[Path]()

    def write(place: Path, files: Mapping[str, bytes]) -> None:
        met.append(place)
        if len(met) == 1:  # the other one was quicker, and who knows what it wrote
            write_folder(place, {**files, "more": b"of it"})
        write_folder(place, files)

    monkeypatch.setattr("echo_studio.dataset.build.set_folder.write_folder", write)
    make(tmp_path / "set", small_order(checkpoints), checkpoints)
    assert met[0] == met[1]
    assert len(met) == 9
    assert_whole(tmp_path / "set", reference)


def test_an_index_that_a_full_disk_cut_short_stays_good(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.jsonl")
    assert list(index) == []
    one, two = Made(0, {"a": "0" * 64}), Made(1, {}, {"b": "why"})
    index.append(one)
    with index.path.open("ab") as file:
        file.write(b'{"batch": 1, "sam')
    index.append(two)
    with index.path.open("ab") as file:
        file.write(b'\n{"batch": 1}x\n[]\n{"batch": "3", "samples": {}}\n{"batch": 3, "samples": {"c": "short"}}\n\xff')
    assert list(index) == [one, two]
    with pytest.raises(OutputError, match="it goes on where it stopped"):
        Index(tmp_path / "none" / "index.jsonl").append(one)


def test_another_order_another_run_and_other_files_are_refused(
    reference: Path, checkpoints: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="begun with seed 5, got 6; give the same options") as refused:
        make(reference, small_order(checkpoints, seed=6), checkpoints)
    assert "\n" not in str(refused.value)
    order = small_order(checkpoints)
    with SetFolder(reference).begin(order), pytest.raises(BusyError, match="close it there"):
        make(reference, order, checkpoints)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="a new or an empty folder"):
        make(tmp_path, order, checkpoints)


def test_a_label_map_that_was_changed_is_refused(checkpoints: Path, tmp_path: Path) -> None:
    order, root = small_order(checkpoints), tmp_path / "set"
    make(root, order, checkpoints, most=0)
    path = root / "maps" / f"{order.maps[0].name}.png"
    write_label_map(path, random_variation(read_label_map(path), 1))
    with pytest.raises(DataError, match="put the map of the manifest back"):
        make(root, order, checkpoints)


def test_a_defect_that_does_not_fit_sets_its_sample_aside(checkpoints: Path, tmp_path: Path) -> None:
    maps = [BaseMap(name, name, "4CH", "ED", template(name)) for name in ("blank", "4ch-ed")]
    more = {"variations": 1, "defects": {"septal": 1.0}}
    order = set_request(maps, ["tiny"], "heun", [1], checkpoints, "cpu", **more)
    assert make(tmp_path / "set", order, checkpoints) == [1, 1]
    assert SetFolder(tmp_path / "set").count() == {"samples": 1, "set_aside": 1}
    assert make(tmp_path / "set", order, checkpoints) == []


def test_batches_hold_neighbours_of_one_generator_and_are_made_together(checkpoints: Path, tmp_path: Path) -> None:
    maps = [BaseMap(name, name, "4CH", "ED", template(name)) for name in ("4ch-ed", "4ch-es")]
    order = set_request(maps, ["tiny"], "heun", [1, 2], checkpoints, "cpu", variations=0, repeats=3, batch=4)
    assert make(tmp_path / "set", order, checkpoints) == [4, 2, 4, 2]
    with_line = json.loads((tmp_path / "set" / "manifest.jsonl").read_text().splitlines()[1])
    assert (with_line["id"], with_line["variation"]) == ("s0000000", None)
