from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.errors import DataError, EchoStudioError
from echo_studio.project.library import Library
from echo_studio.project.project import Project
from echo_studio.project.store import ContentFiles
from tests.project.drawings import all_of, assert_sound, assert_tells, copied, drawing, filled, frame

NOISE = np.random.default_rng(0).bytes(50_000)
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "short": lambda data: data[:50],
    "half": lambda data: data[: len(data) // 2],
    "a page less": lambda data: data[:-4096],
    "noise": lambda data: NOISE,
    "noise under a good head": lambda data: data[:100] + NOISE[: len(data) - 100],
    "text": lambda data: b"hello\n" * 1000,
}


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_named_with_the_cure(damage: str, tmp_path: Path) -> None:
    filled(tmp_path / "p").close()
    path = tmp_path / "p" / "project.sqlite3"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(DataError) as caught:
        Project(tmp_path / "p")
    assert_tells(caught.value, "p/project.sqlite3")


def test_a_folder_that_lacks_something_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none/project\.sqlite3.*no such file"):
        Project(tmp_path / "none")
    filled(tmp_path / "p").close()
    (tmp_path / "p" / "files").rename(tmp_path / "away")
    with pytest.raises(DataError, match="p/files"):
        Project(tmp_path / "p")


def test_a_flipped_bit_is_an_error_or_a_project_but_never_a_crash(tmp_path: Path) -> None:
    filled(tmp_path / "good").close()
    path = tmp_path / "good" / "project.sqlite3"
    data = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(data), 150):
        path.write_bytes(flipped(data, int(place)))
        try:
            with Project(tmp_path / "good") as project:
                all_of(project)
                project.edit(2**40, project.position + 1, {}, drawing(1))
        except EchoStudioError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("change", [lambda data: flipped(data, 60), lambda data: data[:-1], lambda data: b"", None])
def test_a_damaged_content_file_is_named_and_the_rest_can_be_read(
    change: Callable[[bytes], bytes] | None, tmp_path: Path
) -> None:
    with filled(tmp_path / "p") as project:
        kept = project.results()[0]
        path = tmp_path / "p" / "files" / f"{kept.image_sha256}.png"
        data = path.read_bytes()
        if change is None:
            path.unlink()
        else:
            path.write_bytes(change(data))
        for call in (project.image, project.image_png):
            with pytest.raises(DataError) as caught:
                call(kept.id)
            assert_tells(caught.value, f"p/files/{path.name}")
        with pytest.raises(DataError):
            project.export_copy(tmp_path / "copy.echo")
        assert not (tmp_path / "copy.echo").exists()
        assert project.canvas() == drawing(3)
        # The same content mends the file.
        project.keep("latest", frame(1), drawing(1).label_map, kept.record, {})
        assert (project.image(kept.id) == frame(1)).all()
    assert_sound(tmp_path / "p")


def test_content_of_another_kind_is_refused_even_under_its_own_hash(tmp_path: Path) -> None:
    with filled(tmp_path / "p") as project:
        files = ContentFiles(tmp_path / "p" / "files")
        other = files.put(b"no picture")
        with project._store.writing() as sql:
            sql.execute("UPDATE step SET fan = label_map WHERE position = 3")
            sql.execute("UPDATE step SET label_map = fan WHERE position = 2")
            sql.execute("UPDATE result SET image = label_map")
            sql.execute("UPDATE slot SET label_map = ?", (other,))
            sql.execute("UPDATE step SET label_map = '../../secret' WHERE position = 4")
        refused = {
            "a sector": project.canvas,
            "a label map": lambda: project.step(2),
            "synthetic": lambda: project.image(project.results()[0].id),
            other: project.slots,
            "secret": lambda: project.step(4),
        }
        for says, call in refused.items():
            with pytest.raises(DataError, match=says) as caught:
                call()
            assert_tells(caught.value, "p/files/")


def test_content_is_written_once(tmp_path: Path) -> None:
    files = ContentFiles(tmp_path)
    name = files.put(b"content")
    before = (tmp_path / f"{name}.png").stat()
    assert files.put(b"content") == name
    after = (tmp_path / f"{name}.png").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert files.read(name) == b"content"
    for bad in ("../x", "", name.upper(), name + "0"):
        with pytest.raises(DataError):
            files.read(bad)


def test_a_damaged_project_hides_no_other_one(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with library.create("Good", drawing(0)) as good, library.create("Bad", drawing(1)) as bad:
        names = good.id, bad.id
    (tmp_path / names[1] / "project.sqlite3").write_bytes(b"")
    first, second = library.list()
    assert (first.id, first.title, first.fault) == (names[0], "Good", "")
    assert second.id == names[1]
    assert f"{names[1]}/project.sqlite3" in second.fault
    assert library.latest() == names[0]
    with pytest.raises(DataError):
        library.label_map(names[1])
    with pytest.raises(DataError):
        library.open(names[1])
    library.delete(names[1])
    assert [listing.id for listing in library.list()] == [names[0]]


def test_a_folder_copied_by_hand_is_a_project_of_its_own(tmp_path: Path) -> None:
    filled(tmp_path / "p").close()
    with Project(copied(tmp_path / "p", "q")) as second, Project(tmp_path / "p") as first:
        assert all_of(first) == all_of(second)
