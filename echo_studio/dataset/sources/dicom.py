"""Label maps out of DICOM segmentations that somebody else made, of one image each.

What a segment is, its coded type tells (SNOMED CT, as in `export_dicom.MEANINGS`), whatever number and name it has.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.dataset.export.dicom import MEANINGS, dicom_pixels, opened_dicom, reading_dicom
from echo_studio.dataset.sources.found_map import FoundMap, named
from echo_studio.errors import DataError
from echo_studio.types import Phase, Spacing, View

__all__ = ["is_segmentations", "segmentation_maps"]

OF_CODE = {code: number for number, (code, _) in MEANINGS.items()}
TISSUE_LAST = sorted(OF_CODE.values(), key=lambda number: number != SECTOR)  # the sector lies below the structures


def is_segmentations(folder: Path) -> bool:
    """Whether a folder holds DICOM files."""
    return next(folder.rglob("*.dcm"), None) is not None


def segmentation_maps(folder: Path, view: View | None, phase: Phase | None) -> Iterator[FoundMap]:
    """The label map of every segmentation in a folder and those below; other DICOM files are passed over.

    Raises:
        DataError: a damaged file, a segment of another type, or a segmentation of several images.
        LabelMapError: a size outside 8 to 4096.
    """
    found = ((path, opened_dicom(path)) for path in sorted(folder.rglob("*.dcm")))
    maps = ((path.stem, _map(data, path)) for path, data in found if data.get("Modality") == "SEG")
    yield from named(maps, view, phase)


def _map(data: Any, path: Path) -> LabelMap:
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
