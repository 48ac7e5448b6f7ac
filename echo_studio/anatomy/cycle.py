"""One heartbeat as label maps: from end diastole to end systole and back, the volume on a physiological curve."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure import lv_discs
from echo_studio.anatomy.motion import Motion
from echo_studio.anatomy.sdf import label_distances
from echo_studio.anatomy.volume import ejection_fraction
from echo_studio.anatomy.volume_curve import end_systole_index, volume_curve
from echo_studio.errors import LabelMapError
from echo_studio.types import FloatArray, Spacing, View


@dataclass(frozen=True, eq=False)
class LabelCycle:
    """The label maps of one beat.

    Attributes:
        ids: uint8 (t, h, w), end diastole first; after the last frame comes the first again. Read-only.
        spacing_mm: pixel spacing (y, x), None where it is not known.
        es: index of end systole.
        heart_rate: beats a minute; one frame lasts 60 / (heart_rate · t) seconds.
    """

    ids: npt.NDArray[np.uint8]
    spacing_mm: Spacing | None
    es: int
    heart_rate: float

    def __post_init__(self) -> None:
        ids = np.array(self.ids, np.uint8)
        ids.setflags(write=False)
        object.__setattr__(self, "ids", ids)

    def __len__(self) -> int:
        return len(self.ids)

    def frame(self, k: int) -> LabelMap:
        """The label map of frame k; as the beat repeats, frame `len` is frame 0."""
        return LabelMap(self.ids[k % len(self)], self.spacing_mm)


def label_cycle(
    label_map: LabelMap, end_systole: LabelMap, frames: int, motion: Motion, view: View | None = None
) -> LabelCycle:
    """The beat between two keyframes."""
    if label_map.shape != end_systole.shape:
        raise LabelMapError(expected="two keyframes of one size", got="", remedy="")
    one, other = label_distances(label_map), label_distances(end_systole)
    curve = volume_curve(frames, motion.heart_rate)
    ids = np.stack([(share * one + (1 - share) * other).argmin(axis=0).astype(np.uint8) for share in curve])
    return LabelCycle(ids, label_map.spacing_mm, end_systole_index(frames, motion.heart_rate), motion.heart_rate)


def cycle_volumes(cycle: LabelCycle) -> tuple[FloatArray, float | None]:
    """(t,) the ventricle's volume in every frame, and the EF in percent.

    Volumes are single-plane, in mL where the spacing is known, else in px³; NaN where a frame has no long axis. The
    EF is that of frame 0 and the frame at end systole, None where either has none.
    """
    discs = [lv_discs(cycle.frame(k)) for k in range(len(cycle))]
    unit = 1000.0 if cycle.spacing_mm else 1.0
    volumes = np.array([one.volume / unit if one else np.nan for one in discs])
    first, least = volumes[0], volumes[cycle.es]
    ef = None if np.isnan([first, least]).any() else ejection_fraction(float(first), float(least))
    return volumes, ef
