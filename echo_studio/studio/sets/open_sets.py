"""Which sets are open on this server: each once, whoever looks at it."""

import threading
from collections import OrderedDict
from pathlib import Path

from echo_studio.dataset.curation.store import Curation

MOST_OPEN = 16


class OpenSets:
    """Curations by the folder of their set; the ones that were asked for last stay open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, Curation] = OrderedDict()

    def of(self, path: Path) -> Curation:
        """The open curation of a set, with what was made meanwhile.

        Raises:
            EchoStudioError: the set cannot be read, or another server has it open.
        """
        with self._lock:
            curation = self._open.get(path)
            if fresh := curation is None:
                curation = self._open[path] = Curation(path)
            self._open.move_to_end(path)
            excess = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - MOST_OPEN)]
        for other in excess:
            other.close()
        if fresh or curation.folder.begun:  # a plain set is read whole, which takes a while
            curation.sync()
        return curation

    def leave(self, path: Path) -> None:
        """Close a set that goes."""
        with self._lock:
            curation = self._open.pop(path, None)
        if curation is not None:
            curation.close()

    def close(self) -> None:
        """Close every set: the server stops."""
        with self._lock:
            for curation in self._open.values():
                curation.close()
            self._open.clear()
