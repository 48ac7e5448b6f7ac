"""Reading one grey image or label array from a file that may come from anywhere."""

import io
import json
import math
import re
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import nibabel as nib
import numpy as np
import numpy.typing as npt
from PIL import Image

from echo_studio.data.formats.nifti import MAX_FRAMES, MAX_PIXELS, NiftiFrames, read_nifti
from echo_studio.errors import ImageError
from echo_studio.types import GrayImage, Json, Spacing

Noted: TypeAlias = tuple[GrayImage, Spacing | None, Json]
MAX_SIDE = 4096
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
NOTE_KEY = "echo-studio"
SCHEMA_NAME = re.compile(r"[a-z0-9+_-]+/[0-9]+")
SUFFIXES = (".nii.gz", ".nii", ".mhd", ".png")
GREY_MODES = ("L", "P")  # a palette PNG is read by index: that is how label maps are often saved
# What the decoders raise on damaged files, found by feeding them every truncation and many flipped bytes.
UNREADABLE = (
    nib.spatialimages.HeaderDataError,
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

ELEMENT_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}


def suffix_of(path: Path) -> str:
    """The suffix that says how to read a file, `.nii.gz` as one; lower case."""
    return ".nii.gz" if path.name.lower().endswith(".nii.gz") else path.suffix.lower()


def stem_of(path: Path) -> str:
    """The file's name without the suffix that says how to read it."""
    return path.name[: -len(suffix_of(path)) or None]


def read_gray(path: Path) -> tuple[GrayImage, Spacing | None]:
    """One 8-bit frame as uint8 (h, w) with its spacing (y, x) in mm where the file tells it.

    Reads `.png` (8-bit, one channel), `.nii`, `.nii.gz` and `.mhd` (two-dimensional, values 0 to 255).

    Raises:
        ImageError: no such file, not readable, another rank, type or value range, over 4096 a side.
    """
    image, spacing, _ = read_noted(path)
    return image, spacing


def read_gray_sequence(path: Path) -> tuple[npt.NDArray[np.uint8], Spacing | None]:
    """The 8-bit frames of a `.nii` or `.nii.gz` as uint8 (t, h, w), with their spacing (y, x) in mm where it is known.

    Raises:
        ImageError: see `read_gray`; over 512 frames or 129 MiB.
    """
    try:
        if not path.is_file():
            raise ImageError(expected="a NIfTI sequence", got=f"no file {path}", remedy="check the path")
        stored = read_nifti(path, MAX_FRAMES)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error
    # NIfTI stores x first; arrays here are (t, y, x).
    frames = np.ascontiguousarray(stored.pixels.transpose(2, 1, 0))
    check_size(frames.shape[2], frames.shape[1], path)
    return _as_uint8(frames, path), _zoomed(stored, path)


def read_noted(path: Path) -> Noted:
    """Like `read_gray`, with the note that `encode` put into the file: empty if there is none.

    Raises:
        ImageError: see `read_gray`.
    """
    if not path.is_file():
        raise ImageError(expected="an image file", got=f"no file at {path}", remedy="check the path")
    if path.stat().st_size == 0:
        raise ImageError(expected="an image file", got=f"an empty file, {path}", remedy="copy it again")
    readers = {".png": _read_png, ".nii": _read_nifti, ".nii.gz": _read_nifti, ".mhd": _read_mhd}
    suffix = suffix_of(path)
    if suffix not in readers:
        raise ImageError(
            expected=f"a file of type {', '.join(readers)}", got=path.name, remedy="convert it to one of these"
        )
    try:
        return readers[suffix](path)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def png_of(content: bytes, name: str) -> GrayImage:
    """Like `read_gray`, of a PNG file's bytes; `name` is for messages.

    Raises:
        ImageError: see `read_gray`.
    """
    try:
        return _decode_png(io.BytesIO(content), Path(name))[0]
    except UNREADABLE as error:
        raise _unreadable(Path(name), error) from error


def _read_png(path: Path) -> Noted:
    with path.open("rb") as file:
        return _decode_png(file, path)


def _decode_png(file: BinaryIO, path: Path) -> Noted:
    head = file.read(24)
    if head[:8] != PNG_SIGNATURE or len(head) < 24:
        raise ValueError("not a PNG file")
    # The size comes from the header, before any decoder is asked: 20 KB can hold 20000 x 20000 pixels.
    width, height = struct.unpack(">II", head[16:24])
    check_size(width, height, path)
    file.seek(0)
    # Only PNG: Pillow would take any format under this name, some through other programs.
    with Image.open(file, formats=["PNG"]) as picture:
        if picture.mode not in GREY_MODES:
            raise ImageError(
                expected="an 8-bit single-channel PNG",
                got=f"mode {picture.mode} in {path.name}",
                remedy="save it as 8-bit greyscale without alpha",
            )
        image = np.array(picture, dtype=np.uint8)
        note = _note(picture.info.get(NOTE_KEY))
    exact = _noted_spacing(note)
    return image, _spacing(*exact, path) if exact else None, note


