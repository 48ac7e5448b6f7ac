"""A set as DICOM: ultrasound images or loops by pydicom, and their labels as DICOM Segmentation by highdicom.

    training/ID.dcm           Ultrasound Image, or Ultrasound Multi-frame Image of a clip
    training/ID.seg.dcm       its labels, one binary segment an id of camus+sector/2, of a frame
    training/ID.seg.000.dcm   the same of each frame of a clip

Segmentations of many frames need to know each one's place in the patient, which ultrasound does not: so a clip's
labels are one object a frame, which says which one. The image's calibration holds the spacing of both. Patient and
study are the sample's base.
"""

import contextlib
import hashlib
import io
import json
import warnings
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from echo_studio import __version__
from echo_studio.anatomy.labels import (
    FLUID,
    LABEL_COUNTS,
    LABELS,
    LEFT_ATRIUM,
    LV_CAVITY,
    LV_MYOCARDIUM,
    MASS,
    OUTSIDE,
    SECTOR,
)
from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.dicom import (
    MAKER,
    calibrate,
    dicom_bytes,
    encoded,
    heading,
    put_note,
    put_pixels,
    read_note,
    uid_of,
)
from echo_studio.data.decoding.dicom import NATIVE, PACKED
from echo_studio.data.formats.image_file import UNREADABLE
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.extras import need
from echo_studio.dataset.sample import COPY_AGAIN, Listed, Pixels, SetSample, header_of
from echo_studio.dataset.split import Split
from echo_studio.errors import DataError, raised_as
from echo_studio.types import LabelIds

# SNOMED CT's codes of what the ids mean (PS3.16); the sector is whatever tissue the beam meets.
MEANINGS = {
    LV_CAVITY: ("87878005", "Left ventricle"),
    LV_MYOCARDIUM: ("373126009", "Left ventricle myocardium"),
    LEFT_ATRIUM: ("82471001", "Left atrium"),
    SECTOR: ("85756007", "Tissue"),
    FLUID: ("32457005", "Body fluid"),
    MASS: ("4147007", "Mass"),
}
STRUCTURE = ("91723000", "Anatomical Structure")
CATEGORIES = {  # of DICOM's context group 7150
    **dict.fromkeys((LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM, SECTOR), STRUCTURE),
    FLUID: ("91720002", "Body Substance"),
    MASS: ("49755003", "Morphologically Altered Structure"),
}
SEGMENTATION = ".seg"  # no id has a dot
DAMAGED = (*UNREADABLE, AttributeError, InvalidDicomError, NotImplementedError, RecursionError, RuntimeError)


def write_dicom(folder: Path, samples: Iterable[tuple[Split, SetSample]]) -> None:
    """Fill a folder with images and their segmentations, in one folder a split.

    Raises:
        OutputError: highdicom is not installed.
    """
    highdicom = need("highdicom", "dicom")
    for split, sample in samples:
        place = folder / split
        place.mkdir(exist_ok=True)
        image = _image(sample)
        (place / f"{sample.id}.dcm").write_bytes(image)
        source = pydicom.dcmread(io.BytesIO(image))
        if not sample.is_clip:
            _segmentation(highdicom, source, sample.ids, 1, sample.schema).save_as(place / f"{sample.id}.seg.dcm")
            continue
        for number, ids in enumerate(sample.ids):
            segmentation = _segmentation_of(number, highdicom, source, ids, sample.schema)
            segmentation.save_as(place / f"{sample.id}.seg.{number:03d}.dcm")


def read_dicom_set(folder: Path) -> Iterator[Listed]:
    """The samples of a folder that `write_dicom` filled.

    Raises:
        DataError: a damaged file, or images that Echo Studio did not make.
    """
    for path in sorted(folder.glob("*/*.dcm"), key=lambda path: path.name):
        if SEGMENTATION in path.name:
            continue
        with reading_dicom(path):
            note = json.loads(read_note(opened_dicom(path)) or "null")
        header = header_of(note.get("record") if isinstance(note, dict) else None, str(path))
        yield Listed(header, partial(_pixels, path, header.is_clip))


def _image(sample: SetSample) -> bytes:
    if sample.fps is not None:
        clip = Clip(sample.image, sample.fps, spacing_mm=sample.spacing_mm, record=sample.to_json())
        return dicom_bytes(clip, sample.base)
    text = json.dumps({"notice": NOTICE, "record": sample.to_json()}, allow_nan=False)
    digest = hashlib.sha256(text.encode() + sample.image.tobytes()).hexdigest()
    data = heading(UltrasoundImageStorage, digest, sample.base)
    if sample.spacing_mm is not None:
        calibrate(data, sample.image.shape[0], sample.image.shape[1], sample.spacing_mm)
    put_pixels(data, sample.image)
    put_note(data, text)
    return encoded(data)


