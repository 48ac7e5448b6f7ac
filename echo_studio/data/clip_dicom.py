"""A clip as DICOM Ultrasound Multi-frame Image Storage (PS3.3 A.7), marked as derived and synthetic.

It names nobody: the patient is called synthetic, dates are empty. Labels have no place in this object.
"""

import hashlib
import io
import uuid
from typing import Any

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage

from echo_studio import __version__
from echo_studio.data.clip import Clip
from echo_studio.data.dicom_geometry import CENTIMETRE, TISSUE_2D
from echo_studio.data.media import NOTICE

MAKER = "Echo Studio"
PRIVATE_GROUP = 0x0011  # private: the record, as one JSON text
NAMESPACE = uuid.UUID("6f2c1f0e-5f0b-5d0e-9a53-6563686f7374")
FRAME_TIME = 0x00181063


def dicom_bytes(clip: Clip) -> bytes:
    """The clip as an uncompressed DICOM file: frame time, heart rate, and pixel size where it is known.

    Equal clips have equal UIDs and bytes; another record or another pixel makes another instance.
    """
    data = Dataset()
    _names(data, clip)
    _pace(data, clip)
    if clip.spacing_mm is not None:
        data.SequenceOfUltrasoundRegions = [_region(clip)]
    _pixels(data, clip)
    block = data.private_block(PRIVATE_GROUP, MAKER.upper(), create=True)
    block.add_new(0x01, "UT", clip.note_text)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dcmwrite(buffer, data, enforce_file_format=True)
    return buffer.getvalue()


def _names(data: Any, clip: Clip) -> None:
    """Patient, study, series, equipment and image: types 1 and 2 of these modules, nothing that could be a person."""
    content = hashlib.sha256(clip.note_text.encode() + repr(clip.spacing_mm).encode() + clip.frames.tobytes())
    digest = content.hexdigest()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = UltrasoundMultiFrameImageStorage
    data.SOPInstanceUID, data.SeriesInstanceUID, data.StudyInstanceUID = (
        # A UUID under 2.25 needs no registered root (PS3.5 B.2).
        f"2.25.{uuid.uuid5(NAMESPACE, f'{level} {digest}').int}"
        for level in ("instance", "series", "study")
    )
    data.PatientName, data.PatientID = "SYNTHETIC^ECHO", f"SYNTHETIC-{digest[:12].upper()}"
    for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"):
        setattr(data, keyword, "")
    data.ReferringPhysicianName = data.PatientOrientation = ""
    data.StudyDescription = data.SeriesDescription = NOTICE
    data.Modality = "US"
    data.SeriesNumber = data.InstanceNumber = 1
    data.Manufacturer, data.ManufacturerModelName, data.SoftwareVersions = MAKER, MAKER, __version__
    data.ImageType = ["DERIVED", "SECONDARY"]
    data.SyntheticData = "YES"
    data.DerivationDescription = f"Drawn from a label map by a generative model: {NOTICE}"
    data.ImageComments = NOTICE
    data.BurnedInAnnotation = "NO"
    data.LossyImageCompression = "00"


def _pace(data: Any, clip: Clip) -> None:
    data.NumberOfFrames = len(clip.frames)
    data.FrameIncrementPointer = FRAME_TIME
    data.FrameTime = f"{1000.0 / clip.fps:.10g}"  # ms
    # Whole numbers by definition; FrameTime is exact.
    data.CineRate = data.RecommendedDisplayFrameRate = max(1, round(clip.fps))
    data.HeartRate = round(clip.heart_rate)
    data.StartTrim, data.StopTrim = 1, len(clip.frames)


def _region(clip: Clip) -> Any:
    """US Region Calibration (PS3.3 C.8.5.5): the whole picture is tissue, pixels in cm."""
    assert clip.spacing_mm is not None
    _, height, width = clip.frames.shape
    region: Any = Dataset()
    region.RegionSpatialFormat = region.RegionDataType = TISSUE_2D
    region.RegionFlags = 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = width - 1, height - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = CENTIMETRE
    region.PhysicalDeltaX, region.PhysicalDeltaY = clip.spacing_mm[1] / 10, clip.spacing_mm[0] / 10
    return region


def _pixels(data: Any, clip: Clip) -> None:
    _, data.Rows, data.Columns = clip.frames.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    content = np.ascontiguousarray(clip.frames).tobytes()
    data.PixelData = content + bytes(len(content) % 2)  # values have an even length
    data["PixelData"].VR = "OB"
