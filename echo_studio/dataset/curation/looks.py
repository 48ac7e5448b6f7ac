"""What the gallery asks of a curation: what is known of some samples, and how many there are of each kind."""

import sqlite3
from collections import Counter
from collections.abc import Sequence

from echo_studio.dataset.curation.query import CHOICES
from echo_studio.dataset.curation.rows import COLUMNS
from echo_studio.types import Json

__all__ = ["STRUCTURES", "details", "still_counts"]

STRUCTURES = ("lv_endo", "lv_epi", "la")
AT_ONCE = 500  # details in one question
DETAILS = (
    *("number", *COLUMNS[0:1], *COLUMNS[2:], "measured", "adherence", *STRUCTURES, "privacy", "flagged"),
    *("verdict", "reason", "reviewer", "at"),
)


def details(sql: sqlite3.Connection, numbers: Sequence[int]) -> list[Json]:
    """See `Curation.details`."""
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


def still_counts(sql: sqlite3.Connection) -> Json:
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
