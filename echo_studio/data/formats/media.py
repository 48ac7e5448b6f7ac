"""Frames for people and other programs, marked in their metadata as what they are."""

from pathlib import Path

import numpy as np

from echo_studio.data.atomic import write_bytes, write_json
from echo_studio.data.formats.encode import encode
from echo_studio.errors import ImageError
from echo_studio.types import GrayImage, Json, Spacing

__all__ = ["NOTICE", "write_frame", "write_json"]

NOTICE = "synthetic, not for diagnosis"


def write_frame(path: Path, image: GrayImage, spacing_mm: Spacing | None, record: Json) -> None:
    """Write one frame with the record of its making, whole or not at all.

    Args:
        path: .png, .nii or .nii.gz.
        image: uint8 (h, w).
        spacing_mm: pixel spacing (y, x) in mm, or None where it is not known.
        record: strict JSON, what reproduces the frame; kept in the metadata beside its `notice`, which is "synthetic,
            not for diagnosis" where it has none.

    Raises:
        ImageError: the image has another type or rank.
        OutputError: another suffix, or a place that cannot be written.
    """
    if image.dtype != np.uint8 or image.ndim != 2 or image.size == 0:
        raise ImageError(
            expected="a uint8 frame of shape (height, width)",
            got=f"{image.dtype} {image.shape}",
            remedy="write one frame at a time, scaled to 0..255",
        )
    notice = str(record.get("notice", NOTICE))
    write_bytes(path, encode(path, image, spacing_mm, notice, {"notice": notice, "record": record}))
