"""What commands print: one JSON object, or a table; progress goes to stderr and only to a terminal."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from echo_studio.types import Json

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Advance = Callable[..., None]  # moves a progress bar on to so much of so much
BAD_INPUT, INTERRUPTED = 2, 130  # exit codes; 130 is 128 + SIGINT, as shells report it
PIPE_WIDTH = 200  # columns of a table that goes into a file, where no terminal tells a width


def print_json(obj: Json) -> None:
    """Print `obj` on one line; NaN is refused, since JSON has none."""
    sys.stdout.write(json.dumps(obj, allow_nan=False) + "\n")


def print_result(as_json: bool, obj: Json, *shown: str | Table) -> None:
    """Print what a command found: the JSON object where it was asked for, else lines and tables for people."""
    if as_json:
        print_json(obj)
        return
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    for one in shown:
        if isinstance(one, Table):
            console.print(one)
        else:
            typer.echo(one)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table in which long cells fold; nothing is cut off."""
    made = Table(
        *(Column(column, overflow="fold") for column in columns), box=None, pad_edge=False, header_style="bold"
    )
    for row in rows:
        # Text, not str: a file name may hold rich's markup.
        made.add_row(*(Text(cell) for cell in row))
    return made


@contextmanager
def progress(what: str, *figures: str, shown: bool = True, **start: Any) -> Iterator[Advance]:
    """A progress bar on stderr while the block runs, where stderr is a terminal.

    Args:
        what: is done.
        figures: further columns, in rich's format, such as "loss {task.fields[loss]:.4f}".
        shown: False for no bar at all.
        start: the figures' values before the first step; `advance` takes the next ones by the same names.
    """
    columns: list[ProgressColumn] = [TextColumn(figure) for figure in figures] or [MofNCompleteColumn()]
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=not figures,
        disable=not (shown and sys.stderr.isatty()),
    )
    with bar:
        task = bar.add_task(what, total=None, **start)
        yield lambda done, of, **now: bar.update(task, completed=done, total=of, **now)
