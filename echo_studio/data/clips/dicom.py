"""A clip as DICOM Ultrasound Multi-frame Image Storage (PS3.3 A.7). Labels have no place in this object."""

import hashlib
from typing import Any

from pydicom.uid import UltrasoundMultiFrameImageStorage

from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.dicom_parts import calibrate, encoded, heading, put_note, put_pixels

FRAME_TIME = 0x00181063


def dicom_bytes(clip: Clip, patient: str | None = None) -> bytes:
    """The clip as an uncompressed DICOM file: frame time, heart rate, and pixel size where it is known.

    Equal clips have equal UIDs and bytes; another record or another pixel makes another instance.

    Args:
        clip: what to write.
        patient: see `dicom_parts.heading`.
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
