"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from echo_studio.errors import RequestError

Number = TypeVar("Number", int, float)

SplitsOption = Annotated[
    Path | None, typer.Option("--splits", help="Folder of subgroup_*.txt; DATA/database_split by default.")
]


def numbers(option: str, text: str, kind: type[Number]) -> list[Number]:
    """The numbers of an option that takes several with commas between them; none where it is empty.

    Raises:
        RequestError: something else is in it.
    """
    try:
        return [kind(part) for part in text.split(",")] if text else []
    except ValueError as error:
        raise RequestError(
            expected="numbers with commas between them", got=f"--{option} {text}", remedy=f"try --{option} 20,40"
        ) from error