def _read_nifti(path: Path) -> Noted:
    # Not through SimpleITK: it returns what there is of a truncated file.
    frame = read_nifti(path)
    # NIfTI stores x first; arrays here are (y, x).
    pixels = frame.pixels[:, :, 0].T
    check_size(pixels.shape[1], pixels.shape[0], path)
    note = next((note for text in frame.comments if (note := _note(text))), {})
    if not note and SCHEMA_NAME.fullmatch(frame.description):
        note = {"schema": frame.description}  # programs that drop extensions keep this field
    spacing = _zoomed(frame, path)
    exact = _noted_spacing(note)
    # The note has more digits, but the header is what other programs change.
    if spacing and exact and np.array_equal(spacing, np.array(exact, np.float32)):
        spacing = _spacing(*exact, path)
    return _as_uint8(pixels, path), spacing, note


def _zoomed(frame: NiftiFrames, path: Path) -> Spacing | None:
    return _spacing(frame.zooms[1], frame.zooms[0], path) if frame.in_mm else None


def _read_mhd(path: Path) -> Noted:
    stored, spacing = _read_metaimage(path)
    check_size(stored.shape[1], stored.shape[0], path)
    return _as_uint8(stored, path), _spacing(*spacing, path) if spacing else None, {}


def _note(text: Any) -> Json:
    """The note as `encode` wrote it; a text that is no JSON object is someone else's."""
    try:
        note = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _noted_spacing(note: Json) -> tuple[float, float] | None:
    match note.get("spacing_mm"):
        case [int() | float() as y, int() | float() as x]:
            return float(y), float(x)
    return None


def _as_uint8(stored: npt.NDArray[np.generic], path: Path) -> GrayImage:
    if stored.dtype == np.uint8:
        return np.array(stored, dtype=np.uint8)
    if stored.dtype.kind not in "buif":
        raise ImageError(
            expected="one number a pixel", got=f"type {stored.dtype} in {path.name}", remedy="save it as greyscale"
        )
    values = np.asarray(stored, dtype=np.float64)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 255 or (values != np.round(values)).any():
        raise ImageError(
            expected="whole numbers 0 to 255",
            got=f"values {values.min():g} to {values.max():g} in {path.name}",
            remedy="rescale the frame to 8 bits",
        )
    return values.astype(np.uint8)


def _spacing(y: float, x: float, path: Path) -> Spacing:
    if not all(math.isfinite(value) and value > 0 for value in (y, x)):
        raise ImageError(
            expected="positive pixel spacing in mm", got=f"({y}, {x}) in {path.name}", remedy="mend the file's header"
        )
    return y, x


def check_size(width: int, height: int, path: Path) -> None:
    """Raise ImageError where a header announces no pixel at all or more than 4096 a side."""
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise ImageError(
            expected=f"1 to {MAX_SIDE} pixels a side",
            got=f"{width}x{height} in {path.name}",
            remedy="resize the image first",
        )


def _unreadable(path: Path, error: Exception) -> ImageError:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return ImageError(
        expected=f"a readable {suffix_of(path)} file", got=f"{path.name}: {reason}", remedy="copy or export it again"
    )


def _read_metaimage(path: Path) -> tuple[npt.NDArray[Any], tuple[float, float] | None]:
    """Pixels (y, x) as stored and the spacing (y, x) in mm where the header tells it.

    Raises:
        ValueError, LookupError, OSError, zlib.error: damaged, truncated, too large, not one frame.
    """
    with path.open("rb") as file:
        text = file.read(1 << 16).decode("latin-1")
    fields = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in text.splitlines())}
    missing = [key for key in ("DimSize", "ElementType", "ElementDataFile") if key not in fields]
    if missing:
        raise ValueError(f"no {', '.join(missing)} in the header")
    sides = [int(side) for side in fields["DimSize"].split()]
    if len(sides) < 2 or any(side != 1 for side in sides[2:]):
        raise ValueError(f"size {fields['DimSize']} is not one two-dimensional frame")
    width, height = sides[:2]
    if min(width, height) < 1 or width * height > MAX_PIXELS:
        raise ValueError(f"a frame of {width}x{height} pixels")
    if fields["ElementType"] not in ELEMENT_TYPES or int(fields.get("ElementNumberOfChannels", "1")) != 1:
        raise ValueError(
            f"pixels of type {fields['ElementType']} in {fields.get('ElementNumberOfChannels', 1)} channels"
        )
    big = "true" in (fields.get(f"{kind}ByteOrderMSB", "").lower() for kind in ("BinaryData", "Element"))
    dtype = np.dtype((">" if big else "<") + ELEMENT_TYPES[fields["ElementType"]])
    raw = path.with_name(Path(fields["ElementDataFile"]).name)
    if not raw.is_file():
        raise ValueError(f"no data file {raw.name} beside it")
    size = width * height * dtype.itemsize
    with raw.open("rb") as file:
        content = file.read(size + (1 << 20))
    if fields.get("CompressedData", "").lower() == "true":
        content = zlib.decompressobj().decompress(content, size)
    if len(content) < size:
        raise ValueError(f"{len(content)} of {size} bytes in {raw.name}")
    pixels = np.frombuffer(content, dtype, width * height).reshape(height, width)
    listed = [float(value) for value in fields.get("ElementSpacing", "").split()]
    return pixels, (listed[1], listed[0]) if len(listed) >= 2 else None
