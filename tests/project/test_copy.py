import hashlib
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import DataError, OutputError
from echo_studio.project import copy, verify
from echo_studio.project.library import Library
from echo_studio.project.project import Project
from tests.project.drawings import all_of, assert_sound, assert_tells, bytes_of, drawing, filled, frame

Contents = dict[str, bytes]
NAME = "project.sqlite3"


@pytest.fixture
def contents(tmp_path: Path) -> Contents:
    """What is in a good copy, by name."""
    with filled(tmp_path / "p") as project:
        project.export_copy(tmp_path / "good.echo")
    with zipfile.ZipFile(tmp_path / "good.echo") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, contents: Contents, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def changed(contents: Contents, tmp_path: Path, *statements: str) -> Contents:
    """The copy with other rows or tables in its database."""
    path = tmp_path / "changed.sqlite3"
    path.write_bytes(contents[NAME])
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        for statement in statements:
            sql.execute(statement)
    return {**contents, NAME: path.read_bytes()}


def refused(path: Path, tmp_path: Path) -> DataError:
    """Import what has to be refused: one line that names the file, nothing left, other projects as they were."""
    library = Library(tmp_path / "projects")
    library.create("Bystander", drawing(9)).close()
    before = bytes_of(library.root)
    with pytest.raises(DataError) as caught:
        library.import_copy(path)
    assert_tells(caught.value, path.name)
    assert ".tmp" not in str(caught.value)
    assert bytes_of(library.root) == before
    return caught.value


def test_a_copy_holds_all_of_the_project_and_nothing_else(tmp_path: Path) -> None:
    library = Library(tmp_path / "projects")
    with filled(tmp_path / "p") as project:
        project.edit(7, 4, {"tool": "islands", "label": 1}, drawing(20))  # steps 4 and 5 go
        project.remove(project.keep("pinned", frame(7), drawing(7).label_map, {"gone": "SECRET"}, {}).id)
        before = all_of(project)
        project.export_copy(tmp_path / "copy.echo")
        assert b"SECRET" not in (tmp_path / "copy.echo").read_bytes()
        assert all_of(project) == before
        referenced = {f"files/{name}.png" for name in project._store.references()}
    with zipfile.ZipFile(tmp_path / "copy.echo") as archive:
        assert set(archive.namelist()) == {NAME, *referenced}
        assert b"SECRET" not in archive.read(NAME)
    for _ in range(2):  # each import is a project of its own
        name = library.import_copy(tmp_path / "copy.echo")
        with library.open(name) as project:
            assert all_of(project) == before
        assert_sound(library.root / name)
    assert len(library.list()) == 2


def test_the_same_project_gives_the_same_copy(tmp_path: Path) -> None:
    with filled(tmp_path / "p") as project:
        project.export_copy(tmp_path / "a.echo")
        project.export_copy(tmp_path / "b.echo")
    assert (tmp_path / "a.echo").read_bytes() == (tmp_path / "b.echo").read_bytes()


def test_a_copy_goes_only_where_it_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled(tmp_path / "p") as project:
        for place in ("copy.zip", "none/copy.echo"):
            with pytest.raises(OutputError):
                project.export_copy(tmp_path / place)
        monkeypatch.setattr(copy, "MAX_FILES", 3)
        with pytest.raises(OutputError, match="remove kept results"):
            project.export_copy(tmp_path / "copy.echo")
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data[40:],
        lambda data: data + b"more",
        lambda data: np.random.default_rng(0).bytes(len(data)),
        lambda data: data[:-22] + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 1 << 30, 0, 0),
        lambda data: data[:-22] + b"PK\x06\x07" + bytes(16) + data[-22:],
    ],
)
def test_a_file_that_is_no_copy_is_refused(
    damage: Callable[[bytes], bytes], contents: Contents, tmp_path: Path
) -> None:
    path = tmp_path / "copy.echo"
    path.write_bytes(damage((tmp_path / "good.echo").read_bytes()))
    refused(path, tmp_path)


