"""Which samples of a set a person wants to see, and in which order: a filter as SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from echo_studio.errors import RequestError, UnknownNameError

MAX_TAG = 40
MAX_LINE = 200
CHOICES = ("verdict", "generator", "defect", "view", "phase", "tag")
FIGURES = ("adherence", "lv_endo", "lv_epi", "la", "privacy", "ef", "nfe")
SORTS = ("number", *FIGURES, "generator", "defect", "view", "verdict", "at")
MOST_VALUES = 100  # of one choice
MAX_TEXT = 80
Range = tuple[float | None, float | None]


def tag_name(text: object) -> str:
    """A tag: 1 to 40 printable characters; spaces at its ends go.

    Raises:
        RequestError: it is empty or not one printable line.
    """
    name = line("tag", text, MAX_TAG)
    if not name:
        raise RequestError(expected="a tag of 1 to 40 characters", got="an empty one", remedy="type a word")
    return name


def line(what: str, text: object, longest: int = MAX_LINE) -> str:
    """One printable line, maybe empty.

    Raises:
        RequestError: it is no text, too long or not printable.
    """
    plain = text.strip() if isinstance(text, str) else None
    if plain is None or len(plain) > longest or not (plain.isprintable() or not plain):
        got = f"{text!r}"[:60]
        raise RequestError(expected=f"a {what} of at most {longest} printable characters", got=got, remedy="shorten it")
    return plain


@dataclass(frozen=True)
class Filter:
    """What a sample has to be.

    Attributes:
        choices: by a name of `CHOICES`, the values that are wanted, any of them; of `tag`, any tag that it has. ""
            means no defect or no verdict.
        ranges: by a name of `FIGURES`, least and greatest, None if open. A sample without the figure is left out.
        flagged: whether the privacy check flagged it; None accepts both.
        text: part of its id, its map or its reason.
        sort, descending: by what samples are ordered; those without it come last, equal ones by number.
    """

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    flagged: bool | None = None
    text: str = ""
    sort: str = "number"
    descending: bool = False

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Filter":
        """The filter that a page asks for.

        Raises:
            RequestError, UnknownNameError: the body holds something else.
        """
        choices, ranges = _mapping(body, "choices"), _mapping(body, "ranges")
        for kind, names, known in (("choice", choices, CHOICES), ("figure", ranges, FIGURES)):
            for name in names:
                if name not in known:
                    raise UnknownNameError(kind, str(name)[:MAX_TEXT], known)
        sort = body.get("sort", "number")
        if sort not in SORTS:
            raise UnknownNameError("order", str(sort)[:MAX_TEXT], SORTS)
        flagged = body.get("flagged")
        if flagged not in (None, True, False):
            raise _wrong("flagged as true, false or null", flagged)
        return cls(
            {name: _values(name, values) for name, values in choices.items()},
            {name: _range(name, pair) for name, pair in ranges.items()},
            flagged,
            str(body.get("text", ""))[:MAX_TEXT],
            str(sort),
            body.get("descending") is True,
        )

    def sql(self) -> tuple[str, list[Any]]:
        """What follows `FROM sample`, with its values."""
        # In the order of numbers a walk through the table is quicker than an index and a sort, unless few are chosen.
        walk = self.sort == "number" and not self.ranges and "verdict" not in self.choices
        where, values = ["+made = 1" if walk else "made = 1"], list[Any]()
        for name, wanted in self.choices.items():
            marks = ", ".join("?" * len(wanted))
            if name == "tag":
                where.append(f"number IN (SELECT sample FROM tag WHERE name IN ({marks}))")
            else:
                where.append(f"{name} IN ({marks})")
            values += wanted
        for name, (low, high) in self.ranges.items():
            where.append(f"{name} IS NOT NULL")
            for sign, bound in ((">=", low), ("<=", high)):
                if bound is not None:
                    where.append(f"{name} {sign} ?")
                    values.append(bound)
        if self.flagged is not None:
            where.append("flagged = ?")
            values.append(int(self.flagged))
        if self.text:
            where.append("(instr(lower(id || ' ' || map || ' ' || reason), lower(?)) > 0)")
            values.append(self.text)
        way = "DESC" if self.descending else "ASC"
        order = f"number {way}" if self.sort == "number" else f"{self.sort} {way} NULLS LAST, number"
        return f"WHERE {' AND '.join(where)} ORDER BY {order}", values


def _mapping(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise _wrong(f"{name} as an object", value)
    return value


def _values(name: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_VALUES:
        raise _wrong(f"a list of 1 to {MOST_VALUES} texts as {name}", values)
    if not all(isinstance(value, str) and len(value) <= MAX_TEXT for value in values):
        raise _wrong(f"short texts as {name}", values)
    return tuple(tag_name(value) if name == "tag" else value for value in values)


def _range(name: str, pair: object) -> Range:
    if isinstance(pair, list) and len(pair) == 2 and all(_bound(one) for one in pair):
        return pair[0], pair[1]
    raise _wrong(f"{name} as [least, greatest], null for open", pair)


def _bound(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12)


def _wrong(expected: str, got: object) -> RequestError:
    return RequestError(expected=expected, got=f"{got!r}"[:80], remedy="reload the page, and filter again")
