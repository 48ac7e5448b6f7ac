"""Parse the command line, run one command, turn every error of the user into one line and exit code 2.

A new command is a function (or a group of functions) in its own module and a line in the table here. These modules
import nothing heavy at the top: `--help` loads them all.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from echo_studio import __version__
from echo_studio.cli.app import app
from echo_studio.cli.check_data import check_data
from echo_studio.cli.compare import compare
from echo_studio.cli.edit import edit
from echo_studio.cli.evaluate import evaluate
from echo_studio.cli.export import export
from echo_studio.cli.generate import generate
from echo_studio.cli.label import label
from echo_studio.cli.measure import measure
from echo_studio.cli.models import import_model, models
from echo_studio.cli.output import BAD_INPUT, INTERRUPTED
from echo_studio.cli.synthesise import synthesise
from echo_studio.cli.train import train
from echo_studio.cli.user import user
from echo_studio.cli.video import video
from echo_studio.cli.what_if import what_if
from echo_studio.cli.what_if_loop import what_if_loop
from echo_studio.errors import Cancelled, EchoStudioError

PROGRAM = "echo-studio"
COMMANDS: dict[str, Callable[..., None]] = {
    "app": app,
    "models": models,
    "import-model": import_model,
    "generate": generate,
    "compare": compare,
    "what-if": what_if,
    "what-if-loop": what_if_loop,
    "video": video,
    "label": label,
    "edit": edit,
    "measure": measure,
    "check-data": check_data,
    "synthesise": synthesise,
    "export": export,
    "train": train,
}
GROUPS: dict[str, typer.Typer] = {"evaluate": evaluate, "user": user}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `echo-studio` with these arguments, of the process by default.

    Returns:
        0 where all went well, 2 on bad input (one line on stderr says what was expected, what came
        and what to do), 130 after Ctrl+C. Errors of the program itself are not caught.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = _program()(given or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except EchoStudioError as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(f"{error.format_message()} (see `{_help_for(given)}`)")
    except (KeyboardInterrupt, typer.Abort, Cancelled):
        print("interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _program() -> typer.Typer:
    # Plain help and plain errors: rich's boxes would break the promise of one line.
    program = typer.Typer(name=PROGRAM, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    program.callback()(_top)
    for name, command in COMMANDS.items():
        program.command(name)(command)
    for name, group in GROUPS.items():
        program.add_typer(group, name=name)
    return program


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _top(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Paint a heart, see the echocardiogram that it would give. All images are synthetic, not for diagnosis."""


def _refuse(message: str) -> int:
    print(f"{PROGRAM}: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
    return BAD_INPUT


def _help_for(given: list[str]) -> str:
    command = next((word for word in given if word in COMMANDS or word in GROUPS), None)
    return f"{PROGRAM} {command} --help" if command else f"{PROGRAM} --help"
