"""A clip as files that keep every grey value and the labels: numbered PNG frames, NIfTI over time."""

import gzip
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.labels import SCHEMA
from echo_studio.data.clips.clip import Clip
from echo_studio.data.formats.encode import encode
from echo_studio.data.formats.media import NOTICE
from echo_studio.types import Json


def png_files(clip: Clip, stem: str) -> dict[str, bytes]:
    """`STEM_000.png`, ..., with labels `STEM_000_gt.png`, ... and `STEM.json`: names and contents.

    Each frame carries the notice and the record, each label map its schema, as single exports do.
    """
    files: dict[str, bytes] = {}
    digits = max(3, len(str(len(clip.frames) - 1)))
    for k, frame in enumerate(clip.frames):
        note = {**clip.note, "frame": k, "frames": len(clip.frames)}
        name = f"{stem}_{k:0{digits}d}"
        files[f"{name}.png"] = encode(Path("a.png"), frame, clip.spacing_mm, NOTICE, note)
        if clip.ids is not None:
            files[f"{name}_gt.png"] = encode(Path("a.png"), clip.ids[k], clip.spacing_mm, SCHEMA, {"schema": SCHEMA})
    about = {**clip.note, "spacing_mm": clip.spacing_mm, "frames": len(clip.frames)}
    files[f"{stem}.json"] = (json.dumps(about, indent=2, allow_nan=False) + "\n").encode()
    return files


def nifti_files(clip: Clip, stem: str) -> dict[str, bytes]:
    """`STEM.nii.gz` and, with labels, `STEM_gt.nii.gz` as CAMUS names them: (x, y, 1, t), spacing in mm, time in s."""
    files = {f"{stem}.nii.gz": _nifti(clip, clip.frames, NOTICE, clip.note)}
    if clip.ids is not None:
        note = {"schema": SCHEMA, "notice": NOTICE}
        files[f"{stem}_gt.nii.gz"] = _nifti(clip, clip.ids, f"{SCHEMA} {NOTICE}", note)
    return files


def _nifti(clip: Clip, frames: npt.NDArray[np.uint8], remark: str, note: Json) -> bytes:
    y, x = clip.spacing_mm or (1.0, 1.0)
    # NIfTI stores x first; arrays here are (t, y, x).
    volume = nib.Nifti1Image(np.ascontiguousarray(frames.transpose(2, 1, 0)[:, :, None]), np.diag([x, y, 1.0, 1.0]))
    header = volume.header
    header["descrip"] = remark.encode()
    header.set_zooms((x, y, 1.0, 1.0 / clip.fps))
    header.set_xyzt_units(xyz="unknown" if clip.spacing_mm is None else "mm", t="sec")
    text = json.dumps({**note, "spacing_mm": clip.spacing_mm}, allow_nan=False)
    header.extensions.append(nib.nifti1.Nifti1Extension("comment", text.encode()))
    # No time stamp: the same clip gives the same bytes.
    return gzip.compress(bytes(volume.to_bytes()), mtime=0)
