import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from echo_studio.errors import DataError
from echo_studio.project import schema
from echo_studio.project.pictures import encode_label_map, encode_sector
from echo_studio.project.project import Project
from echo_studio.project.store import ContentFiles
from tests.project.drawings import assert_sound, assert_tells, bytes_of, drawing, filled, frame

# The tables of version 1 as they were when they were made. Never changed: files like this exist.
VERSION_1 = (
    """CREATE TABLE log (
            number INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            revision INTEGER NOT NULL,
            position INTEGER NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('create', 'edit', 'move')),
            op TEXT NOT NULL,
            label_map_sha256 TEXT NOT NULL
        ) STRICT""",
    """CREATE TABLE step (
            position INTEGER PRIMARY KEY,
            entry INTEGER NOT NULL REFERENCES log (number),
            label_map TEXT NOT NULL,
            fan TEXT NOT NULL
        ) STRICT""",
    """CREATE TABLE project (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            title TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            revision INTEGER NOT NULL,
            position INTEGER NOT NULL REFERENCES step (position) DEFERRABLE INITIALLY DEFERRED,
            settings TEXT NOT NULL
        ) STRICT""",
)
TIME = "2026-01-02T03:04:05.000006+00:00"


def version_1(folder: Path) -> Path:
    """A project as version 1 left it: two steps, undone to the first."""
    (folder / "files").mkdir(parents=True)
    files = ContentFiles(folder / "files")
    with closing(sqlite3.connect(folder / "project.sqlite3", isolation_level=None)) as sql:
        for statement in VERSION_1:
            sql.execute(statement)
        for position, op in enumerate(("{}", '{"tool":"vary","seed":1}')):
            canvas = drawing(position)
            action = "edit" if position else "create"
            entry = (position + 1, TIME, position, position, action, op, canvas.label_map.digest)
            sql.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", entry)
            names = files.put(encode_label_map(canvas.label_map)), files.put(encode_sector(canvas.sector))
            sql.execute("INSERT INTO step VALUES (?, ?, ?, ?)", (position, position + 1, *names))
        entry = (3, TIME, 2, 0, "move", "{}", drawing(0).label_map.digest)
        sql.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", entry)
        sql.execute("INSERT INTO project VALUES (1, 'Old', ?, 2, 0, '{\"view\":\"2CH\"}')", (TIME,))
        sql.execute("PRAGMA user_version = 1")
        sql.execute(f"PRAGMA application_id = {0x4563686F}")
    return folder


def number(folder: Path, pragma: str) -> int:
    with closing(sqlite3.connect(folder / "project.sqlite3")) as sql:
        return int(sql.execute(f"PRAGMA {pragma}").fetchone()[0])


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "project.sqlite3", isolation_level=None)) as sql:
        for statement in statements:
            sql.execute(statement)


def test_an_old_project_is_brought_to_the_newest_version_with_all_that_it_holds(tmp_path: Path) -> None:
    folder = version_1(tmp_path / "p")
    with Project(folder) as project:
        assert (project.title, project.revision, project.position) == ("Old", 2, 0)
        assert (project.changed_at, project.settings()) == (TIME, {"view": "2CH"})
        assert [(step.op, step.canvas) for step in project.history()] == [
            ({}, drawing(0)),
            ({"tool": "vary", "seed": 1}, drawing(1)),
        ]
        assert [entry["action"] for entry in project.log()] == ["create", "edit", "move"]
        assert (project.results(), project.slots()) == ((), {})
        project.keep("latest", frame(0), drawing(0).label_map, {}, {})
        project.set_slot("2CH-ED", drawing(1).label_map)
    assert number(folder, "user_version") == len(schema.MIGRATIONS) == 2
    assert_sound(folder)


def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = version_1(tmp_path / "p")
    with monkeypatch.context() as patch:
        broken = (*schema.MIGRATIONS, ("CREATE TABLE more (x)", "no SQL"))
        patch.setattr(schema, "SCHEMA", replace(schema.SCHEMA, migrations=broken))
        with pytest.raises(DataError):
            Project(folder)
    assert number(folder, "user_version") == 1
    Project(folder).close()
    assert number(folder, "user_version") == 2


def test_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    filled(tmp_path / "p").close()
    change(tmp_path / "p", "PRAGMA user_version = 99")
    with pytest.raises(DataError, match=r"version 2 or older, got 99 .*update Echo Studio") as caught:
        Project(tmp_path / "p")
    assert_tells(caught.value, "p/project.sqlite3")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER spy AFTER INSERT ON log BEGIN DELETE FROM log; END",
        "CREATE VIEW more AS SELECT * FROM log",
        "CREATE TABLE more (x)",
        "CREATE INDEX more ON log (at)",
        "DROP TABLE slot",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = -1",
        "PRAGMA user_version = 1",
        "DELETE FROM project",
        "DELETE FROM step",
        "DELETE FROM log",
    ],
)
def test_other_tables_than_ours_are_refused(statement: str, tmp_path: Path) -> None:
    filled(tmp_path / "p").close()
    change(tmp_path / "p", "PRAGMA foreign_keys = OFF", statement)
    before = bytes_of(tmp_path / "p")
    with pytest.raises(DataError) as caught:
        Project(tmp_path / "p")
    assert_tells(caught.value, "p/project.sqlite3")
    assert bytes_of(tmp_path / "p") == before


def test_the_database_is_kept_safe_rather_than_fast(tmp_path: Path) -> None:
    with filled(tmp_path / "p") as project, project._store.reading() as sql:
        found = {
            name: sql.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        }
    assert found == {"journal_mode": "delete", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
