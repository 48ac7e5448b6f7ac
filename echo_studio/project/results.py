"""Frames that are kept with a project, each with the label map and the record that it came from."""

from dataclasses import dataclass
from typing import Any, Literal

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.database import now
from echo_studio.errors import RequestError
from echo_studio.project.pictures import encode_frame, encode_label_map, load_frame, load_label_map
from echo_studio.project.store import Store
from echo_studio.project.texts import from_text, to_text, valid_note
from echo_studio.types import GrayImage, Json

__all__ = ["Kept", "Kind", "Results"]

Kind = Literal["latest", "pinned"]


@dataclass(frozen=True)
class Kept:
    """A kept result without its pictures.

    Attributes:
        id: never used for another result of the project.
        at: ISO time of keeping, UTC.
        record: what brings the frame back. measured: what was measured on it. Both strict JSON.
        image_sha256: of the frame's PNG.
    """

    id: int
    kind: Kind
    at: str
    record: Json
    measured: Json
    note: str
    image_sha256: str


class Results:
    """See `Project` for what each does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(
        self, kind: Kind, image: GrayImage, label_map: LabelMap, record: Json, measured: Json, note: str = ""
    ) -> Kept:
        if kind not in ("latest", "pinned"):
            raise RequestError(expected="latest or pinned", got=f"{kind!r}", remedy="choose one of them")
        texts = to_text(record, "the record"), to_text(measured, "the measurements")
        frame, drawn, files = encode_frame(image, label_map, record), encode_label_map(label_map), self._store.files
        with self._store.writing() as sql:
            if kind == "latest":
                sql.execute("DELETE FROM result WHERE kind = 'latest'")
            row = sql.execute(
                "INSERT INTO result (kind, at, image, label_map, record, measured, note) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (kind, now(), files.put(frame), files.put(drawn), *texts, valid_note(note)),
            ).fetchone()
        return self.get(int(row[0]))

    def all(self) -> tuple[Kept, ...]:
        with self._store.reading() as sql:
            ids = [row[0] for row in sql.execute("SELECT id FROM result ORDER BY id")]
            return tuple(self.get(number) for number in ids)

    def get(self, number: int) -> Kept:
        kind, at, image, record, measured, note = self._row(number, "kind, at, image, record, measured, note")
        file = self._store.file
        return Kept(
            number,
            kind,
            at,
            from_text(record, "a record", file),
            from_text(measured, "measurements", file),
            note,
            image,
        )

    def pin(self, number: int) -> Kept:
        with self._store.writing() as sql:
            self._row(number, "id")
            sql.execute("UPDATE result SET kind = 'pinned' WHERE id = ?", (number,))
        return self.get(number)

    def remove(self, number: int) -> None:
        with self._store.writing() as sql:
            self._row(number, "id")
            sql.execute("DELETE FROM result WHERE id = ?", (number,))

    def image(self, number: int) -> GrayImage:
        with self._store.reading():
            return load_frame(self._store.files, self._row(number, "image")[0])

    def image_png(self, number: int) -> bytes:
        with self._store.reading():
            return self._store.files.read(self._row(number, "image")[0])

    def label_map(self, number: int) -> LabelMap:
        with self._store.reading():
            return load_label_map(self._store.files, self._row(number, "label_map")[0])

    def _row(self, number: int, columns: str) -> tuple[Any, ...]:
        with self._store.reading() as sql:
            # As text: a number of any size is no error, there is just no such result.
            row = sql.execute(f"SELECT {columns} FROM result WHERE id = CAST(? AS INTEGER)", (str(number),)).fetchone()
        if row is None:
            raise RequestError(expected="a result of this project", got=f"{number}", remedy="choose one that is listed")
        return tuple(row)
