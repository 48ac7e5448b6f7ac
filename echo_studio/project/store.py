"""What a project stands on: one database connection, one folder of content files, one lock on both."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from echo_studio.data.database import connect, now, translated
from echo_studio.data.lock import FileLock
from echo_studio.errors import BusyError, DataError, EchoStudioError, RequestError
from echo_studio.project import schema
from echo_studio.project.files import ContentFiles

__all__ = ["DATABASE", "FILES", "Store", "check_present", "in_use"]

DATABASE = "project.sqlite3"
FILES = "files"
LOCK = "lock"

REFERENCES = """
    SELECT label_map FROM step UNION SELECT sector FROM step
    UNION SELECT image FROM result UNION SELECT label_map FROM result UNION SELECT label_map FROM slot
"""


class Store:
    """The open database of the project in `folder`; usable from several threads.

    Raises:
        BusyError: another window, server or thread has the project open.
        DataError: there is no project, it is damaged, foreign, or newer than this program.
        OutputError: the folder is not writable.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = f"{folder.name}/{DATABASE}"
        self.files = ContentFiles(folder / FILES)
        self._thread_lock = threading.RLock()
        check_present(folder)
        lock = FileLock.taken(folder / LOCK)
        if lock is None:
            raise in_use(folder.name)
        try:
            self._sql: sqlite3.Connection | None = _opened(folder)
        except BaseException:
            lock.release()
            raise
        self._lock = lock

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone."""
        with self._thread_lock, translated(self.file):
            if self._sql is None:
                raise RequestError(
                    expected=f"the open project {self.folder.name}", got="a closed one", remedy="open it again"
                )
            yield self._sql

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction: all that is done becomes durable at the end, or nothing where it fails."""
        with self.reading() as sql:
            sql.execute("BEGIN IMMEDIATE")
            try:
                yield sql
                sql.execute("UPDATE project SET changed_at = ?", (now(),))
                sql.execute("COMMIT")
            finally:
                if sql.in_transaction:
                    sql.execute("ROLLBACK")

    def references(self) -> set[str]:
        """The sha256 of every content file that a row names."""
        with self.reading() as sql:
            return {row[0] for row in sql.execute(REFERENCES)}

    def collect_garbage(self) -> None:
        """Remove the content files that nothing refers to."""
        with self.reading():
            self.files.keep_only(self.references())

    def close(self) -> None:
        """Collect garbage and let the project go; a second call does nothing."""
        with self._thread_lock:
            if self._sql is not None:
                # What is damaged has to be closed all the same.
                with contextlib.suppress(EchoStudioError, OSError):
                    self.collect_garbage()
            self.release()

    def release(self) -> None:
        """Let the project go as it is; a second call does nothing."""
        with self._thread_lock:
            if self._sql is not None:
                self._sql.close()
                self._sql = None
                self._lock.release()


def in_use(project_id: str) -> BusyError:
    return BusyError(
        expected="a project that is open in one place at a time",
        got=f"project {project_id}, which another window or server has open",
        remedy="close it there first",
    )


def _opened(folder: Path) -> sqlite3.Connection:
    file = f"{folder.name}/{DATABASE}"
    with translated(file):
        sql = connect(folder / DATABASE)
        try:
            schema.check(sql, file)
            schema.migrate(sql)
        except BaseException:
            sql.close()
            raise
    return sql


def check_present(folder: Path) -> None:
    """Raise DataError where the folder lacks what every project has."""
    path = folder / DATABASE
    file = f"{folder.name}/{DATABASE}"
    if not path.is_file():
        raise DataError(expected=f"a project file {file}", got="no such file", remedy=schema.CURE)
    if path.stat().st_size == 0:
        raise DataError(expected=f"a project file {file}", got="an empty file", remedy=schema.CURE)
    if not (folder / FILES).is_dir():
        raise DataError(expected=f"a folder {folder.name}/{FILES}", got="no such folder", remedy=schema.CURE)
