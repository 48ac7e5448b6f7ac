"""How a clip changes from frame to frame: flicker against a real one, and whether the loop closes."""

import numpy as np

from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.likeness import Clip
from echo_studio.types import BoolMask, FloatArray


def changes(clip: Clip, inside: BoolMask) -> FloatArray:
    """(t,) mean absolute difference in grey levels from each frame to the next; of the last one to the first.

    Args:
        inside: (h, w) where to look: the sector.

    Raises:
        RequestError: fewer than 3 frames, or nothing inside.
    """
    if len(clip) < 3 or not inside.any():
        raise RequestError(
            expected="a clip of 3 frames or more and a sector", got=f"{len(clip)} frames", remedy="make a longer clip"
        )
    pixels = clip[:, inside].astype(np.float64)
    return np.asarray(np.abs(np.roll(pixels, -1, axis=0) - pixels).mean(axis=1))


def flicker(clip: Clip, reference: Clip, inside: BoolMask) -> float:
    """Mean change from frame to frame over the reference's: 1 is as real, above flickers, 0 stands still.

    Raises:
        RequestError: see `changes`; or a reference that stands still.
    """
    real = changes(reference, inside)[:-1].mean()
    if real == 0:
        raise RequestError(expected="a reference that moves", got="equal frames", remedy="take another reference")
    return float(changes(clip, inside)[:-1].mean() / real)


def loop_closure(clip: Clip, inside: BoolMask) -> float:
    """Change from the last frame to the first over the mean change between neighbours: about 1 where the loop closes.

    Raises:
        RequestError: see `changes`.
    """
    steps = changes(clip, inside)
    between = steps[:-1].mean()
    if between == 0:
        return 0.0 if steps[-1] == 0 else float("inf")
    return float(steps[-1] / between)
