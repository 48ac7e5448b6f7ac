"""`echo-studio check-data`: every fault of a data folder in one table."""

from pathlib import Path
from typing import Annotated

import typer

from echo_studio.cli.output import JsonOption, print_result, progress, table


def check_data(
    path: Annotated[
        Path, typer.Argument(help="A folder of CAMUS, of EchoNet-Dynamic, or of MP4, AVI and DICOM loops.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Report every fault of a data folder.

    CAMUS (patientXXXX/patientXXXX_4CH_ED.nii.gz, also .nii, .mhd and .png): missing pairs, unreadable files, unknown
    labels, sizes that differ, structures without a pixel, images without a sector, half sequences that give no cycle,
    split files that contradict each other or the folder. EchoNet-Dynamic (FileList.csv): missing columns and videos,
    damaged videos, traces that cross. Any other folder: recordings that cannot be read or hold no heartbeat.
    Playlists and addresses are refused, never followed. Exits with 2 if there is any fault.

    \b
    Example:
      echo-studio check-data ~/data/CAMUS_public
      echo-studio check-data ~/data/EchoNet-Dynamic
    """
    from echo_studio.data.datasets.check import checkable

    found = checkable(path)
    with progress("Checking") as advance:
        faults = list(found.faults(advance))
    listed = [{"path": str(fault.path), "kind": fault.kind, "detail": fault.detail} for fault in faults]
    counts = {what.replace(",", "").replace(" ", "_"): count for what, count in found.counts.items()}
    rows = [(_relative(fault.path, found.root), fault.kind, fault.detail) for fault in faults]
    number = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}" if faults else "no faults"
    print_result(
        as_json,
        {"folder": str(found.root), "layout": found.layout, **counts, "faults": listed},
        *([table(("File", "Fault", "Detail"), rows)] if faults else []),
        f"{number} in {_counted(found.counts)}",
    )
    if faults:
        raise typer.Exit(2)


def _counted(counts: dict[str, int]) -> str:
    """`8 frames of 2 patients`, `3 videos`."""
    parts = [f"{count} {what}" for what, count in counts.items() if what != "patients"]
    return " and ".join(parts) + (f" of {counts['patients']} patients" if "patients" in counts else "")


def _relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
