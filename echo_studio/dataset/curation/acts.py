"""Decisions on samples and tags, in SQL: each an entry with what was before, so that any of them can be undone."""

import sqlite3
from collections.abc import Sequence

from echo_studio.errors import RequestError
from echo_studio.types import Json

VERDICTS = ("", "keep", "reject")
WORDS = {"": "undecided", "keep": "kept", "reject": "rejected"}


def decide(
    sql: sqlite3.Connection, numbers: Sequence[int], verdict: str | None, reason: str | None, reviewer: str, at: str
) -> int:
    """Keep, reject or leave undecided; a transaction is open.

    Args:
        verdict: of `VERDICTS`; None leaves what each sample has.
        reason: None leaves what each sample has. An undecided sample has no reason.

    Returns:
        How many samples this changes.
    """
    if verdict is not None and verdict not in VERDICTS:
        got = f"{verdict!r}"[:40]
        raise RequestError(expected="keep, reject or nothing", got=got, remedy="choose one of them")
    _pick(sql, numbers)
    new_verdict = "coalesce(:verdict, sample.verdict)"
    new_reason = f"CASE WHEN {new_verdict} = '' THEN '' ELSE coalesce(:reason, sample.reason) END"
    values = {"verdict": verdict, "reason": reason, "reviewer": reviewer, "at": at}
    differs = f"(sample.verdict, sample.reason) IS NOT ({new_verdict}, {new_reason})"
    entry = _entry(sql, at, reviewer, "decide", _words(verdict, reason))
    count = sql.execute(
        f"""INSERT INTO change SELECT :entry, number, verdict, reason, reviewer, at FROM sample
            WHERE number IN picked AND made = 1 AND {differs}""",
        {**values, "entry": entry},
    ).rowcount
    sql.execute(
        f"""UPDATE sample SET verdict = {new_verdict}, reason = {new_reason}, reviewer = :reviewer, at = :at
            WHERE number IN (SELECT sample FROM change WHERE entry = :entry)""",
        {**values, "entry": entry},
    )
    return _settled(sql, entry, count)


def tag(sql: sqlite3.Connection, numbers: Sequence[int], name: str, on: bool, reviewer: str, at: str) -> int:
    """Give samples a tag, or take it; how many this changes."""
    _pick(sql, numbers)
    entry = _entry(sql, at, reviewer, "tag" if on else "untag", name)
    count = sql.execute(
        f"""INSERT INTO change SELECT ?, number, '', '', '', '' FROM sample
            WHERE number IN picked AND made = 1
            AND number {"NOT IN" if on else "IN"} (SELECT sample FROM tag WHERE name = ?)""",
        (entry, name),
    ).rowcount
    (_add if on else _drop)(sql, name, entry)
    return _settled(sql, entry, count)


def undo(sql: sqlite3.Connection) -> Json | None:
    """Take the newest entry back: `act`, `what`, and the number of `samples`; None if there is no entry."""
    newest = sql.execute("SELECT number, act, what, samples FROM entry ORDER BY number DESC LIMIT 1").fetchone()
    if newest is None:
        return None
    entry, act, what, samples = newest
    if act == "decide":
        sql.execute(
            """UPDATE sample SET (verdict, reason, reviewer, at) =
                 (SELECT c.verdict, c.reason, c.reviewer, c.at FROM change c
                  WHERE c.entry = :entry AND c.sample = sample.number)
               WHERE number IN (SELECT sample FROM change WHERE entry = :entry)""",
            {"entry": entry},
        )
    elif act == "tag":
        _drop(sql, what, entry)
    else:
        _add(sql, what, entry)
    sql.execute("DELETE FROM entry WHERE number = ?", (entry,))
    return {"act": act, "what": what, "samples": samples}


def entries(sql: sqlite3.Connection, most: int) -> list[Json]:
    """The newest entries, the newest first."""
    names = ("at", "reviewer", "act", "what", "samples")
    rows = sql.execute("SELECT at, reviewer, act, what, samples FROM entry ORDER BY number DESC LIMIT ?", (most,))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _add(sql: sqlite3.Connection, name: str, entry: int) -> None:
    sql.execute("INSERT INTO tag SELECT ?, sample FROM change WHERE entry = ?", (name, entry))


def _drop(sql: sqlite3.Connection, name: str, entry: int) -> None:
    sql.execute(
        "DELETE FROM tag WHERE name = ? AND sample IN (SELECT sample FROM change WHERE entry = ?)", (name, entry)
    )


def _pick(sql: sqlite3.Connection, numbers: Sequence[int]) -> None:
    sql.execute("CREATE TEMP TABLE IF NOT EXISTS picked (number INTEGER PRIMARY KEY)")
    sql.execute("DELETE FROM picked")
    sql.executemany("INSERT OR IGNORE INTO picked VALUES (?)", ((number,) for number in numbers))


def _entry(sql: sqlite3.Connection, at: str, reviewer: str, act: str, what: str) -> int:
    values = at, reviewer, act, what
    row = sql.execute("INSERT INTO entry (at, reviewer, act, what, samples) VALUES (?, ?, ?, ?, 0)", values)
    assert row.lastrowid is not None
    return row.lastrowid


def _settled(sql: sqlite3.Connection, entry: int, count: int) -> int:
    """What changes nothing is no entry."""
    if count:
        sql.execute("UPDATE entry SET samples = ? WHERE number = ?", (count, entry))
    else:
        sql.execute("DELETE FROM entry WHERE number = ?", (entry,))
    return count


def _words(verdict: str | None, reason: str | None) -> str:
    word = WORDS[verdict] if verdict is not None else "reason"
    return f"{word}: {reason}" if reason else word
