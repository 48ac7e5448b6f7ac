"""Whose turn it is on a device: one run at a time, and a run for which nobody waits lets the others go first."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock with two kinds of holders. Runs that a person waits for come in the order in which they get it; patient
    ones (a comparison, a batch) begin when no such run waits, and pause between two NFE when one arrives."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._waiting = 0  # runs that a person waits for

    @contextmanager
    def take(self, *, patient: bool = False) -> Iterator[None]:
        """Wait for the device and hold it while the block runs."""
        self._acquire(patient)
        try:
            yield
        finally:
            self._release()

    def give_way(self) -> float:
        """Let every waiting run go first; for the patient run that holds the device.

        Returns:
            The seconds that this took, 0.0 where nobody waited.
        """
        with self._changed:
            if not self._waiting:
                return 0.0
        started = time.perf_counter()
        self._release()
        self._acquire(patient=True)
        return time.perf_counter() - started

    def _acquire(self, patient: bool) -> None:
        with self._changed:
            self._waiting += not patient
            try:
                while self._busy or (patient and self._waiting):
                    self._changed.wait()
                self._busy = True
            finally:
                self._waiting -= not patient

    def _release(self) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
