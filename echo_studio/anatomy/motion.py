"""How a heart moves in one beat: the numbers that a person sets, and the end-systolic label map that they give."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from echo_studio.anatomy.carry import STRUCTURES, carry
from echo_studio.anatomy.fan_region import fan_region
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.landmarks import heart_frame
from echo_studio.anatomy.segments import segment_named
from echo_studio.anatomy.volume_curve import volume_curve
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import Json, View

__all__ = ["LIMITS", "Motion", "RegionalKind", "RegionalMotion", "end_systole", "volume_curve"]

RegionalKind = Literal["akinetic", "dyskinetic"]

# Name: least, greatest, unit as people read it.
LIMITS: dict[str, tuple[float, float, str]] = {
    "ef": (5.0, 85.0, "percent"),
    "shortening": (0.0, 0.4, "share of the long axis"),
    "thickening": (0.0, 1.0, "share of the wall's thickness"),
    "heart_rate": (20.0, 250.0, "beats a minute"),
}


@dataclass(frozen=True)
class RegionalMotion:
    """A wall segment that does not take part in the beat.

    Attributes:
        segment: one of the 17-segment names in `SEGMENT_NAMES`.
        kind: `akinetic` (the segment stays where it is) or `dyskinetic` (it moves outward while the rest contracts).

    Raises:
        UnknownNameError: no such segment or kind.
    """

    segment: str
    kind: RegionalKind

    def __post_init__(self) -> None:
        segment_named(self.segment)
        if self.kind not in get_args(RegionalKind):
            raise UnknownNameError("regional motion", str(self.kind)[:40], get_args(RegionalKind))


@dataclass(frozen=True)
class Motion:
    """How the heart contracts.

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
    thickening: float = 0.35
    regional: tuple[RegionalMotion, ...] = ()
    heart_rate: float = 70.0

    def __post_init__(self) -> None:
        for name, (low, high, unit) in LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
                raise RequestError(
                    expected=f"{name} from {low:g} to {high:g} ({unit})",
                    got=f"{value}",
                    remedy=f"try {Motion.__dataclass_fields__[name].default:g}",
                )

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
        known = [field.name for field in dataclasses.fields(cls)]
        try:
            regional = tuple(RegionalMotion(str(one["segment"]), one["kind"]) for one in values.get("regional", ()))
            if other := sorted(set(values) - set(known)):
                raise KeyError(other[0])
        except (AttributeError, KeyError, TypeError) as error:
            raise RequestError(
                expected=f"a motion with {', '.join(known)}, each segment with segment and kind",
                got=str(error)[:60],
                remedy="leave out what is not meant to be set",
            ) from error
        return cls(**{**values, "regional": regional})


def end_systole(label_map: LabelMap, motion: Motion, view: View | None = None) -> LabelMap:
    """The label map at end systole of a heart that is at end diastole.

    Args:
        label_map: at end diastole.
        view: names the segments of `motion.regional`.
    """
    frame = heart_frame(label_map)
    a, b = frame.coordinates(frame.plane.centres(label_map.shape))
    along = 1 - motion.shortening
    across = math.sqrt(min(1.0, (1 - motion.ef / 100) / along))
    apex = frame.length
    source = frame.points(apex - (apex - a) / along, b / across)
    return carry(label_map, frame.plane.pixels(source), STRUCTURES, fan_region(label_map))
