"""`echo-studio label`: the labels of a real frame, as the page makes them when a file is opened, or of every frame."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.output import JsonOption, print_result

if TYPE_CHECKING:
    from echo_studio.data.decoding.decoded import Recording


def label(
    frame: Annotated[
        Path, typer.Option(help="A real frame or recording: PNG, JPEG, GIF, NIfTI, MetaImage, NRRD, DICOM or video.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="Label map, .png, .nii or .nii.gz, what is there is overwritten; with --every-frame a new folder."
        ),
    ],
    at: Annotated[
        int | None,
        typer.Option(help="Which frame of a recording, 0 by default; with --every-frame where its beat begins."),
    ] = None,
    every_frame: Annotated[
        bool, typer.Option("--every-frame", help="Label all frames, evened out over time, and measure the beat.")
    ] = False,
    correct: Annotated[
        list[str] | None,
        typer.Option(
            help="With --every-frame: FRAME=FILE, a right label map, which its neighbours follow; repeatable."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Label a real frame with the bundled segmenter.

    Writes ids 0 to 4 (outside, LV cavity, LV myocardium, left atrium, sector) at the frame's size, with its spacing
    where the file tells it. A frame that does not look like an apical view is labelled with a warning. Only the labels
    are written: nothing of the recording, its header or its name.

    With --every-frame the folder gets one label map a frame, frame-000.png and so on, and the volume of the ventricle
    over one beat is told, from end diastole on, with its ejection fraction.

    \b
    Example:
      echo-studio label --frame loop.dcm --at 12 --out map.png --json
      echo-studio label --frame loop.dcm --every-frame --correct 12=map.png --out labels
    """
    from echo_studio.anatomy.label_map import LabelMap
    from echo_studio.anatomy.labels import LABELS
    from echo_studio.data.atomic import check_empty, check_writable
    from echo_studio.data.formats.encode import check_suffix
    from echo_studio.data.formats.label_file import write_label_map
    from echo_studio.errors import ImageError, RequestError
    from echo_studio.evaluate.frames.segmentation import FrameSegmenter, labelled
    from echo_studio.studio.uploads import read_upload

    if every_frame:
        check_empty(out)
    else:
        check_suffix(out)
        check_writable(out)
        if correct:
            raise RequestError(
                expected="--every-frame with --correct",
                got="a single frame, which has no neighbours",
                remedy="add --every-frame, or edit the label map itself",
            )
    opened = read_upload(frame)
    if isinstance(opened, LabelMap):
        raise ImageError(
            expected="a real frame to label", got=f"{frame.name}, a label map", remedy="give the frame that it is of"
        )
    if at is not None and not 0 <= at < len(opened.frames):
        raise RequestError(
            expected=f"--at from 0 to {len(opened.frames) - 1}, the frames of {frame.name}",
            got=str(at),
            remedy="choose one of them",
        )
    warnings = []
    if opened.shortened:
        warnings.append(f"only the first {len(opened.frames)} of {opened.total} frames are read")
    if every_frame:
        _label_every_frame(opened, at, correct or [], out, warnings, as_json)
        return
    found = labelled(FrameSegmenter.load(), opened.frames[at or 0], opened.spacing_mm)
    warnings = [*found.warnings, *warnings]
    write_label_map(out, found.label_map)
    ids = found.label_map.ids
    labels = {one.key: int((ids == one.id).sum()) for one in LABELS if (ids == one.id).any()}
    told = {
        "label_map": str(out),
        "labels": labels,
        "spacing_mm": found.label_map.spacing_mm,
        "seconds_per_frame": opened.seconds_per_frame,
        "frames": opened.total,
        "warnings": warnings,
    }
    counts = ", ".join(f"{name} {count}" for name, count in labels.items())
    print_result(as_json, told, f"{out}  {counts} pixels", *(f"warning: {words}" for words in warnings))


def _label_every_frame(
    opened: "Recording", at: int | None, correct: Sequence[str], out: Path, warnings: list[str], as_json: bool
) -> None:
    """Write a label map a frame into a folder, and tell the beat."""
    from echo_studio.cli.recordings import labels_of_every_frame
    from echo_studio.data.atomic import filling_folder
    from echo_studio.data.formats.label_file import write_label_map
    from echo_studio.errors import RequestError
    from echo_studio.generate.video.real_beat import RealBeat

    labels = labels_of_every_frame(opened, correct, None)
    beat = None
    try:
        beat = RealBeat.of(opened.frames, labels, opened.seconds_per_frame, at).curve()
    except RequestError as problem:  # the labels are there all the same
        warnings.append(f"no beat is measured: {problem}")
    names = [f"frame-{k:03d}.png" for k in range(len(labels))]
    with filling_folder(out) as part:
        for name, label_map in zip(names, labels, strict=True):
            write_label_map(part / name, label_map)
    told = {
        "label_maps": [str(out / name) for name in names],
        "beat": beat,
        "spacing_mm": labels[0].spacing_mm,
        "seconds_per_frame": opened.seconds_per_frame,
        "frames": opened.total,
        "warnings": warnings,
    }
    measured = (
        ""
        if beat is None
        else (f": one beat from frame {beat['first']}, {beat['frames']} frames, EF {beat['ef_percent']:.0f} %")
    )
    print_result(as_json, told, f"{out}  {len(labels)} label maps{measured}", *(f"warning: {one}" for one in warnings))
