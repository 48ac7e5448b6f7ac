"""Options that several commands share, and what they mean: names with numbers, ranges, data sets."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from echo_studio.errors import RequestError

if TYPE_CHECKING:
    from echo_studio.anatomy.motion.motion import RegionalMotion
    from echo_studio.data.datasets.camus import CamusFolder
    from echo_studio.evaluate.frames.segmentation import Scorers

Number = TypeVar("Number", int, float)

CheckpointsOption = Annotated[
    Path | None,
    typer.Option("--checkpoints", help="Folder of checkpoints; the bundled ones and your own by default."),
]
PrecisionOption = Annotated[
    Literal["auto", "float32", "bfloat16"],
    typer.Option("--precision", help="Arithmetic of the networks; auto takes what is quicker on this machine."),
]
DataOption = Annotated[Path, typer.Option(help="A folder in CAMUS's layout with its split files.")]
SplitsOption = Annotated[
    Path | None, typer.Option("--splits", help="Folder of subgroup_*.txt; DATA/database_split by default.")
]
ShapeOption = Annotated[
    list[str] | None, typer.Option("--shape", help="A shape slider, e.g. lv-size=1.2 or wall=1.5; repeatable.")
]
DefectsOption = Annotated[
    list[str] | None,
    typer.Option("--defect", help="septal, aneurysm, effusion, ...; an unknown name lists them all; repeatable."),
]
DefectValuesOption = Annotated[
    list[str] | None, typer.Option("--set", help="A parameter of a defect, e.g. septal.width-mm=8; repeatable.")
]
AkineticOption = Annotated[
    list[str] | None, typer.Option("--akinetic", help="A wall segment that does not move; repeatable.")
]
DyskineticOption = Annotated[
    list[str] | None, typer.Option("--dyskinetic", help="A wall segment that moves outward; repeatable.")
]


def regional_motions(akinetic: Sequence[str] | None, dyskinetic: Sequence[str] | None) -> "tuple[RegionalMotion, ...]":
    """The segments of both options. Raises UnknownNameError where one is none."""
    from echo_studio.anatomy.motion.motion import RegionalMotion

    return (
        *(RegionalMotion(segment, "akinetic") for segment in akinetic or ()),
        *(RegionalMotion(segment, "dyskinetic") for segment in dyskinetic or ()),
    )


def numbers(option: str, text: str, kind: type[Number]) -> list[Number]:
    """The numbers of an option that takes several with commas between them; none where it is empty.

    Raises:
        RequestError: something else is in it.
    """
    try:
        return [kind(part) for part in text.split(",")] if text else []
    except ValueError as error:
        raise RequestError(
            expected="numbers with commas between them", got=f"--{option} {text}", remedy=f"try --{option} 20,40"
        ) from error


def pairs(given: Sequence[str] | None, option: str) -> list[tuple[str, str]]:
    """Name and value of each NAME=VALUE.

    Raises:
        RequestError: one without either, or a name twice.
    """
    found = [tuple(part.strip() for part in one.partition("=")[::2]) for one in given or ()]
    if not all(key and text for key, text in found) or len({key for key, _ in found}) < len(found):
        raise RequestError(
            expected=f"{option} NAME=VALUE, each name once",
            got=", ".join(given or ()),
            remedy="write it like septal=0.1 or thickness-mm=8",
        )
    return [(key, text) for key, text in found]


def values_of(given: Sequence[str] | None, option: str) -> dict[str, float | str]:
    """The values of NAME=VALUE by name with underscores, as numbers where they are. Raises as `pairs` does."""
    values: dict[str, float | str] = {}
    for name, text in pairs(given, option):
        try:
            values[name.replace("-", "_")] = float(text)
        except ValueError:
            values[name.replace("-", "_")] = text
    return values


def number_range(option: str, text: str) -> tuple[float, float] | None:
    """Two numbers with a dash between them, or one for both; None where nothing was given.

    Raises:
        RequestError: something else.
    """
    if not text:
        return None
    low, dash, high = text.partition("-")
    try:
        return float(low), float(high if dash else low)
    except ValueError as error:
        raise RequestError(
            expected="a range with a dash", got=f"--{option} {text}", remedy=f"write it like --{option} 25-65"
        ) from error


def share(name: str, text: str) -> float:
    """The share of hearts that have a defect.

    Raises:
        RequestError: no number.
    """
    try:
        return float(text)
    except ValueError as error:
        raise RequestError(
            expected=f"--defect {name}=SHARE", got=f"{name}={text}", remedy=f"write it like {name}=0.1"
        ) from error


def opened(data: Path, splits: Path | None, checkpoints: Path | None) -> "tuple[CamusFolder, Scorers]":
    """The data set that an evaluation is made on, and the judge and labeller that score.

    Raises:
        DataError: no folder in CAMUS's layout.
        CheckpointError: one of the two cannot be read.
    """
    from echo_studio.data.datasets.camus import CamusFolder
    from echo_studio.evaluate.frames.segmentation import Scorers

    return CamusFolder(data, splits), Scorers.load(checkpoints)
