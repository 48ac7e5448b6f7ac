"""Which projects are open, whose they are, and which page may write to each: the first one, until it closes or another
page takes over."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.errors import EchoStudioError
from echo_studio.project.library import Library
from echo_studio.project.pictures import Canvas
from echo_studio.project.project import Project
from echo_studio.studio.users.users import user_folder

NEW = "new"
UNTITLED = "Untitled heart"
# A page gives a sign every few seconds, in a background tab once a minute; one that crashed gives none.
GONE_SECONDS = 90.0


@dataclass
class _Open:
    project: Project
    owner: str
    seen: float
    pages: set[str] = field(default_factory=set)


class OpenProjects:
    """The projects of a library that pages of this server have open. Pages are known by their tokens.

    Args:
        first: the label map that a new project begins with.
        clock: seconds; handed in by tests.
    """

    def __init__(self, library: Library, first: LabelMap, clock: Callable[[], float] = time.monotonic) -> None:
        self.library = library
        self._first = first
        self._clock = clock
        self._lock = threading.RLock()
        self._open: dict[str, _Open] = {}

    def enter(self, page: str, wanted: str | None) -> tuple[Project, str]:
        """The project for a page, and a line for the person where it is not the wanted one ("" else).

        Args:
            wanted: an id, `NEW`, or None for the one that changed last.
        """
        with self._lock:
            name = self.library.latest() if wanted is None else wanted
            if name is None or name == NEW:
                return self._join(page, self.create()), ""
            try:
                return self._join(page, name), ""
            except EchoStudioError as error:
                return self._join(page, self.create()), f"Another project was begun: {error}"

    def create(self, title: str = UNTITLED, label_map: LabelMap | None = None) -> str:
        """Make a project, not yet open on any page; its id."""
        start = self._first if label_map is None else label_map
        project = self.library.create(title, Canvas(start, sector_region(start)))
        with self._lock:
            self._open[project.id] = _Open(project, "", self._clock())
        return project.id

    def owns(self, page: str, project: Project) -> bool:
        """Whether the page may write; counts as a sign of life of an owner."""
        with self._lock:
            entry = self._open.get(project.id)
            if entry is None or entry.owner != page:
                return False
            entry.seen = self._clock()
            return True

    def take(self, page: str, project: Project) -> None:
        """From now on this page writes, and no other."""
        with self._lock:
            entry = self._open[project.id]
            entry.owner, entry.seen = page, self._clock()

    def leave(self, page: str) -> None:
        """The page is gone; a project that no page has open is closed."""
        with self._lock:
            for name, entry in list(self._open.items()):
                entry.pages.discard(page)
                if entry.owner == page:
                    entry.owner = ""
                if not entry.pages:
                    del self._open[name]
                    entry.project.close()

    def close(self) -> None:
        """Close every project: the server stops."""
        with self._lock:
            for entry in self._open.values():
                entry.project.close()
            self._open.clear()

    def _join(self, page: str, name: str) -> Project:
        entry = self._open.get(name)
        if entry is None:
            entry = self._open[name] = _Open(self.library.open(name), "", self._clock())
        entry.pages.add(page)
        if not entry.owner or self._clock() - entry.seen > GONE_SECONDS:
            entry.owner, entry.seen = page, self._clock()
        return entry.project


class UserFolders:
    """Args:
    library: where the projects are; without a login they are all in it, else in a library of each user below it.
    first: the label map that a new project begins with.
    """

    def __init__(self, library: Library, first: LabelMap) -> None:
        self._library = library
        self._first = first
        self._lock = threading.Lock()
        self._by_user: dict[str, OpenProjects] = {}

    def of(self, user: str) -> OpenProjects:
        """The projects of a user ("" without a login).

        Raises:
            RequestError: no user has such a name.
        """
        with self._lock:
            if user not in self._by_user:
                library = Library(user_folder(self._library.root, user)) if user else self._library
                self._by_user[user] = OpenProjects(library, self._first)
            return self._by_user[user]

    def close(self) -> None:
        """Close every project: the server stops."""
        with self._lock:
            for projects in self._by_user.values():
                projects.close()
