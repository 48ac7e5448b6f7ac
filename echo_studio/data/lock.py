"""An advisory lock on a file: held by one owner, gone when its process ends, however it ends."""

import os
import sys
from pathlib import Path

from echo_studio.errors import BusyError, OutputError

if sys.platform == "win32":
    import msvcrt

    def _try(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _wait(handle: int) -> None:
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # gives up after ten seconds
                return
            except OSError:
                continue
else:
    import fcntl

    # flock, not lockf: it also keeps two openings within one process apart.
    def _try(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _wait(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)


class FileLock:
    """The lock on the file at `path`, which is made where it is missing and stays empty.

    Raises:
        OutputError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._handle: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise OutputError(
                expected=f"a place where {path.name} can be written",
                got=error.strerror or type(error).__name__,
                remedy=f"make the folder {path.parent.name} writable",
            ) from error

    @classmethod
    def of(cls, path: Path, what: str) -> "FileLock":
        """The lock, held.

        Raises:
            BusyError: someone else holds it; `what` it is about.
        """
        lock = cls(path)
        assert lock._handle is not None
        try:
            _try(lock._handle)
        except OSError:
            lock.release()
            raise BusyError(
                expected=f"{what} in use in one place at a time",
                got="another window, server or run that has it open",
                remedy="close it there first",
            ) from None
        return lock

    def __enter__(self) -> None:
        """Wait for the lock."""
        assert self._handle is not None
        _wait(self._handle)

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let it go; closing the file does. A second call does nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
