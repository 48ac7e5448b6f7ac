"""The steps of a project and the log of how they came about."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from echo_studio.data.database import now
from echo_studio.errors import RequestError
from echo_studio.project.pictures import Canvas, encode_label_map, encode_sector, load_label_map, load_sector
from echo_studio.project.store import Store
from echo_studio.project.texts import MAX_NUMBER, from_text, to_text
from echo_studio.types import BoolMask, Json

__all__ = ["MAX_BEHIND", "History", "Step"]

MAX_BEHIND = 100  # steps that can be undone


@dataclass(frozen=True)
class Step:
    """The canvas after one step of the history; `op` is {} for the first."""

    position: int
    op: Json
    canvas: Canvas


class History:
    """Edits, moves and what is kept of them. See `Project` for what each does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sector: tuple[BoolMask, bytes] | None = None  # the last one with its PNG: few edits change it

    def begin(self, title: str, first: Canvas) -> None:
        """Fill the tables of a new project."""
        label_map = encode_label_map(first.label_map)
        with self._store.writing() as sql:
            sql.execute("INSERT INTO project VALUES (1, ?, ?, 0, 0, '{}')", (title, now()))
            entry = self._log(0, 0, "create", "{}", first.label_map.digest)
            self._add_step(0, entry, label_map, first.sector)

    def edit(self, revision: int, position: int, op: Json, canvas: Canvas) -> None:
        text = to_text(op, "the op of an edit")
        label_map = encode_label_map(canvas.label_map)
        with self._store.writing() as sql:
            self._check_revision(revision)
            self._check_kept(position - 1)
            entry = self._log(revision, position, "edit", text, canvas.label_map.digest)
            sql.execute("DELETE FROM step WHERE position >= ?", (position,))
            self._add_step(position, entry, label_map, canvas.sector)
            sql.execute("DELETE FROM step WHERE position < ?", (position - MAX_BEHIND,))
            sql.execute("UPDATE project SET revision = ?, position = ?", (revision, position))

    def move(self, revision: int, position: int) -> None:
        with self._store.writing() as sql:
            self._check_revision(revision)
            self._check_kept(position)
            (digest,) = sql.execute(
                "SELECT label_map_sha256 FROM step JOIN log ON entry = number WHERE step.position = ?", (position,)
            ).fetchone()
            self._log(revision, position, "move", "{}", digest)
            sql.execute("UPDATE project SET revision = ?, position = ?", (revision, position))

    def kept(self) -> range:
        with self._store.reading() as sql:
            first, last = sql.execute("SELECT min(position), max(position) FROM step").fetchone()
        return range(first, last + 1)

    def step(self, position: int) -> Step:
        with self._store.reading() as sql:
            self._check_kept(position)
            op, label_map, sector = sql.execute(
                "SELECT op, label_map, sector FROM step JOIN log ON entry = number WHERE step.position = ?", (position,)
            ).fetchone()
            canvas = Canvas(load_label_map(self._store.files, label_map), load_sector(self._store.files, sector))
        return Step(position, from_text(op, "an op", self._store.file), canvas)

    def steps(self) -> Iterator[Step]:
        # One at a time: a hundred large canvases would not fit everywhere.
        return (self.step(position) for position in self.kept())

    def log(self) -> list[Json]:
        with self._store.reading() as sql:
            rows = sql.execute(
                "SELECT at, revision, position, action, op, label_map_sha256 FROM log ORDER BY number"
            ).fetchall()
        names = ("at", "revision", "position", "action", "op", "label_map_sha256")
        entries = [dict(zip(names, row, strict=True)) for row in rows]
        return [{**entry, "op": from_text(entry["op"], "an op", self._store.file)} for entry in entries]

    def _log(self, revision: int, position: int, action: str, op: str, digest: str) -> int:
        with self._store.reading() as sql:
            row = sql.execute(
                "INSERT INTO log (at, revision, position, action, op, label_map_sha256) "
                "VALUES (?, ?, ?, ?, ?, ?) RETURNING number",
                (now(), revision, position, action, op, digest),
            ).fetchone()
        return int(row[0])

    def _add_step(self, position: int, entry: int, label_map: bytes, sector: BoolMask) -> None:
        if self._sector is None or not np.array_equal(self._sector[0], sector):
            self._sector = sector, encode_sector(sector)
        names = self._store.files.put(label_map), self._store.files.put(self._sector[1])
        with self._store.reading() as sql:
            sql.execute("INSERT INTO step VALUES (?, ?, ?, ?)", (position, entry, *names))

    def _check_revision(self, revision: int) -> None:
        with self._store.reading() as sql:
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
