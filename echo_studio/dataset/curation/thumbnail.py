"""Small pictures of a set's samples, made when somebody looks."""

import io
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from echo_studio.anatomy.labels import LABELS
from echo_studio.data.formats.image_file import read_gray
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import ImageError
from echo_studio.types import GrayImage, LabelIds

SIDE = 128  # pixels
QUALITY = 80
BLANK = (40, 44, 49)


def thumbnail_or_grey(sample: Path, outlined: bool) -> bytes:
    """The thumbnail of the sample in a folder; a plain grey one where it cannot be read."""
    try:
        return thumbnail(sample, outlined)
    except ImageError:
        return _jpeg(Image.new("RGB", (SIDE, SIDE), BLANK))  # not kept: it may be mended


@lru_cache(maxsize=8192)  # some 48 MiB
def thumbnail(sample: Path, outlined: bool) -> bytes:
    """A JPEG of a sample's frame, of a clip's first one, at most 128 pixels a side.

    Args:
        sample: its folder.
        outlined: with the borders of its labels.

    Raises:
        ImageError: the frame or its labels cannot be read.
    """
    image = _small(read_gray(first(sample, "frame"))[0], cv2.INTER_AREA)
    if not outlined:
        return _jpeg(Image.fromarray(image))
    ids = _small(read_gray(first(sample, "labels"))[0], cv2.INTER_NEAREST)
    return _jpeg(Image.fromarray(_outlined(image, ids)))


def first(sample: Path, what: str) -> Path:
    """The picture of a frame, or the first of a clip; `what` is frame or labels."""
    single = sample / f"{what}.png"
    return single if single.is_file() else sample / f"{what}_000.png"


def _outlined(image: GrayImage, ids: LabelIds) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """uint8 (h, w, 3): the frame with a line inside each structure's border."""
    colours = np.stack([image] * 3, axis=-1)
    edge = np.zeros(ids.shape, bool)
    for axis in (0, 1):
        for way in (-1, 1):
            edge |= np.roll(ids, way, axis) != ids
    for label in LABELS[1:4]:
        colours[edge & (ids == label.id)] = label.colour
    return colours


def _small(image: GrayImage, interpolation: int) -> GrayImage:
    height, width = image.shape
    share = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * share)), max(1, round(height * share))
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def _jpeg(picture: Image.Image) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=QUALITY, comment=NOTICE.encode())
    return packed.getvalue()
