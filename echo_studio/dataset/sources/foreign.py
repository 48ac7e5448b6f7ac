"""Label maps out of data sets that somebody else made: plain files by their names, DICOM segmentations, nnU-Net v2.

What a DICOM segment is, its coded type says (SNOMED CT, as in `export.dicom.MEANINGS`), whatever its number and name.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABELS, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.sector.geometry import sector_of_image, with_sector
from echo_studio.data.formats.folder import files_in, kind_of
from echo_studio.data.formats.image_file import SUFFIXES, read_gray
from echo_studio.data.formats.pair_file import read_pair
from echo_studio.dataset.export.dicom import MEANINGS, dicom_pixels, opened_dicom, reading_dicom
from echo_studio.dataset.pairs import read_json
from echo_studio.dataset.split import SPLITS
from echo_studio.errors import DataError, UnknownNameError, raised_as
from echo_studio.types import PHASES, Phase, Spacing, View

VIEW_WORDS: dict[str, View] = {"2CH": "2CH", "A2C": "2CH", "4CH": "4CH", "A4C": "4CH"}
OF_CODE = {code: number for number, (code, _) in MEANINGS.items()}
TISSUE_LAST = sorted(OF_CODE.values(), key=lambda number: number != SECTOR)  # the sector lies below the structures
DESCRIPTION = "dataset.json"
IGNORE = "ignore"  # what nnU-Net does not learn from: here it is no structure
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


@dataclass(frozen=True)
class FoundMap:
    """A label map of any size under the name that it has there; `base` where its set tells what splits go by."""

    stem: str
    view: View
    phase: Phase
    label_map: LabelMap
    base: str | None = None


def named(maps: Iterable[tuple[str, LabelMap]], view: View | None, phase: Phase | None) -> Iterator[FoundMap]:
    """Maps whose names tell view and phase by words like 4CH, A4C and ED, or do not.

    Args:
        view, phase: where a name tells them, they choose; where not, they say what the map shows (no phase: ED).

    Raises:
        DataError: a view that nothing tells.
    """
    for stem, label_map in maps:
        words = re.split(r"[^A-Z0-9]+", stem.upper())
        told_view = next((VIEW_WORDS[word] for word in words if word in VIEW_WORDS), None)
        told_phase = next((word for word in PHASES if word in words), None)
        if told_view is None and view is None:
            raise DataError(
                expected=f"--view {' or '.join(get_args(View))} for maps whose names do not tell",
                got=f"none for {stem}",
                remedy="give --view, or name the files like heart_4CH_ED.png",
            )
        if (view and told_view not in (None, view)) or (phase and told_phase not in (None, phase)):
            continue
        shown = told_view or view
        assert shown is not None
        yield FoundMap(stem, shown, told_phase or phase or "ED", label_map)


def segmentation_maps(folder: Path, view: View | None, phase: Phase | None) -> Iterator[FoundMap]:
    """The label map of every segmentation in a folder and those below; other DICOM files are passed over.

    Raises:
        DataError: a damaged file, a segment of another type, or a segmentation of several images.
        LabelMapError: a size outside 8 to 4096.
    """
    found = ((path, opened_dicom(path)) for path in files_in(folder) if kind_of(path) == "dicom")
    maps = ((path.stem, _segmentation_map(data, path)) for path, data in found if data.get("Modality") == "SEG")
    yield from named(maps, view, phase)


def _segmentation_map(data: Any, path: Path) -> LabelMap:
    masks = dicom_pixels(data, path)
    with reading_dicom(path):
        codes = {
            int(one.SegmentNumber): str(one.SegmentedPropertyTypeCodeSequence[0].CodeValue)
            for one in data.SegmentSequence
        }
        frames = [
            int(one.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
            for one in data.PerFrameFunctionalGroupsSequence
        ]
        spacing = _spacing(data)
    unknown = sorted({*codes.values()} - OF_CODE.keys())
    if unknown:
        raise DataError(
            expected=f"segments coded as {', '.join(f'{code} {name}' for code, name in MEANINGS.values())} (SNOMED CT)",
            got=f"{unknown[0]} in {path}",
            remedy="recode the segments",
        )
    if len({*frames}) != len(frames) or {*frames} - codes.keys():
        raise DataError(
            expected=f"one image, each segment once, in {path}", got=f"{len(frames)} frames", remedy="split it"
        )
    planes = masks if masks.ndim == 3 else masks[None]
    mask_of = {OF_CODE[codes[number]]: mask for number, mask in zip(frames, planes, strict=True)}
    ids = np.zeros(masks.shape[-2:], np.uint8)
    for number in TISSUE_LAST:
        if number in mask_of:
            ids[mask_of[number] > 0] = number
    return LabelMap(ids, spacing)


def _spacing(data: Any) -> Spacing | None:
    """(y, x) in mm, where the file tells it."""
    shared = data.get("SharedFunctionalGroupsSequence")
    measures = shared[0].get("PixelMeasuresSequence") if shared else None
    values = measures[0].get("PixelSpacing") if measures else None
    return None if values is None else (float(values[0]), float(values[1]))


def is_nnunet(folder: Path) -> bool:
    """Whether a folder has the layout of nnU-Net v2's raw data."""
    return (folder / DESCRIPTION).is_file() and ((folder / "labelsTr").is_dir() or _listed_cases(folder) is not None)


