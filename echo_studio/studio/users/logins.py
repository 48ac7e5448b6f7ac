"""Who is logged in, by tokens that only a browser's cookie and this memory know; how fast passwords are tried."""

import hashlib
import logging
import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from echo_studio.errors import EchoStudioError
from echo_studio.studio.users.users import Users

HOURS = 12  # a working day; then the password is asked for again
MAX_LOGINS = 20  # of one user; the oldest ends if there are more
# A try at a password after a failure waits so long, and twice as long after the next one.
FIRST_SECONDS = 0.5
MAX_SECONDS = 8.0
MAX_KEYS = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Login:
    user: str
    password_hash: str
    until: float


class Logins:
    """Args:
    users: who may log in; a login ends at once when its user is removed or has another password.
    clock: seconds; handed in by tests.
    """

    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic) -> None:
        self.users = users
        self._clock = clock
        self._lock = threading.Lock()
        self._by_digest: dict[str, _Login] = {}

    def begin(self, user: str, password: str) -> str | None:
        """The token of a new login, or None where name or password are wrong. Takes a quarter of a second.

        Raises:
            DataError: the file of users cannot be read.
        """
        kept = self.users.hashes().get(user, "")
        if not self.users.check(user, password):
            return None
        token = secrets.token_urlsafe(32)
        with self._lock:
            own = [digest for digest, login in self._by_digest.items() if login.user == user]
            for digest in own[: max(0, len(own) - MAX_LOGINS + 1)]:
                del self._by_digest[digest]
            self._by_digest[_digest(token)] = _Login(user, kept, self._clock() + HOURS * 3600)
        return token

    def user(self, token: str) -> str | None:
        """Whose login this token is of, or None."""
        with self._lock:
            login = self._by_digest.get(_digest(token))
        if login is None:
            return None
        try:
            valid = self._clock() < login.until and self.users.hashes().get(login.user) == login.password_hash
        except EchoStudioError:
            log.warning("nobody is logged in any more", exc_info=True)
            valid = False
        if not valid:
            self.end(token)
            return None
        return login.user

    def end(self, token: str) -> None:
        """Log out; a second time nothing happens."""
        with self._lock:
            self._by_digest.pop(_digest(token), None)


def _digest(token: str) -> str:
    # Looked up by a hash: how long the search takes says nothing about a token.
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass
class Attempt:
    """A try at a password.

    Attributes:
        wait: seconds before the password is looked at; None where the try is refused.
        right: whether the password was.
    """

    wait: float | None
    right: bool = False


class Attempts:
    """How long the next try at a password has to wait, by a key such as an address: longer with every failure.

    Args:
        free: failures that cost nothing, because people mistype.
        at_once: tries that may be under way; further ones are refused.
    """

    def __init__(self, free: int, at_once: int) -> None:
        self._free, self._at_once = free, at_once
        self._lock = threading.Lock()
        self._failures: OrderedDict[Hashable, int] = OrderedDict()
        self._under_way: Counter[Hashable] = Counter()

    @contextmanager
    def trying(self, key: Hashable) -> Iterator[Attempt]:
        """A try at a password during the block, which sets `right`: then the failures before it are forgotten."""
        with self._lock:
            over = self._failures.get(key, 0) - self._free
            wait = min(FIRST_SECONDS * 2.0 ** min(over, 16), MAX_SECONDS) if over >= 0 else 0.0
            attempt = Attempt(None if self._under_way[key] >= self._at_once else wait)
            self._under_way[key] += 1
        try:
            yield attempt
        finally:
            with self._lock:
                self._under_way[key] -= 1
                if not self._under_way[key]:
                    del self._under_way[key]
                if attempt.right:
                    self._failures.pop(key, None)
                elif attempt.wait is not None:
                    self._failures[key] = self._failures.get(key, 0) + 1
                    self._failures.move_to_end(key)
                    while len(self._failures) > MAX_KEYS:
                        self._failures.popitem(last=False)
