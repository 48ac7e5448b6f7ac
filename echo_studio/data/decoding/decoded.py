"""The frames of a foreign file, and how they cross from the decoder's process to ours."""

import json
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.errors import ImageError
from echo_studio.types import Json, Spacing

MIN_SIDE = 64
WORKING_SIDE = 1024
MAX_SIDE = 4096
MAX_FRAMES = 512
MAX_BYTES = 256 << 20
# cv2 resizes these; the others become floats first.
RESIZABLE = ("uint8", "uint16", "int16", "float32", "float64")


@dataclass(frozen=True, eq=False)
class Recording:
    """Frames of one recording. Holds no name, no date, no header: only what can be seen and measured.

    Attributes:
        frames: uint8 (n, h, w), read-only, 64 to 1024 pixels a side.
        spacing_mm: (y, x) of a pixel, or None where the file does not tell.
        seconds_per_frame: mean time from one frame to the next, or None.
        total: frames in the file; more than n where only the first ones were kept.
    """

    frames: npt.NDArray[np.uint8]
    spacing_mm: Spacing | None = None
    seconds_per_frame: float | None = None
    total: int = 1

    def __post_init__(self) -> None:
        self.frames.setflags(write=False)

    @property
    def shortened(self) -> bool:
        """Whether the file holds more frames than were kept."""
        return self.total > len(self.frames)


def send(result: Recording | ImageError, out: BinaryIO) -> None:
    """Write one line of JSON, and after it the frames in numpy's own format: nothing that could run on arrival."""
    if isinstance(result, ImageError):
        about: Json = {"error": {"expected": result.expected, "got": result.got, "remedy": result.remedy}}
        out.write(json.dumps(about).encode() + b"\n")
        return
    about = {"spacing": result.spacing_mm, "seconds": result.seconds_per_frame, "total": result.total}
    out.write(json.dumps(about, allow_nan=False).encode() + b"\n")
    np.save(out, result.frames, allow_pickle=False)


def receive(source: BinaryIO) -> Recording:
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
    return Recording(frames, (spacing[0], spacing[1]) if spacing else None, about["seconds"], about["total"])


def working_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) that a frame has after its reduction to at most 1024 a side.

    Raises:
        ImageError: over 4096 a side, or under 64 before or after the reduction.
    """
    if max(height, width) > MAX_SIDE:
        raise ImageError(
            expected=f"at most {MAX_SIDE} pixels a side", got=f"{width}x{height}", remedy="export it smaller"
        )
    scale = min(1.0, WORKING_SIDE / max(height, width, 1))
    fitted = round(height * scale), round(width * scale)
    if min(fitted) < MIN_SIDE:
        raise ImageError(
            expected=f"at least {MIN_SIDE} pixels a side" + (f" at {WORKING_SIDE} on the other" if scale < 1 else ""),
            got=f"{width}x{height}",
            remedy="export the whole picture at its full size",
        )
    return fitted


def luminance(colour: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(h, w) of (h, w, 3) RGB, by the weights of ITU-R BT.601. Colour is not kept apart: a trace turns grey."""
    if colour.dtype not in (np.uint8, np.uint16):
        colour = colour.astype(np.float32)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_RGB2GRAY))


@dataclass
class FrameStack:
    """The first frames of a recording: 512 of them, or as many as fit into 256 MiB.

    Attributes:
        limit: how many frames are kept; known with the first one.
        native: (height, width) of the frames before their reduction.
    """

    frames: list[npt.NDArray[Any]] = field(default_factory=list)
    limit: int = MAX_FRAMES
    native: tuple[int, int] = (0, 0)

    @property
    def full(self) -> bool:
        return len(self.frames) >= self.limit

    def add(self, frame: npt.NDArray[Any]) -> None:
        """Keep a grey frame (h, w) of any number type; reduced by area averaging where it is over 1024 a side.

        Raises:
            ImageError: see `working_size`; another size than the frames before; a value that is not finite.
        """
        height, width = frame.shape
        fitted = working_size(height, width)
        if self.frames and self.native != (height, width):
            raise ImageError(
                expected="frames of one size", got=f"{width}x{height} after others", remedy="export it again"
            )
        if frame.dtype.name not in RESIZABLE:
            frame = frame.astype(np.float64 if frame.dtype.itemsize > 2 else np.int16)
        if not np.isfinite(frame).all():
            raise ImageError(
                expected="a finite value for every pixel", got="NaN or infinity", remedy="fill these pixels first"
            )
        if not self.frames:
            self.native = (height, width)
            self.limit = max(1, min(MAX_FRAMES, MAX_BYTES // (fitted[0] * fitted[1] * frame.dtype.itemsize)))
        if fitted != (height, width):
            frame = cv2.resize(frame, (fitted[1], fitted[0]), interpolation=cv2.INTER_AREA)
        self.frames.append(frame)

    def spacing(self, native: Spacing | None) -> Spacing | None:
        """Spacing (y, x) of the kept frames, from that of the frames in the file."""
        if native is None or not all(np.isfinite(side) and side > 0 for side in native):
            return None
        height, width = self.frames[0].shape
        return native[0] * (self.native[0] / height), native[1] * (self.native[1] / width)

    def as_uint8(self, window: tuple[float, float] | None = None) -> npt.NDArray[np.uint8]:
        """uint8 (n, h, w).

        Values from 0 to 255 stay as they are (fractions rounded, unless the whole recording lies within 0 to 1);
        others are stretched from `window` (low, high), by default from the lowest to the highest of all frames.

        Raises:
            ImageError: no frame was added.
        """
        if not self.frames:
            raise ImageError(expected="at least one frame", got="none", remedy="export it again")
        stack = np.empty((len(self.frames), *self.frames[0].shape), np.uint8)
        low = min(float(frame.min()) for frame in self.frames)
        high = max(float(frame.max()) for frame in self.frames)
        if window or (low >= 0 and 1 < high <= 255):
            low, high = window or (0.0, 255.0)
        for k, frame in enumerate(self.frames):
            if frame.dtype == np.uint8 and window is None:
                stack[k] = frame
            else:
                scaled = (frame.astype(np.float64) - low) * (255.0 / (high - low) if high > low else 0.0)
                stack[k] = np.rint(np.clip(scaled, 0, 255))
        return stack