def _listed_cases(folder: Path) -> dict[str, Any] | None:
    """The cases that dataset.json lists with their files, which nnU-Net takes in place of its folders."""
    about = read_json(folder / DESCRIPTION)
    listed = about.get("dataset") if isinstance(about, dict) else None
    return listed if isinstance(listed, dict) and listed else None


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
    end = str(about.get("file_ending", ""))
    if end.lower() not in SUFFIXES:
        raise DataError(
            expected=f"label maps as {', '.join(SUFFIXES)} in {folder / DESCRIPTION}",
            got=f"file_ending {end!r}",
            remedy="convert them",
        )
    held = _validation(folder)
    cases = [
        case
        for case in _cases(folder, end)
        if split in ("all", "validation" if case.part == "training" and case.name in held else case.part)
    ]
    yield from named(((case.name, _case_map(case, table)) for case in cases), view, phase)


@dataclass(frozen=True)
class Case:
    """A label map of nnU-Net's raw data, its part (training or testing), and where its image is, if anywhere."""

    name: str
    part: str
    labels: Path
    image: Path


def _cases(folder: Path, end: str) -> Iterator[Case]:
    for name, files in (_listed_cases(folder) or {}).items():
        with raised_as(
            DataError,
            LookupError,
            TypeError,
            expected=f"images and label of {name} in {folder / DESCRIPTION}",
            remedy="add them",
        ):
            yield Case(name, "training", folder / files["label"], folder / files["images"][0])
    for part, places in (("training", "Tr"), ("testing", "Ts")):
        if part == "training" and _listed_cases(folder):
            continue
        for path in files_in(folder / f"labels{places}"):
            if path.name.lower().endswith(end.lower()):
                name = path.name[: -len(end)]
                yield Case(name, part, path, folder / f"images{places}" / f"{name}{CHANNEL}{end}")


def _table(about: Any, folder: Path) -> dict[int, int]:
    """Our id by that data set's."""
    labels = about.get("labels") if isinstance(about, dict) else None
    numbers = {name: _whole(number) for name, number in labels.items()} if isinstance(labels, dict) else {}
    if not numbers or None in numbers.values():
        raise DataError(
            expected=f"labels by name, each one number from 0 to 255, in {folder / DESCRIPTION}",
            got="none" if not labels else "others",
            remedy="write them as nnU-Net v2 does, without regions",
        )
    table: dict[int, int] = {}
    for name, number in numbers.items():
        plain = " ".join(str(name).lower().replace("_", " ").replace("-", " ").split())
        known = NAMES.get(plain)
        if known is None and plain != IGNORE:
            raise DataError(
                expected=f"labels of the schema: background, {', '.join(label.key for label in LABELS[1:])}",
                got=f"{name!r} in {folder / DESCRIPTION}",
                remedy="rename the label, or leave it out of the maps",
            )
        assert number is not None
        table[number] = OUTSIDE if known is None else known
    return table


def _whole(number: Any) -> int | None:
    """An id as JSON may write it, 1 or 1.0; None where it is none."""
    whole = isinstance(number, int | float) and not isinstance(number, bool) and float(number).is_integer()
    return int(number) if whole and 0 <= number <= 255 else None


def _case_map(case: Case, table: dict[int, int]) -> LabelMap:
    shown = None
    if case.image.is_file():
        images, labels, spacing = read_pair(case.image, case.labels)
        values, shown = labels[0], images[0]
    else:
        values, spacing = read_gray(case.labels)
    unknown = sorted({*np.unique(values).tolist()} - table.keys())
    if unknown:
        raise DataError(
            expected=f"the values that {DESCRIPTION} names in {case.labels}",
            got=f"{unknown[0]} too",
            remedy="mend the file",
        )
    numbers = np.zeros(256, np.uint8)
    numbers[list(table)] = list(table.values())
    ids = numbers[values]
    if SECTOR not in ids:
        if shown is None:
            raise DataError(
                expected=f"the image of {case.name}, in which the sector is found",
                got=f"no file {case.image}",
                remedy="copy it",
            )
        ids = with_sector(ids, sector_of_image(shown))
    return LabelMap(ids, spacing)


def _validation(folder: Path) -> set[str]:
    path = folder / "splits_final.json"
    if not path.is_file():
        return set()
    folds = read_json(path)
    with raised_as(
        DataError, LookupError, TypeError, expected=f"folds with train and val in {path}", remedy="remove it"
    ):
        return {str(case) for case in folds[0]["val"]}
