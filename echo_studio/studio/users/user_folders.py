"""Whose projects are whose: each user has a folder below the projects' place and reaches no other."""

import threading
from collections.abc import Callable

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.project.library import Library
from echo_studio.studio.projects import OpenProjects
from echo_studio.studio.users.users import user_folder


class UserFolders:
    """Args:
    library: where the projects are; without a login they are all in it, else in a library of each user below it.
    first: the label map that a new project begins with.
    """

    def __init__(self, library: Library, first: Callable[[], LabelMap]) -> None:
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

    def is_open(self, project: str) -> bool:
        """Whether any page of anybody has the project of this id open."""
        with self._lock:
            everybody = list(self._by_user.values())
        return any(projects.is_open(project) for projects in everybody)

    def close(self) -> None:
        """Close every project: the server stops."""
        with self._lock:
            for projects in self._by_user.values():
                projects.close()
