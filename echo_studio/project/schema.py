"""The tables of a project, how an older file becomes a newer one, which files are refused, and what texts may hold.

`MIGRATIONS[n]` leads from version n to n + 1 (`PRAGMA user_version`). An entry never changes once it was
released: a file holds exactly the tables that the entries up to its version make, or it is not ours.
"""

import json
import sqlite3
from contextlib import closing
from typing import Any

from echo_studio.data.database import CURE, pragma, tables_of, transaction
from echo_studio.errors import DataError, RequestError
from echo_studio.types import Json

APPLICATION_ID = int.from_bytes(b"Echo", "big")

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 0 to 1: the canvas with its history.
    (
        # Append-only. A step takes its op from here, so that each stands in the file once.
        """CREATE TABLE log (
            number INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            revision INTEGER NOT NULL,
            position INTEGER NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('create', 'edit', 'move')),
            op TEXT NOT NULL,
            label_map_sha256 TEXT NOT NULL
        ) STRICT""",
        # The states that can be gone back to; label_map and fan (the sector, as files name it) name content files.
        """CREATE TABLE step (
            position INTEGER PRIMARY KEY,
            entry INTEGER NOT NULL REFERENCES log (number),
            label_map TEXT NOT NULL,
            fan TEXT NOT NULL
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
MAX_OP = 8 << 20  # bytes; the mask of a pasted structure is the largest thing in an op
MAX_SETTINGS = 64 << 10
MAX_TITLE = 120  # characters
MAX_NOTE = 2000
MAX_NUMBER = 2**53 - 1  # the browser's whole numbers end here


def check_origin(sql: sqlite3.Connection, file: str) -> int:
    """The version of the database; raises DataError where it is no project or newer than this program."""
    if pragma(sql, "application_id") != APPLICATION_ID:
        raise DataError(expected="a project of Echo Studio", got=f"another database in {file}", remedy=CURE)
    version = pragma(sql, "user_version")
    if not 0 <= version <= len(MIGRATIONS):
        raise DataError(
            expected=f"a project of version {len(MIGRATIONS)} or older",
            got=f"{version} in {file}",
            remedy="update Echo Studio",
        )
    return version


def check(sql: sqlite3.Connection, file: str) -> None:
    """Raise DataError where the database is not a project of this program, is newer than it, or is damaged."""
    version = check_origin(sql, file)
    # Compared in full: a trigger or view in a file from elsewhere would run as part of our own statements.
    if tables_of(sql) != _tables_of_version(version):
        raise DataError(
            expected=f"the tables of version {version} and nothing else", got=f"others in {file}", remedy=CURE
        )
    faults = [str(row[0]) for row in sql.execute("PRAGMA quick_check(1)")]
    if faults != ["ok"]:
        raise DataError(expected=f"an undamaged file {file}", got=" ".join(" ".join(faults).split())[:120], remedy=CURE)
    if sql.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise DataError(
            expected=f"a file {file} whose rows fit each other", got="a reference to a row that is missing", remedy=CURE
        )


def migrate(sql: sqlite3.Connection) -> None:
    """Bring the database to the newest version, all the way or not at all; an empty one gets every table."""
    version = pragma(sql, "user_version")
    if version == len(MIGRATIONS):
        return
    _apply(sql, range(version, len(MIGRATIONS)))


def _apply(sql: sqlite3.Connection, steps: range) -> None:
    with transaction(sql):
        for step in steps:
            for statement in MIGRATIONS[step]:
                sql.execute(statement)
        sql.execute(f"PRAGMA user_version = {steps.stop}")
        sql.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _tables_of_version(version: int) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as sql:
        _apply(sql, range(version))
        return tables_of(sql)


def to_text(obj: Any, what: str, limit: int = MAX_OP) -> str:
    """ASCII text of a JSON object.

    Raises:
        RequestError: not an object, not strict JSON (NaN, other types) or more than `limit` bytes.
    """
    remedy = "keep numbers that are finite, texts, lists and objects alone"
    if not isinstance(obj, dict):
        raise RequestError(expected=f"{what} as a JSON object", got=type(obj).__name__, remedy=remedy)
    try:
        text = json.dumps(obj, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise RequestError(expected=f"{what} as strict JSON", got=str(error)[:120], remedy=remedy) from error
    if len(text) > limit:
        raise RequestError(
            expected=f"{what} of at most {limit} bytes", got=f"{len(text)}", remedy="leave something out"
        )
    return text


def from_text(text: str, what: str, file: str) -> Json:
    """Raises DataError where the text in `file` is no JSON object."""
    try:
        obj = json.loads(text)
    except (ValueError, RecursionError):
        obj = None
    if not isinstance(obj, dict):
        raise DataError(
            expected=f"{what} as a JSON object in {file}",
            got="something else",
            remedy="import an .echo copy of the project, or start a new one",
        )
    return obj


def valid_title(title: str) -> str:
    """The title on one line without spaces around it.

    Raises:
        RequestError: it is empty, longer than 120 characters or holds control characters.
    """
    plain = " ".join(title.split())
    if not 1 <= len(plain) <= MAX_TITLE or not plain.isprintable():
        raise RequestError(
            expected=f"a title of 1 to {MAX_TITLE} printable characters", got=f"{plain[:40]!r}", remedy="change it"
        )
    return plain


def valid_note(note: str) -> str:
    """The note as it is.

    Raises:
        RequestError: it is longer than 2000 characters or holds half a character (a lone surrogate).
    """
    if len(note) > MAX_NOTE or any("\ud800" <= letter <= "\udfff" for letter in note):
        raise RequestError(
            expected=f"a note of at most {MAX_NOTE} whole characters", got=f"{len(note)} of them", remedy="shorten it"
        )
    return note