def test_a_missing_copy_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.echo").mkdir()
    refused(tmp_path / "none.echo", tmp_path)
    with pytest.raises(DataError, match=r"folder\.echo"):
        Library(tmp_path / "projects").import_copy(tmp_path / "folder.echo")


def test_a_flipped_bit_in_a_copy_is_an_error_or_does_no_harm(contents: Contents, tmp_path: Path) -> None:
    data = (tmp_path / "good.echo").read_bytes()
    library = Library(tmp_path / "projects")
    for place in np.random.default_rng(0).integers(0, len(data), 100):
        damaged = bytearray(data)
        damaged[place] ^= 4
        (tmp_path / "copy.echo").write_bytes(damaged)
        try:
            name = library.import_copy(tmp_path / "copy.echo")
        except DataError as error:
            assert_tells(error, "copy.echo")
        else:  # a bit that means nothing, as in a time of the archive
            assert_sound(library.root / name)
            library.delete(name)
    assert [path.name for path in library.root.iterdir()] == [".lock"]


@pytest.mark.parametrize(
    "name",
    [
        *("../evil.png", "/evil.png", "files/../../evil.png", "files\\evil.png", "C:evil.png"),
        *("files/", "evil", "files/x.png", "lock"),
        *(f"files/{'0' * 64}.PNG", f"FILES/{'0' * 64}.png", f"files/{'0' * 63}.png", f"files/{'0' * 64}.png\n"),
    ],
)
def test_other_names_than_ours_are_refused(name: str, contents: Contents, tmp_path: Path) -> None:
    path = written(tmp_path / "copy.echo", {**contents, name: b"evil"})
    assert "names" in str(refused(path, tmp_path))
    assert not list(tmp_path.rglob("*evil*"))


def test_a_name_twice_is_refused(contents: Contents, tmp_path: Path) -> None:
    path = written(tmp_path / "copy.echo", contents)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(NAME, contents[NAME])
    refused(path, tmp_path)


def test_a_copy_without_a_database_or_with_another_is_refused(contents: Contents, tmp_path: Path) -> None:
    others = {name: data for name, data in contents.items() if name != NAME}
    refused(written(tmp_path / "copy.echo", others), tmp_path)
    refused(written(tmp_path / "copy.echo", {**others, NAME: b""}), tmp_path)
    refused(written(tmp_path / "copy.echo", {**others, NAME: b"x" * 5000}), tmp_path)
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as sql:
        sql.execute("CREATE TABLE project (x)")
    other = (tmp_path / "other.sqlite3").read_bytes()
    assert "another database" in str(refused(written(tmp_path / "copy.echo", {**others, NAME: other}), tmp_path))


def test_files_that_are_missing_altered_or_too_many_are_refused(contents: Contents, tmp_path: Path) -> None:
    path = tmp_path / "copy.echo"
    victim = sorted(contents)[0]
    refused(written(path, {name: data for name, data in contents.items() if name != victim}), tmp_path)
    refused(written(path, {**contents, victim: contents[victim] + b"x"}), tmp_path)
    more = f"files/{hashlib.sha256(b'more').hexdigest()}.png"
    assert "1 others" in str(refused(written(path, {**contents, more: b"more"}), tmp_path))


