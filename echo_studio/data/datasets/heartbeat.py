"""One cardiac cycle out of a recording, resampled to a number of frames by interpolation over time.

Never the first frames, never padding: whatever a recording's length and pace, frame k of T is the heart at
the same share of its cycle, and frame T would be frame 0 again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.errors import DataError, RequestError
from echo_studio.types import FloatArray, Spacing

MIN_FRAMES, MAX_FRAMES = 2, 512
MAX_RECORDED = 10_000  # frames of a file: a minute and a half of echo at the fastest pace there is


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


def frames_at(recording: npt.NDArray[np.uint8], times: FloatArray, closed: bool = False) -> npt.NDArray[np.uint8]:
    """The frames at fractional times, each a blend of its two neighbours; whole times give the frame itself.

    Args:
        recording: uint8 (n, h, w).
        times: in frames, 0 to n - 1; 0 to n (excluded) where `closed`, as after the last frame comes the first.
    """
    count = len(recording)
    taken = np.empty((len(times), *recording.shape[1:]), np.uint8)
    for k, time in enumerate(times):
        low = min(int(time), count - 1)
        high = (low + 1) % count if closed else min(low + 1, count - 1)
        share = np.float32(time - low)
        taken[k] = np.rint(recording[low] * (1 - share) + recording[high] * share) if share else recording[low]
    return taken


def within_recording(times: FloatArray, period: float, count: int) -> FloatArray:
    """Times moved by whole cycles into a recording of `count` frames that holds at least one cycle."""
    last = count - 1
    late = np.ceil(np.maximum(0.0, times - last) / period)
    early = np.ceil(np.maximum(0.0, -times) / period)
    return np.clip(times + (early - late) * period, 0.0, last)
