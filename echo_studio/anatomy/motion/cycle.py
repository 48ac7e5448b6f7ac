"""One heartbeat as label maps: from end diastole to end systole and back, the volume on a physiological curve."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.measure.sizes import ejection_fraction, lv_discs
from echo_studio.anatomy.motion.contraction import RegionalMotion, not_yet_shown, with_regional
from echo_studio.anatomy.motion.flow import MARGIN, REACH, Field, Tidy, looked_up
from echo_studio.anatomy.motion.heart_contours import WALL_POINTS, HeartContours, corresponding, heart_contours
from echo_studio.anatomy.motion.motion import Motion, end_systole_index, volume_curve
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
        points: (t, n, 2) where points of wall and atrium are in each frame, (x, y) in pixels; None if not known.
        reach: how far a point moves its surroundings along, in pixels of x.
    """

    ids: npt.NDArray[np.uint8]
    spacing_mm: Spacing | None
    es: int
    heart_rate: float
    points: FloatArray | None = None
    reach: float = 1.0

    def __post_init__(self) -> None:
        ids = np.array(self.ids, np.uint8)
        ids.setflags(write=False)
        object.__setattr__(self, "ids", ids)

    def __len__(self) -> int:
        return len(self.ids)

    def frame(self, k: int) -> LabelMap:
        """The label map of frame k; as the beat repeats, frame `len` is frame 0."""
        return LabelMap(self.ids[k % len(self)], self.spacing_mm)

    def warped(self, picture: FloatArray) -> FloatArray:
        """A picture (h, w) of end diastole in every frame (t, h, w): what lies on the heart moves with it.

        Its size need not be that of the label maps.
        """
        still = np.broadcast_to(picture, (len(self), *picture.shape))
        if self.points is None:
            return np.asarray(still)
        scale = np.array(picture.shape[::-1]) / np.array(self.ids.shape[:0:-1])
        points, reach = (self.points + 0.5) * scale - 0.5, self.reach * scale[0]
        aspect = self.spacing_mm[0] / self.spacing_mm[1] if self.spacing_mm else 1.0
        aspect *= float(scale[0] / scale[1])  # of the picture's pixels
        return np.stack([picture, *(looked_up(picture, now, points[0], reach, aspect) for now in points[1:])])


def label_cycle(
    label_map: LabelMap,
    end_systole: LabelMap,
    frames: int,
    motion: Motion,
    view: View | None = None,
    curve: FloatArray | None = None,
) -> LabelCycle:
    """The beat between two keyframes: contours in correspondence move, the volume follows a curve.

    The first frame is the map at end diastole. The frame at end systole is the other keyframe in the first one's
    sector, which stands still; but a segment of `motion.regional` that moves in that keyframe is held first. Where no
    long axis is found, or a structure is in one keyframe alone, borders pass over without correspondence. Maps
    without a cavity make a beat too: without motion, if they are the same.

    Args:
        label_map, end_systole: keyframes of one heart, of one size and spacing.
        frames: of the beat, 2 or more.
        motion: its heart rate and regional motion; the rest is in the keyframes.
        view: of the maps, for the segments.
        curve: (frames,) the volume, 1 at end diastole, frame 0, and 0 at end systole; `volume_curve` by default.

    Raises:
        LabelMapError: sizes or spacings differ, only one keyframe has a cavity, or it is larger at end systole.
        RequestError: too few frames, or a segment that the view does not show.
    """
    es = end_systole_index(frames, motion.heart_rate) if curve is None else int(curve.argmin())
    curve = volume_curve(frames, motion.heart_rate) if curve is None else curve
    check_pair(label_map, end_systole)
    diastole, systole = _contours(label_map), _contours(end_systole)
    if diastole and systole and (missing := not_yet_shown(diastole, systole, motion.regional, view)):
        end_systole = _held(end_systole, diastole, systole, missing, view)
        systole = _contours(end_systole)
    check_volumes(label_map, end_systole)
    tidy = Tidy.like(label_map, end_systole)
    field = Field.of(label_map, end_systole, margin=round(MARGIN * max(label_map.shape)))
    first = last = path = None
    shares, reach = 1 - curve, 1.0
    if diastole and systole:
        first, last = corresponding(diastole, systole)
        shares = _shares(diastole, systole, curve)
        path = first + shares[:, None, None] * (last - first)
        reach = REACH * diastole.axis.length / diastole.axis.plane.sx
    one, other = field.warped(label_map, first, reach), field.warped(end_systole, last, reach)
    frames_made = [label_map.ids]
    for k in range(1, frames):
        share, now = float(shares[k]), None if path is None else path[k]
        if k == es:
            frames_made.append(field.blend([(other, 1.0)], last))
        else:
            frames_made.append(tidy(field.blend([(one, 1 - share), (other, share)], now)))
    return LabelCycle(np.stack(frames_made), label_map.spacing_mm, es, motion.heart_rate, path, reach)


