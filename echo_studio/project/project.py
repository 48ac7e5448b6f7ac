"""An editing project: one canvas with everything that belongs to it, in one folder.

The folder holds `project.sqlite3`, `files/` with content files and an empty `lock`. A content file is on the disk
before the row that names it is committed: a crash loses at most the call that had not returned. No name of a person's
file, path or host enters the folder.
"""

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.atomic import check_writable, sync_folder
from echo_studio.data.database import CURE, connect, now, translated
from echo_studio.errors import DataError, RequestError, UnknownNameError
from echo_studio.project import copy, schema
from echo_studio.project.pictures import (
    Canvas,
    encode_frame,
    encode_label_map,
    encode_sector,
    load_frame,
    load_label_map,
    load_sector,
)
from echo_studio.project.schema import MAX_NUMBER, MAX_SETTINGS, from_text, to_text, valid_title
from echo_studio.project.store import DATABASE, FILES, Store
from echo_studio.types import BoolMask, GrayImage, Json

MAX_BEHIND = 100  # steps that can be undone
SLOTS = ("4CH-ED", "4CH-ES", "2CH-ED", "2CH-ES")
STEP = "FROM step JOIN log ON entry = number WHERE step.position = ?"
LOG = ("at", "revision", "position", "action", "op", "label_map_sha256")

Kind = Literal["latest", "pinned"]


@dataclass(frozen=True)
class Step:
    """The canvas after one step of the history; `op` is {} for the first."""

    position: int
    op: Json
    canvas: Canvas


@dataclass(frozen=True)
class Kept:
    """A kept result without its pictures.

    Attributes:
        id: never used for another result of the project.
        at: ISO time of keeping, UTC.
        record: what brings the frame back. measured: what was measured on it. Both strict JSON.
        note: "", but in results that were kept with one.
        image_sha256: of the frame's PNG.
    """

    id: int
    kind: Kind
    at: str
    record: Json
    measured: Json
    note: str
    image_sha256: str


