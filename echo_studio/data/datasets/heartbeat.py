"""One cardiac cycle out of a recording, resampled to a number of frames by interpolation over time.

Never the first frames, never padding: whatever a recording's length and pace, frame k of T is the heart at
the same share of its cycle, and frame T would be frame 0 again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import DataError, RequestError
from echo_studio.types import FloatArray, GrayImage, Spacing

MIN_FRAMES, MAX_FRAMES = 2, 512
MAX_RECORDED = 10_000  # frames of a file: a minute and a half of echo at the fastest pace there is

SIDE = 32  # frames are reduced to this: speckle goes, walls stay
SLOWEST, FASTEST = 30.0, 220.0  # beats a minute
MIN_LAG = 4  # frames
RETURN = 0.5  # a cycle's end is at least half as like its start as the next frame is
TIE = 0.15
JUMP = 0.5  # neighbouring frames that differ by more of the largest difference are noise, not motion


@dataclass(frozen=True, eq=False)
class Heartbeat:
    """One cycle of T frames.

    Attributes:
        frames: uint8 (t, h, w), read-only; frame 0 is end diastole where `es` is known.
        labels: the label maps that there are, by frame; all frames, two, or none.
        es: the frame at end systole, or None where the recording does not tell.
        spacing_mm: (y, x) of a pixel, or None.
        seconds: how long the cycle takes, or None.
        mirrored: only ED to ES was recorded; the way back is the way there, played backwards.
        info: what the data set says about it, as it says it.
    """

    frames: npt.NDArray[np.uint8]
    labels: Mapping[int, LabelMap] = field(default_factory=dict)
    es: int | None = None
    spacing_mm: Spacing | None = None
    seconds: float | None = None
    mirrored: bool = False
    info: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.frames.setflags(write=False)


def check_count(frames: int) -> None:
    """Raise RequestError where a cycle cannot be resampled to so many frames."""
    if not MIN_FRAMES <= frames <= MAX_FRAMES:
        raise RequestError(expected=f"{MIN_FRAMES} to {MAX_FRAMES} frames a cycle", got=str(frames), remedy="try 24")


def check_recorded(kept: int, total: int, name: str) -> None:
    """Raise DataError where a file is no recording of a heartbeat: a single frame, or a day of them."""
    if not 2 <= kept <= total <= MAX_RECORDED:
        raise DataError(
            expected=f"a recording of 2 to {MAX_RECORDED} frames",
            got=f"{total} in {name}",
            remedy="cut out one heartbeat" if total > 1 else "take the recording, not a still of it",
        )


def beat_times(start: float, es: float, stop: float, frames: int) -> tuple[FloatArray, int]:
    """When the frames of a cycle are taken, so that one of them is end systole itself.

    Args:
        start, es, stop: ED, ES and the next ED, in frames of the recording, each after the one before.
        frames: how many to take.

    Returns:
        (frames,) times from `start` on, and the index of the one that equals `es`. Within systole and within
        diastole they follow at equal steps, which differ as little as the place of ES asks for.
    """
    index = int(np.clip(round(frames * (es - start) / (stop - start)), 1, frames - 1))
    systole = np.linspace(start, es, index, endpoint=False)
    return np.concatenate([systole, np.linspace(es, stop, frames - index, endpoint=False)]), index


def faded(before: GrayImage, after: GrayImage, share: float) -> GrayImage:
    """uint8 (h, w) the mean of two frames, `share` of it of the second one."""
    return np.rint(before * (1 - np.float32(share)) + after * np.float32(share)).astype(np.uint8)


def frames_at(
    recording: npt.NDArray[np.uint8],
    times: FloatArray,
    closed: bool = False,
    blend: Callable[[GrayImage, GrayImage, float], GrayImage] = faded,
) -> npt.NDArray[np.uint8]:
    """The frames at fractional times, each a blend of its two neighbours; whole times give the frame itself.

    Args:
        recording: uint8 (n, h, w).
        times: in frames, 0 to n - 1; 0 to n (excluded) where `closed`, as after the last frame comes the first.
        blend: of the frame before, the frame after and the share of the latter.
    """
    count = len(recording)
    taken = np.empty((len(times), *recording.shape[1:]), np.uint8)
    for k, time in enumerate(times):
        low = min(int(time), count - 1)
        high = (low + 1) % count if closed else min(low + 1, count - 1)
        share = float(time - low)
        taken[k] = blend(recording[low], recording[high], share) if share else recording[low]
    return taken


def within_recording(times: FloatArray, period: float, count: int) -> FloatArray:
    """Times moved by whole cycles into a recording of `count` frames that holds at least one cycle."""
    last = count - 1
    late = np.ceil(np.maximum(0.0, times - last) / period)
    early = np.ceil(np.maximum(0.0, -times) / period)
    return np.clip(times + (early - late) * period, 0.0, last)


def cycle_length(recording: npt.NDArray[np.uint8], seconds_per_frame: float | None) -> float | None:
    """Frames from one heartbeat to the next, to a fraction of a frame; None where no beat comes back.

    The mean squared difference of frames that are `lag` apart falls to a minimum where the lag is one cycle.
    At least a quarter of a second cycle has to be there, or else nothing says that a beat came back.

    Args:
        recording: uint8 (n, h, w).
        seconds_per_frame: bounds the cycle to 30 to 220 beats a minute; None leaves it free.
    """
    differ = _difference(recording)
    lags = len(differ) - 1
    if lags < MIN_LAG + 1 or differ[1] >= JUMP * differ.max():
        return None
    likeness = (differ.max() - differ) / (differ.max() - differ[1])
    low, high = MIN_LAG, lags - 1
    if seconds_per_frame is not None:
        low = max(low, round(60.0 / FASTEST / seconds_per_frame))
        high = min(high, round(60.0 / SLOWEST / seconds_per_frame))
    peaks = [lag for lag in range(low, high + 1) if likeness[lag - 1] <= likeness[lag] >= likeness[lag + 1]]
    peaks = [lag for lag in peaks if likeness[lag] >= RETURN]
    if not peaks:
        return None
    best = max(likeness[lag] for lag in peaks)
    # After two beats the picture is back as well: the first return counts.
    return _vertex(likeness, next(lag for lag in peaks if likeness[lag] >= best - TIE))


def _difference(recording: npt.NDArray[np.uint8]) -> FloatArray:
    """Mean squared difference by lag, 0 to four fifths of the recording."""
    small = np.stack([cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for frame in recording])
    flat = small.reshape(len(small), -1).astype(np.float32)
    lags = len(flat) * 4 // 5
    return np.array([0.0, *(float(((flat[lag:] - flat[:-lag]) ** 2).mean()) for lag in range(1, lags + 1))])


def _vertex(values: FloatArray, at: int) -> float:
    """Where the parabola through three neighbouring values has its top."""
    before, here, after = (float(values[k]) for k in (at - 1, at, at + 1))
    bend = before - 2 * here + after
    return at + (0.5 * (before - after) / bend if bend < 0 else 0.0)
