"""The tables of a project, how an older file becomes a newer one, and which files are refused.

`MIGRATIONS[n]` leads from version n to n + 1 (`PRAGMA user_version`). An entry never changes once it was
released: a file holds exactly the tables that the entries up to its version make, or it is not ours.
"""

import sqlite3
from contextlib import closing

from echo_studio.data.database import CURE
from echo_studio.errors import DataError

__all__ = ["APPLICATION_ID", "CURE", "MIGRATIONS", "check", "check_origin", "migrate"]

APPLICATION_ID = int.from_bytes(b"Echo", "big")

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 0 to 1: the canvas with its history.
    (
        # Append-only. A step takes its op from here, so that each is told once.
        """CREATE TABLE log (
            number INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            revision INTEGER NOT NULL,
            position INTEGER NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('create', 'edit', 'move')),
            op TEXT NOT NULL,
            label_map_sha256 TEXT NOT NULL
        ) STRICT""",
        # The states that can be gone back to; label_map and sector name content files.
        """CREATE TABLE step (
            position INTEGER PRIMARY KEY,
            entry INTEGER NOT NULL REFERENCES log (number),
            label_map TEXT NOT NULL,
            sector TEXT NOT NULL
        ) STRICT""",
        # Deferred: an edit drops the step under the cursor before it moves the cursor.
        """CREATE TABLE project (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            title TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            revision INTEGER NOT NULL,
            position INTEGER NOT NULL REFERENCES step (position) DEFERRABLE INITIALLY DEFERRED,
            settings TEXT NOT NULL
        ) STRICT""",
    ),
    # 1 to 2: kept results and view slots.
    (
        # AUTOINCREMENT: the number of a removed result never comes back for another one.
        """CREATE TABLE result (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('latest', 'pinned')),
            at TEXT NOT NULL,
            image TEXT NOT NULL,
            label_map TEXT NOT NULL,
            record TEXT NOT NULL,
            measured TEXT NOT NULL,
            note TEXT NOT NULL
        ) STRICT""",
        "CREATE UNIQUE INDEX one_latest ON result (kind) WHERE kind = 'latest'",
        """CREATE TABLE slot (
            name TEXT PRIMARY KEY CHECK (name IN ('4CH-ED', '4CH-ES', '2CH-ED', '2CH-ES')),
            label_map TEXT NOT NULL
        ) STRICT""",
    ),
)


def check_origin(sql: sqlite3.Connection, file: str) -> int:
    """The version of the database; raises DataError where it is no project or newer than this program."""
    if _number(sql, "application_id") != APPLICATION_ID:
        raise _refused("a project of Echo Studio", f"another database in {file}", CURE)
    version = _number(sql, "user_version")
    if not 0 <= version <= len(MIGRATIONS):
        raise _refused(f"a project of version {len(MIGRATIONS)} or older", f"{version} in {file}", "update Echo Studio")
    return version


def check(sql: sqlite3.Connection, file: str) -> None:
    """Raise DataError where the database is not a project of this program, is newer than it, or is damaged."""
    version = check_origin(sql, file)
    # Compared in full: a trigger or view in a file from elsewhere would run as part of our own statements.
    if _tables(sql) != _tables_of_version(version):
        raise _refused(f"the tables of version {version} and nothing else", f"others in {file}", CURE)
    faults = [str(row[0]) for row in sql.execute("PRAGMA quick_check(1)")]
    if faults != ["ok"]:
        raise _refused(f"an undamaged file {file}", " ".join(" ".join(faults).split())[:120], CURE)
    if sql.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise _refused(f"a file {file} whose rows fit each other", "a reference to a row that is missing", CURE)


def migrate(sql: sqlite3.Connection) -> None:
    """Bring the database to the newest version, all the way or not at all; an empty one gets every table."""
    version = _number(sql, "user_version")
    if version == len(MIGRATIONS):
        return
    _apply(sql, range(version, len(MIGRATIONS)))


def _apply(sql: sqlite3.Connection, steps: range) -> None:
    sql.execute("BEGIN IMMEDIATE")
    try:
        for step in steps:
            for statement in MIGRATIONS[step]:
                sql.execute(statement)
        sql.execute(f"PRAGMA user_version = {steps.stop}")
        sql.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        sql.execute("COMMIT")
    finally:
        if sql.in_transaction:
            sql.execute("ROLLBACK")


def _tables_of_version(version: int) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as sql:
        _apply(sql, range(version))
        return _tables(sql)


def _tables(sql: sqlite3.Connection) -> list[tuple[object, ...]]:
    return sql.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


def _number(sql: sqlite3.Connection, pragma: str) -> int:
    return int(sql.execute(f"PRAGMA {pragma}").fetchone()[0])


def _refused(expected: str, got: str, remedy: str) -> DataError:
    return DataError(expected=expected, got=got, remedy=remedy)
