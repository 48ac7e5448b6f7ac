"""A synthetic clip on its way into a file: one heartbeat with its labels, and what has to be known about it."""

import json
import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.labels import LABEL_COUNT
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import ImageError, LabelMapError
from echo_studio.types import Json, Spacing

MAX_FRAMES = 512  # as many as are read back
MAX_FPS = 1000.0
MAX_SIDE = 4096


@dataclass(frozen=True, eq=False)
class Clip:
    """One cardiac cycle, end diastole first; the frame after the last one is the first again.

    Attributes:
        frames: uint8 (t, h, w), 2 to 512 of them, at most 4096 a side.
        fps: frames a second, above 0 and at most 1000.
        ids: uint8 (t, h, w) of `camus+sector/2`, or None.
        spacing_mm: (y, x), or None where it is not known.
        record: strict JSON, what reproduces the clip.

    Raises:
        ImageError: frames of another type, rank, size or number; an impossible pace or spacing.
        LabelMapError: labels of another shape, or ids that the schema does not have.
    """

    frames: npt.NDArray[np.uint8]
    fps: float
    ids: npt.NDArray[np.uint8] | None = None
    spacing_mm: Spacing | None = None
    record: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        frames = self.frames
        if frames.dtype != np.uint8 or frames.ndim != 3 or not 2 <= len(frames) <= MAX_FRAMES:
            raise ImageError(
                expected=f"2 to {MAX_FRAMES} uint8 frames of shape (frames, height, width)",
                got=f"{frames.dtype} {frames.shape}",
                remedy="write one heartbeat at a time, scaled to 0..255",
            )
        if min(frames.shape) < 1 or max(frames.shape) > MAX_SIDE:
            raise ImageError(
                expected=f"1 to {MAX_SIDE} pixels a side",
                got=f"{frames.shape[2]}x{frames.shape[1]}",
                remedy="resize the clip first",
            )
        if not (math.isfinite(self.fps) and 0 < self.fps <= MAX_FPS):
            raise ImageError(
                expected=f"frames a second above 0 and at most {MAX_FPS:g}",
                got=str(self.fps),
                remedy="take the number of frames times the heart rate, divided by 60",
            )
        if self.spacing_mm is not None and not all(math.isfinite(side) and side > 0 for side in self.spacing_mm):
            raise ImageError(
                expected="positive pixel spacing in mm", got=str(self.spacing_mm), remedy="leave it out if unknown"
            )
        if self.ids is not None and (self.ids.dtype != np.uint8 or self.ids.shape != frames.shape):
            raise LabelMapError(
                expected=f"uint8 labels of the clip's shape {frames.shape}",
                got=f"{self.ids.dtype} {self.ids.shape}",
                remedy="give the labels of the same frames",
            )
        if self.ids is not None and int(self.ids.max()) >= LABEL_COUNT:
            raise LabelMapError(
                expected=f"label ids 0 to {LABEL_COUNT - 1}", got=str(int(self.ids.max())), remedy="convert the ids"
            )

    @property
    def heart_rate(self) -> float:
        """Beats a minute: the clip is one cycle."""
        return 60.0 * self.fps / len(self.frames)

    @property
    def notice(self) -> str:
        """What the clip is, as its record says: synthetic, or an edited real frame."""
        return str(self.record.get("notice", NOTICE))

    @property
    def note(self) -> Json:
        """What every container keeps: the notice, the record, the pace."""
        return {"notice": self.notice, "record": self.record, "fps": self.fps, "heart_rate": self.heart_rate}

    @property
    def note_text(self) -> str:
        """`note` as ASCII.

        Raises:
            ValueError, TypeError: the record is not strict JSON.
        """
        return json.dumps(self.note, allow_nan=False)
