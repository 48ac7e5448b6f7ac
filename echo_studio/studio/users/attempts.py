"""How long the next try at a password has to wait: longer with every failure, and nobody tries many at once."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Hashable

FIRST_SECONDS = 0.5
MAX_SECONDS = 8.0
MAX_KEPT = 4096


class Attempts:
    """Counts tries by key, such as an address.

    Args:
        free: failures that cost nothing, because people mistype.
        at_once: tries that may be under way; further ones are refused.
    """

    def __init__(self, free: int, at_once: int) -> None:
        self._free, self._at_once = free, at_once
        self._lock = threading.Lock()
        self._failures: OrderedDict[Hashable, int] = OrderedDict()
        self._under_way: Counter[Hashable] = Counter()

    def begin(self, key: Hashable) -> float | None:
        """Seconds to wait before the password is looked at; None where the try is refused.

        What is begun has to be ended.
        """
        with self._lock:
            if self._under_way[key] >= self._at_once:
                return None
            self._under_way[key] += 1
            over = self._failures.get(key, 0) - self._free
            return min(FIRST_SECONDS * 2.0 ** min(over, 16), MAX_SECONDS) if over >= 0 else 0.0

    def end(self, key: Hashable, *, right: bool) -> None:
        """A try is over; a right password makes the failures before it forgotten."""
        with self._lock:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]
            if right:
                self._failures.pop(key, None)
                return
            self._failures[key] = self._failures.get(key, 0) + 1
            self._failures.move_to_end(key)
            while len(self._failures) > MAX_KEPT:
                self._failures.popitem(last=False)
