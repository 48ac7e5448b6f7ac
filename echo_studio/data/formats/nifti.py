"""One two-dimensional frame, or a sequence of them, out of a NIfTI-1 or NIfTI-2 file that may come from anywhere.

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
MAX_FRAMES = 512
MAX_BYTES = MAX_PIXELS * 8 + (1 << 20)  # float64 pixels, a header and its extensions
HEADERS: tuple[tuple[Any, bytes], ...] = ((nib.Nifti1Header, b"n+1"), (nib.Nifti2Header, b"n+2"))
LONGEST_HEADER = max(family.template_dtype.itemsize for family, _ in HEADERS)
COMMENT = 6  # the extension code of a plain text


@dataclass(frozen=True)
class NiftiFrames:
    """What a file holds, as stored.

    Attributes:
        pixels: (x, y, t) of any number type, scaled by the header's slope and intercept.
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


def read_nifti(path: Path, most: int = 1) -> NiftiFrames:
    """Read `.nii`, or `.nii.gz` where the name ends in gz: one frame or a sequence, 129 MiB at the most.

    Args:
        path: the file.
        most: frames that are accepted; of a sequence the file holds (x, y, t) or (x, y, 1, t).

    Raises:
        ValueError, OSError, EOFError, zlib.error: damaged, truncated, too large, not one frame.
        nibabel's HeaderDataError: a header with impossible fields.
    """
    packed = path.name.lower().endswith(".gz")
    with gzip.open(path) if packed else path.open("rb") as file:
        header = read_header(file.read(LONGEST_HEADER))
        width, height, frames = _shape(header, most)
        file.seek(0)
        # Half a megabyte of gzip can hold four gigabytes.
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES >> 20} MiB of content")
    size = header.structarr.dtype.itemsize
    offset = int(header["vox_offset"])
    if not size <= offset <= len(content):
        raise ValueError(f"pixels said to start at byte {offset} of {len(content)}")
    stored = np.frombuffer(content, header.get_data_dtype(), width * height * frames, offset)
    pixels = stored.reshape((width, height, frames), order="F")
    slope, intercept = header.get_slope_inter()
    if slope is not None and (slope, intercept) != (1.0, 0.0) and pixels.dtype.kind in "iuf":
        pixels = pixels * slope + intercept
    zoom_x, zoom_y = (float(zoom) for zoom in header["pixdim"][1:3])
    return NiftiFrames(
        pixels=pixels,
        zooms=(zoom_x, zoom_y),
        in_mm=in_millimetres(header),
        description=bytes(header["descrip"].item()).rstrip(b"\0").decode("latin-1"),
        comments=tuple(_comments(content[size:offset], header.endianness)),
    )


def _shape(header: Any, most: int) -> tuple[int, int, int]:
    """(width, height, frames) of a header that announces frames, not a volume, and no more than `most`."""
    shape = header.get_data_shape()
    over_time = [int(side) for side in shape[2:] if side != 1]
    if len(shape) < 2 or len(over_time) > (most > 1):
        raise ValueError(f"shape {shape} is not {'a sequence of frames' if most > 1 else 'one two-dimensional frame'}")
    width, height, frames = int(shape[0]), int(shape[1]), over_time[0] if over_time else 1
    if not 1 <= width * height <= MAX_PIXELS or min(width, height) < 1:
        raise ValueError(f"a frame of {width}x{height} pixels")
    if not 1 <= frames <= most:
        raise ValueError(f"{frames} frames, where at most {most} are read")
    return width, height, frames


def in_millimetres(header: Any) -> bool:
    """Whether a header says that its unit of length is the millimetre."""
    return int(header["xyzt_units"]) % 8 == 2


def read_header(content: bytes) -> Any:
    """nibabel's header of a NIfTI-1 or NIfTI-2 file, unmended.

    Args:
        content: the file's first bytes, `LONGEST_HEADER` of them where there are so many.

    Raises:
        ValueError: none there.
    """
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
