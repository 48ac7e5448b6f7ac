"""`echo-studio generate`: frames from a label map file."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.options import CheckpointsOption, PrecisionOption
from echo_studio.cli.output import Advance, JsonOption, print_result, progress
from echo_studio.errors import OutputError, RequestError
from echo_studio.types import GrayImage, Json, Phase, View

if TYPE_CHECKING:
    from echo_studio.generate.generator import Generator
    from echo_studio.generate.request import GenerationRequest

MAX_REPEAT = 10_000
DEVIATION_TIMES = 4  # so that a deviation of 64 grey levels is white


def generate(
    label_map: Annotated[Path, typer.Option(help="Label map, ids 0 to 6: .png, .nii or .nii.gz.")],
    view: Annotated[View, typer.Option(help="Apical view.")],
    generator: Annotated[str, typer.Option(help="A name that `echo-studio models` lists.")],
    out: Annotated[
        Path, typer.Option(help="Frame to write: .png, .nii or .nii.gz. Its record goes beside it as .json.")
    ],
    phase: Annotated[Phase, typer.Option(help="End diastole or end systole.")] = "ED",
    solver: Annotated[str | None, typer.Option(help="Sampler; the generator's advised one by default.")] = None,
    nfe: Annotated[
        int | None, typer.Option(help="Number of function evaluations, 1 to 1000; what is advised by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the noise; the same seed gives the same frame.")] = 0,
    repeat: Annotated[
        int, typer.Option(min=1, max=MAX_REPEAT, help="Frames to make, with seeds SEED, SEED + 1, ...")
    ] = 1,
    guidance: Annotated[
        float,
        typer.Option(help="Scale of classifier-free guidance, 0 to 20, for generators trained with label dropout."),
    ] = 0.0,
    schedule: Annotated[
        str, typer.Option(help="Noise levels by name; the solver's or generator's own by default.")
    ] = "",
    grain: Annotated[
        float | None,
        typer.Option(help="Strength of the grain, -3 to 3 standard deviations of real frames; drawn by default."),
    ] = None,
    coarseness: Annotated[
        float | None,
        typer.Option(help="Coarseness of the grain, -3 to 3 standard deviations of real frames; drawn by default."),
    ] = None,
    look: Annotated[
        Path | None,
        typer.Option(help="A real frame whose grain the frames get, where --grain and --coarseness do not say."),
    ] = None,
    spread: Annotated[
        Path | None,
        typer.Option(
            help="With --repeat: a PNG with the mean of all frames and, at its right, 4 times their deviation."
        ),
    ] = None,
    precision: PrecisionOption = "auto",
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Generate frames from a label map.

    Writes the ultrasound frame that such a heart would give; synthetic, not for diagnosis.
    With --repeat above 1, frame.png becomes frame-seed0001.png, frame-seed0002.png and so on, each with its record.

    \b
    Example:
      echo-studio generate --label-map map.png --view 4CH --generator edm-l64 \\
          --solver ipndm --nfe 10 --seed 1 --out frame.png
    """
    # Whatever can be refused is refused before torch is loaded and minutes are spent.
    from echo_studio.data.atomic import check_writable
    from echo_studio.data.decoding.recordings import read_recording
    from echo_studio.data.formats.encode import check_suffix
    from echo_studio.data.formats.label_file import read_label_map

    check_suffix(out)
    seeds = range(seed, seed + repeat)
    places = {number: out if repeat == 1 else _numbered(out, number) for number in seeds}
    for place in (places[seed], record_path(places[seed]), *([spread] if spread else [])):
        check_writable(place)
    if spread and (spread.suffix != ".png" or repeat < 2):
        raise RequestError(
            expected="--repeat 2 or more and --spread FILE.png",
            got=f"--repeat {repeat} and {spread.name}",
            remedy="try --repeat 16 --spread spread.png",
        )
    guide = read_label_map(label_map)
    real = None if look is None else read_recording(look).frames[0]

    from echo_studio.generate.catalog import load_generator
    from echo_studio.generate.precision import quickest
    from echo_studio.generate.request import GenerationRequest
    from echo_studio.generate.sampling import Look, advised_sampling

    model = load_generator(generator, checkpoints)
    own = Look() if real is None else model.look_of(real)
    chosen_look = Look(own.grain if grain is None else grain, own.coarseness if coarseness is None else coarseness)
    chosen = quickest("cpu") if precision == "auto" else precision
    sampling = advised_sampling(
        model.card, solver=solver, nfe=nfe, guidance=guidance, schedule=schedule, precision=chosen, look=chosen_look
    )
    requests = [GenerationRequest(guide, sampling, view, phase, number) for number in seeds]
    with progress("Generating") as advance:
        made = [_make(model, request, places[request.seed], advance, done) for done, request in enumerate(requests)]
    frames = [about for about, _ in made]
    about_spread = (
        {"spread": str(spread), "deviation": _write_spread(spread, [image for _, image in made])} if spread else {}
    )
    print_result(
        as_json, {"frames": frames, **about_spread}, *(f"{one['frame']}  {one['seconds']:.2f} s" for one in frames)
    )


def record_path(frame: Path) -> Path:
    """Where the record of a frame goes: frame.png -> frame.json, frame.nii.gz -> frame.json."""
    from echo_studio.data.formats.image_file import stem_of

    return frame.with_name(stem_of(frame) + ".json")


def _make(
    model: "Generator", request: "GenerationRequest", place: Path, advance: Advance, done: int
) -> tuple[Json, GrayImage]:
    from echo_studio.data.formats.media import write_frame, write_json

    made = model.generate(request, on_step=lambda i, n, preview: advance(done + i / n, done + 1))
    record = made.record.to_json()
    write_frame(place, made.image, request.label_map.spacing_mm, record)
    try:
        write_json(record_path(place), record)
    except OutputError:
        place.unlink(missing_ok=True)  # a frame without its record is half a result
        raise
    about = {"frame": str(place), "record_file": str(record_path(place)), "seconds": made.seconds, "record": record}
    return about, made.image


def _write_spread(place: Path, images: Sequence[GrayImage]) -> float:
    """Write what all seeds share and where they differ; returns their mean deviation in the sector, in grey levels."""
    import numpy as np

    from echo_studio.data.formats.media import write_frame

    frames = np.stack(images).astype(np.float32)
    mean, deviation = frames.mean(0), frames.std(0)
    both = np.hstack([mean, np.clip(DEVIATION_TIMES * deviation, 0, 255)])
    write_frame(
        place, np.rint(both).astype(np.uint8), None, {"frames": len(images), "deviation_times": DEVIATION_TIMES}
    )
    lit = mean > 0
    return round(float(deviation[lit].mean()), 2) if lit.any() else 0.0


def _numbered(out: Path, seed: int) -> Path:
    from echo_studio.data.formats.image_file import stem_of

    stem = stem_of(out)
    return out.with_name(f"{stem}-seed{seed:04d}{out.name[len(stem) :]}")
