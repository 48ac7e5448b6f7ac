"""`echo-studio export`: a set in the format that the next program reads."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.output import JsonOption, print_result, progress
from echo_studio.types import Json


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SET", help="A set: a folder with ID/frame.png, ID/labels.png ..., or s3://BUCKET/NAME."
        ),
    ],
    form: Annotated[
        str,
        typer.Option("--format", help="png, camus, nnunet, huggingface, webdataset, dicom; of clips also mp4, gif."),
    ],
    out: Annotated[Path, typer.Option(help="A new folder.")],
    validation: Annotated[float, typer.Option(help="Fraction of the label maps to hold back for validation.")] = 0.1,
    testing: Annotated[float, typer.Option(help="Fraction of the label maps to hold back for testing.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the split: another one deals the label maps differently.")] = 0,
    only: Annotated[
        str, typer.Option(help="Of a set curated in the studio: all, kept or not-rejected samples.")
    ] = "all",
    include_real: Annotated[
        bool,
        typer.Option("--include-real", help="Write edited real frames too: personal data, and the card says so."),
    ] = False,
    scores: Annotated[
        Path | None, typer.Option(help="For the card: what `echo-studio evaluate ... --json` printed about this set.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a set in another format, with its card.

    SET may be in any of the formats that hold label maps, so a set comes back from each of them with --format png.
    Splits go by label map or patient: no deformation of one map is on two sides. Pixels, label ids, spacing, view,
    phase, licence and record are kept as the format allows, and everything is marked as synthetic, not for diagnosis.
    Of a curated set, tags, verdict and reviewer go along. Nothing is left behind where it cannot be finished.

    \b
    Example:
      echo-studio export my-set --format nnunet --out nnUNet_raw/Dataset501_Echo
    """
    from echo_studio.dataset.build.stored_set import read_here
    from echo_studio.dataset.export.formats import export_set
    from echo_studio.dataset.split import Fractions

    fractions = Fractions(validation, testing)
    measured = _scores(scores) if scores else {}
    with read_here(source) as folder, progress(f"Exporting as {form}") as advance:
        card = export_set(folder, form, out, fractions, seed, measured, advance, only, include_real)
    parts = ", ".join(f"{part['samples']} {name}" for name, part in card["splits"].items())
    line = f"{out}  {card['frames']} frames, {card['clips']} clips: {parts}"
    print_result(as_json, {"out": str(out), "card": card}, line)


def _scores(path: Path) -> Json:
    from echo_studio.dataset.pairs import read_json
    from echo_studio.errors import DataError

    scores = read_json(path)
    if not isinstance(scores, dict):
        raise DataError(
            expected=f"a JSON object in {path}", got=type(scores).__name__, remedy="give what `evaluate --json` printed"
        )
    return scores
