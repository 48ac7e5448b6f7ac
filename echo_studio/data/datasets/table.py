"""Tables of data sets: CSV text, with or without the mark of UTF-8 at its beginning."""

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from echo_studio.errors import DataError

Row: TypeAlias = dict[str, Any]
Item = TypeVar("Item")
FAULTS = (ValueError, KeyError, OverflowError, TypeError)


def read_rows(
    path: Path, columns: Sequence[str], parse: Callable[[Row], Item | None], lenient: bool = False
) -> list[Item]:
    """What `parse` makes of each row, in order, without None.

    Args:
        lenient: leave out rows of which `parse` can make nothing.

    Raises:
        DataError: no such file, no text, a missing column; the first row of which `parse` can make nothing.
    """
    items = []
    for found in tried_rows(path, columns, parse):
        if not isinstance(found, DataError):
            items.append(found)
        elif not lenient:
            raise found
    return items


def tried_rows(path: Path, columns: Sequence[str], parse: Callable[[Row], Item | None]) -> Iterator[Item | DataError]:
    """Like `read_rows`, with an error in the place of each row that has one.

    Args:
        parse: raises one of `FAULTS` where a row is faulty.

    Raises:
        DataError: no such file, no text, a missing column.
    """
    for number, row in _rows(path, columns):
        try:
            item = parse(row)
        except FAULTS as error:
            yield DataError(
                expected=f"sound values in every row of {path.name}",
                got=f"{' '.join(str(error).split())[:120]} in line {number}",
                remedy="mend or remove this row",
            )
        else:
            if item is not None:
                yield item


def whole(text: str) -> int:
    """A whole number, also as spreadsheets write it: 12.0."""
    value = float(text)
    if not value.is_integer():
        raise ValueError(f"{text} for a whole number")
    return int(value)


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """(line number, row)."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, restval="")
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            missing = [column for column in columns if column not in reader.fieldnames]
            if missing:
                raise DataError(
                    expected=f"columns {', '.join(columns)} in {path.name}",
                    got=f"none named {', '.join(missing)}",
                    remedy="take the table as its data set publishes it",
                )
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            expected=f"a table {path}",
            got=getattr(error, "strerror", None) or "a file that is no CSV text in UTF-8",
            remedy="copy it again, or save it as CSV in UTF-8",
        ) from error
