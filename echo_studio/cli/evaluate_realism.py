"""`echo-studio evaluate realism`: whether, and at which scale, made frames can be told from real ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from echo_studio.cli.options import CheckpointsOption, DataOption, SplitsOption, numbers
from echo_studio.cli.output import JsonOption, print_result, progress, table
from echo_studio.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from echo_studio.data.datasets.camus import CamusFolder, CamusFrame, FrameId
    from echo_studio.evaluate.frames.made_frames import MadeSet

DEFAULT_GENERATOR = "edm-l64"


def realism(
    data: DataOption,
    generator: Annotated[
        str,
        typer.Option(help=f"A name that `echo-studio models` lists; {DEFAULT_GENERATOR} without --images and --codec."),
    ] = "",
    images: Annotated[
        Path | None,
        typer.Option("--images", help="A folder of PNG frames named after real ones of both splits, to judge."),
    ] = None,
    codec: Annotated[
        str, typer.Option(help="An autoencoder such as gamma-vae-64-grain: judge real frames through it and back.")
    ] = "",
    looks: Annotated[
        Literal["measured", "sampled"],
        typer.Option(help="Grain of a codec with grain: as measured on each frame, or sampled as in training frames."),
    ] = "measured",
    solver: Annotated[str, typer.Option(help="Sampler; the generator's advised one by default.")] = "",
    nfe: Annotated[int, typer.Option(min=0, max=1000, help="Function evaluations; 0 for what is advised.")] = 0,
    sides: Annotated[
        str, typer.Option(help="Sides of the frames in the two-sample test: powers of two from 16 to 256.")
    ] = "32,64,128,256",
    seeds: Annotated[int, typer.Option(min=1, max=20, help="Networks trained at each side.")] = 3,
    learn: Annotated[
        int, typer.Option(min=0, help="So many frames to learn from, spread evenly over the training split; 0: all.")
    ] = 600,
    limit: Annotated[
        int, typer.Option(min=0, help="So many frames to test on, spread evenly over the validation split; 0: all.")
    ] = 200,
    seed: Annotated[
        int, typer.Option(help="Test frame k is made with SEED + k, frames to learn from with the seeds after those.")
    ] = 0,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="A PNG picture of AUC by side and of high-pass strength by scale.")
    ] = None,
    splits: SplitsOption = None,
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell made frames from real ones: the two-sample test by scale, high-pass strength, speckle, brightness, contrast.

    Small networks learn to tell real frames of the training split from frames that are made from the same label maps,
    and are tested on patients of the validation split. Each AUC is the larger of AUC and 1 - AUC: 0.5 where nothing
    tells the frames apart, 1 where every frame is told. High-pass strength is the deviation of a frame minus its
    Gaussian blur. Everything is taken at 256 x 256, 10 pixels inside the sector. With --codec real frames go through an
    autoencoder and back: what generators on its latents can reach at best.

    \b
    Example:
      echo-studio evaluate realism --generator edm-l64 --data ~/data/CAMUS_public --plot realism.png
      echo-studio evaluate realism --codec gamma-vae-64-grain --sides 64,128 --seeds 1 --data ~/data/CAMUS_public --json
    """
    _check_source(generator, images, codec, looks, solver, nfe)
    chosen = numbers("sides", sides, int)

    from echo_studio.data.atomic import check_writable
    from echo_studio.data.datasets.camus import CamusFolder, held_out
    from echo_studio.evaluate.frames.distances import spread
    from echo_studio.evaluate.frames.made_frames import found_in
    from echo_studio.evaluate.frames.realism import measure_realism, of_patients, read_at_side
    from echo_studio.evaluate.frames.two_sample import check_sides
    from echo_studio.evaluate.report.sections import realism_plots, realism_rows
    from echo_studio.generate.request import check_seed

    check_sides(chosen)
    check_seed(seed)
    if plot is not None:
        if plot.suffix != ".png":
            raise RequestError(expected="a plot that ends in .png", got=str(plot), remedy="try --plot realism.png")
        check_writable(plot)
    folder = CamusFolder(data, splits)
    held = held_out(folder, "validation")
    training = folder.frame_ids(folder.split("training"))
    parts: list[MadeSet]
    if images is not None:
        named = {part for path in images.rglob("*.png") for part in (*path.parts, path.stem)}
        known = [frame_id for frame_id in (*training, *held) if frame_id.stem in named]
        found_frames = found_in(images, _read(folder, known, read_at_side))
        parts = [
            of_patients(found_frames, [one.patient for one in frame_ids], count)
            for frame_ids, count in ((training, learn), (held, limit))
        ]
    else:
        make = _source(generator, codec, looks, solver, nfe, checkpoints)
        test_ids, learn_ids = spread(held, limit), spread(training, learn)
        starts = seed + len(test_ids), seed
        parts = [
            make(_read(folder, frame_ids, read_at_side), start)
            for frame_ids, start in zip((learn_ids, test_ids), starts, strict=True)
        ]
    with progress("Telling frames apart") as advance:
        learning, testing = parts
        found = measure_realism(learning, testing, chosen, seeds, advance)
    if plot is not None:
        from echo_studio.evaluate.report.page import write_plots

        write_plots(realism_plots(found), plot)
    print_result(
        as_json,
        found,
        table(("Measure", "Made", "Real frames", "Made / real"), realism_rows(found)),
        f"{found['n']['test']} frames that nothing tells apart would give an AUC of {found['chance']:.3f} on average",
    )


def _check_source(generator: str, images: Path | None, codec: str, looks: str, solver: str, nfe: int) -> None:
    """Raise RequestError where options of two sources come together."""
    sources = {"--images": images is not None, "--codec": bool(codec), "a generator": bool(generator or solver or nfe)}
    given = [name for name, is_there in sources.items() if is_there]
    if len(given) > 1 or (looks != "measured" and not codec):
        raise RequestError(
            expected="one of --images, --codec with --looks, and a generator with its options",
            got=" and ".join(given) if len(given) > 1 else f"--looks {looks} without --codec",
            remedy="leave one of them out",
        )


def _read(
    folder: "CamusFolder", frame_ids: "Sequence[FrameId]", read: "Callable[..., list[CamusFrame]]"
) -> "list[CamusFrame]":
    with progress("Reading real frames") as advance:
        return read(folder, frame_ids, advance)


def _source(
    generator: str, codec: str, looks: Literal["measured", "sampled"], solver: str, nfe: int, checkpoints: Path | None
) -> "Callable[[Sequence[CamusFrame], int], MadeSet]":
    """What makes a frame of each real one, given the first one's seed."""
    from echo_studio.evaluate.frames.made_frames import made_now
    from echo_studio.evaluate.frames.through_codec import FrameCodec, through_codec
    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.sampling import advised_sampling

    if codec:
        autoencoder = FrameCodec.load(codec, checkpoints, looks)

        def decoded(frames: "Sequence[CamusFrame]", seed: int) -> "MadeSet":
            with progress(codec) as advance:
                return through_codec(autoencoder, frames, seed, advance)

        return decoded
    model = load_generator(generator or DEFAULT_GENERATOR, checkpoints)
    sampling = advised_sampling(model.card, solver=solver, nfe=nfe or None, guidance=0)

    def generated(frames: "Sequence[CamusFrame]", seed: int) -> "MadeSet":
        with progress(f"{model.card.name}, {sampling.solver}, {sampling.nfe} NFE") as advance:
            return made_now(model, frames, sampling, seed, advance)

    return generated
