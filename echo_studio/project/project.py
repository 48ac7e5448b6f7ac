"""An editing project: one drawing with everything that belongs to it, in one folder.

The folder holds `project.sqlite3`, `files/` with content files and an empty `lock`. A content file is on the disk
before the row that names it is committed: a crash loses at most the call that had not returned. No name of a person's
file, path or host enters the folder.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.atomic import check_writable, sync_folder
from echo_studio.data.database import connect, translated
from echo_studio.errors import DataError, RequestError
from echo_studio.project import copy, schema
from echo_studio.project.history import History, Step
from echo_studio.project.pictures import Canvas
from echo_studio.project.results import Kept, Kind, Results
from echo_studio.project.slots import Slots
from echo_studio.project.store import DATABASE, FILES, Store
from echo_studio.project.texts import MAX_SETTINGS, from_text, to_text, valid_title
from echo_studio.types import GrayImage, Json

__all__ = ["Project"]


class Project:
    """The open project in `folder`; made by `create` and `open`, usable from several threads, closed after use.

    Every method raises DataError where it meets damage, OutputError where the disk is full or not writable,
    and RequestError on a closed project.
    """

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder)
        self._history = History(self._store)
        self._results = Results(self._store)
        self._slots = Slots(self._store)
        try:
            self._value("title")
        except BaseException:
            self._store.release()  # without collecting: a damaged project loses no file
            raise

    @classmethod
    def create(cls, folder: Path, title: str, first: Canvas) -> "Project":
        """Make a project whose history begins with `first`. `folder` does not exist, its parent does.

        Raises:
            RequestError: the folder exists, or the title is none.
            OutputError: the place cannot be written. Nothing is left behind.
        """
        if folder.exists():
            raise RequestError(expected="a new folder", got=f"{folder.name}, which exists", remedy="choose another")
        title = valid_title(title)
        check_writable(folder)
        part = folder.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            _fill(part, title, first)
            part.replace(folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> "Project":
        """Open a project after a check of its database; an older one is brought to the newest version.

        Raises:
            BusyError: another window or server has it open.
            DataError: there is none, or it is damaged, foreign or too new; names the file and the cure.
        """
        return cls(folder)

    def __enter__(self) -> "Project":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def id(self) -> str:
        """The folder's name."""
        return self._store.folder.name

    @property
    def title(self) -> str:
        return str(self._value("title"))

    @property
    def revision(self) -> int:
        """Of the newest change."""
        return int(self._value("revision"))

    @property
    def position(self) -> int:
        """Of the current step in the history."""
        return int(self._value("position"))

    @property
    def changed_at(self) -> str:
        """ISO time of the newest change of any kind, UTC."""
        return str(self._value("changed_at"))

    def rename(self, title: str) -> None:
        """Raises RequestError where the title is empty, too long or not printable."""
        title = valid_title(title)
        with self._store.writing() as sql:
            sql.execute("UPDATE project SET title = ?", (title,))

    def edit(self, revision: int, position: int, op: Json, canvas: Canvas) -> None:
        """Put a step at `position`, one after a kept one, in place of what was there and later.
        Of the steps behind it 100 are kept; the log keeps the op of every older one.

        Raises:
            RequestError: the revision is not above the newest one, the step before is not kept, or `op` no strict JSON.
        """
        self._history.edit(revision, position, op, canvas)

    def move(self, revision: int, position: int) -> None:
        """Undo, redo, jump: the canvas becomes that of a kept step.

        Raises:
            RequestError: the revision is not above the newest one, or there is no such step.
        """
        self._history.move(revision, position)

    def canvas(self) -> Canvas:
        """What is on the canvas now."""
        with self._store.reading():
            return self._history.step(self.position).canvas

    def kept(self) -> range:
        """The positions that `move` and `step` take: what can be undone and redone."""
        return self._history.kept()

    def step(self, position: int) -> Step:
        """Raises RequestError where no step is kept at `position`."""
        return self._history.step(position)

    def history(self) -> Iterator[Step]:
        """Every kept step in order, what can be redone included; read one by one as they are asked for.

        An edit meanwhile may take a step away that is still to come: RequestError.
        """
        return self._history.steps()

    def log(self) -> list[Json]:
        """All that was done, oldest first; nothing is ever removed.

        Each entry: "at" (ISO time, UTC), "revision", "position", "action" ("create", "edit", "move"), "op" ({}
        where the action is no edit), "label_map_sha256" (`LabelMap.digest` of the canvas after it).
        """
        return self._history.log()

    def settings(self) -> Json:
        """What `save_settings` saved last; {} before."""
        return from_text(self._value("settings"), "settings", self._store.file)

    def save_settings(self, settings: Json) -> None:
        """Raises RequestError where they are no strict JSON object or larger than 64 KiB."""
        text = to_text(settings, "settings", MAX_SETTINGS)
        with self._store.writing() as sql:
            sql.execute("UPDATE project SET settings = ?", (text,))

    def keep(
        self, kind: Kind, image: GrayImage, label_map: LabelMap, record: Json, measured: Json, note: str = ""
    ) -> Kept:
        """Keep a frame with its label map, record and measurements; a "latest" one replaces the latest before.

        Args:
            image: uint8 (h, w), as large as the label map. Kept losslessly, marked as synthetic.

        Raises:
            ImageError: the image has another type or shape.
            RequestError: another kind, no strict JSON, or a note over 2000 characters.
        """
        return self._results.keep(kind, image, label_map, record, measured, note)

    def results(self) -> tuple[Kept, ...]:
        """In the order in which they were kept."""
        return self._results.all()

    def pin(self, result: int) -> Kept:
        """Make the latest result a pinned one. RequestError where there is no such result, here and below."""
        return self._results.pin(result)

    def remove(self, result: int) -> None:
        self._results.remove(result)

    def image(self, result: int) -> GrayImage:
        """uint8 (h, w), exactly as kept."""
        return self._results.image(result)

    def image_png(self, result: int) -> bytes:
        """The frame's PNG file, with the notice and the record in its metadata."""
        return self._results.image_png(result)

    def label_map(self, result: int) -> LabelMap:
        return self._results.label_map(result)

    def set_slot(self, name: str, label_map: LabelMap) -> None:
        """Put a label map into one of the view slots `slots.SLOTS`. UnknownNameError for another name."""
        self._slots.fill(name, label_map)

    def slots(self) -> dict[str, LabelMap]:
        """The slots that are filled, in their order."""
        return self._slots.all()

    def clear_slot(self, name: str) -> None:
        """Empty a slot; an empty one stays so. UnknownNameError for another name."""
        self._slots.clear(name)

    def export_copy(self, path: Path) -> None:
        """Write all of the project into one .echo file, whole or not at all; `Library.import_copy` reads it.

        Raises:
            OutputError: another suffix, or a place that cannot be written.
        """
        copy.pack(self._store, path)

    def collect_garbage(self) -> None:
        """Remove the content files that nothing refers to any more."""
        self._store.collect_garbage()

    def close(self) -> None:
        """Collect garbage and let the folder go; a second call does nothing."""
        self._store.close()

    def _value(self, column: str) -> str:
        with self._store.reading() as sql:
            row = sql.execute(f"SELECT {column} FROM project").fetchone()
        if row is None:
            raise DataError(expected=f"a project in {self._store.file}", got="none", remedy=schema.CURE)
        return str(row[0])


def _fill(folder: Path, title: str, first: Canvas) -> None:
    """Make the folder of a new project, durable down to its names."""
    (folder / FILES).mkdir(parents=True)
    with translated(f"{folder.name}/{DATABASE}"), closing(connect(folder / DATABASE, "rwc")) as sql:
        schema.migrate(sql)
    with closing(Store(folder)) as store:
        History(store).begin(title, first)
    sync_folder(folder)
