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


def heading(sop_class: UID, digest: str, patient: str | None = None) -> Any:
    """Patient, study, series, equipment and image: types 1 and 2 of these modules, nothing that could be a person.

    Args:
        sop_class: of the image.
        digest: sha256 of what is in it; equal digests have equal instances.
        patient: of a set, what its samples are split by: those of one patient share patient and study. None makes
            every image its own patient.
    """
    data: Any = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = sop_class
    data.SOPInstanceUID, data.SeriesInstanceUID = uid_of("instance", digest), uid_of("series", digest)
    data.StudyInstanceUID = uid_of("study", digest if patient is None else f"of {patient}")
    data.PatientName = "SYNTHETIC^ECHO"
    data.PatientID = f"SYNTHETIC-{digest[:12].upper()}" if patient is None else f"SYNTHETIC-{patient}"
    for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"):
        setattr(data, keyword, "")
    data.ReferringPhysicianName = data.PatientOrientation = ""
    data.StudyDescription = data.SeriesDescription = NOTICE
    data.Modality, data.BodyPartExamined = "US", "HEART"
    data.SeriesNumber = data.InstanceNumber = 1
    data.Manufacturer, data.ManufacturerModelName, data.SoftwareVersions = MAKER, MAKER, __version__
    data.ImageType = ["DERIVED", "SECONDARY"]
    data.SyntheticData = "YES"
    data.DerivationDescription = f"Drawn from a label map by a generative model: {NOTICE}"
    data.ImageComments = NOTICE
    data.BurnedInAnnotation = "NO"
    data.LossyImageCompression = "00"
    return data


def calibrate(data: Any, height: int, width: int, spacing_mm: Spacing) -> None:
    """US Region Calibration (PS3.3 C.8.5.5): the whole picture is tissue, pixels in cm."""
    region: Any = Dataset()
    region.RegionSpatialFormat = region.RegionDataType = TISSUE_2D
    region.RegionFlags = 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = width - 1, height - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = CENTIMETRE
    region.PhysicalDeltaX, region.PhysicalDeltaY = spacing_mm[1] / 10, spacing_mm[0] / 10
    data.SequenceOfUltrasoundRegions = [region]


def put_pixels(data: Any, pixels: npt.NDArray[np.uint8]) -> None:
    """Uncompressed grey values, uint8 (h, w) or (t, h, w)."""
    data.Rows, data.Columns = pixels.shape[-2:]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    content = np.ascontiguousarray(pixels).tobytes()
    data.PixelData = content + bytes(len(content) % 2)  # values have an even length
    data["PixelData"].VR = "OB"


def put_note(data: Any, text: str) -> None:
    """Keep a JSON text in this program's private block."""
    data.private_block(PRIVATE_GROUP, MAKER.upper(), create=True).add_new(0x01, "UT", text)


def read_note(data: Any) -> str:
    """The text that `put_note` kept; empty where there is none."""
    try:
        return str(data.private_block(PRIVATE_GROUP, MAKER.upper())[0x01].value)
    except KeyError:
        return ""


def encoded(data: Any) -> bytes:
    """The data set as an uncompressed DICOM file."""
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
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
    _pace(data, clip)
    if clip.spacing_mm is not None:
        calibrate(data, clip.frames.shape[1], clip.frames.shape[2], clip.spacing_mm)
    put_pixels(data, clip.frames)
    put_note(data, clip.note_text)
    return encoded(data)


def _pace(data: Any, clip: Clip) -> None:
    data.NumberOfFrames = len(clip.frames)
    data.FrameIncrementPointer = FRAME_TIME
    data.FrameTime = f"{1000.0 / clip.fps:.10g}"  # ms
    # Whole numbers by definition; FrameTime is exact.
    data.CineRate = data.RecommendedDisplayFrameRate = max(1, round(clip.fps))
    data.HeartRate = round(clip.heart_rate)
    data.StartTrim, data.StopTrim = 1, len(clip.frames)
