"""What commands print: one JSON object, or a table; progress goes to stderr and only to a terminal."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from echo_studio.types import Json

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Advance = Callable[[float, float], None]  # moves a progress bar on to so much of so much
BAD_INPUT, INTERRUPTED = 2, 130  # exit codes; 130 is 128 + SIGINT, as shells report it
PIPE_WIDTH = 200  # columns of a table that goes into a file, where no terminal tells a width


def print_json(obj: Json) -> None:
    """Print `obj` on one line; NaN is refused, since JSON has none."""
    sys.stdout.write(json.dumps(obj, allow_nan=False) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; long cells fold, nothing is cut off."""
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text, not str: a file name may hold rich's markup.
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


@contextmanager
def progress(what: str) -> Iterator[Advance]:
    """A progress bar on stderr while the block runs, where stderr is a terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=None)

        def advance(done: float, of: float) -> None:
            bar.update(task, completed=done, total=of)

        yield advance