def _segmentation(highdicom: Any, source: Any, ids: LabelIds, number: int, schema: str) -> Any:
    """Labels (h, w) of one frame as binary segments, one for each label of the sample's schema, empty ones too."""
    key = f"{source.SOPInstanceUID} {number}"
    code = highdicom.sr.CodedConcept
    segmentation = highdicom.seg.Segmentation(
        source_images=[source],
        pixel_array=ids[None],
        segmentation_type="BINARY",
        segment_descriptions=[
            highdicom.seg.SegmentDescription(
                segment_number=label.id,
                segment_label=label.name,
                segmented_property_category=code(CATEGORIES[label.id][0], "SCT", CATEGORIES[label.id][1]),
                segmented_property_type=code(MEANINGS[label.id][0], "SCT", MEANINGS[label.id][1]),
                algorithm_type="MANUAL",
            )
            for label in LABELS[: LABEL_COUNTS[schema]]
            if label.id != OUTSIDE
        ],
        series_instance_uid=uid_of("labels", str(source.SOPInstanceUID)),
        series_number=2,
        sop_instance_uid=uid_of("label map", key),
        instance_number=number,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=__version__,
        device_serial_number="0",
        content_description=f"{schema} {NOTICE}",
        content_label="LABEL_MAP",
        omit_empty_frames=False,
    )
    segmentation.SyntheticData = "YES"
    segmentation.SeriesDescription = NOTICE
    segmentation.PatientOrientation = ""
    return segmentation


def _segmentation_of(number: int, highdicom: Any, loop: Any, ids: LabelIds, schema: str) -> Any:
    """Labels (h, w) of frame `number` of a loop, from 0: made as those of a still, then referring to the loop."""
    still = pydicom.Dataset(loop)
    still.SOPClassUID, still.NumberOfFrames = UltrasoundImageStorage, 1
    segmentation = _segmentation(highdicom, still, ids, number + 1, schema)
    for element in segmentation.iterall():
        if element.keyword == "ReferencedSOPClassUID" and element.value == UltrasoundImageStorage:
            element.value = UltrasoundMultiFrameImageStorage
    for frame in segmentation.PerFrameFunctionalGroupsSequence:
        frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber = number + 1
    return segmentation


def _pixels(path: Path, clip: bool) -> tuple[list[Pixels], list[Pixels]]:
    image = dicom_pixels(opened_dicom(path), path)
    ends = [f".{number:03d}.dcm" for number in range(len(image))] if clip else [".dcm"]
    return [*image] if clip else [image], [_labels(path.with_name(f"{path.stem}{SEGMENTATION}{end}")) for end in ends]


def _labels(path: Path) -> LabelIds:
    data = opened_dicom(path)
    segments = dicom_pixels(data, path)
    with reading_dicom(path):
        frames = data.PerFrameFunctionalGroupsSequence
        numbers = [int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber) for frame in frames]
        ids = np.zeros(segments.shape[1:], np.uint8)
        for number, mask in zip(numbers, segments, strict=True):
            ids[mask > 0] = number
    return ids


def opened_dicom(path: Path) -> Any:
    """A DICOM file in any encoding that is read here, as archives re-encode ours; raises DataError for others."""
    with reading_dicom(path):
        # Asked first, because opening a deflated file means to inflate it, to any size.
        syntax = str(pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID"))
        if syntax not in (*NATIVE, *PACKED):
            raise ValueError("a transfer syntax that is not read here")
        return pydicom.dcmread(path)


def dicom_pixels(data: Any, path: Path) -> npt.NDArray[np.uint8]:
    """The pixels of an opened file; raises DataError where they are damaged or no bytes."""
    with reading_dicom(path):
        pixels = np.asarray(data.pixel_array)
        if pixels.dtype != np.uint8:
            raise ValueError(f"pixels of type {pixels.dtype}")
        return pixels


@contextlib.contextmanager
def reading_dicom(path: Path) -> Iterator[None]:
    """Raise DataError for damage: pydicom reads most of a file when it is asked for, and warns of some faults alone."""
    with (
        raised_as(DataError, *DAMAGED, expected=f"a DICOM file {path}", remedy=COPY_AGAIN),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
