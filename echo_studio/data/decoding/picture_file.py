"""Pictures that Pillow reads: PNG and JPEG, and GIF with all its frames. Runs in the decoder's process."""

import itertools
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from echo_studio.data.decoding.decoded import FrameStack, Recording, working_size
from echo_studio.types import GrayImage

WIDE_MODES = ("I", "F", "I;16", "I;16B", "I;16L")


def read(path: Path, kind: str) -> Recording:
    """The frames of a picture file.

    Args:
        path: the file.
        kind: "png": the first picture, 1 to 16 bits, grey or colour; transparent is black. "jpeg": the picture, turned
            as its EXIF orientation says. "gif": all frames with their mean duration.
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


def _gray(picture: Image.Image) -> GrayImage:
    upright = ImageOps.exif_transpose(picture) if picture.format == "JPEG" else picture
    if upright.mode in WIDE_MODES:
        return np.array(upright)
    if upright.mode in ("1", "L"):
        return np.array(upright.convert("L"))
    opaque = Image.new("RGBA", upright.size, (0, 0, 0, 255))
    opaque.alpha_composite(upright.convert("RGBA"))
    return np.array(opaque.convert("L"))
