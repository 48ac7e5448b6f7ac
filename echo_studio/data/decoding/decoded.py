"""What comes out of a foreign file, and how it crosses from the decoder's process to ours."""

import json
import math
from dataclasses import dataclass, field, fields
from typing import Any, BinaryIO, TypeAlias

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
# Where the first pixel is (x, y), and a matrix, row by row, whose columns lead to the next pixel along x and y: LPS.
Placement: TypeAlias = tuple[float, ...]


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


@dataclass(frozen=True, eq=False)
class Stored:
    """The numbers of a file as they are: label ids, or grey values that nothing has stretched.

    Attributes:
        frames: (n, h, w), or (n, h, w, c) of colours and other vectors; any type of number.
        spacing_mm: (y, x) of a pixel, or None where the file does not tell.
        placement: where the frame lies in space, or None where the file does not tell.
        note: what `formats.encode` put into the file; empty if there is none.
    """

    frames: npt.NDArray[Any]
    spacing_mm: Spacing | None = None
    placement: Placement | None = None
    note: Json = field(default_factory=dict)


Decoded: TypeAlias = Recording | Stored
ANSWERS: dict[str, type[Decoded]] = {"recording": Recording, "stored": Stored}


def send(result: Decoded | ImageError, out: BinaryIO) -> None:
    """Write one line of JSON, and after it the numbers of the frames: nothing that could run on arrival."""
    if isinstance(result, ImageError):
        about: Json = {"error": {"expected": result.expected, "got": result.got, "remedy": result.remedy}}
        content = b""
    else:
        frames = np.ascontiguousarray(result.frames)
        about = {one.name: getattr(result, one.name) for one in fields(result) if one.name != "frames"}
        about = {"is": type(result).__name__.lower(), "dtype": frames.dtype.str, "shape": frames.shape, **about}
        content = frames.tobytes()
    out.write(json.dumps(about, allow_nan=False).encode() + b"\n" + content)
    out.flush()


def receive(source: BinaryIO) -> Decoded:
    """Read what `send` wrote.

    Raises:
        ImageError: the one that was sent.
        ValueError, KeyError, EOFError, TypeError: the other side died while it wrote.
    """
    about = json.loads(source.readline(1 << 20))
    if "error" in about:
        raise ImageError(**about["error"])
    kind, dtype, shape = ANSWERS[about.pop("is")], np.dtype(about.pop("dtype")), tuple(about.pop("shape"))
    size = math.prod(shape) * dtype.itemsize
    if dtype.kind not in "buif" or not 3 <= len(shape) <= 4 or not 0 < size <= 2 * MAX_BYTES:
        raise ValueError("not frames")
    content = source.read(size)
    pairs: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in about.items()}
    return kind(np.frombuffer(bytearray(content), dtype).reshape(shape), **pairs)


def note_of(text: Any) -> Json:
    """The note of a file as `formats.encode` wrote it; a text that is no JSON object is someone else's."""
    try:
        note = json.loads(text, parse_constant=_no_constant)
    except (TypeError, ValueError, RecursionError):
        return {}
    if not isinstance(note, dict):
        return {}
    match note.get("spacing_mm"):
        case [int() | float(), int() | float()]:
            return note
    return {**note, "spacing_mm": None}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def check_size(width: int, height: int) -> None:
    """Raise ImageError where a header announces no pixel at all or more than 4096 a side."""
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise ImageError(
            expected=f"1 to {MAX_SIDE} pixels a side",
            got=f"a frame of {width}x{height}",
            remedy="resize the image first",
        )


def square(frame: npt.NDArray[Any], ratio: float) -> npt.NDArray[Any]:
    """A frame (h, w) with square pixels: its narrow side is stretched.

    Args:
        ratio: width of a pixel by its height; one under a hundredth from 1, or that nobody means, changes nothing.
    """
    if not 0.2 < ratio < 5 or abs(ratio - 1) < 0.01:
        return frame
    height, width = frame.shape[:2]
    size = (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))
    fitting = frame if frame.dtype.name in RESIZABLE else frame.astype(np.float32)
    return np.asarray(cv2.resize(fitting, size, interpolation=cv2.INTER_LINEAR))


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
