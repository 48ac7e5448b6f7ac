"""Sessions: what one open page has on its canvas. A token that only this page knows opens it."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.project.pictures import Canvas
from echo_studio.project.project import Project
from echo_studio.studio.projects import OpenProjects
from echo_studio.studio.sharing import choose_evictions
from echo_studio.types import BoolMask, Json

MAX_SESSIONS = 64


@dataclass
class Session:
    """One open page.

    Attributes:
        token: opens the routes of this session for its user, nothing else does.
        user: who logged in; "" where there is no login.
        projects: all that this user has.
        project: what the page works on.
        label_map, sector: as the page sent them last; the sector is where its eraser gives sector back.
        revision: counts the changes of the canvas.
        notice: one line for the person about how the session began, or empty.
    """

    token: str
    user: str
    projects: OpenProjects
    project: Project
    label_map: LabelMap
    sector: BoolMask
    revision: int
    notice: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def folder(self) -> Path:
        """Where the files of this session's user lie, projects and what else is kept; no other user's are there."""
        return self.projects.library.root

    @property
    def owner(self) -> str:
        """Who takes turns and counts against caps: the user, and without a login each session for itself."""
        return self.user or self.token

    def update(self, revision: int, position: int, label_map: LabelMap, sector: BoolMask, op: Json) -> bool:
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
                self.project.edit(revision, position, op, Canvas(label_map, sector))
            else:
                self.project.move(revision, position)
            self.label_map, self.sector, self.revision = label_map, sector, revision
            return True

    def at(self, revision: int) -> LabelMap | None:
        """The map of exactly this revision, or None where the page and the server differ."""
        with self.lock:
            return self.label_map if revision == self.revision else None


class Sessions:
    """All open pages. When there are too many, whoever has most of them loses the one that was silent longest.

    Args:
        on_close: called with a session that ends.
    """

    def __init__(self, on_close: Callable[[Session], None], limit: int = MAX_SESSIONS) -> None:
        self._on_close = on_close
        self._limit = limit
        self._lock = threading.Lock()
        self._by_token: OrderedDict[str, Session] = OrderedDict()

    def open(self, projects: OpenProjects, wanted: str | None, user: str = "") -> Session:
        """A new session on one of the user's projects; see `OpenProjects.enter`."""
        token = secrets.token_urlsafe(32)
        project, notice = projects.enter(token, wanted)
        canvas = project.canvas()
        session = Session(token, user, projects, project, canvas.label_map, canvas.sector, project.revision, notice)
        with self._lock:
            self._by_token[session.token] = session
            owners = {key: other.user for key, other in self._by_token.items()}
            excess = [self._by_token.pop(key) for key in choose_evictions(owners, self._limit)]
        for other in excess:
            self._on_close(other)
        return session

    def get(self, token: str | None, user: str = "") -> Session | None:
        """The session that this token opens for this user; counts as a sign of life."""
        with self._lock:
            session = self._by_token.get(token or "")
            if session is None or session.user != user:
                return None
            self._by_token.move_to_end(session.token)
            return session

    def known(self, token: str) -> Session | None:
        """The session of a token, whoever its user is: for work that was begun for it."""
        with self._lock:
            return self._by_token.get(token)

    def close(self, token: str | None) -> None:
        """End a session; a second time nothing happens."""
        with self._lock:
            known = self._by_token.pop(token or "", None)
        if known is not None:
            self._on_close(known)
