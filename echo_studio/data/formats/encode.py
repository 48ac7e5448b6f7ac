"""One grey image or label array as the bytes of a PNG or NIfTI file, with what has to be known about it.

Both containers carry the same note, a JSON object: in PNG the text chunk `echo-studio`, in NIfTI a
comment extension. It keeps the spacing exactly, where NIfTI's own field has 32 bits and PNG has none.
"""

import gzip
import io
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from echo_studio.data.decoding.picture_file import NOTE_KEY
from echo_studio.data.formats.image_file import suffix_of
from echo_studio.errors import OutputError
from echo_studio.types import GrayImage, Json, Spacing

WRITABLE_SUFFIXES = (".png", ".nii.gz", ".nii")


def encode(path: Path, array: GrayImage, spacing_mm: Spacing | None, remark: str, note: Json) -> bytes:
    """The bytes of the file that `path` names; nothing is written.

    Args:
        path: only its suffix counts: .png, .nii or .nii.gz.
        array: uint8 (h, w).
        spacing_mm: (y, x) or None.
        remark: a short ASCII text that other programs show (PNG `Comment`, NIfTI `descrip`, 79 characters).
        note: strict JSON, see above; the spacing is added.

    Raises:
        OutputError: another suffix.
    """
    check_suffix(path)
    note = {**note, "spacing_mm": spacing_mm}
    if suffix_of(path) == ".png":
        # The size tells whether the spacing still holds when another program has resized the picture.
        return _encode_png(array, remark, json.dumps({**note, "size": list(array.shape)}, allow_nan=False))
    text = json.dumps(note, allow_nan=False)
    plain = nifti_bytes(array, spacing_mm, remark, text)
    # No time stamp: the same content gives the same bytes.
    return gzip.compress(plain, mtime=0) if suffix_of(path) == ".nii.gz" else plain


def check_suffix(path: Path) -> None:
    """Raise OutputError where `encode` does not know the suffix."""
    if suffix_of(path) not in WRITABLE_SUFFIXES:
        raise OutputError(
            expected=f"a file name that ends in {', '.join(WRITABLE_SUFFIXES)}",
            got=path.name or str(path),
            remedy="change the suffix",
        )


def _encode_png(array: GrayImage, remark: str, note: str) -> bytes:
    texts = PngInfo()
    texts.add_text("Comment", remark)
    texts.add_text(NOTE_KEY, note)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array)).save(buffer, format="PNG", pnginfo=texts, optimize=True)
    return buffer.getvalue()


def nifti_bytes(
    array: npt.NDArray[np.uint8], spacing_mm: Spacing | None, remark: str, note: str, seconds: float | None = None
) -> bytes:
    """An uncompressed NIfTI-1 file.

    Args:
        array: uint8 (h, w), or (t, h, w) of a clip, which is stored as (x, y, 1, t).
        spacing_mm, remark, note: see `encode`.
        seconds: from one frame of a clip to the next; None for a single frame.
    """
    y, x = spacing_mm or (1.0, 1.0)
    # NIfTI stores x first; arrays here are (y, x).
    pixels = array.T if seconds is None else array.T[:, :, None]
    # As ITK writes a picture whose first pixel is at the top left: x to the patient's left, y to the back. NIfTI's own
    # axes point the other way. So 3D Slicer and ITK-SNAP show it upright.
    volume = nib.Nifti1Image(np.ascontiguousarray(pixels), np.diag([-x, -y, 1.0, 1.0]))
    header = volume.header
    header["descrip"] = remark.encode()
    header.set_zooms((x, y) if seconds is None else (x, y, 1.0, seconds))
    header.set_xyzt_units(xyz="unknown" if spacing_mm is None else "mm", t=None if seconds is None else "sec")
    header.extensions.append(nib.nifti1.Nifti1Extension("comment", note.encode()))
    return bytes(volume.to_bytes())