def test_bombs_are_refused_by_what_they_announce(
    contents: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "copy.echo"
    big = bytes((64 << 20) + 1)
    name = f"files/{hashlib.sha256(big).hexdigest()}.png"
    written(path, {**contents, name: big})
    assert path.stat().st_size < 1 << 20
    assert "bytes a file" in str(refused(path, tmp_path))
    monkeypatch.setattr(copy, "MAX_DATABASE", 1000)
    assert "bytes a file" in str(refused(tmp_path / "good.echo", tmp_path))
    monkeypatch.undo()
    monkeypatch.setattr(copy, "MAX_FILES", 3)
    assert "at most 3 files" in str(refused(tmp_path / "good.echo", tmp_path))
    monkeypatch.undo()
    monkeypatch.setattr(copy, "MAX_TOTAL", sum(map(len, contents.values())) - 1)
    refused(tmp_path / "good.echo", tmp_path)


def test_a_bomb_that_announces_little_is_read_no_further(contents: Contents, tmp_path: Path) -> None:
    path = tmp_path / "copy.echo"
    big = bytes(50 << 20)
    written(path, {**contents, f"files/{'0' * 64}.png": big})
    data = path.read_bytes()
    size = struct.pack("<L", len(big))
    assert data.count(size) == 2  # in the file's own head and in the table of contents
    path.write_bytes(data.replace(size, struct.pack("<L", 100)))
    refused(path, tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER spy AFTER INSERT ON log BEGIN DELETE FROM step; END",
        "CREATE VIEW more AS SELECT * FROM log",
        "CREATE TABLE more (x)",
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 0",
        "DELETE FROM project",
        "UPDATE project SET title = ''",
        "UPDATE project SET title = 'two' || char(10) || 'lines'",
        "UPDATE project SET settings = '[]'",
        "UPDATE project SET revision = -1",
        "UPDATE project SET revision = 9223372036854775807",
        "UPDATE project SET changed_at = 'yesterday'",
        "UPDATE project SET position = 77",
        "UPDATE result SET id = 9223372036854775807 WHERE id = 1",
        "UPDATE sqlite_sequence SET seq = 'many'",
        "UPDATE log SET op = 'no JSON'",
        "UPDATE log SET op = CAST(x'ff' AS TEXT)",
        "UPDATE log SET label_map_sha256 = 'x'",
        "UPDATE log SET label_map_sha256 = (SELECT label_map_sha256 FROM log WHERE number = 2)",
        "UPDATE log SET position = position + 1",
        "UPDATE step SET position = position + 5 WHERE position = 5",
        "UPDATE step SET fan = label_map",
        "UPDATE step SET label_map = '../../secret' WHERE position = 1",
        "UPDATE result SET image = label_map",
        "UPDATE result SET measured = '3'",
        "UPDATE slot SET label_map = (SELECT fan FROM step)",
    ],
)
def test_a_copy_whose_rows_are_not_ours_is_refused(statement: str, contents: Contents, tmp_path: Path) -> None:
    path = written(tmp_path / "copy.echo", changed(contents, tmp_path, statement))
    error = refused(path, tmp_path)
    assert error.remedy in ("export the copy again, or import another one", "update Echo Studio")


def test_pictures_of_other_kinds_or_sizes_are_refused(
    contents: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project(tmp_path / "p") as project:
        small = project.keep("pinned", frame(1, (8, 8)), drawing(1, (8, 8)).label_map, {}, {})
        with project._store.writing() as sql:
            sql.execute("UPDATE result SET image = ? WHERE id < ?", (small.image_sha256, small.id))
        project.export_copy(tmp_path / "sizes.echo")
    assert "frames as large" in str(refused(tmp_path / "sizes.echo", tmp_path))
    monkeypatch.setattr(verify, "MAX_PIXELS", 500)
    assert "500 pixels" in str(refused(tmp_path / "good.echo", tmp_path))


def test_every_frame_of_a_copy_is_marked_as_synthetic(contents: Contents, tmp_path: Path) -> None:
    marked = [data for name, data in contents.items() if NOTICE.encode() in data]
    assert len(marked) == 2
    unmarked = marked[0].replace(NOTICE.encode(), b"x" * len(NOTICE))
    old, new = (hashlib.sha256(data).hexdigest() for data in (marked[0], unmarked))
    other = changed(contents, tmp_path, f"UPDATE result SET image = '{new}' WHERE image = '{old}'")
    del other[f"files/{old}.png"]
    refused(written(tmp_path / "copy.echo", {**other, f"files/{new}.png": unmarked}), tmp_path)
