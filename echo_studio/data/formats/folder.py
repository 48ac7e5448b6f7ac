"""What lies in a folder that a person gives: linked folders too, and nothing that systems leave there."""

import os
from collections.abc import Iterator
from pathlib import Path

from echo_studio.data.decoding.file_kind import HEAD, file_kind, holds_no_picture, is_junk
from echo_studio.errors import ImageError


def files_in(root: Path) -> Iterator[Path]:
    """Every file of a folder and those below it, in order of their names; a folder that is linked twice comes once."""
    seen: set[Path] = set()
    for place, folders, names in os.walk(root, followlinks=True):
        seen.add(Path(place).resolve())
        folders[:] = sorted(
            name for name in folders if not is_junk(Path(name)) and (Path(place) / name).resolve() not in seen
        )
        yield from (Path(place) / name for name in sorted(names) if not is_junk(Path(name)))


def kind_of(path: Path) -> str | None:
    """The kind of a file by its content; None of what is read nowhere, and of DICOM files without a picture."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
        kind = file_kind(head)
    except (OSError, ImageError):
        return None
    return None if kind == "dicom" and holds_no_picture(head) else kind


def named_in(folder: Path, name: str) -> Path | None:
    """The file of that name, whatever the case of its letters; None if there is none."""
    exact = folder / name
    if exact.is_file():
        return exact
    if not folder.is_dir():
        return None
    return next((path for path in folder.iterdir() if path.name.lower() == name.lower() and path.is_file()), None)
