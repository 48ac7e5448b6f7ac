"""Whose turn it is on a device: one run at a time, and a run for which nobody waits lets the others go first."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class DeviceLock:
    """A lock with two kinds of holders, each served in the order in which they came. Runs that a person waits for go
    first; background runs (a comparison, a clip, a set) begin when no such run waits. Between two NFE a background run
    lets everybody else go before it, so that background runs side by side share the device, NFE by NFE."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._lines: dict[bool, deque[object]] = {
            False: deque(),
            True: deque(),
        }  # those who wait; True: background runs

    @property
    def waiting(self) -> int:
        """How many wait for the device."""
        with self._changed:
            return sum(len(line) for line in self._lines.values())

    @contextmanager
    def take(self, *, background: bool = False) -> Iterator[None]:
        """Wait for the device and hold it while the block runs."""
        self._acquire(background)
        try:
            yield
        finally:
            self._release()

    def yield_device(self) -> float:
        """Let everybody who waits go first; for the background run that holds the device.

        Returns:
            The seconds that this took, 0.0 where nobody waited.
        """
        if not self.waiting:
            return 0.0
        started = time.perf_counter()
        self._release()
        self._acquire(background=True)
        return time.perf_counter() - started

    def _acquire(self, background: bool) -> None:
        me = object()
        with self._changed:
            line = self._lines[background]
            line.append(me)
            try:
                while self._busy or line[0] is not me or (background and self._lines[False]):
                    self._changed.wait()
                self._busy = True
            finally:
                line.remove(me)

    def _release(self) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
