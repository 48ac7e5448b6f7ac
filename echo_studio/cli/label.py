"""`echo-studio label`: the labels of a real frame, as the page makes them when a file is opened."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.output import JsonOption, print_result


def label(
    frame: Annotated[
        Path, typer.Option(help="A real frame or recording: PNG, JPEG, GIF, NIfTI, MetaImage, NRRD, DICOM or video.")
    ],
    out: Annotated[Path, typer.Option(help="Label map, .png, .nii or .nii.gz; what is there is overwritten.")],
    at: Annotated[int, typer.Option(help="Which frame of a recording; 0 is the first.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Label a real frame with the bundled segmenter.

    Writes ids 0 to 4 (outside, LV cavity, LV myocardium, left atrium, sector) at the frame's size, with its spacing
    where the file tells it. A frame that does not look like an apical view is labelled with a warning. Only the labels
    are written: nothing of the recording, its header or its name.

    \b
    Example:
      echo-studio label --frame loop.dcm --at 12 --out map.png --json
    """
    from echo_studio.anatomy.label_map import LabelMap
    from echo_studio.anatomy.labels import LABELS
    from echo_studio.data.atomic import check_writable
    from echo_studio.data.formats.encode import check_suffix
    from echo_studio.data.formats.label_file import write_label_map
    from echo_studio.errors import ImageError, RequestError
    from echo_studio.evaluate.frames.segmentation import FrameSegmenter, labelled
    from echo_studio.studio.uploads import read_upload

    check_suffix(out)
    check_writable(out)
    opened = read_upload(frame)
    if isinstance(opened, LabelMap):
        raise ImageError(
            expected="a real frame to label", got=f"{frame.name}, a label map", remedy="give the frame that it is of"
        )
    if not 0 <= at < len(opened.frames):
        raise RequestError(
            expected=f"--at from 0 to {len(opened.frames) - 1}, the frames of {frame.name}",
            got=str(at),
            remedy="choose one of them",
        )
    found = labelled(FrameSegmenter.load(), opened.frames[at], opened.spacing_mm)
    warnings = list(found.warnings)
    if opened.shortened:
        warnings.append(f"only the first {len(opened.frames)} of {opened.total} frames are read")
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
