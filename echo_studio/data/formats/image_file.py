"""One grey image or label array from a file that may come from anywhere."""

import contextlib
import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.labels import LABELS
from echo_studio.data.decoding.archive import unpacked
from echo_studio.data.decoding.decoded import MAX_FRAMES, Placement, Stored
from echo_studio.data.decoding.file_kind import GRIDS, HEAD, KINDS, file_kind
from echo_studio.data.decoding.picture_file import stored, stored_png
from echo_studio.data.decoding.recordings import stored_apart
from echo_studio.errors import ImageError
from echo_studio.types import GrayImage, Json, Spacing

SUFFIXES = (".nii.gz", ".nii", ".mhd", ".mha", ".nrrd", ".nhdr", ".png")
NEAR = 1e-3  # how far from a whole number a label may be: programs that resample or rescale write floats
# What Pillow raises on damaged files, found by feeding it every truncation and many flipped bytes.
UNREADABLE = (
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
Noted: TypeAlias = tuple[GrayImage, Spacing | None, Json]


@dataclass(frozen=True, eq=False)
class Placed:
    """Frames uint8 (t, h, w), their spacing (y, x) in mm and where they lie, where the file tells it."""

    frames: npt.NDArray[np.uint8]
    spacing_mm: Spacing | None
    placement: Placement | None


def suffix_of(path: Path) -> str:
    """The suffix that says how to read a file, `.nii.gz` as one; lower case."""
    return ".nii.gz" if path.name.lower().endswith(".nii.gz") else path.suffix.lower()


def stem_of(path: Path) -> str:
    """The file's name without the suffix that says how to read it."""
    return path.name[: -len(suffix_of(path)) or None]


def read_gray(path: Path) -> tuple[GrayImage, Spacing | None]:
    """One 8-bit frame as uint8 (h, w) with its spacing (y, x) in mm where the file tells it.

    Reads PNG, NIfTI, MetaImage and NRRD of one two-dimensional frame with the values 0 to 255; the content decides and
    not the name. Label ids are such frames.

    Raises:
        ImageError: no such file, not readable, another rank, type or value range, over 4096 a side.
    """
    image, spacing, _ = read_noted(path)
    return image, spacing


def read_noted(path: Path) -> Noted:
    """Like `read_gray`, with the note that `encode` put into the file: empty if there is none.

    Raises:
        ImageError: see `read_gray`.
    """
    found = read_stored(path)
    return whole_numbers(found, path)[0], spacing_of(found, path), found.note


def read_placed(path: Path, most: int = 1) -> Placed:
    """Like `read_gray`, of up to `most` frames (512 and 129 MiB at most), with the place of the frame.

    Raises:
        ImageError: see `read_gray`.
    """
    found = read_stored(path, most)
    return Placed(whole_numbers(found, path), spacing_of(found, path), found.placement)


def read_stored(path: Path, most: int = 1, alone: bool = False) -> Stored:
    """The numbers of a file as they are. Only PNG is decoded in this process: most of them are our own.

    Args:
        most: frames that are accepted.
        alone: by a decoder that sees no other file.

    Raises:
        ImageError: no such file, not readable, more frames than `most`.
    """
    if not path.is_file():
        raise ImageError(expected="an image file", got=f"no file at {path}", remedy="check the path")
    with naming(path):
        with path.open("rb") as file:
            head = file.read(HEAD)
        if not head:
            raise ImageError(expected="an image file", got="an empty file", remedy="copy it again")
        kind = file_kind(head)
        if kind == "png":
            return stored(path)
        if kind == "zip":
            with unpacked(path) as inner:
                return read_stored(inner, most, alone)
        if kind not in GRIDS:
            raise ImageError(
                expected="a PNG, NIfTI, MetaImage or NRRD file",
                got=f"{KINDS[kind]} content",
                remedy="convert it to one of these",
            )
        return stored_apart(path, kind, min(most, MAX_FRAMES), alone)


def png_of(content: bytes, name: str) -> GrayImage:
    """Like `read_gray`, of a PNG file's bytes; `name` is for messages.

    Raises:
        ImageError: see `read_gray`.
    """
    with naming(Path(name)):
        found = stored_png(io.BytesIO(content))
    image: GrayImage = whole_numbers(found, Path(name))[0]
    return image


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file in every error of the block."""
    try:
        yield
    except ImageError as error:
        got = error.got if path.name in error.got else f"{error.got} in {path.name}"
        raise ImageError(expected=error.expected, got=got, remedy=error.remedy) from error
    except UNREADABLE as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise ImageError(
            expected=f"a readable {suffix_of(path)} file",
            got=f"{path.name}: {reason}",
            remedy="copy or export it again",
        ) from error


def whole_numbers(found: Stored, path: Path) -> npt.NDArray[np.uint8]:
    """uint8 (n, h, w) of what is stored; colours whose parts are equal are grey.

    Raises:
        ImageError: colours, fractions, or numbers outside 0 to 255.
    """
    frames = found.frames
    if frames.ndim == 4:
        if (frames[..., :1] != frames[..., :3]).any():
            raise _colours(frames, path)
        frames = frames[..., 0]
    if frames.dtype == np.uint8:
        return np.asarray(frames, np.uint8)
    if not np.isfinite(frames).all():
        raise _no_numbers("NaN or infinity", path)
    rounded = np.rint(frames)
    if rounded.min() < 0 or rounded.max() > 255 or np.abs(frames - rounded).max() > NEAR:
        raise _no_numbers(f"values {frames.min():g} to {frames.max():g}", path)
    return np.asarray(rounded, np.uint8)


def spacing_of(found: Stored, path: Path) -> Spacing | None:
    """The spacing (y, x) in mm; raises ImageError where it is not positive."""
    if found.spacing_mm is not None and not all(math.isfinite(side) and side > 0 for side in found.spacing_mm):
        raise ImageError(
            expected="positive pixel spacing in mm",
            got=f"{found.spacing_mm} in {path.name}",
            remedy="mend the file's header",
        )
    return found.spacing_mm


def _no_numbers(got: str, path: Path) -> ImageError:
    return ImageError(
        expected="whole numbers 0 to 255", got=f"{got} in {path.name}", remedy="rescale the frame to 8 bits"
    )


def _colours(frames: npt.NDArray[Any], path: Path) -> ImageError:
    shown = np.unique(frames[0, ..., :3].reshape(-1, 3), axis=0)
    listed = ", ".join("#" + "".join(f"{int(part) & 255:02x}" for part in colour) for colour in shown[:4])
    mapping = ", ".join("#{:02x}{:02x}{:02x}".format(*label.colour) + f" = {label.id}" for label in LABELS)
    return ImageError(
        expected="one label id a pixel: colours are not ids",
        got=f"{len(shown)} colours ({listed}{', ...' if len(shown) > 4 else ''}) in {path.name}",
        remedy=f"replace each colour by its id; of the colours of this page: {mapping}",
    )
