"""Reading one grey image or label array from a file that may come from anywhere."""

import math
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from echo_studio.errors import ImageError
from echo_studio.types import GrayImage, Spacing

MAX_SIDE = 4096
SUFFIXES = (".nii.gz", ".nii", ".mhd", ".png")
GREY_MODES = ("L", "P")  # a palette PNG is read by index: that is how label maps are often saved


def suffix_of(path: Path) -> str:
    """The suffix that says how to read a file, `.nii.gz` as one; lower case."""
    return ".nii.gz" if path.name.lower().endswith(".nii.gz") else path.suffix.lower()


def read_gray(path: Path) -> tuple[GrayImage, Spacing | None]:
    """One 8-bit frame as uint8 (h, w) with its spacing (y, x) in mm where the file tells it.

    Reads `.png` (8-bit, one channel), `.nii`, `.nii.gz` and `.mhd` (two-dimensional, values 0 to 255).

    Raises:
        ImageError: no such file, not readable, another rank, type or value range, over 4096 a side.
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
    return readers[suffix](path)


def _read_png(path: Path) -> tuple[GrayImage, Spacing | None]:
    try:
        with Image.open(path) as picture:
            # The size comes from the header: check it before any pixel is decoded.
            check_size(picture.width, picture.height, path)
            if picture.mode not in GREY_MODES:
                raise ImageError(
                    expected="an 8-bit single-channel PNG",
                    got=f"mode {picture.mode} in {path.name}",
                    remedy="save it as 8-bit greyscale without alpha",
                )
            return np.array(picture, dtype=np.uint8), None
    except Image.DecompressionBombError:
        raise _too_large("more pixels than any decoder should open", path) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _unreadable(path, error) from error


def _read_nifti(path: Path) -> tuple[GrayImage, Spacing | None]:
    # nibabel, not SimpleITK: it raises on truncated files where SimpleITK returns what there is.
    try:
        volume = nib.load(path)
        if not isinstance(volume, nib.Nifti1Image):
            raise nib.filebasedimages.ImageFileError("not a NIfTI file")
        # Header before data: half a megabyte of gzip can hold four gigabytes.
        shape = volume.shape
        flat = [side for side in shape if side != 1]
        if len(flat) != 2:
            raise ImageError(
                expected="one two-dimensional frame", got=f"shape {shape} in {path.name}", remedy="extract one frame"
            )
        check_size(shape[0], shape[1], path)
        zooms = tuple(float(zoom) for zoom in volume.header.get_zooms()[:2])
        known = volume.header.get_xyzt_units()[0] == "mm"
        stored = np.asarray(volume.dataobj).reshape(shape[0], shape[1])
    except (nib.filebasedimages.ImageFileError, OSError, EOFError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error
    # NIfTI stores x first; arrays here are (y, x).
    return _as_uint8(stored.T, path), _spacing(zooms[1], zooms[0], path) if known else None


def _read_mhd(path: Path) -> tuple[GrayImage, Spacing | None]:
    import SimpleITK  # noqa: PLC0415  (half a second to import, for one rare format)

    try:
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        size = [side for side in reader.GetSize() if side != 1]
        if len(size) != 2:
            raise ImageError(
                expected="one two-dimensional frame", got=f"size {size} in {path.name}", remedy="extract one frame"
            )
        check_size(size[0], size[1], path)
        picture = reader.Execute()
    except RuntimeError as error:
        raise _unreadable(path, error) from error
    spacing = picture.GetSpacing()
    stored = SimpleITK.GetArrayFromImage(picture).reshape(size[1], size[0])
    return _as_uint8(stored, path), _spacing(spacing[1], spacing[0], path)


def _as_uint8(stored: npt.NDArray[np.generic], path: Path) -> GrayImage:
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
        raise _too_large(f"{width}x{height}", path)


def _too_large(size: str, path: Path) -> ImageError:
    return ImageError(
        expected=f"1 to {MAX_SIDE} pixels a side", got=f"{size} in {path.name}", remedy="resize the image first"
    )


def _unreadable(path: Path, error: Exception) -> ImageError:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return ImageError(
        expected=f"a readable {suffix_of(path)} file", got=f"{path.name}: {reason}", remedy="copy or export it again"
    )
