"""`echo-studio what-if-loop`: one beat of a real loop with another anatomy or motion, its look kept."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.options import (
    AkineticOption,
    CheckpointsOption,
    DefectsOption,
    DefectValuesOption,
    DyskineticOption,
    PrecisionOption,
    ShapeOption,
    regional_motions,
)
from echo_studio.cli.output import JsonOption, print_result, progress
from echo_studio.cli.recordings import labels_of_every_frame
from echo_studio.cli.video import record_of
from echo_studio.cli.what_if import with_edits
from echo_studio.types import View


def what_if_loop(
    loop: Annotated[Path, typer.Option(help="A real loop: DICOM, MP4, AVI, NIfTI, GIF.")],
    view: Annotated[View, typer.Option(help="Apical view.")],
    out: Annotated[
        Path,
        typer.Option(help="Clip to write: .mp4, .gif, .nii.gz, .dcm, .zip of PNG frames, or a folder for them."),
    ],
    at: Annotated[
        int | None, typer.Option(min=0, help="The frame at end diastole where the beat begins; found by default.")
    ] = None,
    correct: Annotated[
        list[str] | None,
        typer.Option(help="FRAME=FILE: the right label map of a frame, which its neighbours follow; repeatable."),
    ] = None,
    shape: ShapeOption = None,
    defect: DefectsOption = None,
    values: DefectValuesOption = None,
    ef: Annotated[float | None, typer.Option(help="Ejection fraction in percent; the loop's own by default.")] = None,
    akinetic: AkineticOption = None,
    dyskinetic: DyskineticOption = None,
    keep: Annotated[
        float, typer.Option(help="How much of the frames' own noise is kept, 0 (fresh noise) to 1 (its own).")
    ] = 1.0,
    whole_frame: Annotated[
        bool, typer.Option("--whole-frame", help="Generate whole frames, not only what was edited.")
    ] = False,
    generator: Annotated[str, typer.Option(help="A generator of clips that keeps a look.")] = "beat-l64",
    solver: Annotated[str | None, typer.Option(help="Sampler; the advised one by default.")] = None,
    nfe: Annotated[int | None, typer.Option(help="Number of function evaluations; what is advised by default.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of fresh noise and grain.")] = 0,
    precision: PrecisionOption = "auto",
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Edit one beat of a real loop: the same patient with another heart or another motion.

    Every frame is labelled. Shape sliders, then defects change end diastole, and the other frames as much; another EF
    or a segment that does not move changes the motion. A frame in which nothing changes stays as it is. The result is
    an edited real frame: personal data, and not for diagnosis. Finding the noise of a frame takes some seconds.

    \b
    Example:
      echo-studio what-if-loop --loop patient.dcm --view 4CH --ef 25 --akinetic "apical septal" --out beat.mp4
      echo-studio what-if-loop --loop patient.dcm --view 4CH --shape wall=1.3 --correct 12=fixed.png --out thick.dcm
    """
    from echo_studio.anatomy.motion.motion import usual_motion
    from echo_studio.data.atomic import check_writable
    from echo_studio.data.clips.export import Clip, clip_format_of, write_clip
    from echo_studio.data.decoding.recordings import read_recording
    from echo_studio.data.formats.media import write_json

    clip_format_of(out)
    for place in (out, record_of(out)):
        check_writable(place)
    regional = regional_motions(akinetic, dyskinetic)
    if ef is not None:
        usual_motion(ef)  # an impossible one is refused before frames are labelled
    recording = read_recording(loop)
    labels = labels_of_every_frame(recording, correct or (), checkpoints)

    from echo_studio.generate.precision import quickest
    from echo_studio.generate.sampling import advised_sampling
    from echo_studio.generate.video.catalog import load_video_generator, video_generators
    from echo_studio.generate.video.real_beat import RealBeat
    from echo_studio.generate.video.request import VideoRequest

    beat = RealBeat.of(recording.frames, labels, recording.seconds_per_frame, at)
    motion = beat.motion if ef is None else usual_motion(ef, beat.motion.heart_rate)
    model, entry = load_video_generator(generator, checkpoints), video_generators(checkpoints)[generator]
    request = VideoRequest(
        label_map=with_edits(beat.labels[0], shape, defect or [], values),
        sampling=advised_sampling(
            entry, solver=solver, nfe=nfe, precision=quickest("cpu") if precision == "auto" else precision
        ),
        motion=dataclasses.replace(motion, regional=regional),
        view=view,
        frames=len(beat.frames),
        seed=seed,
        source=beat.source(0, keep, whole_frame),
        recording=beat,
    )
    with progress("Editing") as advance:
        made = model.generate(request, lambda done, total, preview: advance(done, total))
    record = made.record.to_json()
    clip = Clip(made.clip, 1 / beat.seconds_per_frame, made.cycle.ids, beat.labels[0].spacing_mm, record)
    written = write_clip(out, clip)
    write_json(record_of(out), record)
    told = {
        "files": [str(path) for path in written],
        "record_file": str(record_of(out)),
        "seconds": made.seconds,
        "recorded": beat.curve(),
        "record": record,
    }
    drawn = made.record.ef_drawn
    print_result(
        as_json,
        told,
        f"{out}  {len(beat.frames)} frames from frame {beat.first}, EF {beat.ef:.0f} % recorded, "
        f"{'no' if drawn is None else f'{drawn:.0f} %'} drawn, {made.seconds:.1f} s: an edited real frame",
    )
