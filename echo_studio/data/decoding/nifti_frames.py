"""The frames of a NIfTI file, read one after the other. Runs in the decoder's process."""

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from echo_studio.data.decoding.decoded import FrameStack, Recording, luminance, working_size
from echo_studio.data.formats.file_kind import file_kind
from echo_studio.data.formats.nifti import LONGEST_HEADER, in_millimetres, read_header
from echo_studio.errors import ImageError

MAX_LEAD = 16 << 20  # header extensions before the pixels
SECONDS = {8: 1.0, 16: 1e-3, 24: 1e-6}  # xyzt_units: the part that is about time
DAMAGED = "export or copy it again"


def read(path: Path, kind: str) -> Recording:
    """The frames of a NIfTI file: (x, y), (x, y, t) or (x, y, 1, t). Spacing where the header's unit is mm.

    Args:
        path: the file.
        kind: "nifti", or "nifti-gz" of which only as much is unpacked as the kept frames need.

    Raises:
        ImageError: a volume over time, impossible fields, fewer pixels than announced.
        ValueError: a header that is too short.
    """
    with path.open("rb") if kind == "nifti" else gzip.open(path) as file:
        # The size of the content is not known before it is unpacked.
        return _read(file, path.stat().st_size if kind == "nifti" else None)


def _read(file: Any, size: int | None) -> Recording:
    head = file.read(LONGEST_HEADER)
    if file_kind(head) != "nifti":
        raise ImageError(expected="NIfTI in a gzip file", got="another kind of file in it", remedy="unpack it first")
    header = read_header(head)
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
    spacing = stack.spacing((zoom_y, zoom_x)) if in_millimetres(header) else None
    step = float(header["pixdim"][4]) * SECONDS.get(int(header["xyzt_units"]) & 0x38, 0.0)
    timed = int(header["dim"][0]) >= 4 and math.isfinite(step) and step > 0
    return Recording(stack.as_uint8(), spacing, step if timed else None, total)


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
