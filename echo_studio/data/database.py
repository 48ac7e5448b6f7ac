"""SQLite files that may come from elsewhere: how they are opened, and what a damaged or busy one says to a person."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from echo_studio.errors import BusyError, DataError, EchoStudioError, OutputError

CURE = "import an .echo copy of the project, or start a new one"
MAX_TEXT = 16 << 20  # bytes in one row
PRAGMAS = (
    # The file may come from elsewhere: believe neither its schema nor its cells.
    *("trusted_schema = OFF", "cell_size_check = ON", "foreign_keys = ON"),
    # Not WAL: SQLite before 3.51.3 can corrupt a file there, and one writer gains nothing from it.
    *("journal_mode = DELETE", "synchronous = FULL"),
)
BUSY_SECONDS = 5.0  # a reader of the library's list may hold the file for a moment


def connect(path: Path, mode: str = "rw") -> sqlite3.Connection:
    """A connection to the database at `path`; `mode` is "rw", or "rwc" to make a new one. The caller closes it."""
    sql = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        sql.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TEXT)
        for setting in PRAGMAS:
            sql.execute(f"PRAGMA {setting}")
    except BaseException:
        sql.close()
        raise
    return sql


@contextlib.contextmanager
def translated(file: str) -> Iterator[None]:
    """Turn what SQLite says about a damaged, locked or full `file` into an error for a person."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise  # our own mistake
    except sqlite3.Error as error:
        raise _translation(error, file) from error


@contextlib.contextmanager
def transaction(sql: sqlite3.Connection) -> Iterator[None]:
    """All that the block does becomes durable at its end, or nothing where it fails."""
    sql.execute("BEGIN IMMEDIATE")
    try:
        yield
        sql.execute("COMMIT")
    finally:
        if sql.in_transaction:
            sql.execute("ROLLBACK")


def tables_of(sql: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Every table, index, trigger and view, with the text that made it."""
    return sql.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


def pragma(sql: sqlite3.Connection, name: str) -> int:
    """A whole number that the file holds, such as its `user_version`."""
    return int(sql.execute(f"PRAGMA {name}").fetchone()[0])


def now() -> str:
    """ISO time in UTC, always of the same length, so that texts sort as times do."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _translation(error: sqlite3.Error, file: str) -> EchoStudioError:
    reason = " ".join(str(error).split())[:120]
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # without the extended part
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError(expected=f"a free file {file}", got=reason, remedy="try again in a moment")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return OutputError(
            expected=f"a place where {file} can be written", got=reason, remedy="free space or make it writable"
        )
    return DataError(expected=f"an undamaged file {file}", got=reason, remedy=CURE)
