"""The frames of a NIfTI file, read one after the other. Runs in the decoder's process."""

import gzip
import math
import struct
from pathlib import Path
from typing import Any, BinaryIO

import nibabel as nib
import numpy as np
import numpy.typing as npt

from echo_studio.data.decoding.decoded import Decoded, FrameStack, luminance, working_size
from echo_studio.data.formats.file_kind import HEAD, file_kind
from echo_studio.errors import ImageError

MAX_LEAD = 16 << 20  # header extensions before the pixels
HEADER_SIZES: dict[int, Any] = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
SECONDS = {8: 1.0, 16: 1e-3, 24: 1e-6}  # xyzt_units: the part that is about time
DAMAGED = "export or copy it again"


def read_nifti_frames(path: Path) -> Decoded:
    """The frames of `.nii`: (x, y), (x, y, t) or (x, y, 1, t). Spacing where the header's unit is mm.

    Raises:
        ImageError: a volume over time, impossible fields, fewer pixels than announced.
    """
    with path.open("rb") as file:
        return _read(file, path.stat().st_size)


def read_packed_nifti_frames(path: Path) -> Decoded:
    """Like `read_nifti_frames`, of `.nii.gz`. Unpacks only as much as the kept frames need."""
    with gzip.open(path) as file:
        return _read(file)  # type: ignore[arg-type]  # GzipFile reads and seeks as a file does


def _read(file: BinaryIO, size: int | None = None) -> Decoded:
    """`size` in bytes is that of the content, where it is known before it is read."""
    head = file.read(HEAD)
    if file_kind(head) != "nifti":
        raise ImageError(expected="NIfTI in a gzip file", got="another kind of file in it", remedy="unpack it first")
    header = _header(head + file.read(64))
    width, height, total = _shape(header)
    dtype = header.get_data_dtype()
    offset = int(header["vox_offset"]) if math.isfinite(header["vox_offset"]) else 0
    if dtype.itemsize == 0 or dtype.kind == "c" or not header["sizeof_hdr"] <= offset <= MAX_LEAD:
        raise ImageError(expected="a sound NIfTI header", got="impossible fields", remedy=DAMAGED)
    length = width * height * dtype.itemsize
    if size is not None and size < offset + length * total:
        raise ImageError(expected=f"{total} frames of {width}x{height}", got="fewer bytes", remedy=DAMAGED)
    file.seek(offset)
    stack = FrameStack()
    while len(stack.frames) < total and not stack.full:
        content = file.read(length)
        if len(content) < length:
            raise ImageError(
                expected=f"{total} frames", got=f"the end in frame {len(stack.frames) + 1}", remedy=DAMAGED
            )
        # NIfTI stores x first; arrays here are (y, x).
        stack.add(_values(np.frombuffer(content, dtype).reshape(height, width), header))
    file.read(1)  # a packed file checks its sum when it meets its end
    zoom_x, zoom_y = (float(zoom) for zoom in header["pixdim"][1:3])
    in_mm = int(header["xyzt_units"]) % 8 == 2
    step = float(header["pixdim"][4]) * SECONDS.get(int(header["xyzt_units"]) & 0x38, 0.0)
    timed = int(header["dim"][0]) >= 4 and math.isfinite(step) and step > 0
    return Decoded(stack.as_uint8(), stack.spacing((zoom_y, zoom_x)) if in_mm else None, step if timed else None, total)


def _header(head: bytes) -> Any:
    size = next(size for size in HEADER_SIZES if head[:4] in (struct.pack("<i", size), struct.pack(">i", size)))
    try:
        return HEADER_SIZES[size](head[:size], check=False)
    except nib.spatialimages.HeaderDataError as error:
        raise ImageError(expected="a sound NIfTI header", got="impossible fields", remedy=DAMAGED) from error


def _shape(header: Any) -> tuple[int, int, int]:
    """(width, height, frames)."""
    shape = [int(side) for side in header.get_data_shape()]
    if not 2 <= len(shape) <= 7 or min(shape) < 1:
        raise ImageError(expected="frames with pixels", got=f"shape {tuple(shape)}", remedy=DAMAGED)
    long = [side for side in shape[2:] if side != 1]
    if len(long) > 1:
        raise ImageError(
            expected="a frame or a sequence of frames",
            got=f"a volume over time, shape {tuple(shape)}",
            remedy="export one slice of it",
        )
    working_size(shape[1], shape[0])
    return shape[0], shape[1], long[0] if long else 1


def _values(stored: npt.NDArray[Any], header: Any) -> npt.NDArray[Any]:
    if stored.dtype.names:
        return luminance(np.stack([stored[name] for name in stored.dtype.names[:3]], axis=-1))
    native = stored.astype(stored.dtype.newbyteorder("="))
    slope, intercept = header.get_slope_inter()
    if slope is None or (slope, intercept) == (1.0, 0.0):
        return native
    return np.asarray(native * float(slope) + float(intercept), dtype=np.float32)
