"""The tables of a project, how an older file becomes a newer one, and what texts may hold."""

import json
from typing import Any

from echo_studio.data.database import CURE, Schema
from echo_studio.errors import DataError, RequestError, raised_as
from echo_studio.types import Json

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 0 to 1: the canvas with its history.
    (
        # Append-only. A step takes its op from here, so that each stands in the file once.
        """CREATE TABLE log (
            number INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            revision INTEGER NOT NULL,
            position INTEGER NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('create', 'edit', 'move')),
            op TEXT NOT NULL,
            label_map_sha256 TEXT NOT NULL
        ) STRICT""",
        # The states that can be gone back to; label_map and fan (the sector, as files name it) name content files.
        """CREATE TABLE step (
            position INTEGER PRIMARY KEY,
            entry INTEGER NOT NULL REFERENCES log (number),
            label_map TEXT NOT NULL,
            fan TEXT NOT NULL
        ) STRICT""",
        # Deferred: an edit drops the step under the cursor before it moves the cursor.
        """CREATE TABLE project (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            title TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            revision INTEGER NOT NULL,
            position INTEGER NOT NULL REFERENCES step (position) DEFERRABLE INITIALLY DEFERRED,
            settings TEXT NOT NULL
        ) STRICT""",
    ),
    # 1 to 2: kept results and view slots.
    (
        # AUTOINCREMENT: the number of a removed result never comes back for another one.
        """CREATE TABLE result (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('latest', 'pinned')),
            at TEXT NOT NULL,
            image TEXT NOT NULL,
            label_map TEXT NOT NULL,
            record TEXT NOT NULL,
            measured TEXT NOT NULL,
            note TEXT NOT NULL
        ) STRICT""",
        "CREATE UNIQUE INDEX one_latest ON result (kind) WHERE kind = 'latest'",
        """CREATE TABLE slot (
            name TEXT PRIMARY KEY CHECK (name IN ('4CH-ED', '4CH-ES', '2CH-ED', '2CH-ES')),
            label_map TEXT NOT NULL
        ) STRICT""",
    ),
)
SCHEMA = Schema("a project", int.from_bytes(b"Echo", "big"), MIGRATIONS, CURE)
MAX_OP = 8 << 20  # bytes; the mask of a pasted structure is the largest thing in an op
MAX_SETTINGS = 64 << 10
MAX_TITLE = 120  # characters
MAX_NUMBER = 2**53 - 1  # the browser's whole numbers end here


def to_text(obj: Any, what: str, limit: int = MAX_OP) -> str:
    """ASCII text of a JSON object.

    Raises:
        RequestError: not an object, not strict JSON (NaN, other types) or more than `limit` bytes.
    """
    remedy = "keep numbers that are finite, texts, lists and objects alone"
    if not isinstance(obj, dict):
        raise RequestError(expected=f"{what} as a JSON object", got=type(obj).__name__, remedy=remedy)
    expected = f"{what} as strict JSON"
    with raised_as(RequestError, TypeError, ValueError, RecursionError, expected=expected, remedy=remedy):
        text = json.dumps(obj, allow_nan=False, separators=(",", ":"))
    if len(text) > limit:
        raise RequestError(
            expected=f"{what} of at most {limit} bytes", got=f"{len(text)}", remedy="leave something out"
        )
    return text


def from_text(text: str, what: str, file: str) -> Json:
    """Raises DataError where the text in `file` is no JSON object."""
    with raised_as(DataError, ValueError, RecursionError, expected=f"{what} as a JSON object in {file}", remedy=CURE):
        obj = json.loads(text)
        if not isinstance(obj, dict):
            raise ValueError("something else")
        return obj


def valid_title(title: str) -> str:
    """The title on one line without spaces around it.

    Raises:
        RequestError: it is empty, longer than 120 characters or holds control characters.
    """
    plain = " ".join(title.split())
    if not 1 <= len(plain) <= MAX_TITLE or not plain.isprintable():
        raise RequestError(
            expected=f"a title of 1 to {MAX_TITLE} printable characters", got=f"{plain[:40]!r}", remedy="change it"
        )
    return plain
