"""How long a heartbeat is in a recording, seen from when its pictures come back."""

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.types import FloatArray

SIDE = 32  # frames are reduced to this: speckle goes, walls stay
SLOWEST, FASTEST = 30.0, 220.0  # beats a minute
MIN_LAG = 4  # frames
RETURN = 0.5  # a cycle's end is at least half as like its start as the next frame is
TIE = 0.15
JUMP = 0.5  # neighbouring frames that differ by more of the largest difference are noise, not motion


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
