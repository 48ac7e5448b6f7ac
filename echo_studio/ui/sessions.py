"""Sessions: what one open page has on its canvas. A token that only this page knows opens it."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.dataset.pictures import Canvas
from echo_studio.dataset.project import Project
from echo_studio.types import BoolMask, Json

MAX_SESSIONS = 64


@dataclass
class Session:
    """One open page.

    Attributes:
        token: opens the routes of this session, nothing else does.
        project: what the page works on.
        label_map, fan: as the page sent them last; the fan is where its eraser gives sector back.
        revision: counts the changes of the canvas.
        notice: one line for the person about how the session began, or empty.
    """

    token: str
    project: Project
    label_map: LabelMap
    fan: BoolMask
    revision: int
    notice: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def update(self, revision: int, position: int, label_map: LabelMap, fan: BoolMask, op: Json) -> bool:
        """Take a newer canvas in and save it; False where the message is stale.

        Args:
            position: place of the new state in the history.
            op: what was done; empty for a move along the history.

        Raises:
            EchoStudioError: the project could not be written; the session is as before.
        """
        with self.lock:
            if revision <= self.revision:
                return False
            if op:
                self.project.edit(revision, position, op, Canvas(label_map, fan))
            else:
                self.project.move(revision, position)
            self.label_map, self.fan, self.revision = label_map, fan, revision
            return True

    def at(self, revision: int) -> LabelMap | None:
        """The map of exactly this revision, or None where the page and the server differ."""
        with self.lock:
            return self.label_map if revision == self.revision else None


class Sessions:
    """All open pages; the one that was silent longest goes when there are too many.

    Args:
        on_close: called with the token of a session that ends.
    """

    def __init__(self, on_close: Callable[[str], None], limit: int = MAX_SESSIONS) -> None:
        self._on_close = on_close
        self._limit = limit
        self._lock = threading.Lock()
        self._by_token: OrderedDict[str, Session] = OrderedDict()

    def open(self, enter: Callable[[str], tuple[Project, str]]) -> Session:
        """A new session; `enter` gives the project for its token, and a notice."""
        token = secrets.token_urlsafe(32)
        project, notice = enter(token)
        canvas = project.canvas()
        session = Session(token, project, canvas.label_map, canvas.fan, project.revision, notice)
        with self._lock:
            self._by_token[session.token] = session
            excess = [self._by_token.popitem(last=False)[0] for _ in range(len(self._by_token) - self._limit)]
        for token in excess:
            self._on_close(token)
        return session

    def get(self, token: str | None) -> Session | None:
        """The session that this token opens; counts as a sign of life."""
        with self._lock:
            session = self._by_token.get(token or "")
            if session is not None:
                self._by_token.move_to_end(session.token)
            return session

    def close(self, token: str | None) -> None:
        with self._lock:
            known = self._by_token.pop(token or "", None)
        if known is not None:
            self._on_close(known.token)