class Project:
    """The open project in `folder`, usable from several threads, closed after use; `create` makes one.

    Its database is checked, and an older one is brought to the newest version. Every method raises DataError where it
    meets damage, OutputError where the disk is full or not writable, and RequestError on a closed project.

    Raises:
        BusyError: another window or server has it open.
        DataError: there is no project, or it is damaged, foreign or too new; names the file and the cure.
    """

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder)
        self._sector: tuple[BoolMask, bytes] | None = None  # the last one with its PNG: few edits change it
        try:
            self._value("title")
        except BaseException:
            self._store.close()  # untidied: a damaged project loses no file
            raise

    @classmethod
    def create(cls, folder: Path, title: str, first: Canvas) -> "Project":
        """Make a project whose history begins with `first`. `folder` does not exist, its parent does.

        Raises:
            RequestError: the folder exists, or the title is empty, too long or not printable.
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
        text = to_text(op, "the op of an edit")
        label_map = encode_label_map(canvas.label_map)
        with self._store.writing() as sql:
            self._check_revision(sql, revision)
            self._check_kept(position - 1)
            entry = _log(sql, revision, position, "edit", text, canvas.label_map.digest)
            sql.execute("DELETE FROM step WHERE position >= ?", (position,))
            if self._sector is None or not np.array_equal(self._sector[0], canvas.sector):
                self._sector = canvas.sector, encode_sector(canvas.sector)
            _add_step(self._store, sql, position, entry, label_map, self._sector[1])
            sql.execute("DELETE FROM step WHERE position < ?", (position - MAX_BEHIND,))
            sql.execute("UPDATE project SET revision = ?, position = ?", (revision, position))

    def move(self, revision: int, position: int) -> None:
        """Undo, redo, jump: the canvas becomes that of a kept step.

        Raises:
            RequestError: the revision is not above the newest one, or there is no such step.
        """
        with self._store.writing() as sql:
            self._check_revision(sql, revision)
            self._check_kept(position)
            (digest,) = sql.execute(f"SELECT label_map_sha256 {STEP}", (position,)).fetchone()
            _log(sql, revision, position, "move", "{}", digest)
            sql.execute("UPDATE project SET revision = ?, position = ?", (revision, position))

    def canvas(self) -> Canvas:
        """What is on the canvas now."""
        with self._store.reading():
            return self.step(self.position).canvas

    def kept(self) -> range:
        """The positions that `move` and `step` take: what can be undone and redone."""
        with self._store.reading() as sql:
            first, last = sql.execute("SELECT min(position), max(position) FROM step").fetchone()
        return range(first, last + 1)

    def step(self, position: int) -> Step:
        """Raises RequestError where no step is kept at `position`."""
        with self._store.reading() as sql:
            self._check_kept(position)
            op, label_map, sector = sql.execute(f"SELECT op, label_map, fan {STEP}", (position,)).fetchone()
            canvas = Canvas(load_label_map(self._store.files, label_map), load_sector(self._store.files, sector))
        return Step(position, from_text(op, "an op", self._store.file), canvas)

    def history(self) -> Iterator[Step]:
        """Every kept step in order, what can be redone included; read one by one as they are needed.

        An edit meanwhile may take a step away that is still to come: RequestError.
        """
        # One at a time: a hundred large canvases would not fit everywhere.
        return (self.step(position) for position in self.kept())

    def log(self) -> list[Json]:
        """All that was done, oldest first; nothing is ever removed.

        Each entry: "at" (ISO time, UTC), "revision", "position", "action" ("create", "edit", "move"), "op" ({}
        where the action is no edit), "label_map_sha256" (`LabelMap.digest` of the canvas after it).
        """
        with self._store.reading() as sql:
            rows = sql.execute(f"SELECT {', '.join(LOG)} FROM log ORDER BY number").fetchall()
        entries = [dict(zip(LOG, row, strict=True)) for row in rows]
        return [{**entry, "op": from_text(entry["op"], "an op", self._store.file)} for entry in entries]

    def settings(self) -> Json:
        """What `save_settings` saved last; {} before."""
        return from_text(self._value("settings"), "settings", self._store.file)

    def save_settings(self, settings: Json) -> None:
        """Raises RequestError where they are no strict JSON object or larger than 64 KiB."""
        text = to_text(settings, "settings", MAX_SETTINGS)
        with self._store.writing() as sql:
            sql.execute("UPDATE project SET settings = ?", (text,))

    def keep(self, kind: Kind, image: GrayImage, label_map: LabelMap, record: Json, measured: Json) -> Kept:
        """Keep a frame with its label map, record and measurements; a "latest" one replaces the latest before.

        Args:
            image: uint8 (h, w), as large as the label map. Kept losslessly, marked as synthetic.

        Raises:
            ImageError: the image has another type or shape.
            RequestError: another kind, or no strict JSON.
        """
        if kind not in ("latest", "pinned"):
            raise RequestError(expected="latest or pinned", got=f"{kind!r}", remedy="choose one of them")
        texts = to_text(record, "the record"), to_text(measured, "the measurements")
        frame, map_png, files = encode_frame(image, label_map, record), encode_label_map(label_map), self._store.files
        with self._store.writing() as sql:
            if kind == "latest":
                sql.execute("DELETE FROM result WHERE kind = 'latest'")
            row = sql.execute(
                "INSERT INTO result (kind, at, image, label_map, record, measured, note) "
                "VALUES (?, ?, ?, ?, ?, ?, '') RETURNING id",
                (kind, now(), files.put(frame), files.put(map_png), *texts),
            ).fetchone()
        return self._result(int(row[0]))

    def results(self) -> tuple[Kept, ...]:
        """In the order in which they were kept."""
        with self._store.reading() as sql:
            return tuple(self._result(row[0]) for row in sql.execute("SELECT id FROM result ORDER BY id").fetchall())

    def pin(self, result: int) -> Kept:
        """Make the latest result a pinned one. RequestError where there is no such result, here and below."""
        with self._store.writing() as sql:
            self._row(result, "id")
            sql.execute("UPDATE result SET kind = 'pinned' WHERE id = ?", (result,))
        return self._result(result)

    def remove(self, result: int) -> None:
        with self._store.writing() as sql:
            self._row(result, "id")
            sql.execute("DELETE FROM result WHERE id = ?", (result,))

    def image(self, result: int) -> GrayImage:
        """uint8 (h, w), exactly as kept."""
        with self._store.reading():
            return load_frame(self._store.files, self._row(result, "image")[0])

    def image_png(self, result: int) -> bytes:
        """The frame's PNG file, with the notice and the record in its metadata."""
        with self._store.reading():
            return self._store.files.read(self._row(result, "image")[0])

    def label_map(self, result: int) -> LabelMap:
        with self._store.reading():
            return load_label_map(self._store.files, self._row(result, "label_map")[0])

    def set_slot(self, name: str, label_map: LabelMap) -> None:
        """Put a label map into one of the view slots `SLOTS`. UnknownNameError for another name."""
        _check_slot(name)
        data = encode_label_map(label_map)
        with self._store.writing() as sql:
            sql.execute("INSERT OR REPLACE INTO slot VALUES (?, ?)", (name, self._store.files.put(data)))

    def slots(self) -> dict[str, LabelMap]:
        """The slots that are filled, in their order."""
        with self._store.reading() as sql:
            digests = dict(sql.execute("SELECT name, label_map FROM slot").fetchall())
            return {name: load_label_map(self._store.files, digests[name]) for name in SLOTS if name in digests}

    def clear_slot(self, name: str) -> None:
        """Empty a slot; an empty one stays so. UnknownNameError for another name."""
        _check_slot(name)
        with self._store.writing() as sql:
            sql.execute("DELETE FROM slot WHERE name = ?", (name,))

    def export_copy(self, path: Path) -> None:
        """Write all of the project into one .echo file, whole or not at all; `Library.import_copy` reads it.

        Raises:
            OutputError: another suffix, or a place that cannot be written.
        """
        copy.pack(self._store, path)

    def close(self) -> None:
        """Remove what nothing refers to any more and let the folder go; a second call does nothing."""
        self._store.tidy_and_close()

    def _value(self, column: str) -> str:
        with self._store.reading() as sql:
            row = sql.execute(f"SELECT {column} FROM project").fetchone()
        if row is None:
            raise DataError(expected=f"a project in {self._store.file}", got="none", remedy=CURE)
        return str(row[0])

    def _result(self, number: int) -> Kept:
        kind, at, image, record, measured, note = self._row(number, "kind, at, image, record, measured, note")
        known = from_text(record, "a record", self._store.file)
        return Kept(number, kind, at, known, from_text(measured, "measurements", self._store.file), note, image)

    def _row(self, result: int, columns: str) -> tuple[Any, ...]:
        with self._store.reading() as sql:
            # As text: a number of any size is no error, there is just no such result.
            row = sql.execute(f"SELECT {columns} FROM result WHERE id = CAST(? AS INTEGER)", (str(result),)).fetchone()
        if row is None:
            raise RequestError(expected="a result of this project", got=f"{result}", remedy="choose one that is listed")
        return tuple(row)

    def _check_revision(self, sql: sqlite3.Connection, revision: int) -> None:
        (newest,) = sql.execute("SELECT revision FROM project").fetchone()
        if not newest < revision <= MAX_NUMBER:
            raise RequestError(
                expected=f"a revision above {newest}", got=f"{revision}", remedy="open the project again in this window"
            )

    def _check_kept(self, position: int) -> None:
        kept = self.kept()
        if position not in kept:
            raise RequestError(
                expected=f"a step that is kept, {kept.start} to {kept.stop - 1}",
                got=f"{position}",
                remedy="open the project again in this window",
            )


