"""Read the parameters of an edit operation: it may come from a stranger, so every value is checked before it is used.

An operation is what JSON gives: `{"tool": NAME, ...parameters}`. Whatever is wrong with it is said in one line.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeAlias

import numpy as np

from echo_studio.anatomy.labels import LABEL_COUNT
from echo_studio.errors import RequestError, UnknownNameError, check_range, shown
from echo_studio.types import FloatArray

Op: TypeAlias = Mapping[str, Any]
Reader: TypeAlias = Callable[[Any, str], Any]  # of a value and its name: what the operation takes

FAR = 1e6  # pixels: pointers leave the map, but not by more
MAX_POINTS = 100_000
LARGEST_SEED = 2**53 - 1  # what a browser can count to


def tool_of(op: Any, tools: Iterable[str]) -> str:
    """The operation's tool.

    Raises:
        RequestError: it is no object that names its tool.
        UnknownNameError: another tool.
    """
    if not isinstance(op, Mapping) or not isinstance(op.get("tool"), str):
        _refuse('an operation {"tool": NAME, ...}', op, "name the tool")
    known = tuple(tools)
    if op["tool"] not in known:
        raise UnknownNameError("tool", op["tool"][:40], known)
    return str(op["tool"])


def only(op: Op, *parameters: str, optional: tuple[str, ...] = ()) -> None:
    """Refuse an operation with other parameters, or without one that it needs.

    Raises:
        UnknownNameError: a parameter that the tool does not have.
        RequestError: one that is missing.
    """
    known = (*parameters, *optional)
    for key in op:
        if key != "tool" and key not in known:
            raise UnknownNameError(f"parameter of {op['tool']}", str(key)[:40], known)
    for key in parameters:
        if key not in op:
            raise RequestError(expected=f"{op['tool']} with {key}", got="none", remedy=f"give {key}")


def parameters(op: Op, readers: Mapping[str, Reader], defaults: Mapping[str, Any]) -> list[Any]:
    """The values of an operation's parameters, in the order of `readers`.

    Args:
        op: with a tool that `tool_of` has found.
        readers: of every parameter, by its name.
        defaults: of those that may be left out.

    Raises:
        UnknownNameError: a parameter that the tool does not have.
        RequestError: one that is missing or has an impossible value.
    """
    only(op, *(key for key in readers if key not in defaults), optional=tuple(defaults))
    return [read(op.get(key, defaults.get(key)), key) for key, read in readers.items()]


def number(value: Any, what: str, low: float, high: float) -> float:
    """A finite number within a range.

    Raises:
        RequestError: anything else.
    """
    check_range(what, value, low, high)
    return float(value)


def whole(value: Any, what: str, low: int, high: int) -> int:
    """A whole number within a range.

    Raises:
        RequestError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        _refuse(f"{what}, a whole number from {low} to {high}", value, "choose one in that range")
    return int(value)


def name(value: Any, what: str) -> str:
    """A name; what is too long for one is cut.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, str):
        _refuse(f"{what}, a name", value, "write it in quotes")
    return str(value[:40])


def values(value: Any, what: str) -> dict[str, Any]:
    """Named values, their names being strings.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        _refuse(f"{what} as {{name: value}}", value, "send an object")
    return dict(value)


def labels(value: Any, what: str) -> frozenset[int]:
    """Label ids, each at most once; may be none.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, (list, tuple)) or len(value) > LABEL_COUNT:
        _refuse(f"{what} as a list of at most {LABEL_COUNT} label ids", value, "name each label once")
    return frozenset(whole(one, what, 0, LABEL_COUNT - 1) for one in value)


def points(value: Any, what: str, most: int = MAX_POINTS) -> FloatArray:
    """(n, 2) points [[x, y], ...] in pixels, at most `most`, none farther than `FAR`; may be none.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, (list, tuple)) or len(value) > most:
        _refuse(f"{what} as a list of at most {most} points [x, y]", value, "send fewer points")
    for pair in value:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            _refuse(f"{what} of points [x, y]", pair, "give both coordinates of every point")
        for coordinate in pair:
            number(coordinate, f"a coordinate of {what}", -FAR, FAR)
    return np.array(value, dtype=np.float64).reshape(-1, 2)


def _refuse(expected: str, value: Any, remedy: str) -> NoReturn:
    raise RequestError(expected=expected, got=shown(value), remedy=remedy)
