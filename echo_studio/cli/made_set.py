"""Which frames a command judges: made by a generator now, or lying in a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.output import progress
from echo_studio.errors import RequestError

if TYPE_CHECKING:
    from echo_studio.data.datasets.camus import CamusFrame
    from echo_studio.evaluate.frames.made_set import MadeSet

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
    from echo_studio.evaluate.frames.made_set import found_in, made_now
    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.request import check_seed
    from echo_studio.generate.sampling import advised_sampling

    if images is not None:
        return found_in(images, frames)
    model = load_generator(generator or DEFAULT_GENERATOR, checkpoints)
    sampling = advised_sampling(model.card, solver=solver, nfe=nfe or None)
    check_seed(seed)
    with progress(f"{model.card.name}, {sampling.solver}, {sampling.nfe} NFE") as advance:
        return made_now(model, frames, sampling.solver, sampling.nfe, seed, advance)
