"""A clip as DICOM Ultrasound Multi-frame Image Storage (PS3.3 A.7). Labels have no place in this object."""

import hashlib
import io
import uuid
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage

from echo_studio import __version__
from echo_studio.data.clips.clip import Clip
from echo_studio.data.decoding.dicom import CENTIMETRE, TISSUE_2D
from echo_studio.data.formats.media import NOTICE
from echo_studio.types import Spacing

MAKER = "Echo Studio"
PRIVATE_GROUP = 0x0011  # private: the record, as one JSON text
NAMESPACE = uuid.UUID("6f2c1f0e-5f0b-5d0e-9a53-6563686f7374")

FRAME_TIME = 0x00181063


def uid_of(level: str, key: str) -> str:
    """A UID that equal keys share: a UUID under 2.25 needs no registered root (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(NAMESPACE, f'{level} {key}').int}"


def filled(data: Any, **elements: Any) -> Any:
    """The data set with these elements, by their keywords."""
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


def heading(sop_class: UID, digest: str, patient: str | None = None) -> Any:
    """Patient, study, series, equipment and image: types 1 and 2 of these modules, nothing that could be a person.

    Args:
        sop_class: of the image.
        digest: sha256 of what is in it; equal digests have equal instances.
        patient: of a set, what its samples are split by: those of one patient share patient and study. None makes
            every image its own patient.
    """
    empty = ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID")
    return filled(
        Dataset(),
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=sop_class,
        SOPInstanceUID=uid_of("instance", digest),
        SeriesInstanceUID=uid_of("series", digest),
        StudyInstanceUID=uid_of("study", digest if patient is None else f"of {patient}"),
        PatientName="SYNTHETIC^ECHO",
        PatientID=f"SYNTHETIC-{digest[:12].upper()}" if patient is None else f"SYNTHETIC-{patient}",
        **dict.fromkeys((*empty, "ReferringPhysicianName", "PatientOrientation"), ""),
        StudyDescription=NOTICE,
        SeriesDescription=NOTICE,
        Modality="US",
        BodyPartExamined="HEART",
        SeriesNumber=1,
        InstanceNumber=1,
        Manufacturer=MAKER,
        ManufacturerModelName=MAKER,
        SoftwareVersions=__version__,
        ImageType=["DERIVED", "SECONDARY"],
        SyntheticData="YES",
        DerivationDescription=f"Drawn from a label map by a generative model: {NOTICE}",
        ImageComments=NOTICE,
        BurnedInAnnotation="NO",
        LossyImageCompression="00",
    )


def calibrate(data: Any, height: int, width: int, spacing_mm: Spacing) -> None:
    """US Region Calibration (PS3.3 C.8.5.5): the whole picture is tissue, pixels in cm."""
    region = filled(
        Dataset(),
        RegionSpatialFormat=TISSUE_2D,
        RegionDataType=TISSUE_2D,
        RegionFlags=0,
        RegionLocationMinX0=0,
        RegionLocationMinY0=0,
        RegionLocationMaxX1=width - 1,
        RegionLocationMaxY1=height - 1,
        PhysicalUnitsXDirection=CENTIMETRE,
        PhysicalUnitsYDirection=CENTIMETRE,
        PhysicalDeltaX=spacing_mm[1] / 10,
        PhysicalDeltaY=spacing_mm[0] / 10,
    )
    data.SequenceOfUltrasoundRegions = [region]


def put_pixels(data: Any, pixels: npt.NDArray[np.uint8]) -> None:
    """Uncompressed grey values, uint8 (h, w) or (t, h, w)."""
    content = np.ascontiguousarray(pixels).tobytes()
    filled(
        data,
        Rows=pixels.shape[-2],
        Columns=pixels.shape[-1],
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        PixelData=content + bytes(len(content) % 2),  # values have an even length
    )
    data["PixelData"].VR = "OB"


def put_note(data: Any, text: str) -> None:
    """Keep a JSON text in this program's private block."""
    data.private_block(PRIVATE_GROUP, MAKER.upper(), create=True).add_new(0x01, "UT", text)


def read_note(data: Any) -> str:
    """The text that `put_note` kept; empty if there is none."""
    try:
        value = data.private_block(PRIVATE_GROUP, MAKER.upper())[0x01].value
        # Archives that write Implicit VR leave the type of private elements out: bytes come back.
        return value.rstrip(b"\0 ").decode() if isinstance(value, bytes) else str(value)
    except KeyError:
        return ""


def encoded(data: Any) -> bytes:
    """The data set as an uncompressed DICOM file."""
    data.file_meta = filled(
        FileMetaDataset(),
        MediaStorageSOPClassUID=data.SOPClassUID,
        MediaStorageSOPInstanceUID=data.SOPInstanceUID,
        TransferSyntaxUID=ExplicitVRLittleEndian,
    )
    buffer = io.BytesIO()
    dcmwrite(buffer, data, enforce_file_format=True)
    return buffer.getvalue()


def dicom_bytes(clip: Clip, patient: str | None = None) -> bytes:
    """The clip as an uncompressed DICOM file: frame time, heart rate, and pixel size where it is known.

    Equal clips have equal UIDs and bytes; another record or another pixel makes another instance.

    Args:
        clip: what to write.
        patient: see `heading`.
    """
    content = hashlib.sha256(clip.note_text.encode() + repr(clip.spacing_mm).encode() + clip.frames.tobytes())
    data = heading(UltrasoundMultiFrameImageStorage, content.hexdigest(), patient)
    pace = max(1, round(clip.fps))  # whole numbers by definition; FrameTime is exact
    filled(
        data,
        NumberOfFrames=len(clip.frames),
        FrameIncrementPointer=FRAME_TIME,
        FrameTime=f"{1000.0 / clip.fps:.10g}",  # ms
        CineRate=pace,
        RecommendedDisplayFrameRate=pace,
        HeartRate=round(clip.heart_rate),
        StartTrim=1,
        StopTrim=len(clip.frames),
    )
    if clip.spacing_mm is not None:
        calibrate(data, clip.frames.shape[1], clip.frames.shape[2], clip.spacing_mm)
    put_pixels(data, clip.frames)
    put_note(data, clip.note_text)
    return encoded(data)
