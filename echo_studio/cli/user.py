"""`echo-studio user ...`: who may log in to a studio that is started with `--auth FILE`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.output import JsonOption, print_result, table
from echo_studio.studio.users.users import Users, valid_name

user = typer.Typer(
    help="Who may log in to a studio that was started with --auth. Changes count at once in one that runs."
)

NameArgument = Annotated[str, typer.Argument(help="Small letters, digits, dots, dashes and underscores.")]
AuthOption = Annotated[Path, typer.Option("--auth", help="The file of users, as for `echo-studio app --auth`.")]


@user.command("add")
def add(name: NameArgument, auth: AuthOption) -> None:
    """Add a user; the file is made where it is missing. The password is asked for, or is the first line of stdin.

    \b
    Example:
      echo-studio user add anna --auth users.json
    """
    valid_name(name)  # before the person types
    Users(auth).add(name, _password())


@user.command("password")
def password(name: NameArgument, auth: AuthOption) -> None:
    """Give a user another password; whoever logged in with the old one has to log in again."""
    Users(auth).set_password(name, _password())


@user.command("remove")
def remove(name: NameArgument, auth: AuthOption) -> None:
    """Remove a user, who is logged out at once. The projects stay on the disk, and are there again with the name."""
    Users(auth).remove(name)


@user.command("list")
def names(auth: AuthOption, as_json: JsonOption = False) -> None:
    """Print the names of the users."""
    known = sorted(Users(auth).hashes())
    print_result(as_json, {"users": known}, table(["user"], [[name] for name in known]))


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")
