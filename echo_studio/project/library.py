"""The folder of all projects of this person."""

import contextlib
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.atomic import check_writable, sync_folder
from echo_studio.data.database import CURE, connect, translated
from echo_studio.data.lock import FileLock
from echo_studio.errors import DataError, EchoStudioError, OutputError, RequestError, raised_as
from echo_studio.project import copy, schema
from echo_studio.project.pictures import Canvas, load_label_map
from echo_studio.project.project import Project
from echo_studio.project.store import DATABASE, FILE_CURE, FILES, LOCK, ContentFiles, Store, check_present
from echo_studio.project.verify import audit

ID = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class Listing:
    """A project in the list.

    Attributes:
        changed_at: ISO time, UTC; "" where it cannot be read.
        label_map_sha256: changes when the picture for the list does (`Library.label_map`).
        fault: why it cannot be opened and what to do, in one line; "" where nothing is wrong.
    """

    id: str
    title: str
    changed_at: str
    label_map_sha256: str
    fault: str = ""


def default_root() -> Path:
    """Where the projects of this person lie on this system. Nothing is made."""
    return platformdirs.user_data_path("echo-studio", appauthor=False) / "projects"


class Library:
    """The projects in the folder `root`, made with the first of them. Usable from several threads and servers."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the folder and try it, before anybody paints what could not be saved.

        Raises:
            OutputError: projects cannot be written there.
        """
        with self._locked():
            check_writable(self.root / "project")

    def list(self) -> tuple[Listing, ...]:
        """All projects, the one that changed last first; those that cannot be read at the end."""
        if not self.root.is_dir():
            return ()
        found = [_listing(folder) for folder in self.root.iterdir() if ID.fullmatch(folder.name) and folder.is_dir()]
        return tuple(sorted(found, key=lambda listing: (listing.changed_at, listing.id), reverse=True))

    def latest(self) -> str | None:
        """The id of the project that changed last, or None."""
        return next((listing.id for listing in self.list() if not listing.fault), None)

    def label_map(self, project: str) -> LabelMap:
        """What is on a project's canvas, without opening it.

        Raises:
            RequestError: no such project.
            DataError: it is damaged.
        """
        folder = self._folder(project)
        listing = _listing(folder)
        if listing.fault:
            raise DataError(expected="a project that can be read", got=listing.fault, remedy="choose another one")
        return load_label_map(ContentFiles(folder / FILES), listing.label_map_sha256)

    def create(self, title: str, first: Canvas) -> Project:
        """A new project, open; see `Project.create`."""
        with self._locked():
            return Project.create(self.root / secrets.token_urlsafe(16), title, first)

    def open(self, project: str) -> Project:
        """The project of this id, open; see `Project`.

        Raises:
            RequestError: no such project.
        """
        folder = self._folder(project)
        with self._locked():
            return Project(folder)

    def delete(self, project: str) -> None:
        """Remove a project for good.

        Raises:
            RequestError: no such project.
            BusyError: it is open.
        """
        folder = self._folder(project)
        with self._locked():
            FileLock.of(
                folder / LOCK, f"project {project}"
            ).release()  # Windows renames no folder with an open file; whoever opens holds our lock
            grave = self.root / f".{secrets.token_hex(8)}.tmp"
            with self._writable():
                folder.replace(grave)
                sync_folder(self.root)
            shutil.rmtree(grave, ignore_errors=True)

    def import_copy(self, path: Path) -> str:
        """Make a project of an .echo file, which may come from anywhere; its id.

        Raises:
            DataError: it is no copy of a project, is damaged, too new or too large; nothing is left of it.
        """
        with self._locked():
            part = self.root / f".{secrets.token_hex(8)}.tmp"
            try:
                _import(path, part)
                project = secrets.token_urlsafe(16)
                part.replace(self.root / project)
                sync_folder(self.root)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return project

    def _folder(self, project: str) -> Path:
        # The pattern first: an id is used as a name only when it cannot lead elsewhere.
        if ID.fullmatch(project) is None or not (self.root / project).is_dir():
            raise RequestError(expected="the id of a project", got=f"{project[:40]!r}", remedy="choose one of the list")
        return self.root / project

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time makes, opens or removes folders; what an interrupted one left goes first."""
        with self._writable():
            self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / ".lock"):
            for leftover in self.root.glob(".*.tmp"):
                shutil.rmtree(leftover, ignore_errors=True)
            yield

    def _writable(self) -> contextlib.AbstractContextManager[None]:
        expected = f"a folder {self.root} that can be written"
        return raised_as(OutputError, OSError, expected=expected, remedy="choose another folder or free this one")


def _listing(folder: Path) -> Listing:
    file = f"{folder.name}/{DATABASE}"
    try:
        check_present(folder)
        with translated(file), closing(connect(folder / DATABASE)) as sql:
            schema.SCHEMA.check_origin(sql, file)
            row = sql.execute("SELECT title, changed_at, label_map FROM project JOIN step USING (position)").fetchone()
        if row is None:
            raise DataError(expected=f"a project in {file}", got="none", remedy=CURE)
    except EchoStudioError as error:
        return Listing(folder.name, "", "", "", str(error))
    return Listing(folder.name, *row)


def _import(path: Path, part: Path) -> None:
    copy.unpack(path, part)
    try:
        with closing(Store(part)) as store:
            audit(store)
    except DataError as error:
        remedy = copy.CURE if error.remedy in (CURE, FILE_CURE) else error.remedy
        # The name of our temporary folder says nothing to the person.
        expected, got = (text.replace(part.name, path.name) for text in (error.expected, error.got))
        raise DataError(expected=expected, got=got, remedy=remedy) from error
