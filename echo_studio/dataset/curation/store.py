"""The curation of a set: an index of its samples, what was measured on them, and what a curator decides. Autosaved.

    SET/curation.sqlite3        one writer (SET/.curation.lock), readers wait
    SET/curation.sqlite3-journal while something is written

Every act is one transaction, with what was before in it. Exports read the file, see `curated`.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from echo_studio.data.database import connect, now, translated
from echo_studio.data.lock import FileLock
from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.curation import acts
from echo_studio.dataset.curation import schema as curation_schema
from echo_studio.dataset.curation.looks import STRUCTURES, details, still_counts
from echo_studio.dataset.curation.query import Filter
from echo_studio.dataset.curation.rows import COLUMNS, found_rows, planned_rows
from echo_studio.dataset.curation.text import line, tag_name
from echo_studio.errors import BusyError, DataError, RequestError
from echo_studio.types import Json

__all__ = ["CURATION", "Curation", "Measured"]

CURATION = "curation.sqlite3"
LOCK = ".curation.lock"
CACHE_KB = 32_768  # the index of 100,000 samples fits
SHOWN_ENTRIES = 30

Measured = Mapping[str, float | None]


class Curation:
    """The open curation of the set in `folder`, made where there is none; usable from several threads.

    Raises:
        BusyError: another server has it open.
        DataError: no set is there, or the file is damaged or foreign.
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = SetFolder(folder)
        self._name = f"{folder.name}/{CURATION}"
        self._thread_lock = threading.RLock()
        if not folder.is_dir():
            raise DataError(expected=f"a set {folder.name}", got="no such folder", remedy="choose another one")
        lock = FileLock.taken(folder / LOCK)
        if lock is None:
            raise BusyError(
                expected="a set that is curated in one place at a time",
                got=f"{folder.name}, which another server has open",
                remedy="close it there first",
            )
        try:
            self._sql: sqlite3.Connection | None = self._opened(folder / CURATION)
        except BaseException:
            lock.release()
            raise
        self._lock = lock
        self._still: Json | None = None  # counts that no decision changes

    def sync(self) -> int:
        """Take in what was made since the last time; how many samples. Quick where nothing was.

        Of a plain set every folder is looked at: call it when the set is opened.

        Raises:
            DataError, OutputError: the set cannot be read.
        """
        with self._thread_lock:
            new = self._sync_made() if self.folder.begun else self._sync_found()
            if new:
                self._still = None
        return new

    def numbers(self, wanted: Filter) -> list[int]:
        """The samples that a filter lets through, in its order."""
        tail, values = wanted.sql()
        with self._reading() as sql:
            return [row[0] for row in sql.execute(f"SELECT number FROM sample {tail}", values)]

    def details(self, numbers: Sequence[int]) -> list[Json]:
        """What is known about samples, in the order of `numbers`; those that there are not are left out."""
        with self._reading() as sql:
            return details(sql, numbers)

    def counts(self) -> Json:
        """How many samples there are of each value of each choice, how many are unmeasured, and the newest entries."""
        with self._reading() as sql:
            if self._still is None:
                self._still = still_counts(sql)
            counted = {
                **self._still["choices"],
                "verdict": dict(
                    sql.execute("SELECT verdict, count(*) FROM sample WHERE made = 1 GROUP BY 1").fetchall()
                ),
                "tag": dict(sql.execute("SELECT name, count(*) FROM tag GROUP BY 1").fetchall()),
            }
            return {**self._still, "choices": counted, "entries": acts.entries(sql, SHOWN_ENTRIES)}

    def decide(
        self, numbers: Sequence[int], verdict: str | None = None, reason: str | None = None, reviewer: str = ""
    ) -> int:
        """Keep ("keep"), reject ("reject") or leave undecided (""), with a reason; None leaves what is there.

        Returns:
            How many samples this changes; an act that changes none is not kept.

        Raises:
            RequestError: another verdict, or a text that is not one printable line.
        """
        told = None if reason is None else line("reason", reason)
        with self._writing() as sql:
            return acts.decide(sql, numbers, verdict, told, line("name", reviewer), now())

    def tag(self, numbers: Sequence[int], name: str, on: bool = True, reviewer: str = "") -> int:
        """Give or take a tag; how many samples this changes.

        Raises:
            RequestError: no tag.
        """
        with self._writing() as sql:
            act = acts.tag if on else acts.untag
            return act(sql, numbers, tag_name(name), line("name", reviewer), now())

    def undo(self) -> Json | None:
        """Take the newest act back, whatever it was: `act`, `what`, `samples`; None where there is none."""
        with self._writing() as sql:
            return acts.undo(sql)

    def unmeasured(self, most: int) -> list[tuple[int, str]]:
        """Number and id of samples whose adherence was not measured yet."""
        query = "SELECT number, id FROM sample WHERE made = 1 AND measured = 0 ORDER BY number LIMIT ?"
        with self._reading() as sql:
            return [(row[0], row[1]) for row in sql.execute(query, (most,))]

    def set_adherence(self, measured: Mapping[int, Measured]) -> None:
        """Keep the Dice of each structure by number; their mean is the adherence, None where there is no structure."""
        rows = []
        for number, dice in measured.items():
            known = [dice[name] for name in STRUCTURES if dice.get(name) is not None]
            mean = sum(value for value in known if value is not None) / len(known) if known else None
            rows.append((mean, *(dice.get(name) for name in STRUCTURES), number))
        with self._writing() as sql:
            self._still = None
            sql.executemany(
                "UPDATE sample SET measured = 1, adherence = ?, lv_endo = ?, lv_epi = ?, la = ? WHERE number = ?", rows
            )

    def set_privacy(self, frames: Iterable[tuple[str, float, bool]]) -> int:
        """Keep the distance of samples to their nearest training image, and whether it is a flag, by id; how many."""
        with self._writing() as sql:
            self._still = None
            rows = ((distance, flagged, name) for name, distance, flagged in frames)
            return sql.executemany("UPDATE sample SET privacy = ?, flagged = ? WHERE id = ?", rows).rowcount

    def sample_id(self, number: int) -> str:
        """The id of a sample that was made.

        Raises:
            RequestError: there is none of this number.
        """
        with self._reading() as sql:
            row = sql.execute("SELECT id FROM sample WHERE made = 1 AND number = ?", (number,)).fetchone()
        if row is None:
            raise RequestError(expected="a sample of this set", got=f"number {number}", remedy="reload the gallery")
        return str(row[0])

    def close(self) -> None:
        """Let the set go; a second call does nothing."""
        with self._thread_lock:
            if self._sql is not None:
                self._sql.close()
                self._sql = None
                self._lock.release()

    def _opened(self, path: Path) -> sqlite3.Connection:
        with translated(self._name):
            sql = connect(path, "rwc")
            try:
                sql.execute(f"PRAGMA cache_size = -{CACHE_KB}")
                sql.execute("PRAGMA temp_store = MEMORY")
                curation_schema.make(sql)
                curation_schema.check(sql, self._name)
            except BaseException:
                sql.close()
                raise
        return sql

    def _sync_made(self) -> int:
        with self._reading() as sql:
            begun = sql.execute("SELECT 1 FROM sample LIMIT 1").fetchone() is not None
            offset = sql.execute("SELECT offset FROM source").fetchone()[0]
        made, end = self.folder.index.since(offset)
        if begun and end == offset:
            return 0
        with self._writing() as sql:
            if not begun:
                marks = ", ".join("?" * len(COLUMNS))
                sql.executemany(
                    f"INSERT INTO sample (number, {', '.join(COLUMNS)}) VALUES (?, {marks})",
                    ((number, *row) for number, row in enumerate(planned_rows(self.folder))),
                )
            ids = ((name,) for batch in made for name in batch.samples)
            count = sql.executemany("UPDATE sample SET made = 1 WHERE id = ?", ids).rowcount
            sql.execute("UPDATE source SET offset = ?", (end,))
        return max(0, count)

    def _sync_found(self) -> int:
        marks = ", ".join("?" * len(COLUMNS))
        with self._writing() as sql:
            known = {row[0] for row in sql.execute("SELECT id FROM sample")}
            number = sql.execute("SELECT coalesce(max(number), -1) + 1 FROM sample").fetchone()[0]
            first = number
            for row, tags in found_rows(self.folder.root, known):
                sql.execute(f"INSERT INTO sample (number, {', '.join(COLUMNS)}) VALUES (?, {marks})", (number, *row))
                sql.executemany("INSERT OR IGNORE INTO tag VALUES (?, ?)", ((name, number) for name in tags))
                number += 1
        return int(number - first)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._thread_lock, translated(self._name):
            if self._sql is None:
                raise RequestError(expected="an open set", got="a closed one", remedy="open it again")
            yield self._sql

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as sql:
            sql.execute("BEGIN IMMEDIATE")
            try:
                yield sql
                sql.execute("COMMIT")
            finally:
                if sql.in_transaction:
                    sql.execute("ROLLBACK")
