"""`echo-studio video`: a heartbeat from a label map file."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.options import (
    AkineticOption,
    CheckpointsOption,
    DyskineticOption,
    PrecisionOption,
    regional_motions,
)
from echo_studio.cli.output import JsonOption, print_result, progress
from echo_studio.errors import RequestError
from echo_studio.types import View

MOST_SAMPLES = 99


def video(
    view: Annotated[View, typer.Option(help="Apical view.")],
    out: Annotated[
        Path,
        typer.Option(help="Clip to write: .mp4, .gif, .nii.gz, .dcm, .zip of PNG frames, or a folder for them."),
    ],
    generator: Annotated[
        str, typer.Option(help="A name that `echo-studio models` lists; beat-l64, or the first there is, by default.")
    ] = "",
    label_map: Annotated[
        Path | None,
        typer.Option(help="The heart at end diastole, ids 0 to 6: .png, .nii or .nii.gz; with --source what it shows."),
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="A real frame at end diastole, or a loop, to let it beat with its own look.")
    ] = None,
    at: Annotated[int, typer.Option(min=0, help="Which frame of a loop that is the source, from 0.")] = 0,
    keep: Annotated[
        float, typer.Option(help="How much of the source's own noise is kept, 0 (fresh noise) to 1 (its own).")
    ] = 1.0,
    label_map_es: Annotated[
        Path | None, typer.Option(help="The heart at end systole; without it --ef and the next two shape it.")
    ] = None,
    frames: Annotated[int, typer.Option(help="Frames of the heartbeat, 2 to 64.")] = 24,
    ef: Annotated[float, typer.Option(help="Ejection fraction in percent, 5 to 85.")] = 55.0,
    shortening: Annotated[
        float | None,
        typer.Option(help="Longitudinal shortening, share of the long axis, 0 to 0.4; usual for the EF by default."),
    ] = None,
    thickening: Annotated[
        float | None, typer.Option(help="Wall thickening, share of the wall, 0 to 1; likewise.")
    ] = None,
    heart_rate: Annotated[float, typer.Option(help="Beats a minute, 20 to 250.")] = 70.0,
    akinetic: AkineticOption = None,
    dyskinetic: DyskineticOption = None,
    solver: Annotated[str | None, typer.Option(help="Sampler; the advised one by default.")] = None,
    nfe: Annotated[int | None, typer.Option(help="Number of function evaluations; what is advised by default.")] = None,
    start_step: Annotated[
        int | None,
        typer.Option(help="Of 64 noise levels, those that Free-Echo and SDEdit skip; what is advised by default."),
    ] = None,
    guidance: Annotated[
        float | None, typer.Option(help="Scale of classifier-free guidance, 0 to 20; what is advised by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the noise; the same seed gives the same clip.")] = 0,
    samples: Annotated[
        int,
        typer.Option(min=1, max=MOST_SAMPLES, help="Clips with SEED, SEED + 1, ...; more than one are numbered."),
    ] = 1,
    precision: PrecisionOption = "auto",
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Generate one heartbeat from a label map.

    The clip begins at end diastole and closes into a loop; its record goes beside it as .json. Synthetic, not for
    diagnosis. With --source a real frame beats with its own look: an edited real frame, which is personal data.

    \b
    Example:
      echo-studio video --label-map ed.png --view 2CH --frames 24 --ef 40 --seed 1 --out clip.mp4
      echo-studio video --label-map ed.png --view 2CH --nfe 10 --samples 10 --out refined.mp4
      echo-studio video --source patient.dcm --at 12 --view 4CH --ef 25 --out what-if.mp4
      echo-studio video --label-map ed.png --view 2CH --generator free-echo --start-step 15 --out clip.dcm
    """
    # Whatever can be refused is refused before torch is loaded and minutes are spent.
    from echo_studio.anatomy.motion.motion import usual_motion
    from echo_studio.data.atomic import check_writable
    from echo_studio.data.clips.export import clip_format_of
    from echo_studio.data.formats.label_file import read_label_map

    clip_format_of(out)
    places = [out] if samples == 1 else [numbered(out, k + 1) for k in range(samples)]
    for place in (*places, *map(record_of, places)):
        check_writable(place)
    regional = regional_motions(akinetic, dyskinetic)
    usual = usual_motion(ef, heart_rate, regional)
    motion = dataclasses.replace(
        usual,
        shortening=usual.shortening if shortening is None else shortening,
        thickening=usual.thickening if thickening is None else thickening,
    )
    if label_map is None and source is None:
        raise RequestError(
            expected="--label-map, or --source with a real frame", got="none of them", remedy="give one of them"
        )
    real = None
    if source is not None:
        from echo_studio.cli.recordings import real_frame

        image, heart = real_frame(source, at, label_map, checkpoints)
        from echo_studio.generate.source import Source

        real = Source(image, heart, keep)
    else:
        assert label_map is not None
        heart = read_label_map(label_map)
    last = read_label_map(label_map_es) if label_map_es else None

    from echo_studio.data.clips.export import Clip, write_clip
    from echo_studio.data.formats.media import write_json
    from echo_studio.generate.precision import quickest
    from echo_studio.generate.sampling import advised_sampling
    from echo_studio.generate.video.catalog import default_video_generator, load_video_generator, video_generators
    from echo_studio.generate.video.request import VideoRequest

    generator = generator or default_video_generator(checkpoints)
    model = load_video_generator(generator, checkpoints)
    entry = video_generators(checkpoints)[generator]
    chosen = quickest("cpu") if precision == "auto" else precision
    request = VideoRequest(
        heart,
        advised_sampling(entry, solver=solver, nfe=nfe, guidance=guidance, precision=chosen),
        last,
        motion,
        view,
        frames,
        entry.advised_start_step if start_step is None else start_step,
        seed,
        real,
    )
    fps = frames * heart_rate / 60
    clips = []
    for k, place in enumerate(places):
        with progress("Generating" if samples == 1 else f"Generating {k + 1} of {samples}") as advance:
            made = model.generate(
                dataclasses.replace(request, seed=seed + k), lambda done, total, preview: advance(done, total)
            )
        record = made.record.to_json()
        written = write_clip(place, Clip(made.clip, fps, made.cycle.ids, heart.spacing_mm, record))
        write_json(record_of(place), record)
        about = {"files": [str(path) for path in written], "record_file": str(record_of(place))}
        clips.append({**about, "seconds": made.seconds, "record": record})
        if not as_json:
            print_result(False, {}, f"{place}  {made.seconds:.1f} s")
    print_result(as_json, clips[0] if samples == 1 else {"clips": clips})


def numbered(out: Path, number: int) -> Path:
    """Where a clip of several goes: `beat.nii.gz` becomes `beat-01.nii.gz`."""
    stem, dot, suffix = out.name.partition(".")
    return out.with_name(f"{stem}-{number:02d}{dot}{suffix}")


def record_of(out: Path) -> Path:
    """The file of a clip's record."""
    return out.with_name(out.name.split(".")[0] + ".json")
