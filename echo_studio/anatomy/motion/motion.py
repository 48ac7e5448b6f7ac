"""How a heart moves in one beat: the numbers that a person sets, the volume over time, and the end-systolic label map.

Durations follow the heart rate as Weissler et al. (Circulation 37(2), 1968) measured them: left ventricular ejection
takes 413 − 1.7 · rate ms. Before it the ventricle contracts, after it it relaxes, both at a constant volume; then it
fills fast, rests, and is filled up by the atrium. A fast heart has no time to rest.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.measure.sizes import lv_discs
from echo_studio.anatomy.motion.contraction import RegionalKind, RegionalMotion, contracted, with_regional
from echo_studio.anatomy.motion.flow import MARGIN, REACH, Field, Tidy
from echo_studio.anatomy.motion.heart_contours import corresponding, heart_contours
from echo_studio.errors import RequestError, check_range
from echo_studio.types import FloatArray, Json, View

__all__ = [
    "LIMITS",
    "Motion",
    "RegionalKind",
    "RegionalMotion",
    "end_systole",
    "end_systole_index",
    "end_systole_share",
    "usual_motion",
    "volume_curve",
]

LONGEST_CYCLE = 4096  # frames; a limit for typing errors, far above any clip
CONTRACTION, RELAXATION, RAPID_FILLING, ATRIAL_KICK = 0.04, 0.08, 0.20, 0.13  # seconds
FASTEST = 120.0  # bpm up to which the linear law holds; above, a beat keeps that rate's shares
HARDLY = 0.01  # share of the stroke volume that moves while the valves are closed
BEFORE_KICK = 0.8  # of the stroke volume are in when the atrium contracts, 0.72 of them by rapid filling
AFTER_RAPID = 0.72

# Name: least, greatest, unit as people read it.
LIMITS: dict[str, tuple[float, float, str]] = {
    "ef": (5.0, 85.0, "percent"),
    "shortening": (0.0, 0.4, "share of the long axis"),
    "thickening": (0.0, 1.0, "share of the wall's thickness"),
    "heart_rate": (20.0, 250.0, "beats a minute"),
}
# Slope and start over the EF in percent, of the 800 pairs of CAMUS's training split (r = 0.66 and 0.50).
USUAL_SHORTENING = (0.00272, 0.0068)
USUAL_THICKENING = (0.00384, -0.061)
WIDEST, NARROWEST = -0.12, 0.8  # share of its width that a cavity may lose
CLOSE, TOLERANCE = 0.25, 1.0  # points of EF at which the search is content, and at which it must be
MOST_STEPS = 12


def end_systole_share(heart_rate: float) -> float:
    """When end systole comes, as a share of the beat: 0.39 at 70 bpm.

    Args:
        heart_rate: beats a minute.
    """
    return _systole(min(heart_rate, FASTEST)) * min(heart_rate, FASTEST) / 60


def end_systole_index(frames: int, heart_rate: float) -> int:
    """The frame of a cycle that shows end systole: 1 to `frames` − 1."""
    return min(max(round(frames * end_systole_share(heart_rate)), 1), frames - 1)


def volume_curve(frames: int, heart_rate: float = 70.0) -> FloatArray:
    """(frames,) the ventricle's volume over one beat: 1 at end diastole, frame 0, and 0 at end systole, exactly once.

    Isovolumic contraction, ejection, isovolumic relaxation, rapid filling, diastasis and atrial kick; frame `frames`
    would be frame 0 again. End systole falls on a frame.

    Args:
        frames: of the beat, 2 or more.
        heart_rate: beats a minute, 20 to 250.

    Raises:
        RequestError: fewer than 2 frames, or more than a clip can have.
    """
    if not 2 <= frames <= LONGEST_CYCLE:
        raise RequestError(expected=f"2 to {LONGEST_CYCLE} frames in a heartbeat", got=str(frames), remedy="try 24")
    rate = min(heart_rate, FASTEST)
    beat, systole = 60 / rate, _systole(rate)
    diastole = beat - systole
    squeeze = min(1.0, diastole / (RELAXATION + RAPID_FILLING + ATRIAL_KICK))
    relaxed, filled = RELAXATION * squeeze, (RELAXATION + RAPID_FILLING) * squeeze
    kick = max(beat - ATRIAL_KICK * squeeze, systole + filled)
    knots = [
        (0.0, 1.0),
        (CONTRACTION, 1 - HARDLY),
        (CONTRACTION + (systole - CONTRACTION) / 3, 0.55),
        (CONTRACTION + (systole - CONTRACTION) * 2 / 3, 0.15),
        (systole, 0.0),
        (systole + relaxed, HARDLY),
        (systole + (relaxed + filled) / 2, AFTER_RAPID / 2),
        (systole + filled, AFTER_RAPID),
        *([(kick, BEFORE_KICK)] if kick > systole + filled + 0.01 else []),
        ((kick + beat) / 2, (1 + BEFORE_KICK) / 2),
        (beat, 1.0),
    ]
    times, volumes = np.array(knots).T
    es = end_systole_index(frames, heart_rate)
    # Time runs a little faster or slower on either side, so that end systole falls on its frame.
    at = np.interp(np.arange(frames), [0, es, frames], [0.0, systole, beat])
    curve = np.asarray(PchipInterpolator(times, volumes)(at), np.float64)
    curve[0], curve[es] = 1.0, 0.0
    return curve


def _systole(rate: float) -> float:
    """Seconds from end diastole to end systole."""
    return CONTRACTION + (413 - 1.7 * rate) / 1000


@dataclass(frozen=True)
class Motion:
    """How the heart contracts. The defaults are what CAMUS's hearts show at that EF, see `usual_motion`.

    Attributes:
        ef: ejection fraction in percent (single plane), 5 to 85.
        shortening: share of the long axis that the annulus moves towards the apex, 0 to 0.4.
        thickening: share of the wall's thickness that it gains, 0 to 1.
        regional: segments that move otherwise.
        heart_rate: beats a minute, 20 to 250.

    Raises:
        RequestError: a number outside its range.
    """

    ef: float = 55.0
    shortening: float = 0.16
    thickening: float = 0.15
    regional: tuple[RegionalMotion, ...] = ()
    heart_rate: float = 70.0

    def __post_init__(self) -> None:
        for name, (low, high, unit) in LIMITS.items():
            check_range(name, getattr(self, name), low, high, unit)

    def to_json(self) -> Json:
        """A plain object; `regional` as a list of objects."""
        return {**dataclasses.asdict(self), "regional": [dataclasses.asdict(one) for one in self.regional]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Motion":
        """The motion of a plain object; what is left out is the default.

        Raises:
            RequestError: another key, a value of another kind or outside its range.
            UnknownNameError: a segment or kind of another name.
        """
        try:
            regional = tuple(RegionalMotion(str(one["segment"]), one["kind"]) for one in values.get("regional", ()))
            return cls(**{**values, "regional": regional})
        except (AttributeError, KeyError, TypeError) as error:
            raise RequestError(
                expected=f"a motion with {', '.join(cls.__dataclass_fields__)}, each segment with segment and kind",
                got=str(error)[:60],
                remedy="leave out what is not meant to be set",
            ) from error


def usual_motion(ef: float, heart_rate: float = 70.0, regional: tuple[RegionalMotion, ...] = ()) -> Motion:
    """The motion that CAMUS's hearts show at an EF: long-axis shortening and thickening by linear regression on it.

    Args:
        ef: percent, 5 to 85.

    Raises:
        RequestError: a number outside its range.
    """
    Motion(ef=ef)  # the range is checked before anything is computed from it
    shortening, thickening = (max(0.0, slope * ef + start) for slope, start in (USUAL_SHORTENING, USUAL_THICKENING))
    return Motion(ef, round(shortening, 3), round(thickening, 3), regional, heart_rate)


def end_systole(label_map: LabelMap, motion: Motion, view: View | None = None) -> LabelMap:
    """The label map at end systole of a heart that is at end diastole.

    Shortening and thickening are taken as asked; how much the cavity narrows is searched, until the EF measured on
    the two maps is the one asked for. The sector stays, and what was drawn besides the heart goes with the tissue
    around it. A map without a cavity has nothing to contract: it is returned as it is.

    Args:
        label_map: at end diastole.
        view: of the map, for the segments of `motion.regional`; None takes their sides as they stand.

    Raises:
        LabelMapError: a cavity without a long axis (see `heart_frame`).
        RequestError: shortening, or a segment, leaves no way to that EF; the view does not show a segment.
    """
    if not (label_map.ids == LV_CAVITY).any():
        return label_map
    heart = heart_contours(label_map)
    field = Field.of(label_map, margin=round(MARGIN * max(label_map.shape)))
    tidy, full = Tidy.like(label_map), lv_discs(label_map)
    assert full is not None  # heart_contours has refused a map without a long axis

    def at(radial: float) -> tuple[LabelMap, float]:
        made = contracted(heart, radial, motion.shortening, motion.thickening)
        made = with_regional(heart, made, motion.regional, view)
        before, after = corresponding(heart, made)
        warped = field.warped(label_map, before, REACH * heart.axis.length / heart.axis.plane.sx)
        image = LabelMap(tidy(field.blend([(warped, 1.0)], after)), label_map.spacing_mm)
        discs = lv_discs(image)
        return image, 100.0 if discs is None else 100 * (1 - discs.volume / full.volume)

    return _searched(at, motion)


def _searched(at: Callable[[float], tuple[LabelMap, float]], motion: Motion) -> LabelMap:
    """The map whose measured EF is the one asked for, by secant steps within the bounds that steps have shown."""
    low, high = WIDEST, NARROWEST
    radial = 1 - math.sqrt((1 - motion.ef / 100) / (1 - motion.shortening))
    best: tuple[float, LabelMap] | None = None
    got = math.nan
    for _ in range(MOST_STEPS):
        radial = min(max(radial, low), high)
        image, got = at(radial)
        miss = got - motion.ef
        if best is None or abs(miss) < abs(best[0]):
            best = miss, image
        if abs(miss) <= CLOSE or high - low < 1e-4:
            break
        low, high = (low, radial) if miss > 0 else (radial, high)
        step = -miss / (200 * (1 - motion.shortening) * max(1 - radial, 0.2))
        wanted = radial + step
        radial = wanted if low < wanted < high else (low + high) / 2
    assert best is not None
    if abs(best[0]) > TOLERANCE:
        raise RequestError(
            expected=f"an EF that this heart can have with shortening {motion.shortening:g}"
            + (f" and {len(motion.regional)} segments that do not contract" if motion.regional else ""),
            got=f"{motion.ef:g} %, where it comes to {motion.ef + best[0]:.0f} %",
            remedy="ask for a nearer EF, or for less shortening" if best[0] > 0 else "ask for a lower EF",
        )
    return best[1]
