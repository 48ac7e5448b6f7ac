"""EchoNet-Dynamic's traces of the left ventricle: a long axis and chords across it, made into masks."""

import numpy as np
from skimage.draw import polygon

from echo_studio.errors import DataError
from echo_studio.types import BoolMask, FloatArray

MIN_CHORDS = 3
MARGIN = 1.0  # pixels that a trace may reach beyond the picture


def trace_mask(trace: FloatArray, height: int, width: int, name: str) -> BoolMask:
    """(height, width) True inside the traced cavity.

    Args:
        trace: (n, 4) of x1, y1, x2, y2 in pixels, the long axis first, then the chords from one end of it to the
            other: down the first ends and back up the second ones goes the outline (Ouyang et al., Nature 2020).
        name: of the frame, for messages.

    Raises:
        DataError: too few chords, an outline that crosses itself, leaves the picture, or holds no pixel.
    """
    chords = trace[1:]
    if len(chords) < MIN_CHORDS:
        raise _fault(f"a long axis and at least {MIN_CHORDS} chords", f"{len(trace)} lines", name)
    outline = np.concatenate([chords[:, :2], chords[::-1, 2:]])
    limit = np.array([width - 1, height - 1]) + MARGIN
    if not np.isfinite(outline).all() or (outline < -MARGIN).any() or (outline > limit).any():
        raise _fault(f"a trace within {width}x{height} pixels", "one that leaves the picture", name)
    if crosses_itself(outline):
        raise _fault("chords that lie side by side", "a trace that crosses itself", name)
    mask = np.zeros((height, width), np.bool_)
    rows, columns = polygon(outline[:, 1], outline[:, 0], mask.shape)
    mask[rows, columns] = True
    if not mask.any():
        raise _fault("a trace around some pixels", "one without any", name)
    return mask


def crosses_itself(outline: FloatArray) -> bool:
    """Whether two sides of the closed outline (n, 2) cross; sides that only touch do not."""
    start = outline[(outline != np.roll(outline, 1, axis=0)).any(axis=1)]
    end = np.roll(start, -1, axis=0)
    # side[i, j]: on which side of the line through side i the start (or the end) of side j lies.
    along = (end - start)[:, None]
    from_start, from_end = start[None] - start[:, None], end[None] - start[:, None]
    first = np.sign(along[..., 0] * from_start[..., 1] - along[..., 1] * from_start[..., 0])
    second = np.sign(along[..., 0] * from_end[..., 1] - along[..., 1] * from_end[..., 0])
    splits = first * second < 0
    return bool((splits & splits.T).any())


def _fault(expected: str, got: str, name: str) -> DataError:
    return DataError(expected=expected, got=f"{got} ({name})", remedy="mend VolumeTracings.csv or leave this video out")
