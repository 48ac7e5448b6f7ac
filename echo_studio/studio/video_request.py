"""What a page asks of a video: read from its order, bounded, and shown as a label cycle before anything is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.cycle import LabelCycle, label_cycle
from echo_studio.anatomy.motion.motion import Motion, end_systole
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.request import MAX_FRAMES, MIN_FRAMES
from echo_studio.types import VIEWS, View

MAX_PIXELS = 32 * 1024 * 1024  # of all frames together: they stay in memory, beside as many labels
PREVIEW_SIDE = 160  # pixels: a cycle of this size follows a slider


@dataclass(frozen=True)
class Keyframes:
    """A heart at end diastole; at end systole too, or None where a motion shapes it; and its view."""

    end_diastole: LabelMap
    end_systole: LabelMap | None = None
    view: View = "4CH"


def view_of(order: Mapping[str, Any]) -> View:
    """The view that an order names.

    Raises:
        UnknownNameError: no such view.
    """
    told = str(order.get("view"))
    for view in VIEWS:
        if view == told:
            return view
    raise UnknownNameError("view", told[:40], VIEWS)


def motion_of(order: Mapping[str, Any]) -> Motion:
    """The motion of an order.

    Raises:
        RequestError: no motion in it, or an impossible one.
    """
    told = order.get("motion")
    if not isinstance(told, dict):
        raise RequestError(expected="a motion as a JSON object", got="something else", remedy="send one")
    return Motion.from_json(told)


def frames_of(order: Mapping[str, Any]) -> int:
    """How many frames an order asks for.

    Raises:
        RequestError: none, or more than a cycle may have.
    """
    frames = whole("frames", order.get("frames"))
    if not MIN_FRAMES <= frames <= MAX_FRAMES:
        raise RequestError(expected=f"frames from {MIN_FRAMES} to {MAX_FRAMES}", got=str(frames), remedy="try 24")
    return frames


def settings_of(keyframes: Keyframes, order: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `generate.video.request.VideoRequest`, which checks the rest.

    Args:
        order: `motion`, `generator`, `solver`, `nfe`, `frames`, `guidance`, `start_step`, `seed`; numbers may be text.

    Raises:
        RequestError, UnknownNameError: an impossible setting, or more pixels than memory is given for.
    """
    frames = frames_of(order)
    pixels = frames * keyframes.end_diastole.ids.size
    if pixels > MAX_PIXELS:
        height, width = keyframes.end_diastole.shape
        raise RequestError(
            expected=f"at most {MAX_PIXELS // 2**20} million pixels in all frames together",
            got=f"{frames} of {width} x {height}",
            remedy="ask for fewer frames or use a smaller label map",
        )
    return {
        "label_map": keyframes.end_diastole,
        "end_systole": keyframes.end_systole,
        "view": keyframes.view,
        "motion": motion_of(order),
        "frames": frames,
        "sampling": Sampling(
            str(order.get("generator")),
            str(order.get("solver")),
            whole("NFE", order.get("nfe")),
            number("guidance", order.get("guidance", 0)),
        ),
        "start_step": whole("start step", order.get("start_step", 0)),
        "seed": whole("seed", order.get("seed")),
    }


def preview_cycle(keyframes: Keyframes, order: Mapping[str, Any]) -> LabelCycle:
    """The label cycle of an order, at most `PREVIEW_SIDE` pixels a side; volumes and EF are those of the small one.

    Raises:
        EchoStudioError: the heart cannot move so; see `anatomy.motion.cycle.label_cycle`.
    """
    motion, frames = motion_of(order), frames_of(order)
    first = smaller(keyframes.end_diastole)
    last = smaller(keyframes.end_systole) if keyframes.end_systole else end_systole(first, motion, keyframes.view)
    return label_cycle(first, last, frames, motion, keyframes.view)


def smaller(label_map: LabelMap) -> LabelMap:
    """The map with at most `PREVIEW_SIDE` pixels a side, its proportions kept."""
    height, width = label_map.shape
    scale = min(1.0, PREVIEW_SIDE / max(height, width))
    return label_map.resized(max(1, round(height * scale)), max(1, round(width * scale)))


def number(name: str, value: object) -> float:
    """A finite number from the page."""
    try:
        found = float(str(value).strip())
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise RequestError(expected=f"a number as {name}", got=f"{str(value)[:40]!r}", remedy="type one")
    return found


def whole(name: str, value: object) -> int:
    """A whole number from the page; an empty field is told, not replaced."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64:
        return value
    text = str(value if value is not None else "").strip()
    if text.removeprefix("-").isdecimal() and len(text) < 25:
        return int(text)
    got = f"{text[:40]!r}" if text else "an empty field"
    raise RequestError(expected=f"a whole number as {name}", got=got, remedy="type one")
