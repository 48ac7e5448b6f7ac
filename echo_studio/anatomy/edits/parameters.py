"""Read the parameters of an edit operation: it may come from a stranger, so every value is checked before it is used.

An operation is what JSON gives: `{"tool": NAME, ...parameters}`. Whatever is wrong with it is said in one line.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeAlias

import numpy as np

from echo_studio.anatomy.label_map import MAX_SIDE
from echo_studio.anatomy.labels import LABEL_COUNT
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import FloatArray

Op: TypeAlias = Mapping[str, Any]

FAR = 1e6  # pixels: pointers leave the map, but not by more
MAX_POINTS = 100_000
LARGEST_SEED = 2**53 - 1  # what a browser can count to
FLATTEST = 1e-9  # determinant below which a matrix has no inverse


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


def number(value: Any, what: str, low: float, high: float) -> float:
    """A finite number within a range.

    Raises:
        RequestError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        _refuse(f"{what} from {low:g} to {high:g}", value, "choose a number in that range")
    return float(value)


def whole(value: Any, what: str, low: int, high: int) -> int:
    """A whole number within a range.

    Raises:
        RequestError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        _refuse(f"{what}, a whole number from {low} to {high}", value, "choose one in that range")
    return int(value)


def text(value: Any, what: str) -> str:
    """A string.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, str):
        _refuse(f"{what}, a text", value, "write it in quotes")
    return str(value)


def values(value: Any, what: str) -> dict[str, Any]:
    """Named values, their names being strings.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        _refuse(f"{what} as {{name: value}}", value, "send an object")
    return dict(value)


def label(value: Any, what: str = "label") -> int:
    """A label id.

    Raises:
        RequestError: anything else.
    """
    return whole(value, what, 0, LABEL_COUNT - 1)


def labels(value: Any, what: str) -> frozenset[int]:
    """Label ids, each at most once; may be none.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, (list, tuple)) or len(value) > LABEL_COUNT:
        _refuse(f"{what} as a list of at most {LABEL_COUNT} label ids", value, "name each label once")
    return frozenset(label(one, what) for one in value)


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


def matrix(value: Any) -> tuple[float, ...]:
    """Six numbers [a, b, c, d, e, f] of an affine map that has an inverse.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 6:
        _refuse("a matrix of six numbers [a, b, c, d, e, f]", value, "give all six")
    a, b, c, d, e, f = (number(one, "a number of the matrix", -FAR, FAR) for one in value)
    if abs(a * d - b * c) < FLATTEST:
        _refuse("a matrix that has an inverse", value, "do not flatten the structure to a line")
    return a, b, c, d, e, f


def box(value: Any) -> tuple[int, int, int, int]:
    """A box [x0, y0, x1, y1] of pixels, both ends inside it.

    Raises:
        RequestError: anything else.
    """
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        _refuse("a box [x0, y0, x1, y1]", value, "give all four sides")
    x0, y0, x1, y1 = (whole(side, "a side of the box", 0, MAX_SIDE - 1) for side in value)
    if x1 < x0 or y1 < y0:
        _refuse("a box [x0, y0, x1, y1] with x0 <= x1 and y0 <= y1", value, "swap the sides")
    return x0, y0, x1, y1


def _refuse(expected: str, value: Any, remedy: str) -> NoReturn:
    raise RequestError(expected=expected, got=_shown(value), remedy=remedy)


def _shown(value: Any) -> str:
    """A value in a few words, on one line, however large it is."""
    if isinstance(value, Mapping):
        return f"an object of {len(value)}"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**15:
        return "a huge number"
    shown = repr(value[:40] if isinstance(value, str) else value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
