"""`echo-studio edit`: change a label map file: repairs, shape sliders, a defect, a random variation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echo_studio.cli.options import values_of
from echo_studio.cli.output import JsonOption, print_result
from echo_studio.errors import RequestError

if TYPE_CHECKING:
    from echo_studio.anatomy.label_map import LabelMap

SpacingOption = Annotated[
    tuple[float, float] | None,
    typer.Option("--spacing-mm", help="Pixel spacing, y then x, for a map whose file has none (or another one)."),
]


def edit(
    label_map: Annotated[Path, typer.Option(help="Label map, ids 0 to 6: .png, .nii or .nii.gz.")],
    out: Annotated[Path, typer.Option(help="Label map to write: .png, .nii or .nii.gz.")],
    repair: Annotated[
        list[str] | None, typer.Option(help="Mend one kind of fault that `echo-studio measure` finds; repeatable.")
    ] = None,
    shape: Annotated[
        list[str] | None, typer.Option(help="A shape slider, e.g. lv-size=1.2 or tilt=10; repeatable.")
    ] = None,
    defect: Annotated[
        str | None, typer.Option(help="septal, aneurysm, effusion, ...; an unknown name lists them all.")
    ] = None,
    at: Annotated[float | None, typer.Option(help="Place of the defect along the wall: 0 apex, 1 base.")] = None,
    width_mm: Annotated[float | None, typer.Option(help="Width of the defect in mm.")] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any parameter of the defect, e.g. thickness-mm=8; an unknown one lists them; repeatable."
        ),
    ] = None,
    vary: Annotated[
        int | None, typer.Option(help="Seed of a random affine and elastic variation with the papers' ranges.")
    ] = None,
    spacing_mm: SpacingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shape or damage the heart of a label map.

    Changes are made in this order: repairs, shape sliders, the defect, the variation. Where the spacing is not
    known, lengths are given in pixels: --set width-px=12.

    \b
    Example:
      echo-studio edit --label-map in.png --defect septal --at 0.6 --width-mm 8 --out out.png
    """
    from echo_studio.anatomy.edits.defects import apply_defect
    from echo_studio.anatomy.edits.repair import repair as mend
    from echo_studio.anatomy.shape.sliders import Shape, reshape
    from echo_studio.data.atomic import check_writable
    from echo_studio.data.deform import random_variation
    from echo_studio.data.formats.encode import check_suffix
    from echo_studio.data.formats.label_file import write_label_map

    given = values_of(values, "--set")
    given |= {key: value for key, value in (("at", at), ("width_mm", width_mm)) if value is not None}
    if given and defect is None:
        raise RequestError(
            expected="--defect with its parameters", got=", ".join(given), remedy="name the defect, or leave them out"
        )
    if not (repair or shape or defect or vary is not None):
        raise RequestError(
            expected="--repair, --shape, --defect or --vary", got="none of them", remedy="say what to change"
        )
    check_suffix(out)
    check_writable(out)
    result = source = read(label_map, spacing_mm)
    for kind in repair or []:
        result = mend(result, kind)
    if shape:
        result = reshape(result, Shape.of(values_of(shape, "--shape")))
    if defect is not None:
        result = apply_defect(result, defect, given)
    if vary is not None:
        result = random_variation(result, vary)
    write_label_map(out, result)
    changed = int((result.ids != source.ids).sum())
    found = {"label_map": str(out), "changed_pixels": changed, "sha256": result.digest}
    print_result(as_json, found, f"{out}  {changed} pixels changed")


def read(path: Path, spacing_mm: tuple[float, float] | None) -> "LabelMap":
    """A label map, with the spacing that was given in place of the file's."""
    from echo_studio.anatomy.label_map import LabelMap
    from echo_studio.data.formats.label_file import read_label_map

    label_map = read_label_map(path)
    return LabelMap(label_map.ids, spacing_mm) if spacing_mm is not None else label_map
