"""Pictures that Pillow reads: PNG and JPEG, and GIF with all its frames. Runs in the decoder's process."""

import itertools
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from echo_studio.data.decoding.decoded import Decoded, FrameStack, working_size
from echo_studio.types import GrayImage

WIDE_MODES = ("I", "F", "I;16", "I;16B", "I;16L")


def read_png(path: Path) -> Decoded:
    """The picture of a PNG file, 1 to 16 bits, grey or colour; transparent is black. The first one of several."""
    return _read(path, "PNG")


def read_jpeg(path: Path) -> Decoded:
    """The picture of a JPEG file, turned as its EXIF orientation says."""
    return _read(path, "JPEG")


def read_gif(path: Path) -> Decoded:
    """All frames of a GIF file with their mean duration."""
    return _read(path, "GIF")


def _read(path: Path, form: str) -> Decoded:
    Image.MAX_IMAGE_PIXELS = None  # our own cap is lower, and its message says what to do
    stack = FrameStack()
    # One format only: Pillow would take any other under this name, some through other programs.
    with Image.open(path, formats=[form]) as picture:
        working_size(picture.height, picture.width)  # from the header, before a pixel is decoded
        total = int(getattr(picture, "n_frames", 1)) if form == "GIF" else 1
        duration = 0.0
        for number in itertools.takewhile(lambda _: not stack.full, range(total)):
            picture.seek(number)
            duration += float(picture.info.get("duration", 0))
            stack.add(_gray(picture))
    seconds = duration / 1000 / len(stack.frames) if total > 1 else 0.0
    return Decoded(stack.as_uint8(), None, seconds or None, total)


def _gray(picture: Image.Image) -> "GrayImage":
    upright = ImageOps.exif_transpose(picture) if picture.format == "JPEG" else picture
    if upright.mode in WIDE_MODES:
        return np.array(upright)
    if upright.mode in ("1", "L"):
        return np.array(upright.convert("L"))
    opaque = Image.new("RGBA", upright.size, (0, 0, 0, 255))
    opaque.alpha_composite(upright.convert("RGBA"))
    return np.array(opaque.convert("L"))
