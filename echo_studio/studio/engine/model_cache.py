"""Loaded models by name: each is loaded once, whoever asks, and leaves when nobody uses it any more."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

ModelT = TypeVar("ModelT")


class LoadState(StrEnum):
    ABSENT = "not loaded"
    LOADING = "loading"
    LOADED = "loaded"
    LEAVING = "unloading"  # as soon as the runs that use it are done


@dataclass
class _Place(Generic[ModelT]):
    version: str
    model: ModelT | None = None  # None while it is loaded
    users: int = 0
    leaving: bool = False


class ModelCache(Generic[ModelT]):
    """Args:
    load: gives the model of a name; called without a lock, so that others can be used meanwhile.
    """

    def __init__(self, load: Callable[[str], ModelT]) -> None:
        self._load = load
        self._changed = threading.Condition()
        self._places: dict[str, _Place[ModelT]] = {}

    @contextmanager
    def use(self, name: str, version: str) -> Iterator[ModelT]:
        """The model while the block runs; loaded first where it is not there, or is there in another version.

        A model that was to leave stays. Raises what `load` raises; the next one who asks tries again.
        """
        place, model = self._enter(name, version)
        try:
            yield model
        finally:
            with self._changed:
                place.users -= 1
                if place.leaving and not place.users:
                    self._forget(name, place)

    def drop(self, name: str) -> None:
        """Let a model go, at once or when its last user is done. Unknown names are none."""
        with self._changed:
            place = self._places.get(name)
            if place is None:
                return
            place.leaving = True
            if place.model is not None and not place.users:
                self._forget(name, place)

    def state(self, name: str) -> LoadState:
        with self._changed:
            place = self._places.get(name)
            if place is None:
                return LoadState.ABSENT
            if place.model is None:
                return LoadState.LOADING
            return LoadState.LEAVING if place.leaving else LoadState.LOADED

    def _enter(self, name: str, version: str) -> tuple[_Place[ModelT], ModelT]:
        with self._changed:
            while True:
                place = self._places.get(name)
                # Another version takes the place; who still uses the older one holds it.
                if place is None or (place.model is not None and place.version != version):
                    place = self._places[name] = _Place(version)
                    break
                if place.model is not None:
                    place.users += 1
                    place.leaving = False
                    return place, place.model
                self._changed.wait()
        try:
            model = self._load(name)
        except BaseException:
            with self._changed:
                self._forget(name, place)
            raise
        with self._changed:
            place.model = model
            place.users += 1
            self._changed.notify_all()
        return place, model

    def _forget(self, name: str, place: _Place[ModelT]) -> None:
        if self._places.get(name) is place:
            del self._places[name]
        self._changed.notify_all()
