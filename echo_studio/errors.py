"""Every error that a user can cause, in one tree.

EchoStudioError
 +-- LabelMapError     a label map that is not one (shape, type, ids, size, spacing, schema)
 +-- ImageError        an image file or array that cannot be used
 +-- DataError         a data folder with faults
 +-- RequestError      a generation request with an impossible value
 +-- UnknownNameError  a name that no registry holds
 +-- CheckpointError   weights that are missing, altered or do not fit their card
 |    +-- NameTakenError   an import under a name that another checkpoint has
 +-- RecipeError       a training recipe that cannot be run
 +-- OutputError       a place that cannot be written
 +-- BusyError         too many jobs wait already
Cancelled              not an error: the person asked for the job to stop

Each message says what was expected, what came and what to do, in one line.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from typing import Any

__all__ = [
    "BusyError",
    "Cancelled",
    "CheckpointError",
    "DataError",
    "EchoStudioError",
    "ImageError",
    "LabelMapError",
    "NameTakenError",
    "OutputError",
    "RecipeError",
    "RequestError",
    "UnknownNameError",
    "check_range",
    "raised_as",
    "shown",
]


class EchoStudioError(Exception):
    """What was expected, what came, what to do: kept apart so that each front end can lay them out."""

    def __init__(self, *, expected: str, got: str, remedy: str) -> None:
        self.expected = expected
        self.got = got
        self.remedy = remedy
        super().__init__(f"expected {expected}, got {got}; {remedy}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Python would call the class with the message alone, which no `__init__` here takes.
        return _bare, (type(self), self.args), self.__dict__


def _bare(kind: type[EchoStudioError], args: tuple[Any, ...]) -> EchoStudioError:
    return kind.__new__(kind, *args)


class LabelMapError(EchoStudioError):
    pass


class ImageError(EchoStudioError):
    pass


class DataError(EchoStudioError):
    pass


class RequestError(EchoStudioError):
    pass


class UnknownNameError(EchoStudioError):
    """A name that is not in a registry; lists the choices."""

    def __init__(self, kind: str, name: str, choices: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.choices = sorted(choices)
        super().__init__(
            expected=f"the name of a {kind}",
            got=f"{name!r}",
            remedy=f"choose one of: {', '.join(self.choices) or '(none)'}",
        )


class CheckpointError(EchoStudioError):
    pass


class NameTakenError(CheckpointError):
    pass


class RecipeError(EchoStudioError):
    pass


class OutputError(EchoStudioError):
    pass


class BusyError(EchoStudioError):
    pass


def check_range(what: str, value: Any, low: float, high: float, unit: str = "") -> None:
    """Raise RequestError where a value is no number from `low` to `high`; NaN is none."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        limits = f"{what} from {low:g} to {high:g}" + (f" ({unit})" if unit else "")
        raise RequestError(expected=limits, got=shown(value), remedy="choose a number in that range")


def shown(value: Any) -> str:
    """A value in a few words, on one line, however large it is."""
    if isinstance(value, Mapping):
        return f"an object of {len(value)}"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**15:
        return "a huge number"
    text = repr(value[:40] if isinstance(value, str) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Cancelled(Exception):
    """Raised from an `on_step` callback to stop a job at that NFE."""


@contextmanager
def raised_as(kind: type[EchoStudioError], *causes: type[Exception], expected: str, remedy: str) -> Iterator[None]:
    """Raise what the system or a library says in the block as one of our errors; 120 characters of it are what came.

    Args:
        kind: the error.
        causes: what the block may raise; anything else passes.
    """
    try:
        yield
    except causes as error:
        if type(error) is kind and kind not in causes:
            raise
        reason = " ".join(str(getattr(error, "strerror", None) or getattr(error, "got", error)).split())[:120]
        raise kind(expected=expected, got=reason or type(error).__name__, remedy=remedy) from error
