"""Options that several commands share, and what they mean: names with numbers, ranges, frames to judge."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from echo_studio.cli.output import progress
from echo_studio.errors import RequestError

if TYPE_CHECKING:
    from echo_studio.data.datasets.camus import CamusFrame
    from echo_studio.evaluate.frames.made_frames import MadeSet

Number = TypeVar("Number", int, float)

CheckpointsOption = Annotated[
    Path | None,
    typer.Option("--checkpoints", help="Folder of checkpoints; the bundled ones and your own by default."),
]
SplitsOption = Annotated[
    Path | None, typer.Option("--splits", help="Folder of subgroup_*.txt; DATA/database_split by default.")
]
DEFAULT_GENERATOR = "edm-l64"
GeneratorOption = Annotated[
    str, typer.Option(help=f"A name that `echo-studio models` lists; {DEFAULT_GENERATOR} without --images.")
]
ImagesOption = Annotated[
    Path | None, typer.Option("--images", help="A folder of PNG frames of one size to judge, in place of a generator.")
]
SolverOption = Annotated[str, typer.Option(help="Sampler; the generator's advised one by default.")]
NfeOption = Annotated[int, typer.Option(min=0, max=1000, help="Function evaluations; 0 for what is advised.")]
SeedOption = Annotated[int, typer.Option(help="Frame k is made with SEED + k.")]


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


def check_source(generator: str, images: Path | None, solver: str, nfe: int) -> None:
    """Raise RequestError where a folder comes with options of a generator."""
    if images is not None and (generator or solver or nfe):
        raise RequestError(
            expected="either --images or a generator with its options",
            got=f"--images {images} and more",
            remedy="leave one of them out",
        )


def frames_to_judge(
    frames: "Sequence[CamusFrame]",
    generator: str,
    images: Path | None,
    solver: str,
    nfe: int,
    seed: int,
    checkpoints: Path | None,
) -> "MadeSet":
    """Make frames from the label maps of real ones, or read those of a folder, paired with them by name."""
    from echo_studio.evaluate.frames.made_frames import found_in, made_now
    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.request import check_seed
    from echo_studio.generate.sampling import advised_sampling

    if images is not None:
        return found_in(images, frames)
    model = load_generator(generator or DEFAULT_GENERATOR, checkpoints)
    sampling = advised_sampling(model.card, solver=solver, nfe=nfe or None, guidance=0)
    check_seed(seed)
    with progress(f"{model.card.name}, {sampling.solver}, {sampling.nfe} NFE") as advance:
        return made_now(model, frames, sampling, seed, advance)
