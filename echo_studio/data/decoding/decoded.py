"""What a reader of foreign files hands back, and how it crosses from the decoder's process to ours."""

import json
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from echo_studio.errors import ImageError
from echo_studio.types import Json, Spacing


@dataclass(frozen=True, eq=False)
class Decoded:
    """Frames, and the little that is taken from their file's header.

    Attributes:
        frames: uint8 (n, h, w).
        spacing_mm: (y, x) or None.
        seconds_per_frame: mean time from one frame to the next, or None.
        total: frames in the file; more than n where it was too long to be kept.
    """

    frames: npt.NDArray[np.uint8]
    spacing_mm: Spacing | None
    seconds_per_frame: float | None
    total: int


def send(result: Decoded | ImageError, out: BinaryIO) -> None:
    """Write one line of JSON, and after it the frames in numpy's own format: nothing that could run on arrival."""
    if isinstance(result, ImageError):
        about: Json = {"error": {"expected": result.expected, "got": result.got, "remedy": result.remedy}}
        out.write(json.dumps(about).encode() + b"\n")
        return
    about = {"spacing": result.spacing_mm, "seconds": result.seconds_per_frame, "total": result.total}
    out.write(json.dumps(about, allow_nan=False).encode() + b"\n")
    np.save(out, result.frames, allow_pickle=False)


def receive(source: BinaryIO) -> Decoded:
    """Read what `send` wrote.

    Raises:
        ImageError: the one that was sent.
        ValueError, KeyError, EOFError: the other side died while it wrote.
    """
    about = json.loads(source.readline(1 << 16))
    if "error" in about:
        raise ImageError(**about["error"])
    frames = np.load(source, allow_pickle=False)
    if frames.dtype != np.uint8 or frames.ndim != 3:
        raise ValueError("not frames")
    spacing = about["spacing"]
    return Decoded(frames, (spacing[0], spacing[1]) if spacing else None, about["seconds"], about["total"])
