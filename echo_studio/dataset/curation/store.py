"""The curation of a set: an index of its samples, what was measured on them, and what a curator decides. Autosaved.

    SET/curation.sqlite3        one writer (SET/.curation.lock), readers wait
    SET/curation.sqlite3-journal while something is written

Every act is one transaction, with what was before in it. Exports read the file, see `curated`.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from echo_studio.data.database import Database, now
from echo_studio.dataset.build.manifest import Item
from echo_studio.dataset.build.set_folder import MANIFEST, SetFolder
from echo_studio.dataset.curation import acts
from echo_studio.dataset.curation.query import CHOICES, Filter, line, tag_name
from echo_studio.dataset.curation.schema import SCHEMA
from echo_studio.dataset.pairs import RECORD, read_json
from echo_studio.dataset.sample import SampleHeader, header_of
from echo_studio.errors import DataError, RequestError
from echo_studio.types import Json

COLUMNS = ("id", "made", "base", "map", "generator", "solver", "nfe", "view", "phase", "defect", "ef")
DEFECT_TAG = "defect "  # how a sample's own tags name its defect

Row = tuple[str | int | float | None, ...]
STRUCTURES = ("lv_endo", "lv_epi", "la")
AT_ONCE = 500  # details in one question
DETAILS = (
    *("number", *COLUMNS[0:1], *COLUMNS[2:], "measured", "adherence", *STRUCTURES, "privacy", "flagged"),
    *("verdict", "reason", "reviewer", "at"),
)
CURATION = "curation.sqlite3"
LOCK = ".curation.lock"
CACHE_KB = 32_768  # the index of 100,000 samples fits
SHOWN_ENTRIES = 30
Measured = Mapping[str, float | None]


def planned_rows(folder: SetFolder) -> Iterator[Row]:
    """Every sample of a manifest, in its order, none of them made; values of `COLUMNS`.

    Raises:
        DataError: a line of the manifest is damaged.
    """
    header = folder.header
    with (folder.root / MANIFEST).open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            yield _planned(header, Item.of(line))


def _planned(header: Json, item: Item) -> Row:
    sampling, about = header["generators"][item.how], header["maps"][item.map]
    defect = item.defect["name"] if item.defect else ""
    described = about["base"], about["name"], sampling["generator"], sampling["solver"], sampling["nfe"], about["view"]
    # A clip has no phase; a frame with an ejection fraction shows end systole.
    phase = "" if sampling.get("clip") else "ES" if item.ef is not None else about["phase"]
    return item.id, 0, *described, phase, defect, item.ef


def found_rows(root: Path, known: set[str]) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """The samples of a plain set of PNG pairs that are not known yet, with their tags.

    Raises:
        DataError: a record is damaged.
    """
    for place in sorted(path.parent for path in root.glob(f"[!.]*/{RECORD}") if path.parent.name not in known):
        header = header_of(read_json(place / RECORD), str(place / RECORD))
        yield _found(header, place.name), tuple(tag for tag in header.tags if not tag.startswith(DEFECT_TAG))


def _found(header: SampleHeader, name: str) -> Row:
    record = header.record
    anatomy = record.get("anatomy")
    anatomy = anatomy if isinstance(anatomy, dict) else {}
    damage = anatomy.get("defect")
    defect = damage.get("name") if isinstance(damage, dict) else None
    nfe, ef = record.get("nfe"), anatomy.get("ef")
    return (
        *(name, 1, header.base),
        *(_text(anatomy.get("map")), _text(record.get("generator")), _text(record.get("solver"))),
        nfe if isinstance(nfe, int) else None,
        *(header.view, header.phase or "", _text(defect)),
        float(ef) if isinstance(ef, int | float) else None,
    )


def _text(value: object) -> str:
    return value[:80] if isinstance(value, str) else ""


def _still_counts(sql: sqlite3.Connection) -> Json:
    """What changes only when samples are made or measured; one look at each sample."""
    names = [name for name in CHOICES if name not in ("verdict", "tag")]
    counted: dict[str, Counter[str]] = {name: Counter() for name in names}
    # Few kinds of samples, so few groups.
    groups = sql.execute(
        f"SELECT {', '.join(names)}, count(*) FROM sample WHERE made = 1 GROUP BY 1, 2, 3, 4"
    ).fetchall()
    for *values, count in groups:
        for name, value in zip(names, values, strict=True):
            counted[name][value] += count
    made, unmeasured, figures, flagged = sql.execute(
        "SELECT count(*), sum(measured = 0), count(privacy), sum(flagged = 1) FROM sample WHERE made = 1"
    ).fetchone()
    return {
        **{"choices": {name: dict(values) for name, values in counted.items()}, "samples": made},
        **{"planned": sql.execute("SELECT count(*) FROM sample").fetchone()[0], "unmeasured": unmeasured or 0},
        **{"with_privacy": figures, "flagged": flagged or 0},
    }


class Curation(Database):
    """The open curation of the set in `folder`, made if it does not exist; usable from several threads.

    Raises:
        BusyError: another server has it open.
        DataError: no set is there, or the file is damaged or foreign.
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = SetFolder(folder)
        if not folder.is_dir():
            raise DataError(expected=f"a set {folder.name}", got="no such folder", remedy="choose another one")
        super().__init__(folder / CURATION, SCHEMA, folder / LOCK, f"set {folder.name}")
        with self.reading() as sql:
            sql.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            sql.execute("PRAGMA temp_store = MEMORY")
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
        with self.reading() as sql:
            return [row[0] for row in sql.execute(f"SELECT number FROM sample {tail}", values)]

    def details(self, numbers: Sequence[int]) -> list[Json]:
        """What is known about samples, in the order of `numbers`; those that there are not are left out."""
        with self.reading() as sql:
            found: dict[int, Json] = {}
            for start in range(0, len(numbers), AT_ONCE):
                some = numbers[start : start + AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = f"SELECT {', '.join(DETAILS)} FROM sample WHERE made = 1 AND number IN ({marks})"
                for row in sql.execute(query, some):
                    found[row[0]] = {**dict(zip(DETAILS, row, strict=True)), "tags": []}
                query = f"SELECT name, sample FROM tag WHERE sample IN ({marks}) ORDER BY name"
                for name, number in sql.execute(query, some):
                    if number in found:
                        found[number]["tags"].append(name)
            return [found[number] for number in numbers if number in found]

    def counts(self) -> Json:
        """How many samples there are of each value of each choice, how many are unmeasured, and the newest entries."""
        with self.reading() as sql:
            if self._still is None:
                self._still = _still_counts(sql)
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
        plain = None if reason is None else line("reason", reason)
        with self.writing() as sql:
            return acts.decide(sql, numbers, verdict, plain, line("name", reviewer), now())

    def tag(self, numbers: Sequence[int], name: str, on: bool = True, reviewer: str = "") -> int:
        """Give or take a tag; how many samples this changes.

        Raises:
            RequestError: no tag.
        """
        with self.writing() as sql:
            return acts.tag(sql, numbers, tag_name(name), on, line("name", reviewer), now())

    def undo(self) -> Json | None:
        """Take the newest act back, whatever it was: `act`, `what`, `samples`; None if there is no act."""
        with self.writing() as sql:
            return acts.undo(sql)

    def unmeasured(self, most: int) -> list[tuple[int, str]]:
        """Number and id of samples whose adherence was not measured yet."""
        query = "SELECT number, id FROM sample WHERE made = 1 AND measured = 0 ORDER BY number LIMIT ?"
        with self.reading() as sql:
            return [(row[0], row[1]) for row in sql.execute(query, (most,))]

    def set_adherence(self, measured: Mapping[int, Measured]) -> None:
        """Keep the Dice of each structure by number; their mean is the adherence, None where there is no structure."""
        rows = []
        for number, dice in measured.items():
            known = [dice[name] for name in STRUCTURES if dice.get(name) is not None]
            mean = sum(value for value in known if value is not None) / len(known) if known else None
            rows.append((mean, *(dice.get(name) for name in STRUCTURES), number))
        with self.writing() as sql:
            self._still = None
            sql.executemany(
                "UPDATE sample SET measured = 1, adherence = ?, lv_endo = ?, lv_epi = ?, la = ? WHERE number = ?", rows
            )

    def set_privacy(self, frames: Iterable[tuple[str, float, bool]]) -> int:
        """Keep the distance of samples to their nearest training image, and whether it is a flag, by id; how many."""
        with self.writing() as sql:
            self._still = None
            rows = ((distance, flagged, name) for name, distance, flagged in frames)
            return sql.executemany("UPDATE sample SET privacy = ?, flagged = ? WHERE id = ?", rows).rowcount

    def sample_id(self, number: int) -> str:
        """The id of a sample that was made.

        Raises:
            RequestError: no sample has this number.
        """
        with self.reading() as sql:
            row = sql.execute("SELECT id FROM sample WHERE made = 1 AND number = ?", (number,)).fetchone()
        if row is None:
            raise RequestError(expected="a sample of this set", got=f"number {number}", remedy="reload the gallery")
        return str(row[0])

    def _sync_made(self) -> int:
        with self.reading() as sql:
            begun = sql.execute("SELECT 1 FROM sample LIMIT 1").fetchone() is not None
            offset = sql.execute("SELECT offset FROM source").fetchone()[0]
        made, end = self.folder.index.since(offset)
        if begun and end == offset:
            return 0
        with self.writing() as sql:
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
        with self.writing() as sql:
            known = {row[0] for row in sql.execute("SELECT id FROM sample")}
            number = sql.execute("SELECT coalesce(max(number), -1) + 1 FROM sample").fetchone()[0]
            first = number
            for row, tags in found_rows(self.folder.root, known):
                sql.execute(f"INSERT INTO sample (number, {', '.join(COLUMNS)}) VALUES (?, {marks})", (number, *row))
                sql.executemany("INSERT OR IGNORE INTO tag VALUES (?, ?)", ((name, number) for name in tags))
                number += 1
        return int(number - first)
