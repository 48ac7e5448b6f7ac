from itertools import count
from pathlib import Path

import platformdirs
import pytest

from echo_studio.errors import BusyError, OutputError, RequestError
from echo_studio.project.library import Library, default_root
from echo_studio.project.project import Project
from tests.project.drawings import drawing


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change is later than the one before, however fast the tests are."""
    ticks = count()
    for module in ("store", "project"):
        monkeypatch.setattr(f"echo_studio.project.{module}.now", lambda: f"2026-01-01T00:00:00.{next(ticks):06}+00:00")


@pytest.mark.usefixtures("ticking")
def test_the_project_that_changed_last_comes_first(tmp_path: Path) -> None:
    library = Library(tmp_path / "projects")
    assert (library.list(), library.latest()) == ((), None)
    ids = []
    for number in range(3):
        with library.create(f"Project {number}", drawing(number)) as project:
            ids.append(project.id)
    assert [listing.id for listing in library.list()] == ids[::-1]
    with library.open(ids[1]) as project:
        project.rename("Renamed")
        newest = library.list()[0]
        assert (newest.id, newest.title, newest.changed_at) == (ids[1], "Renamed", project.changed_at)
        assert library.latest() == ids[1]
    with library.open(ids[0]):
        pass  # to look is no change
    assert library.latest() == ids[1]


def test_the_list_shows_open_projects_and_their_canvas(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with library.create("Title", drawing(0)) as project:
        before = library.list()[0]
        assert library.label_map(project.id) == drawing(0).label_map
        project.edit(1, 1, {}, drawing(1))
        assert library.label_map(project.id) == drawing(1).label_map
        assert library.list()[0].label_map_sha256 != before.label_map_sha256
        project.move(2, 0)
        assert library.list()[0].label_map_sha256 == before.label_map_sha256


def test_a_project_is_removed_only_when_it_is_closed(tmp_path: Path) -> None:
    library = Library(tmp_path)
    project = library.create("Title", drawing(0))
    with pytest.raises(BusyError):
        library.delete(project.id)
    with pytest.raises(BusyError):
        library.open(project.id)
    assert project.canvas() == drawing(0)
    project.close()
    library.delete(project.id)
    assert library.list() == ()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


@pytest.mark.parametrize("name", ["", ".", "..", "../p", "/etc", "a" * 22, "a" * 21 + "/", "a" * 22 + "\n", "a\0" * 11])
def test_an_id_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    library = Library(tmp_path / "projects")
    library.create("Title", drawing(0)).close()
    Project.create(tmp_path / "p", "Title", drawing(0)).close()
    for call in (library.open, library.delete, library.label_map):
        with pytest.raises(RequestError, match="choose one of the list"):
            call(name)
    assert (tmp_path / "p" / "project.sqlite3").is_file()


def test_foreign_folders_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / ("a" * 22)).touch()
    assert Library(tmp_path).list() == ()


def test_a_root_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="projects"):
        Library(tmp_path / "file" / "projects").create("Title", drawing(0))


def test_the_default_root_is_this_persons_and_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_data_path", lambda name, appauthor: tmp_path / name)
    assert default_root() == tmp_path / "echo-studio" / "projects"
    Library(default_root()).list()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_drawn(tmp_path: Path) -> None:
    Library(tmp_path / "new" / "projects").prepare()
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="folder"):
        Library(tmp_path / "file" / "projects").prepare()
