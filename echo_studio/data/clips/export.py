"""Exports of a synthetic heartbeat: every format, and writing it whole or not at all.

Each file says "synthetic, not for diagnosis" where its format has a place for words.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.labels import schema_of
from echo_studio.data.atomic import write_bytes, write_folder, write_together
from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.dicom import dicom_bytes
from echo_studio.data.clips.movie import gif_bytes, mp4_bytes
from echo_studio.data.formats.encode import encode, nifti_bytes
from echo_studio.errors import OutputError, UnknownNameError
from echo_studio.types import Json

__all__ = ["FORMATS", "Clip", "ClipFormat", "ClipDownload", "clip_download", "clip_format_of", "write_clip"]

ZIP_TYPE = "application/zip"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # no date: the same clip gives the same bytes


def png_files(clip: Clip, stem: str) -> dict[str, bytes]:
    """`STEM_000.png`, ..., with labels `STEM_000_gt.png`, ... and `STEM.json`: names and contents.

    Each frame carries the notice and the record, each label map its schema, as single exports do.
    """
    files: dict[str, bytes] = {}
    schema = "" if clip.ids is None else schema_of(clip.ids)
    digits = max(3, len(str(len(clip.frames) - 1)))
    for k, frame in enumerate(clip.frames):
        note = {**clip.note, "frame": k, "frames": len(clip.frames)}
        name = f"{stem}_{k:0{digits}d}"
        files[f"{name}.png"] = encode(Path("a.png"), frame, clip.spacing_mm, clip.notice, note)
        if clip.ids is not None:
            files[f"{name}_gt.png"] = encode(Path("a.png"), clip.ids[k], clip.spacing_mm, schema, {"schema": schema})
    about = {**clip.note, "spacing_mm": clip.spacing_mm, "frames": len(clip.frames)}
    files[f"{stem}.json"] = (json.dumps(about, indent=2, allow_nan=False) + "\n").encode()
    return files


def nifti_files(clip: Clip, stem: str) -> dict[str, bytes]:
    """`STEM.nii.gz` and, with labels, `STEM_gt.nii.gz` as CAMUS names them: (x, y, 1, t), spacing in mm, time in s."""
    files = {f"{stem}.nii.gz": _nifti(clip, clip.frames, clip.notice, clip.note)}
    if clip.ids is not None:
        schema = schema_of(clip.ids)
        note = {"schema": schema, "notice": clip.notice}
        files[f"{stem}_gt.nii.gz"] = _nifti(clip, clip.ids, f"{schema} {clip.notice}", note)
    return files


def _nifti(clip: Clip, frames: npt.NDArray[np.uint8], remark: str, note: Json) -> bytes:
    text = json.dumps({**note, "spacing_mm": clip.spacing_mm}, allow_nan=False)
    # No time stamp: the same clip gives the same bytes.
    return gzip.compress(nifti_bytes(frames, clip.spacing_mm, remark, text, 1.0 / clip.fps), mtime=0)


@dataclass(frozen=True)
class ClipFormat:
    """One way to write a clip.

    Attributes:
        title: for people.
        suffix: of its file.
        media_type: of its file.
        labels: whether it has a place for the label maps; others leave them out.
        files: names and contents for a clip and a stem.
    """

    title: str
    suffix: str
    media_type: str
    labels: bool
    files: Callable[[Clip, str], dict[str, bytes]]


FORMATS: dict[str, ClipFormat] = {
    "mp4": ClipFormat("MP4 video", ".mp4", "video/mp4", False, lambda clip, stem: {f"{stem}.mp4": mp4_bytes(clip)}),
    "gif": ClipFormat("Animated GIF", ".gif", "image/gif", False, lambda clip, stem: {f"{stem}.gif": gif_bytes(clip)}),
    "png": ClipFormat("PNG frames", ".zip", ZIP_TYPE, True, png_files),
    "nifti": ClipFormat("NIfTI sequence", ".nii.gz", "application/gzip", True, nifti_files),
    "dicom": ClipFormat(
        "DICOM ultrasound loop",
        ".dcm",
        "application/dicom",
        False,
        lambda clip, stem: {f"{stem}.dcm": dicom_bytes(clip)},
    ),
}


@dataclass(frozen=True)
class ClipDownload:
    """One file to be handed over: a format that has several files comes as a zip of them."""

    name: str
    media_type: str
    content: bytes


def clip_download(name: str, clip: Clip, stem: str = "clip") -> ClipDownload:
    """The clip in one format as one file.

    Args:
        name: a key of `FORMATS`.
        clip: what to write.
        stem: the file's name without its suffix.

    Raises:
        UnknownNameError: no such format.
        OutputError: the encoder fails.
    """
    if name not in FORMATS:
        raise UnknownNameError("clip format", name, FORMATS)
    form = FORMATS[name]
    files = form.files(clip, stem)
    if form.suffix == ".zip" or len(files) > 1:
        return ClipDownload(f"{stem}.zip", ZIP_TYPE, _zip(files, stem))
    ((file_name, content),) = files.items()
    return ClipDownload(file_name, form.media_type, content)


def clip_format_of(path: Path) -> str:
    """The format that a path asks for, a key of `FORMATS`; a path without a suffix is a folder of PNG frames.

    Raises:
        OutputError: another suffix.
    """
    name = path.name.lower()
    if path.is_dir() or not path.suffix:
        return "png"
    found = next((key for key, form in FORMATS.items() if name.endswith(form.suffix)), None)
    if found is None:
        known = ", ".join(form.suffix for form in FORMATS.values())
        raise OutputError(
            expected=f"a file name that ends in {known}, or a folder for PNG frames",
            got=path.name,
            remedy="change the suffix",
        )
    return found


def write_clip(path: Path, clip: Clip) -> list[Path]:
    """Write the clip in the format that `path` names; all of its files or none.

    A `.nii.gz` gets its labels beside it, as `_gt.nii.gz`. PNG frames go into a `.zip` or into a folder, which
    must be new or empty.

    Returns:
        The files that were written, or the folder.

    Raises:
        OutputError: another suffix, a place that cannot be written, an encoder that fails. Nothing is left behind.
    """
    form = FORMATS[clip_format_of(path)]
    if form.suffix == ".zip" and not path.name.lower().endswith(".zip"):
        write_folder(path, form.files(clip, "frame"))
        return [path]
    stem = path.name[: -len(form.suffix)]
    files = form.files(clip, stem)
    if form.suffix == ".zip":
        write_bytes(path, _zip(files, stem))
        return [path]
    # The first file has the very name that was asked for, whatever the case of its suffix.
    contents = dict(zip([path, *(path.with_name(name) for name in list(files)[1:])], files.values(), strict=True))
    write_together(contents)
    return list(contents)


def _zip(files: dict[str, bytes], folder: str) -> bytes:
    buffer = io.BytesIO()
    # Stored: PNG and gzip are packed already.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(f"{folder}/{name}", ZIP_TIME), content)
    return buffer.getvalue()
