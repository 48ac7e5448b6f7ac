"""Where a user's sets and exports lie, which names lead there, and which sets are open.

No path from the page is ever used.
"""

import re
import threading
from collections import OrderedDict
from pathlib import Path

from echo_studio.dataset.build.set_folder import MANIFEST
from echo_studio.dataset.curation.store import CURATION, Curation
from echo_studio.errors import RequestError
from echo_studio.studio.sessions import Session

SETS, EXPORTS = "sets", "exports"
MAX_OPEN = 16
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}")


def place_of(session: Session, kind: str, name: str) -> Path:
    """Where the set or export of a name lies or will lie, in the folder of the session's user.

    Args:
        kind: `SETS` or `EXPORTS`.

    Raises:
        RequestError: none can have such a name.
    """
    # The pattern first: a name is used only when it cannot lead elsewhere.
    if NAME.fullmatch(name) is None:
        raise RequestError(
            expected="a name of 1 to 48 letters, digits, - and _", got=f"{name[:60]!r}", remedy="name it like pilot-1"
        )
    return session.folder / kind / name


def known_place(session: Session, kind: str, name: str) -> Path:
    """Where the set or export of a name lies.

    Raises:
        RequestError: there is none.
    """
    path = place_of(session, kind, name)
    if not path.is_dir():
        raise RequestError(expected="a name of the list", got=f"{name!r}", remedy="choose one that there is")
    return path


def known_places(session: Session, kind: str) -> list[Path]:
    """Every export, or every set: what was begun here, and folders of PNG pairs that somebody put there; by name."""
    place = session.folder / kind
    found = sorted(place.iterdir()) if place.is_dir() else []
    return [path for path in found if NAME.fullmatch(path.name) and path.is_dir() and (kind != SETS or _is_set(path))]


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
            excess = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - MAX_OPEN)]
        for other in excess:
            other.close()
        if fresh or curation.folder.begun:  # a plain set is read whole, which takes a while
            curation.sync()
        return curation

    def leave(self, path: Path) -> None:
        """Close a set that is removed."""
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


def _is_set(path: Path) -> bool:
    return (
        (path / MANIFEST).is_file()
        or (path / CURATION).is_file()
        or next(path.glob("[!.]*/record.json"), None) is not None
    )
