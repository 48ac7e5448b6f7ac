"""A comparison: what its rows and columns are, and the request of every cell.

Cells that share a seed share their noise wherever their generators diffuse arrays of the same size, because
a request's noise is drawn from its seed alone (`diffusion.solvers.SampleNoise`), whatever solver, NFE,
guidance or label map it is used with.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeAlias, TypeVar

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.generate.checkpoint import ONE_CALL, Card
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling, advised_sampling
from echo_studio.types import Phase, View

Value: TypeAlias = str | int | float
ChoiceT = TypeVar("ChoiceT")

MAX_CELLS = 64
MAX_PIXELS = 64 * 1024 * 1024  # of all frames together: they stay in memory
# In the place of a solver or an NFE: what the card of each cell's generator advises.
ADVISED = "advised"


@dataclass(frozen=True)
class AxisKind:
    """What a row or a column can vary: how people call it, and how its values are read from text."""

    title: str
    read: Callable[[str], Value]


def _whole_or_advised(text: str) -> Value:
    return text if text == ADVISED else int(text)


AXES: dict[str, AxisKind] = {
    "generator": AxisKind("Generator", str),
    "solver": AxisKind("Solver", str),
    "schedule": AxisKind("Schedule", str),
    "nfe": AxisKind("NFE", _whole_or_advised),
    "seed": AxisKind("Seed", int),
    "guidance": AxisKind("Guidance", float),
    "label_map": AxisKind("Label map", str),
}


@dataclass(frozen=True)
class Axis:
    """One of `AXES` and its values, in their order.

    Raises:
        UnknownNameError: no such axis.
        RequestError: no value, or one that is listed twice.
    """

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if self.name not in AXES:
            raise UnknownNameError("row or column", self.name, AXES)
        if not self.values:
            raise RequestError(expected=f"values of {self.name}", got="none", remedy="list one or more")
        twice = next((value for value in self.values if self.values.count(value) > 1), None)
        if twice is not None:
            raise RequestError(
                expected=f"each value of {self.name} once", got=f"{twice} more often", remedy="take one away"
            )

    @classmethod
    def read(cls, name: str, texts: Sequence[str]) -> Self:
        """From text, as people write the values.

        Raises:
            UnknownNameError, RequestError: see `Axis`; or a value that is no number where one is needed.
        """
        if name not in AXES:
            raise UnknownNameError("row or column", name, AXES)
        return cls(name, tuple(read_value(name, text) for text in texts if text.strip()))


def read_value(name: str, text: str) -> Value:
    """One value of an axis.

    Raises:
        RequestError: no number where one is needed.
    """
    try:
        return AXES[name].read(text.strip())
    except ValueError as error:
        raise RequestError(
            expected=f"a number as {AXES[name].title}", got=f"{text.strip()[:40]!r}", remedy="type one"
        ) from error


@dataclass(frozen=True)
class Guide:
    """A label map of a comparison, what it is called there, and the view and phase of its heart."""

    name: str
    label_map: LabelMap
    view: View = "4CH"
    phase: Phase = "ED"


@dataclass(frozen=True)
class Cell:
    """One place of the grid.

    Attributes:
        row, column: from 0.
        request: what is to be made there.
        guide: name of its label map.
        note: what differs from the values of its row and column, or empty.
        one_call: its generator has no sampler: solver and schedule say nothing.
    """

    row: int
    column: int
    request: GenerationRequest
    guide: str
    note: str = ""
    one_call: bool = False


@dataclass(frozen=True)
class Plan:
    """Two axes and their cells, row after row."""

    rows: Axis
    columns: Axis
    cells: tuple[Cell, ...]


def plan(
    rows: Axis,
    columns: Axis,
    guides: Sequence[Guide],
    fixed: Mapping[str, Value],
    cards: Sequence[Card],
) -> Plan:
    """The requests of all cells.

    Args:
        rows, columns: two different axes.
        guides: the label maps, by different names; an axis `label_map` names some of them, else there is one.
        fixed: values of axes that are neither rows nor columns. A missing `nfe` or `solver` is `ADVISED`,
            any other is the default of a request.
        cards: of the generators. Those that make a frame in one call have no sampler: whatever NFE is asked for they
            take one, and their cells say so.

    Raises:
        RequestError: impossible numbers, too many cells or pixels, axes that cannot be combined.
        UnknownNameError: a name that is not known, such as that of a generator.
    """
    _check_axes(rows, columns, guides, fixed)
    known = {card.name: card for card in cards}
    maps = {guide.name: guide for guide in guides}
    count = len(rows.values) * len(columns.values)
    if count > MAX_CELLS:
        raise RequestError(
            expected=f"at most {MAX_CELLS} cells",
            got=f"{len(rows.values)} x {len(columns.values)} = {count}",
            remedy="take values away from the rows or the columns",
        )
    cells = []
    for (row, of_row), (column, of_column) in itertools.product(enumerate(rows.values), enumerate(columns.values)):
        chosen = {**fixed, rows.name: of_row, columns.name: of_column}
        guide = _named("label map", str(chosen.pop("label_map", guides[0].name)), maps)
        card = _named("generator", str(chosen.get("generator", "")), known)
        one_call = card.kind in ONE_CALL
        sampling, note = _sampling(chosen, card, one_call)
        seed = int(chosen.get("seed", 0))
        request = GenerationRequest(guide.label_map, sampling, guide.view, guide.phase, seed)
        cells.append(Cell(row, column, request, guide.name, note, one_call))
    pixels = sum(cell.request.label_map.ids.size for cell in cells)
    if pixels > MAX_PIXELS:
        raise RequestError(
            expected=f"at most {MAX_PIXELS // 2**20} million pixels in all frames together",
            got=f"{pixels // 2**20}",
            remedy="use a smaller label map or fewer cells",
        )
    return Plan(rows, columns, tuple(cells))


def _check_axes(rows: Axis, columns: Axis, guides: Sequence[Guide], fixed: Mapping[str, Value]) -> None:
    axes = (rows.name, columns.name)
    if rows.name == columns.name:
        raise RequestError(
            expected="rows and columns that differ", got=f"{rows.name} twice", remedy="choose another for one of them"
        )
    doubled = next((name for name in fixed if name in axes), None)
    if doubled is not None:
        raise RequestError(
            expected=f"values of {doubled} in one place",
            got="a fixed one and several in rows or columns",
            remedy="leave one of them out",
        )
    if not guides:
        raise RequestError(expected="a label map", got="none", remedy="name one")
    if len(guides) > 1 and "label_map" not in axes:
        raise RequestError(
            expected="one label map, or label maps as rows or columns",
            got=f"{len(guides)} label maps beside {rows.name} and {columns.name}",
            remedy="make them the rows or the columns, or leave one",
        )


def _sampling(chosen: Mapping[str, Value], card: Card, one_call: bool) -> tuple[Sampling, str]:
    """The sampling of a cell from its values; and a note if it differs from what was listed."""
    nfe, solver = chosen.get("nfe", ADVISED), chosen.get("solver", ADVISED)
    listed = advised_sampling(
        card,
        solver=None if solver == ADVISED else str(solver),
        nfe=None if nfe == ADVISED else int(nfe),
        guidance=float(chosen.get("guidance", 0)),
        schedule=str(chosen.get("schedule", "")),
    )
    if not one_call or listed.nfe == 1:
        return listed, ""
    return replace(listed, nfe=1), f"one call: NFE 1 instead of {nfe}"


def _named(kind: str, name: str, choices: Mapping[str, ChoiceT]) -> ChoiceT:
    if name not in choices:
        raise UnknownNameError(kind, name, choices)
    return choices[name]