def _log(sql: sqlite3.Connection, revision: int, position: int, action: str, op: str, digest: str) -> int:
    row = sql.execute(
        f"INSERT INTO log ({', '.join(LOG)}) VALUES (?, ?, ?, ?, ?, ?) RETURNING number",
        (now(), revision, position, action, op, digest),
    ).fetchone()
    return int(row[0])


def _add_step(
    store: Store, sql: sqlite3.Connection, position: int, entry: int, label_map: bytes, sector: bytes
) -> None:
    names = store.files.put(label_map), store.files.put(sector)
    sql.execute("INSERT INTO step VALUES (?, ?, ?, ?)", (position, entry, *names))


def _check_slot(name: str) -> None:
    if name not in SLOTS:
        raise UnknownNameError("slot", name, SLOTS)


def _fill(folder: Path, title: str, first: Canvas) -> None:
    """Make the folder of a new project, durable down to its names."""
    (folder / FILES).mkdir(parents=True)
    with translated(f"{folder.name}/{DATABASE}"), closing(connect(folder / DATABASE, "rwc")) as sql:
        schema.SCHEMA.migrate(sql)
    label_map, sector = encode_label_map(first.label_map), encode_sector(first.sector)
    with closing(Store(folder)) as store, store.writing() as sql:
        sql.execute("INSERT INTO project VALUES (1, ?, ?, 0, 0, '{}')", (title, now()))
        entry = _log(sql, 0, 0, "create", "{}", first.label_map.digest)
        _add_step(store, sql, 0, entry, label_map, sector)
    sync_folder(folder)
