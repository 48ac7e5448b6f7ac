"""One two-dimensional frame out of a NIfTI-1 or NIfTI-2 file that may come from anywhere.

nibabel knows the header's fields; walking through the file is done here, because its loader mends
broken headers with a remark in the log, and unpacks whatever sizes a header claims.
"""

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

MAX_PIXELS = 4096 * 4096
MAX_BYTES = MAX_PIXELS * 8 + (1 << 20)  # float64 pixels, a header and its extensions
HEADERS: tuple[tuple[Any, bytes], ...] = ((nib.Nifti1Header, b"n+1"), (nib.Nifti2Header, b"n+2"))
COMMENT = 6  # the extension code of a plain text


@dataclass(frozen=True)
class NiftiFrame:
    """What a file holds, as stored.

    Attributes:
        pixels: (x, y), of any number type, scaled by the header's slope and intercept.
        zooms: (x, y) as written, in mm where `in_mm`.
        in_mm: whether the header says that its unit is the millimetre.
        description: the header's `descrip`.
        comments: the bodies of the comment extensions.
    """

    pixels: npt.NDArray[Any]
    zooms: tuple[float, float]
    in_mm: bool
    description: str
    comments: tuple[bytes, ...]


def read_nifti(path: Path) -> NiftiFrame:
    """Read `.nii`, or `.nii.gz` where the name ends in gz.

    Raises:
        ValueError, OSError, EOFError, zlib.error: damaged, truncated, too large, not one frame.
        nibabel's HeaderDataError: a header with impossible fields.
    """
    packed = path.name.lower().endswith(".gz")
    with gzip.open(path) if packed else path.open("rb") as file:
        # Half a megabyte of gzip can hold four gigabytes.
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES >> 20} MiB of content")
    header = _header(content)
    shape = header.get_data_shape()
    if len(shape) < 2 or any(side != 1 for side in shape[2:]):
        raise ValueError(f"shape {shape} is not one two-dimensional frame")
    width, height = int(shape[0]), int(shape[1])
    if not 1 <= width * height <= MAX_PIXELS or min(width, height) < 1:
        raise ValueError(f"a frame of {width}x{height} pixels")
    size = header.structarr.dtype.itemsize
    offset = int(header["vox_offset"])
    if not size <= offset <= len(content):
        raise ValueError(f"pixels said to start at byte {offset} of {len(content)}")
    stored = np.frombuffer(content, header.get_data_dtype(), width * height, offset)
    pixels = stored.reshape((width, height), order="F")
    slope, intercept = header.get_slope_inter()
    if slope is not None and (slope, intercept) != (1.0, 0.0) and pixels.dtype.kind in "iuf":
        pixels = pixels * slope + intercept
    zoom_x, zoom_y = (float(zoom) for zoom in header["pixdim"][1:3])
    return NiftiFrame(
        pixels=pixels,
        zooms=(zoom_x, zoom_y),
        in_mm=int(header["xyzt_units"]) % 8 == 2,
        description=bytes(header["descrip"].item()).rstrip(b"\0").decode("latin-1"),
        comments=tuple(_comments(content[size:offset], header.endianness)),
    )


def _header(content: bytes) -> Any:
    for family, magic in HEADERS:
        size = family.template_dtype.itemsize
        if len(content) >= size and content[:4] in (struct.pack("<i", size), struct.pack(">i", size)):
            header = family(content[:size], check=False)
            if header["magic"].item() == magic:
                return header
    raise ValueError("not a NIfTI file")


def _comments(block: bytes, endianness: str) -> Iterator[bytes]:
    # One flag byte and three of padding; then extensions, each: its size, its code, its body.
    if len(block) < 4 or block[0] == 0:
        return
    start = 4
    while start + 8 <= len(block):
        size, code = struct.unpack_from(f"{endianness}2i", block, start)
        if size < 8 or start + size > len(block):
            raise ValueError("a damaged header extension")
        if code == COMMENT:
            yield block[start + 8 : start + size].rstrip(b"\0")
        start += size
