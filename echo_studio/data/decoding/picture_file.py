"""Pictures that Pillow reads: PNG and JPEG, and GIF with all its frames."""

import io
import itertools
import struct
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from echo_studio.data.decoding.decoded import FrameStack, Recording, Stored, check_size, note_of, square, working_size

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
NOTE_KEY = "echo-studio"
WIDE_MODES = ("I", "F", "I;16", "I;16B", "I;16L")
PALETTE = 3  # a colour type of PNG; the others are flags: 2 colour, 4 alpha
TURNED = 5  # from this EXIF orientation on, width and height change places
MAX_FILE = 256 << 20  # bytes
TINTED = 257  # how often 255 goes into 65535: what a program multiplies with that makes 16 bits of 8


def read(path: Path, kind: str) -> Recording:
    """The frames of a picture file, turned as its EXIF orientation says, in their true proportions.

    Args:
        path: the file.
        kind: "png": the first picture, 1 to 16 bits, grey or colour; transparent is black. "jpeg": the picture. "gif":
            all frames with their mean duration.
    """
    Image.MAX_IMAGE_PIXELS = None  # our own cap is lower, and its message says what to do
    stack = FrameStack()
    # One format only: Pillow would take any other under this name, some through other programs.
    with Image.open(path, formats=[kind.upper()]) as picture:
        working_size(picture.height, picture.width)  # from the header, before a pixel is decoded
        total = int(getattr(picture, "n_frames", 1)) if kind == "gif" else 1
        duration = 0.0
        for number in itertools.takewhile(lambda _: not stack.full, range(total)):
            picture.seek(number)
            duration += float(picture.info.get("duration", 0))
            stack.add(_gray(picture))
    seconds = duration / 1000 / len(stack.frames) if total > 1 else 0.0
    return Recording(stack.as_uint8(), None, seconds or None, total)


def _gray(picture: Image.Image) -> npt.NDArray[Any]:
    orientation = picture.getexif().get(Base.Orientation, 1)
    upright = ImageOps.exif_transpose(picture) if orientation != 1 else picture
    across, down = picture.info.get("dpi") or picture.info.get("aspect") or picture.info.get("jfif_density") or (1, 1)
    # Pixels a length: many across are narrow ones.
    ratio = down / across if across and down else 1.0
    ratio = 1 / ratio if orientation >= TURNED else ratio
    if upright.mode in WIDE_MODES:
        return square(np.array(upright), ratio)
    if upright.mode in ("1", "L"):
        return square(np.array(upright.convert("L")), ratio)
    opaque = Image.new("RGBA", upright.size, (0, 0, 0, 255))
    opaque.alpha_composite(upright.convert("RGBA"))
    return square(np.array(opaque.convert("L")), ratio)


def stored(path: Path, _kind: str = "png", _most: int = 1) -> Stored:
    """The samples of a PNG file: label ids of any bit depth; see `stored_png`."""
    with path.open("rb") as file:
        return stored_png(file)


def stored_png(file: BinaryIO) -> Stored:
    """The samples of a PNG file as they were written, (1, h, w), or (1, h, w, 3) of colours that are no grey.

    A palette of greys means its greys: optimisers make one of any grey picture, in an order of their own. Of a coloured
    palette the index counts. Of 1, 2, 4 and 16 bits the sample counts, and not what it would be of 8; transparency is
    left out.

    Raises:
        ImageError: no pixel, or over 4096 a side.
        ValueError, OSError, SyntaxError, ...: damaged; see `formats.image_file.UNREADABLE`.
    """
    content = file.read(MAX_FILE)
    if content[:8] != PNG_SIGNATURE or len(content) < 26:
        raise ValueError("not a PNG file")
    # The size comes from the header, before any decoder is asked: 20 KB can hold 20000 x 20000 pixels.
    width, height, depth, colour = struct.unpack(">IIBB", content[16:26])
    check_size(width, height)
    # Only PNG: Pillow would take any format under this name, some through other programs.
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        picture.load()
        note = note_of(picture.info.get(NOTE_KEY))
        samples = _samples(picture, content, depth, colour)
    if samples.ndim == 3 and (samples[..., :1] == samples[..., :3]).all():
        samples = samples[..., 0]
    if note.get("size", [height, width]) != [height, width]:
        note["spacing_mm"] = None  # another program made it larger or smaller, and kept what was true before
    spacing = note.get("spacing_mm")
    return Stored(samples[None], (float(spacing[0]), float(spacing[1])) if spacing else None, note=note)


def _samples(picture: Image.Image, content: bytes, depth: int, colour: int) -> npt.NDArray[Any]:
    if colour == PALETTE:
        table = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
        index = np.array(picture)
        return table[index, 0] if (table == table[:, :1]).all() else index
    if depth == 16:
        # Pillow drops the low byte of colours.
        wide: npt.NDArray[Any] = np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED))
        wide = wide if wide.ndim == 2 else wide[..., 2::-1]
        return wide // TINTED if wide.max() > 255 and not (wide % TINTED).any() else wide
    samples = np.array(picture)
    if depth < 8:
        return samples.astype(np.uint8) if depth == 1 else samples // (255 // ((1 << depth) - 1))
    return samples if samples.ndim == 2 or samples.shape[-1] > 2 else samples[..., 0]
