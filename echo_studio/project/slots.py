"""The view slots of a project: up to four label maps that belong together."""

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import UnknownNameError
from echo_studio.project.pictures import encode_label_map, load_label_map
from echo_studio.project.store import Store

__all__ = ["SLOTS", "Slots"]

SLOTS = ("4CH-ED", "4CH-ES", "2CH-ED", "2CH-ES")


class Slots:
    """See `Project` for what each does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def fill(self, name: str, label_map: LabelMap) -> None:
        _check(name)
        data = encode_label_map(label_map)
        with self._store.writing() as sql:
            sql.execute("INSERT OR REPLACE INTO slot VALUES (?, ?)", (name, self._store.files.put(data)))

    def all(self) -> dict[str, LabelMap]:
        with self._store.reading() as sql:
            digests = dict(sql.execute("SELECT name, label_map FROM slot").fetchall())
            return {name: load_label_map(self._store.files, digests[name]) for name in SLOTS if name in digests}

    def clear(self, name: str) -> None:
        _check(name)
        with self._store.writing() as sql:
            sql.execute("DELETE FROM slot WHERE name = ?", (name,))


def _check(name: str) -> None:
    if name not in SLOTS:
        raise UnknownNameError("slot", name, SLOTS)
