"""`echo-studio what-if`: a real frame with another anatomy, its look kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.generate import record_path
from echo_studio.cli.options import (
    CheckpointsOption,
    DefectsOption,
    DefectValuesOption,
    PrecisionOption,
    ShapeOption,
    values_of,
)
from echo_studio.cli.output import JsonOption, print_result, progress
from echo_studio.cli.recordings import real_frame
from echo_studio.errors import OutputError, RequestError
from echo_studio.types import Phase, View

if TYPE_CHECKING:
    from echo_studio.anatomy.label_map import LabelMap


def what_if(
    frame: Annotated[Path, typer.Option(help="A real frame or loop: PNG, JPEG, NIfTI, DICOM, MP4, AVI.")],
    view: Annotated[View, typer.Option(help="Apical view.")],
    out: Annotated[
        Path, typer.Option(help="Frame to write: .png, .nii or .nii.gz. Its record goes beside it as .json.")
    ],
    at: Annotated[int, typer.Option(min=0, help="Which frame of a loop, from 0.")] = 0,
    label_map: Annotated[
        Path | None, typer.Option(help="What the frame itself shows; the labeller finds it where none is given.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="The label map to draw in its place, of the frame's size; sliders and defects change it."),
    ] = None,
    phase: Annotated[Phase, typer.Option(help="End diastole or end systole.")] = "ED",
    shape: ShapeOption = None,
    defect: DefectsOption = None,
    values: DefectValuesOption = None,
    keep: Annotated[
        float, typer.Option(help="How much of the frame's own noise is kept, 0 (fresh noise) to 1 (its own).")
    ] = 1.0,
    whole_frame: Annotated[
        bool, typer.Option("--whole-frame", help="Generate the whole frame, not only what was edited.")
    ] = False,
    generator: Annotated[str, typer.Option(help="A generator that keeps a look: edm-l64, draft-l64.")] = "edm-l64",
    solver: Annotated[str | None, typer.Option(help="Sampler; the generator's advised one by default.")] = None,
    nfe: Annotated[
        int | None, typer.Option(help="Number of function evaluations, 1 to 1000; what is advised by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of fresh noise and grain.")] = 0,
    precision: PrecisionOption = "auto",
    checkpoints: CheckpointsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Edit a real frame: the same patient with another anatomy.

    The frame's look is kept: its noise is found by inversion, and away from the edit its own pixels stay. Changes are
    made in this order: another label map (--to), shape sliders, then the defects as they are listed. The result has
    the frame's size and is black outside the sector. It is an edited real frame: personal data, not for diagnosis.

    \b
    Example:
      echo-studio what-if --frame patient.dcm --at 12 --view 4CH --defect septal --set septal.width-mm=10 \\
          --shape wall=1.2 --out edited.png
    """
    from echo_studio.data.atomic import check_writable
    from echo_studio.data.formats.encode import check_suffix
    from echo_studio.data.formats.label_file import read_label_map
    from echo_studio.data.formats.media import write_frame, write_json

    check_suffix(out)
    for place in (out, record_path(out)):
        check_writable(place)
    image, own = real_frame(frame, at, label_map, checkpoints)

    from echo_studio.generate.catalog import catalog
    from echo_studio.generate.precision import quickest
    from echo_studio.generate.source import Source, check_size, own_label_map

    source = Source(image, own, keep, whole_frame)
    drawn = own
    if to is not None:
        check_size(asked := read_label_map(to), image.shape, f"{to.name}, a label map to draw,")
        drawn = own_label_map(image, asked, own.spacing_mm)
    edited = with_edits(drawn, shape, defect or [], values)
    with progress("Editing") as advance:
        advance(0, 1)
        made = catalog(checkpoints).load(generator)(
            edited,
            view=view,
            phase=phase,
            seed=seed,
            nfe=nfe,
            solver=solver,
            precision=quickest("cpu") if precision == "auto" else precision,
            source=source,
        )
    record = made.record.to_json()
    write_frame(out, made.image, edited.spacing_mm, record)
    try:
        write_json(record_path(out), record)
    except OutputError:
        out.unlink(missing_ok=True)  # a frame without its record is half a result
        raise
    changed = int((source.guide(edited).ids != source.guide(own).ids).sum())
    found = {"frame": str(out), "record_file": str(record_path(out)), "changed_pixels": changed, "record": record}
    print_result(as_json, found, f"{out}  {changed} labels changed, {made.seconds:.2f} s: an edited real frame")


def with_edits(
    label_map: "LabelMap", shape: Sequence[str] | None, defects: Sequence[str], values: Sequence[str] | None
) -> "LabelMap":
    """The label map after the shape sliders and the defects.

    Raises:
        RequestError, UnknownNameError: a parameter of a defect that is not asked for, or what the edits refuse.
    """
    from echo_studio.anatomy.edits.defects import apply_defect
    from echo_studio.anatomy.shape.sliders import Shape, reshape

    of_defects: dict[str, dict[str, float | str]] = {name: {} for name in defects}
    for name, value in values_of(values, "--set").items():
        which, dot, parameter = name.partition(".")
        which = next((one for one in of_defects if one.replace("-", "_") == which), which)
        if not dot or which not in of_defects:
            raise RequestError(
                expected="--set DEFECT.NAME=VALUE of a --defect that is given",
                got=name,
                remedy="write it like --defect septal --set septal.width-mm=8",
            )
        of_defects[which][parameter] = value
    edited = reshape(label_map, Shape.of(values_of(shape, "--shape"))) if shape else label_map
    for name, parameters in of_defects.items():
        edited = apply_defect(edited, name, parameters)
    return edited
