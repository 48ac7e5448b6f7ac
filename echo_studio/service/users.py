"""Users: their names, and the folder that belongs to each of them alone."""

import re
from pathlib import Path

from echo_studio.errors import RequestError

__all__ = ["user_folder", "valid_name"]

# Small letters alone: on some systems Anna and anna would be one folder. No dot at the end: Windows drops it.
NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,30}[a-z0-9])?")
USERS = "users"


def valid_name(name: str) -> str:
    """`name`, where it can be a user's: 1 to 32 small letters, digits, dots, dashes and underscores.

    Raises:
        RequestError: anything else; no such name leads out of a folder.
    """
    if NAME.fullmatch(name) is None:
        raise RequestError(
            expected="a user's name of 1 to 32 small letters, digits, dots, dashes and underscores",
            got=f"{name[:40]!r}",
            remedy="begin and end it with a letter or digit, as in anna.k",
        )
    return name


def user_folder(root: Path, user: str) -> Path:
    """Where everything of a user lies below `root`, the place of the projects; without a login ("") `root` itself.

    Nothing is made.

    Raises:
        RequestError: see `valid_name`.
    """
    # A word before the name: con and nul are no folders on Windows.
    return root / USERS / f"user-{valid_name(user)}" if user else root
