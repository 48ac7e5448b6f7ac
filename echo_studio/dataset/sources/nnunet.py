"""Label maps out of an nnU-Net v2 raw data set that somebody else made."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABELS, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.sector.geometry import sector_of_image, with_sector
from echo_studio.data.formats.image_file import SUFFIXES, read_gray
from echo_studio.dataset.pairs import read_json
from echo_studio.dataset.sources.found_map import FoundMap, named
from echo_studio.dataset.split import SPLITS
from echo_studio.errors import DataError, UnknownNameError
from echo_studio.types import Phase, View

__all__ = ["is_nnunet", "nnunet_maps"]

DESCRIPTION = "dataset.json"
CHANNEL = "_0000"  # the first, of which ultrasound has no second
# What people call our labels, in lower case with spaces for `_` and `-`.
NAMES: dict[str, int] = {
    **{label.key.replace("_", " "): label.id for label in LABELS},
    **{label.name.lower(): label.id for label in LABELS},
    "background": OUTSIDE,
    **dict.fromkeys(("lv", "left ventricle", "lv endocardium"), LV_CAVITY),
    **dict.fromkeys(("myo", "myocardium", "lv myocardium"), LV_MYOCARDIUM),
    "left atrium": LEFT_ATRIUM,
    "fan": SECTOR,
}


def is_nnunet(folder: Path) -> bool:
    """Whether a folder has the layout of nnU-Net v2's raw data."""
    return (folder / DESCRIPTION).is_file() and (folder / "labelsTr").is_dir()


def nnunet_maps(folder: Path, view: View | None, phase: Phase | None, split: str) -> Iterator[FoundMap]:
    """The label map of every case, with our ids in place of that data set's, which its names of labels tell.

    Where no label is the sector, it is found in the image beside, as for CAMUS.

    Args:
        split: training (labelsTr without what the first fold validates on), validation, testing (labelsTs) or all.

    Raises:
        DataError: labels that are not ours, in dataset.json or in a file; a case without an image.
        ImageError, LabelMapError: a file that cannot be read.
        UnknownNameError: another split.
    """
    if split not in (*SPLITS, "all"):
        raise UnknownNameError("split", split, (*SPLITS, "all"))
    about = read_json(folder / DESCRIPTION)
    table = _table(about, folder)
    end = about.get("file_ending")
    if end not in SUFFIXES:
        raise DataError(
            expected=f"label maps as {', '.join(SUFFIXES)}", got=f"file_ending {end!r}", remedy="convert them"
        )
    held = _validation(folder)
    cases = [
        (path, path.name.removesuffix(end))
        for part, places in (("training", "Tr"), ("testing", "Ts"))
        for path in sorted((folder / f"labels{places}").glob(f"[!.]*{end}"))
        if split in ("all", ("validation" if part == "training" and path.name.removesuffix(end) in held else part))
    ]
    yield from named(((case, _map(path, case, end, table)) for path, case in cases), view, phase)


def _table(about: Any, folder: Path) -> dict[int, int]:
    """Our id by that data set's."""
    labels = about.get("labels") if isinstance(about, dict) else None
    if not isinstance(labels, dict) or not labels or not all(type(number) is int for number in labels.values()):
        raise DataError(
            expected=f"labels by name, each one number, in {folder / DESCRIPTION}",
            got="none" if not labels else "others",
            remedy="write them as nnU-Net v2 does, without regions",
        )
    table: dict[int, int] = {}
    for name, number in labels.items():
        known = NAMES.get(" ".join(str(name).lower().replace("_", " ").replace("-", " ").split()))
        if known is None:
            raise DataError(
                expected=f"labels of the schema: background, {', '.join(label.key for label in LABELS[1:])}",
                got=f"{name!r} in {folder / DESCRIPTION}",
                remedy="rename the label, or leave it out of the maps",
            )
        table[number] = known
    return table


def _map(path: Path, case: str, end: str, table: dict[int, int]) -> LabelMap:
    values, spacing = read_gray(path)
    unknown = sorted({*np.unique(values).tolist()} - table.keys())
    if unknown:
        raise DataError(
            expected=f"the values that {DESCRIPTION} names in {path}", got=f"{unknown[0]} too", remedy="mend the file"
        )
    numbers = np.zeros(256, np.uint8)
    numbers[list(table)] = list(table.values())
    ids = numbers[values]
    if SECTOR not in ids:
        image = path.parent.with_name(path.parent.name.replace("labels", "images")) / f"{case}{CHANNEL}{end}"
        shown, _ = read_gray(image)
        if shown.shape != ids.shape:
            raise DataError(
                expected=f"image and labels of one size for {case}",
                got=f"{shown.shape} and {ids.shape}",
                remedy="copy them again",
            )
        ids = with_sector(ids, sector_of_image(shown))
    return LabelMap(ids, spacing)


def _validation(folder: Path) -> set[str]:
    path = folder / "splits_final.json"
    if not path.is_file():
        return set()
    folds = read_json(path)
    try:
        return {str(case) for case in folds[0]["val"]}
    except (LookupError, TypeError) as error:
        raise DataError(expected=f"folds with train and val in {path}", got="others", remedy="remove it") from error
