"""Sessions: what one open page has on its canvas. A token that only this page knows opens it."""

import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import RequestError
from echo_studio.project.pictures import Canvas
from echo_studio.project.project import Project
from echo_studio.studio.projects import OpenProjects
from echo_studio.studio.real_frames import RealFrame, RealLoop
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
        real_frame: whose look may be kept; None where the drawing began otherwise.
        real_loop: its recording, once every frame is labelled.
    """

    token: str
    user: str
    projects: OpenProjects
    project: Project
    label_map: LabelMap
    sector: BoolMask
    revision: int
    notice: str = ""
    real_frame: RealFrame | None = None
    real_loop: RealLoop | None = None
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

    def require(self, revision: int, remedy: str) -> LabelMap:
        """The map of exactly this revision.

        Raises:
            RequestError: the canvas changed meanwhile; `remedy` says what to do.
        """
        label_map = self.at(revision)
        if label_map is None:
            raise RequestError(
                expected="the label map that is on the canvas", got="one of another revision", remedy=remedy
            )
        return label_map

    @property
    def writes(self) -> bool:
        """Whether this page may write to its project: of several pages on one project, one may."""
        return self.projects.owns(self.token, self.project)


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

    def is_open(self, key: str) -> bool:
        """Whether any page of anybody has the project of this id open, or is the page of this token."""
        with self._lock:
            return key in self._by_token or any(session.project.id == key for session in self._by_token.values())

    def close(self, token: str | None) -> None:
        """End a session; a second time nothing happens."""
        with self._lock:
            known = self._by_token.pop(token or "", None)
        if known is not None:
            self._on_close(known)


def choose_evictions(owners: Mapping[str, str], most: int, may_go: Callable[[str], bool] = lambda _: True) -> list[str]:
    """Which things to drop so that at most `most` are left: the oldest of whoever has most, so that nobody who has much
    pushes out what belongs to others.

    Args:
        owners: whose each thing is, the oldest first.
        may_go: whether a thing may go; if too few may, more are left.
    """
    left, gone = dict(owners), list[str]()
    while len(left) > most:
        held = Counter(left.values())
        free = [thing for thing in left if may_go(thing)]
        if not free:
            break
        gone.append(max(free, key=lambda thing: held[left[thing]]))  # of equals the first one, which is the oldest
        del left[gone[-1]]
    return gone
