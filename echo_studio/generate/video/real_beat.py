"""The beat of a real recording: every frame with what it shows, and the same beat with another heart or motion."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.sizes import lv_discs
from echo_studio.anatomy.motion.borders import carried
from echo_studio.anatomy.motion.cycle import LabelCycle, label_cycle
from echo_studio.anatomy.motion.motion import LIMITS, Motion, end_systole, usual_motion
from echo_studio.data.datasets.heartbeat import cycle_length
from echo_studio.errors import RequestError
from echo_studio.generate.source import Source
from echo_studio.generate.video.request import MAX_FRAMES, MIN_FRAMES, GrayClip
from echo_studio.types import FloatArray, Json, View

USUAL_FPS = 30.0  # where a recording does not tell its pace


@dataclass(frozen=True, eq=False)
class RealBeat:
    """One beat of a real recording, end diastole first.

    Attributes:
        frames: uint8 (t, h, w).
        labels: what each frame shows.
        first: which frame of the recording the first one is.
        seconds_per_frame: the recording's pace.

    Raises:
        RequestError: fewer than 2 or more than 64 frames, no label map for each, or frames without a ventricle.
    """

    frames: GrayClip
    labels: tuple[LabelMap, ...]
    first: int = 0
    seconds_per_frame: float = 1 / USUAL_FPS

    def __post_init__(self) -> None:
        if not MIN_FRAMES <= len(self.frames) <= MAX_FRAMES or len(self.labels) != len(self.frames):
            raise RequestError(
                expected=f"{MIN_FRAMES} to {MAX_FRAMES} frames of a recording, each with its label map",
                got=f"{len(self.frames)} frames and {len(self.labels)} label maps",
                remedy="choose a recording of a whole beat",
            )
        if np.isnan(self.volumes).any() or self.volumes[0] <= self.volumes[self.es]:
            raise RequestError(
                expected="a recording of one beat, in which a ventricle is seen that contracts after its first frame",
                got=f"volumes {np.round(self.volumes, 1).tolist()[:8]}",
                remedy="correct the labels, or begin at another frame",
            )

    @classmethod
    def of(
        cls, frames: GrayClip, labels: Sequence[LabelMap], seconds_per_frame: float | None, first: int | None = None
    ) -> "RealBeat":
        """The beat that begins at a frame; at the largest ventricle of the recording's first half by default.

        It ends where the picture comes back (`data.datasets.heartbeat.cycle_length`), else with the recording.

        Raises:
            RequestError: as the class; or no such frame.
        """
        if first is None:
            half = [_volume(one) for one in labels[: max(1, (len(labels) + 1) // 2)]]
            first = int(np.argmax(np.nan_to_num(half, nan=-1.0)))
        if not 0 <= first < len(frames):
            raise RequestError(
                expected=f"a frame from 0 to {len(frames) - 1} at which the beat begins",
                got=str(first),
                remedy="choose the one at end diastole",
            )
        period = cycle_length(frames, seconds_per_frame)
        last = first + min(MAX_FRAMES, len(frames) if period is None else max(MIN_FRAMES, round(period)))
        return cls(frames[first:last], tuple(labels[first:last]), first, seconds_per_frame or 1 / USUAL_FPS)

    @cached_property
    def volumes(self) -> FloatArray:
        """(t,) the ventricle's, single-plane: mL where the spacing is known, else px³; NaN where none is seen."""
        unit = 1000.0 if self.labels[0].spacing_mm else 1.0
        return np.array([_volume(one) / unit for one in self.labels])

    @cached_property
    def es(self) -> int:
        """The frame at end systole."""
        return 1 + int(np.argmin(self.volumes[1:]))

    @cached_property
    def share(self) -> FloatArray:
        """(t,) the volume between end systole, 0, and end diastole, 1."""
        full, least = self.volumes[0], self.volumes[self.es]
        return np.asarray(np.clip((self.volumes - least) / (full - least), 0, 1))

    @property
    def ef(self) -> float:
        """Ejection fraction in percent."""
        return float(100 * (1 - self.volumes[self.es] / self.volumes[0]))

    @property
    def heart_rate(self) -> float:
        """Beats a minute, if the frames are one beat."""
        return 60 / (len(self.frames) * self.seconds_per_frame)

    @cached_property
    def motion(self) -> Motion:
        """The recording's own motion, its EF in whole percent. A request for it leaves the beat as it is."""
        low, high, _ = LIMITS["ef"]
        slow, fast, _ = LIMITS["heart_rate"]
        return usual_motion(
            float(np.clip(round(self.ef), low, high)), float(np.clip(round(self.heart_rate), slow, fast))
        )

    def source(self, k: int, keep: float = 1.0, whole_frame: bool = False) -> Source:
        """Frame k as a source; all frames have the origin of the first, so that they are forgotten together."""
        return Source(self.frames[k], self.labels[k], keep, whole_frame, made_from="" if k == 0 else self.origin)

    @cached_property
    def origin(self) -> str:
        """See `Source.origin`."""
        return Source(self.frames[0], self.labels[0]).origin

    def cycle(self, end_diastole: LabelMap, motion: Motion, view: View) -> LabelCycle:
        """The label maps of the beat with another heart or motion, at the recording's own pace.

        Where an edit moves a border of the label cycle, it moves it in each frame as much (`borders.carried`): frames
        keep what they have of their own. The volume follows the recording's curve between its new ends. Neither edited
        nor moved otherwise, the beat is the recording's own label maps.

        Args:
            end_diastole: the first frame's label map as it was edited.
            motion: `self.motion` for the recording's own; its heart rate plays no part.

        Raises:
            LabelMapError, RequestError: see `label_cycle` and `end_systole`.
        """
        own_first, own_last = self.labels[0], self.labels[self.es]
        same = (motion.ef, motion.shortening, motion.thickening) == (
            self.motion.ef,
            self.motion.shortening,
            self.motion.thickening,
        )
        last = carried(own_last, own_first, end_diastole) if same else end_systole(end_diastole, motion, view)
        count = len(self.frames)
        own = label_cycle(own_first, own_last, count, self.motion, view, self.share)
        asked = label_cycle(end_diastole, last, count, motion, view, self.share)
        made = [carried(one, own.frame(k), asked.frame(k)).ids for k, one in enumerate(self.labels)]
        return LabelCycle(np.stack(made), own_first.spacing_mm, self.es, self.heart_rate, asked.points, asked.reach)

    def note(self) -> Json:
        """What a record says of it, beside `Source.note` of the first frame: no pixels."""
        pixels = hashlib.sha256(f"{self.frames.shape}".encode() + np.ascontiguousarray(self.frames).tobytes())
        labels = hashlib.sha256("".join(one.digest for one in self.labels).encode())
        return {
            "recording_sha256": pixels.hexdigest(),
            "recording_labels_sha256": labels.hexdigest(),
            "first_frame": self.first,
            "seconds_per_frame": self.seconds_per_frame,
        }

    def curve(self) -> Json:
        """What a page shows of it, JSON-able."""
        return {
            "first": self.first,
            "frames": len(self.frames),
            "es": self.es,
            "ef_percent": round(self.ef, 1),
            "heart_rate": round(self.heart_rate, 1),
            "motion": self.motion.to_json(),
            "volumes": [round(float(value), 2) for value in self.volumes],
        }


def _volume(label_map: LabelMap) -> float:
    discs = lv_discs(label_map)
    return discs.volume if discs is not None and discs.volume else np.nan
