"""Canvases and frames as content files, and back."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.image_file import read_noted
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import DataError, EchoStudioError, ImageError, RequestError
from echo_studio.project.store import FILE_CURE, ContentFiles
from echo_studio.types import BoolMask, GrayImage, Json

SECTOR_SCHEMA = "fan/1"
PNG = Path("picture.png")  # only its suffix counts


@dataclass(frozen=True, eq=False)
class Canvas:
    """A label map and its sector as they are edited; immutable.

    Args:
        label_map: h × w.
        sector: bool (h, w), where the eraser gives the sector back. A read-only copy is kept.

    Raises:
        RequestError: the sector is no mask of the label map's size.
    """

    label_map: LabelMap
    sector: BoolMask

    def __post_init__(self) -> None:
        sector = np.array(self.sector, copy=True)
        if sector.dtype != np.bool_ or sector.shape != self.label_map.shape:
            raise RequestError(
                expected=f"a sector of type bool and shape {self.label_map.shape}, as the label map has",
                got=f"{sector.dtype} {sector.shape}",
                remedy="send sector and label map of the same canvas",
            )
        sector.setflags(write=False)
        object.__setattr__(self, "sector", sector)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Canvas):
            return NotImplemented
        return self.label_map == other.label_map and np.array_equal(self.sector, other.sector)

    def __hash__(self) -> int:
        return hash(self.label_map)


def encode_label_map(label_map: LabelMap) -> bytes:
    """A PNG of ids, schema and spacing."""
    return encode(PNG, label_map.ids, label_map.spacing_mm, label_map.schema, {"schema": label_map.schema})


def encode_sector(sector: BoolMask) -> bytes:
    """A PNG of the mask (h, w), 0 and 255."""
    return encode(PNG, np.where(sector, np.uint8(255), np.uint8(0)), None, SECTOR_SCHEMA, {"schema": SECTOR_SCHEMA})


def encode_frame(image: GrayImage, label_map: LabelMap, record: Json) -> bytes:
    """A lossless PNG of a frame (h, w), marked as synthetic where `data.formats.media` does it, with the map's spacing.

    Raises:
        ImageError: the image is no uint8 frame of the label map's size.
    """
    if image.dtype != np.uint8 or image.shape != label_map.shape:
        raise ImageError(
            expected=f"a uint8 frame of the label map's shape {label_map.shape}",
            got=f"{image.dtype} {image.shape}",
            remedy="keep the frame with the label map that it was made from",
        )
    return encode(PNG, image, label_map.spacing_mm, NOTICE, {"notice": NOTICE, "record": record})


def load_label_map(files: ContentFiles, digest: str) -> LabelMap:
    """Raises DataError where the file is missing, altered or no label map."""
    path = files.checked(digest)
    try:
        return read_label_map(path)
    except EchoStudioError as error:
        raise _no_picture("a label map", path, error.got) from error


def load_sector(files: ContentFiles, digest: str) -> BoolMask:
    """Raises DataError where the file is missing, altered or no sector."""
    values, schema = _load(files, digest, "a sector", "schema")
    if schema != SECTOR_SCHEMA or not np.isin(values, (0, 255)).all():
        raise _no_picture("a sector", files.checked(digest), "another picture")
    return np.asarray(values == 255)


def load_frame(files: ContentFiles, digest: str) -> GrayImage:
    """Raises DataError where the file is missing, altered or not marked as synthetic."""
    image, notice = _load(files, digest, "a frame", "notice")
    if notice != NOTICE:
        raise _no_picture("a frame marked as synthetic", files.checked(digest), "another picture")
    return image


def _load(files: ContentFiles, digest: str, what: str, key: str) -> tuple[GrayImage, object]:
    path = files.checked(digest)
    try:
        image, _, note = read_noted(path)
    except EchoStudioError as error:
        raise _no_picture(what, path, error.got) from error
    return image, note.get(key)


def _no_picture(what: str, path: Path, got: str) -> DataError:
    name = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    return DataError(expected=f"{what} in {name}", got=got, remedy=FILE_CURE)