def _contours(label_map: LabelMap) -> HeartContours | None:
    try:
        return heart_contours(label_map)
    except LabelMapError:
        return None


def _held(
    end_systole: LabelMap,
    diastole: HeartContours,
    systole: HeartContours,
    regional: tuple[RegionalMotion, ...],
    view: View | None,
) -> LabelMap:
    """A keyframe at end systole with segments held as they should be."""
    before, after = corresponding(systole, with_regional(diastole, systole, regional, view))
    field = Field.of(end_systole, margin=round(MARGIN * max(end_systole.shape)))
    reach = REACH * diastole.axis.length / diastole.axis.plane.sx
    return LabelMap(field.blend([(field.warped(end_systole, before, reach), 1.0)], after), end_systole.spacing_mm)


def _shares(diastole: HeartContours, systole: HeartContours, curve: FloatArray) -> FloatArray:
    """(t,) how far along its way to end systole the heart is in each frame, so that its volume follows a curve.

    The volume is taken from the endocardial line: area squared over length, to which a single-plane volume is
    proportional for one shape.
    """
    share = np.linspace(0.0, 1.0, 65)
    lines = (1 - share)[:, None, None] * diastole.endo + share[:, None, None] * systole.endo
    x, y = lines[..., 0], lines[..., 1]
    area = np.abs((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1)) / 2
    axis = lines[:, WALL_POINTS // 2] - (lines[:, 0] + lines[:, -1]) / 2
    volume = area**2 / np.maximum(np.hypot(*axis.T), 1e-9)
    if volume[0] <= volume[-1]:
        return np.asarray(1 - curve)
    full = np.maximum.accumulate(((volume - volume[-1]) / (volume[0] - volume[-1]))[::-1])
    return np.asarray(np.interp(curve, full, share[::-1]))


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


def check_pair(label_map: LabelMap, end_systole: LabelMap) -> None:
    """Whether two maps can be frames of one recording.

    Raises:
        LabelMapError: sizes or spacings differ.
    """
    if label_map.shape != end_systole.shape:
        sizes = [f"{one.shape[1]}x{one.shape[0]}" for one in (label_map, end_systole)]
        raise LabelMapError(
            expected="keyframes of one size",
            got=f"{sizes[0]} at end diastole, {sizes[1]} at end systole",
            remedy="give frames of one recording",
        )
    spacings = label_map.spacing_mm, end_systole.spacing_mm
    if (spacings[0] is None) != (spacings[1] is None) or not np.allclose(spacings[0] or 1, spacings[1] or 1, rtol=0.01):
        raise LabelMapError(
            expected="keyframes of one pixel spacing",
            got=" and ".join("none" if one is None else f"{one[0]:g} x {one[1]:g} mm" for one in spacings),
            remedy="give both the same spacing",
        )


def check_volumes(label_map: LabelMap, end_systole: LabelMap) -> None:
    """Whether the second map can be end systole to the first.

    Volumes are compared where both have a long axis, else the cavities' areas.

    Raises:
        LabelMapError: only one has a cavity, or it is larger at end systole.
    """
    pixels = [int((one.ids == LV_CAVITY).sum()) for one in (label_map, end_systole)]
    if (pixels[0] > 0) != (pixels[1] > 0):
        raise LabelMapError(
            expected="an LV cavity (label 1) in both keyframes, or in neither",
            got=f"one at end {'diastole' if pixels[0] else 'systole'} alone",
            remedy="paint it in the other keyframe too",
        )
    discs = lv_discs(label_map), lv_discs(end_systole)
    if discs[0] and discs[1]:
        unit, scale = ("mL", 1000.0) if label_map.spacing_mm else ("px³", 1.0)
        sizes = [one.volume / scale for one in discs if one]
    else:
        unit, sizes = "pixels", [float(count) for count in pixels]
    if sizes[1] > sizes[0]:
        raise LabelMapError(
            expected="a ventricle that is smaller at end systole than at end diastole",
            got=f"{sizes[1]:.0f} {unit} at end systole, {sizes[0]:.0f} {unit} at end diastole",
            remedy="exchange the keyframes or paint the cavity smaller",
        )
