"""What a project stands on: one database connection, one folder of content files, one lock on both.

Content files are named by the sha256 of what is in them: written once, never changed, checked whenever they are read.
"""

import contextlib
import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from echo_studio.data.atomic import sync_folder, write_bytes
from echo_studio.data.database import CURE, Database, now
from echo_studio.errors import DataError, EchoStudioError
from echo_studio.project import schema

SUFFIX = ".png"
DIGEST = re.compile(r"[0-9a-f]{64}")
FILE_CURE = "go on from another step of its history, or import an .echo copy of the project"
DATABASE = "project.sqlite3"
FILES = "files"
LOCK = "lock"
REFERENCES = """
    SELECT label_map FROM step UNION SELECT fan FROM step
    UNION SELECT image FROM result UNION SELECT label_map FROM result UNION SELECT label_map FROM slot
"""


class ContentFiles:
    """The content files in one folder, which exists. All of them are PNG; the readers go by the suffix."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        """Keep `data`; its sha256, which is its name. On return it is on the disk, name and content.

        A whole file of that name is left alone; a damaged one is mended.

        Raises:
            OutputError: the folder is full or not writable.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            present = path.read_bytes() == data
        except OSError:
            present = False
        if not present:
            write_bytes(path, data)
            sync_folder(self.folder)
        return digest

    def checked(self, digest: str) -> Path:
        """Where the file of this sha256 lies, after its content was compared with it.

        Raises:
            DataError: it is missing or its content is another one.
        """
        path = self._path(digest)
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise self._damaged(digest, error.strerror or type(error).__name__) from error
        if found != digest:
            raise self._damaged(digest, "other content")
        return path

    def read(self, digest: str) -> bytes:
        """The content of the file of this sha256.

        Raises:
            DataError: it is missing or its content is another one.
        """
        return self.checked(digest).read_bytes()

    def keep_only(self, digests: Iterable[str]) -> None:
        """Remove every content file but these, and what an interrupted write left. Foreign files stay."""
        kept = {f"{digest}{SUFFIX}" for digest in digests}
        for path in self.folder.iterdir():
            ours = path.suffix == SUFFIX and DIGEST.fullmatch(path.stem) is not None
            if (ours and path.name not in kept) or (path.name.startswith(".") and path.suffix == ".tmp"):
                with contextlib.suppress(OSError):  # it can go next time
                    path.unlink()

    def _path(self, digest: str) -> Path:
        # The name may come from a file that someone else made.
        if DIGEST.fullmatch(digest) is None:
            raise self._damaged(digest[:20], "a name that is no sha256")
        return self.folder / f"{digest}{SUFFIX}"

    def _damaged(self, digest: str, got: str) -> DataError:
        name = f"{self.folder.parent.name}/{self.folder.name}/{digest!r}"
        if DIGEST.fullmatch(digest):
            name = f"{self.folder.parent.name}/{self.folder.name}/{digest}{SUFFIX}"
        return DataError(expected=f"the file {name} as it was written", got=got, remedy=FILE_CURE)


class Store(Database):
    """The open database of the project in `folder`; usable from several threads.

    Raises:
        BusyError: another window, server or thread has the project open.
        DataError: there is no project, it is damaged, foreign, or newer than this program.
        OutputError: the folder is not writable.
    """

    def __init__(self, folder: Path) -> None:
        check_present(folder)
        self.folder = folder
        self.files = ContentFiles(folder / FILES)
        super().__init__(folder / DATABASE, schema.SCHEMA, folder / LOCK, f"project {folder.name}")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction, at whose end the project has changed."""
        with super().writing() as sql:
            yield sql
            sql.execute("UPDATE project SET changed_at = ?", (now(),))

    def references(self) -> set[str]:
        """The sha256 of every content file that a row names."""
        with self.reading() as sql:
            return {row[0] for row in sql.execute(REFERENCES)}

    def tidy_and_close(self) -> None:
        """Remove the content files that nothing refers to, and let the project go; a second call does nothing."""
        # What is damaged has to be closed all the same.
        with contextlib.suppress(EchoStudioError, OSError), self.reading():
            self.files.keep_only(self.references())
        self.close()


def check_present(folder: Path) -> None:
    """Raise DataError where the folder lacks what every project has."""
    path = folder / DATABASE
    file = f"{folder.name}/{DATABASE}"
    if not path.is_file():
        raise DataError(expected=f"a project file {file}", got="no such file", remedy=CURE)
    if path.stat().st_size == 0:
        raise DataError(expected=f"a project file {file}", got="an empty file", remedy=CURE)
    if not (folder / FILES).is_dir():
        raise DataError(expected=f"a folder {folder.name}/{FILES}", got="no such folder", remedy=CURE)
