"""What a person or the page writes, as text for a database: titles, notes, small strict JSON objects."""

import json
from typing import Any

from echo_studio.errors import DataError, RequestError
from echo_studio.types import Json

__all__ = ["MAX_NUMBER", "MAX_OP", "MAX_SETTINGS", "from_text", "to_text", "valid_note", "valid_title"]

MAX_OP = 8 << 20  # bytes; the mask of a pasted structure is the largest thing in an op
MAX_SETTINGS = 64 << 10
MAX_TITLE = 120  # characters
MAX_NOTE = 2000
MAX_NUMBER = 2**53 - 1  # the browser's whole numbers end here


def to_text(obj: Any, what: str, limit: int = MAX_OP) -> str:
    """ASCII text of a JSON object.

    Raises:
        RequestError: not an object, not strict JSON (NaN, other types) or more than `limit` bytes.
    """
    remedy = "keep numbers that are finite, texts, lists and objects alone"
    if not isinstance(obj, dict):
        raise RequestError(expected=f"{what} as a JSON object", got=type(obj).__name__, remedy=remedy)
    try:
        text = json.dumps(obj, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise RequestError(expected=f"{what} as strict JSON", got=str(error)[:120], remedy=remedy) from error
    if len(text) > limit:
        raise RequestError(
            expected=f"{what} of at most {limit} bytes", got=f"{len(text)}", remedy="leave something out"
        )
    return text


def from_text(text: str, what: str, file: str) -> Json:
    """Raises DataError where the text in `file` is no JSON object."""
    try:
        obj = json.loads(text)
    except (ValueError, RecursionError):
        obj = None
    if not isinstance(obj, dict):
        raise DataError(
            expected=f"{what} as a JSON object in {file}",
            got="something else",
            remedy="import an .echo copy of the project, or start a new one",
        )
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


def valid_note(note: str) -> str:
    """The note as it is.

    Raises:
        RequestError: it is longer than 2000 characters or holds half a character (a lone surrogate).
    """
    if len(note) > MAX_NOTE or any("\ud800" <= letter <= "\udfff" for letter in note):
        raise RequestError(
            expected=f"a note of at most {MAX_NOTE} whole characters", got=f"{len(note)} of them", remedy="shorten it"
        )
    return note
