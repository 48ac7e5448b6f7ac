"""`echo-studio check-data`: every fault of a data folder in one table."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.output import JsonOption, print_json, print_table, progress


def check_data(
    path: Annotated[Path, typer.Argument(help="A folder in CAMUS's layout: patientXXXX/patientXXXX_4CH_ED.nii.gz.")],
    as_json: JsonOption = False,
) -> None:
    """Report every fault of a CAMUS folder.

    Reads .nii.gz, .nii, .mhd and .png. Looks for missing pairs, unreadable files, unknown labels, sizes that
    differ, structures without a pixel, images without a sector, and split files that contradict each other or the
    folder. Exits with 2 if there is any.

    \b
    Example:
      echo-studio check-data ~/data/CAMUS_public
    """
    from echo_studio.data.camus import CamusFolder
    from echo_studio.data.check import check_folder

    folder = CamusFolder(path)
    with progress("Checking patients") as advance:
        faults = list(check_folder(folder, advance))
    counts = {"patients": len(folder.patients), "frames": len(folder.frame_ids())}
    if as_json:
        listed = [{"path": str(fault.path), "kind": fault.kind, "detail": fault.detail} for fault in faults]
        print_json({"folder": str(folder.root), **counts, "faults": listed})
    else:
        if faults:
            rows = [(_relative(fault.path, folder.root), fault.kind, fault.detail) for fault in faults]
            print_table(("File", "Fault", "Detail"), rows)
        number = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}" if faults else "no faults"
        typer.echo(f"{number} in {counts['frames']} frames of {counts['patients']} patients")
    if faults:
        raise typer.Exit(2)


def _relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
