"""A set on an object store is the set of a folder, and no crash leaves a half sample that counts."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest

from echo_studio.cli import main
from echo_studio.dataset.build.plan import plan_set
from echo_studio.dataset.build.set_folder import Made, SetFolder
from echo_studio.dataset.build.stored_set import StoredSet, set_at
from echo_studio.dataset.build.synthesise import synthesise
from echo_studio.errors import DataError, OutputError
from tests.dataset.hearts import map_folder, sample_files, small_order
from tests.generate.tiny import tiny_checkpoints


@pytest.fixture
def url() -> Iterator[str]:
    """A place of its own in memory."""
    store = fsspec.filesystem("memory")
    place = f"/{uuid.uuid4().hex}"
    yield f"memory:/{place}"
    if store.exists(place):
        store.rm(place, recursive=True)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints(tmp_path_factory.mktemp("checkpoints"))


def below(url: str) -> dict[str, bytes]:
    """Every object by its name."""
    store, path = fsspec.core.url_to_fs(url)
    return {name.removeprefix(f"{path}/"): store.cat_file(name) for name in store.find(path)}


def fetched(url: str, folder: Path) -> Path:
    """The objects as files."""
    for name, data in below(url).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


class Killed(Exception):
    pass


def test_a_set_on_a_store_is_that_of_a_folder_also_after_crashes(url: str, checkpoints: Path, tmp_path: Path) -> None:
    order = small_order(checkpoints)
    alone = SetFolder(tmp_path / "alone")
    with alone.begin(order):
        synthesise(alone, 1, checkpoints)

    def dies(samples: int) -> None:
        raise Killed

    stored = set_at(url)
    assert isinstance(stored, StoredSet)
    assert not stored.begun
    for finished in range(3):  # each run ends after its first batch
        again = set_at(url)
        assert plan_set(order, again, 1, checkpoints).finished == finished
        with pytest.raises(Killed), again.begin(order):
            synthesise(again, 1, checkpoints, on_made=dies)
    # A sample that was half put, and a batch's object that was cut short where puts are not whole.
    store, path = fsspec.core.url_to_fs(url)
    store.pipe_file(f"{path}/s0000004/frame.png", b"half")
    store.pipe_file(f"{path}/index/0000002.json", b'{"batch": 2, "sam')
    assert set_at(url).finished() == {0, 1}

    last = set_at(url)
    with last.begin(order):
        synthesise(last, 1, checkpoints)
    assert last.index.sha256() == alone.index.sha256()
    assert last.count() == alone.count()
    objects = below(url)
    whole = {f"{name}" for name in objects if not name.startswith(("index/", "maps/")) and "/" in name}
    assert whole == set(sample_files(tmp_path / "alone"))
    for name in (*whole, "manifest.jsonl"):
        assert objects[name] == (tmp_path / "alone" / name).read_bytes(), name
    assert len([name for name in objects if name.startswith("index/")]) == len(list(alone.index))


def test_another_order_and_foreign_objects_are_refused(url: str, checkpoints: Path) -> None:
    with set_at(url).begin(small_order(checkpoints)):
        pass
    with pytest.raises(DataError, match="as it was begun with"):
        set_at(url).check(small_order(checkpoints, seed=6))
    order = small_order(checkpoints)
    sampling = order.samplings[0].sampling
    others = replace(order.samplings[0], sampling=replace(sampling, weights={**sampling.weights, "tiny": "0" * 64}))
    with pytest.raises(DataError, match=f"weights .* tiny {sampling.weights['tiny'][:12]}.*import-model"):
        set_at(url).check(replace(order, samplings=(others, *order.samplings[1:])))
    store, path = fsspec.core.url_to_fs(url)
    store.pipe_file(f"{path}-other/notes.txt", b"mine")
    with pytest.raises(OutputError, match="empty"):
        set_at(f"{url}-other").check(small_order(checkpoints))
    store.rm(f"{path}-other", recursive=True)


def test_what_a_store_raises_is_one_line(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        assert set_at("nowhere://bucket/set").begun
    stored = set_at(url)

    def refuses(*_: object, **__: object) -> None:
        raise RuntimeError("no\ncredentials")

    monkeypatch.setattr(fsspec.filesystem("memory"), "pipe", refuses)
    with pytest.raises(OutputError, match="no credentials") as caught:
        stored.index.append(Made(0))
    assert "\n" not in str(caught.value)


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    assert set_at(f"file://{tmp_path}/set").root == tmp_path / "set"
    assert not isinstance(set_at(tmp_path), StoredSet)


def test_the_command_writes_to_a_store_and_goes_on(
    url: str, checkpoints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maps = map_folder(tmp_path / "maps")
    arguments = [
        *("synthesise", "--label-maps", str(maps), "--view", "4CH", "--generator", "tiny", "--nfe", "2"),
        *("--variations", "1", "--checkpoints", str(checkpoints), "--out", url, "--json"),
    ]
    assert main(arguments) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["out"], first["made"], first["plan"]["free_bytes"]) == (url, 2, None)
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["made"] == 0
    fsspec.filesystem("memory").pipe_file(f"{url}/s0000007/record.json", b"half")  # no batch names it
    whole = ["--format", "png", "--validation", "0", "--testing", "0"]
    assert main(["export", url, *whole, "--out", str(tmp_path / "png")]) == 0
    assert main(["export", str(fetched(url, tmp_path / "fetched")), *whole, "--out", str(tmp_path / "other")]) == 2
    assert {path.name for path in (tmp_path / "png").glob("s*") if path.is_dir()} == {"s0000000", "s0000001"}
