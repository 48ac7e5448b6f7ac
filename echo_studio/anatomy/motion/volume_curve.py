"""How the ventricle's volume runs over one heartbeat, between end diastole and end systole.

Durations follow the heart rate as Weissler et al. (Circulation 37(2), 1968) measured them: left ventricular ejection
takes 413 − 1.7 · rate ms. Before it the ventricle contracts, after it it relaxes, both at a constant volume; then it
fills fast, rests, and is filled up by the atrium. A fast heart has no time to rest.
"""

import numpy as np
from scipy.interpolate import PchipInterpolator

from echo_studio.errors import RequestError
from echo_studio.types import FloatArray

LONGEST_CYCLE = 4096  # frames; a limit for typing errors, far above any clip

CONTRACTION, RELAXATION, RAPID_FILLING, ATRIAL_KICK = 0.04, 0.08, 0.20, 0.13  # seconds
FASTEST = 120.0  # bpm up to which the linear law holds; above, a beat keeps that rate's shares
HARDLY = 0.01  # share of the stroke volume that moves while the valves are closed
BEFORE_KICK = 0.8  # of the stroke volume are in when the atrium contracts, 0.72 of them by rapid filling
AFTER_RAPID = 0.72


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
