"""Users: their names, the folder that belongs to each of them alone, and the file with their passwords' hashes."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from echo_studio.data.atomic import write_bytes
from echo_studio.data.lock import FileLock
from echo_studio.errors import DataError, RequestError, UnknownNameError, raised_as
from echo_studio.studio.users.passwords import hashed, matches, waste

__all__ = ["Users", "user_folder", "valid_name"]

# Small letters alone: on some systems Anna and anna would be one folder. No dot at the end: Windows drops it.
NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,30}[a-z0-9])?")
USERS = "users"
KIND = "echo-studio users/1"
MAX_BYTES = 4 << 20


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


class Users:
    """The users in a JSON file that only its owner reads. Changes by other programs count from the next look on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] = ()
        self._hashes: dict[str, str] = {}

    def hashes(self) -> dict[str, str]:
        """The passwords' hashes by the users' names.

        Raises:
            DataError: the file is missing, or is not one of users.
        """
        expected = f"a file of users at {self.path}"
        remedy = f"make one: echo-studio user add NAME --auth {self.path}"
        with self._lock, raised_as(DataError, OSError, ValueError, expected=expected, remedy=remedy):
            stat = self.path.stat()
            seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if seen != self._seen:
                self._hashes, self._seen = _read(self.path), seen
            return dict(self._hashes)

    def check(self, name: str, password: str) -> bool:
        """Whether this is a user and that the password. Takes as long where there is no such user.

        Raises:
            DataError: see `hashes`.
        """
        kept = self.hashes().get(name)
        if kept is None:
            waste(password)
            return False
        return matches(password, kept)

    def add(self, name: str, password: str) -> None:
        """A new user; the file is made where it is missing.

        Raises:
            RequestError: there is one of this name, or a name or password that cannot be one.
            DataError, OutputError: the file is none of users, or cannot be written.
        """
        valid_name(name)
        with self._changed() as hashes:
            if name in hashes:
                raise RequestError(
                    expected="the name of a new user", got=f"{name}, who is one", remedy="see echo-studio user password"
                )
            hashes[name] = hashed(password)

    def set_password(self, name: str, password: str) -> None:
        """Another password; who logged in with the old one is out.

        Raises:
            UnknownNameError: no such user. For others see `add`.
        """
        with self._changed() as hashes:
            _check_known(name, hashes)
            hashes[name] = hashed(password)

    def remove(self, name: str) -> None:
        """A user may not log in any more, and is out at once; the projects stay.

        Raises:
            UnknownNameError: no such user. For others see `add`.
        """
        with self._changed() as hashes:
            _check_known(name, hashes)
            del hashes[name]

    @contextmanager
    def _changed(self) -> Iterator[dict[str, str]]:
        with FileLock(self.path.with_name(f".{self.path.name}.lock")):
            hashes = self.hashes() if self.path.exists() else {}
            yield hashes
            stored = {"kind": KIND, "users": dict(sorted(hashes.items()))}
            write_bytes(self.path, (json.dumps(stored, indent=2) + "\n").encode(), private=True)


def _read(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        stored = json.loads(file.read(MAX_BYTES))
    users = stored["users"] if isinstance(stored, dict) and stored.get("kind") == KIND else None
    if not isinstance(users, dict) or not all(NAME.fullmatch(name) and isinstance(users[name], str) for name in users):
        raise ValueError("something else")
    return users


def _check_known(name: str, hashes: dict[str, str]) -> None:
    if name not in hashes:
        raise UnknownNameError("user", name, hashes)
