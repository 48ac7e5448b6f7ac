"""Everything that a project claims, compared with what is there: for copies that come from elsewhere."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from echo_studio.data.database import CURE
from echo_studio.errors import DataError, EchoStudioError
from echo_studio.project.pictures import load_frame, load_label_map, load_sector
from echo_studio.project.project import MAX_BEHIND
from echo_studio.project.schema import MAX_NUMBER, from_text, valid_title
from echo_studio.project.store import Store

MAX_PIXELS = 1 << 32  # of all pictures together: a few kilobytes can hold 4096 x 4096
COUNTERS = (
    *("revision FROM project", "position FROM project", "revision FROM log", "position FROM log"),
    *("number FROM log", "id FROM result", "seq FROM sqlite_sequence"),
)
SHA256 = re.compile(r"[0-9a-f]{64}")


def audit(store: Store) -> None:
    """Read all of a project.

    Raises:
        DataError: a text is no JSON object, a time is no ISO time, steps have gaps, a picture is missing, altered or
            another one than the log says, a frame has another size than its label map, or a file too many.
    """
    _audit_texts(store)
    _audit_steps(store)
    _audit_pictures(store)
    present = {path.stem for path in store.files.folder.iterdir()}
    if unused := present - store.references():
        raise _fault(store, "only files that the project refers to", f"{len(unused)} others")


def _audit_texts(store: Store) -> None:
    texts = {"log": ("op",), "project": ("settings",), "result": ("record", "measured")}
    times = {"log": "at", "project": "changed_at", "result": "at"}
    for table, columns in texts.items():
        for row in _rows(store, f"SELECT {times[table]}, {', '.join(columns)} FROM {table}"):
            for text in row[1:]:
                from_text(text, f"a text of {table}", store.file)
            try:
                datetime.fromisoformat(row[0])
            except ValueError:
                raise _fault(store, "ISO times", repr(row[0][:40])) from None
    titles = [row[0] for row in _rows(store, "SELECT title FROM project")]
    try:
        fine = [valid_title(title) for title in titles] == titles != []
    except EchoStudioError:
        fine = False
    if not fine:
        raise _fault(store, "a project with a title on one line", "another one")


def _audit_steps(store: Store) -> None:
    positions = [row[0] for row in _rows(store, "SELECT position FROM step ORDER BY position")]
    numbers = [row[0] for counter in COUNTERS for row in _rows(store, f"SELECT {counter}")]
    if not positions or not all(isinstance(number, int) and 0 <= number <= MAX_NUMBER for number in numbers):
        raise _fault(store, "a project with steps, numbered from 0", "another one")
    if len(positions) > MAX_BEHIND + 1 or positions != list(range(positions[0], positions[0] + len(positions))):
        raise _fault(store, f"at most {MAX_BEHIND + 1} steps without gaps", f"{len(positions)} steps")
    wrong = _rows(
        store, "SELECT step.position FROM step JOIN log ON entry = number WHERE log.position <> step.position"
    )
    digests = [row[0] for row in _rows(store, "SELECT label_map_sha256 FROM log")]
    if wrong or not all(SHA256.fullmatch(digest) for digest in digests):
        raise _fault(store, "a log that fits the steps", "another one")


def _audit_pictures(store: Store) -> None:
    pixels = 0

    @cache  # each picture is read once
    def picture(load: Callable[..., Any], name: str) -> tuple[tuple[int, int], str]:
        """Shape, and digest of a label map or ""."""
        nonlocal pixels
        loaded = load(store.files, name)
        pixels += loaded.shape[0] * loaded.shape[1]
        if pixels > MAX_PIXELS:
            raise _fault(store, f"at most {MAX_PIXELS} pixels", "more")
        return loaded.shape, getattr(loaded, "digest", "")

    for name, mask, digest in _rows(
        store, "SELECT label_map, fan, label_map_sha256 FROM step JOIN log ON entry = number"
    ):
        shape, found = picture(load_label_map, name)
        if found != digest or shape != picture(load_sector, mask)[0]:
            raise _fault(store, "label maps and sectors as the log tells", "others")
    for image, name in _rows(store, "SELECT image, label_map FROM result"):
        if picture(load_frame, image)[0] != picture(load_label_map, name)[0]:
            raise _fault(store, "frames as large as their label maps", "another size")
    for (name,) in _rows(store, "SELECT label_map FROM slot"):
        picture(load_label_map, name)


def _rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.reading() as sql:
        return sql.execute(query).fetchall()


def _fault(store: Store, expected: str, got: str) -> DataError:
    return DataError(expected=expected, got=f"{got} in {store.file}", remedy=CURE)
