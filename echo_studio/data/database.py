"""SQLite files that may come from elsewhere: how they are opened, and what a damaged or busy one says to a person."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from echo_studio.data.lock import FileLock
from echo_studio.errors import BusyError, DataError, EchoStudioError, OutputError, RequestError

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


@dataclass(frozen=True)
class Schema:
    """The tables of a kind of file.

    Attributes:
        what: the kind, for messages.
        application_id: marks the files of this kind.
        migrations: `migrations[n]` leads from version n to n + 1 (`PRAGMA user_version`). An entry never changes once
            it was released: a file holds exactly the tables that the entries up to its version make, or it is not ours.
        cure: what to do about a file that is refused.
    """

    what: str
    application_id: int
    migrations: tuple[tuple[str, ...], ...]
    cure: str

    def check_origin(self, sql: sqlite3.Connection, file: str) -> int:
        """The version of the database; raises DataError where it is of another kind or newer than this program."""
        origin, version = (sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        if origin != self.application_id:
            raise DataError(expected=f"{self.what} of Echo Studio", got=f"another database in {file}", remedy=self.cure)
        if not 0 <= version <= len(self.migrations):
            raise DataError(
                expected=f"{self.what} of version {len(self.migrations)} or older",
                got=f"{version} in {file}",
                remedy="update Echo Studio",
            )
        return int(version)

    def check(self, sql: sqlite3.Connection, file: str) -> None:
        """Raise DataError where the database is of another kind, is newer than this program, or is damaged."""
        version = self.check_origin(sql, file)
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
            self._apply(fresh, 0, version)
            # Compared in full: a trigger or view in a file from elsewhere would run as part of our own statements.
            same = _tables_of(sql) == _tables_of(fresh)
        if not same:
            raise DataError(
                expected=f"the tables of version {version} and nothing else",
                got=f"others in {file}",
                remedy=self.cure,
            )
        faults = [str(row[0]) for row in sql.execute("PRAGMA quick_check(1)")]
        if faults != ["ok"]:
            got = " ".join(" ".join(faults).split())[:120]
            raise DataError(expected=f"an undamaged file {file}", got=got, remedy=self.cure)
        if sql.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise DataError(
                expected=f"a file {file} whose rows fit each other",
                got="a reference to a row that is missing",
                remedy=self.cure,
            )

    def migrate(self, sql: sqlite3.Connection) -> None:
        """Bring the database to the newest version, all the way or not at all; an empty one gets every table."""
        version = sql.execute("PRAGMA user_version").fetchone()[0]
        if version < len(self.migrations):
            self._apply(sql, version, len(self.migrations))

    def _apply(self, sql: sqlite3.Connection, start: int, stop: int) -> None:
        with transaction(sql):
            for statement in (statement for step in self.migrations[start:stop] for statement in step):
                sql.execute(statement)
            sql.execute(f"PRAGMA user_version = {stop}")
            sql.execute(f"PRAGMA application_id = {self.application_id}")


class Database:
    """The open database at `path`, in one place at a time; usable from several threads.

    Args:
        path: made where it does not exist.
        schema: what has to be in it; an older file is brought to the newest version.
        lock: the file of the lock that whoever has the database open holds.
        what: is open, for messages.

    Raises:
        BusyError: another window, server or thread has it open.
        DataError: it is damaged, foreign, or newer than this program.
        OutputError: the folder is not writable.
    """

    def __init__(self, path: Path, schema: Schema, lock: Path, what: str) -> None:
        self.file = f"{path.parent.name}/{path.name}"
        self._what = what
        self._thread_lock = threading.RLock()
        self._lock = FileLock.of(lock, what)
        try:
            self._sql: sqlite3.Connection | None = self._opened(path, schema)
        except BaseException:
            self._lock.release()
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone; raises RequestError where it was closed."""
        with self._thread_lock, translated(self.file):
            if self._sql is None:
                raise RequestError(expected=f"{self._what}, open", got="a closed one", remedy="open it again")
            yield self._sql

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction: all that is done becomes durable at the end, or nothing where it fails."""
        with self.reading() as sql, transaction(sql):
            yield sql

    def close(self) -> None:
        """Let the database go; a second call does nothing."""
        with self._thread_lock:
            if self._sql is not None:
                self._sql.close()
                self._sql = None
                self._lock.release()

    def _opened(self, path: Path, schema: Schema) -> sqlite3.Connection:
        new = not path.exists() or not path.stat().st_size
        with translated(self.file):
            sql = connect(path, "rwc")
            try:
                if not new:
                    schema.check(sql, self.file)
                schema.migrate(sql)
            except BaseException:
                sql.close()
                raise
        return sql


def _tables_of(sql: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Every table, index, trigger and view, with the text that made it."""
    return sql.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


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
