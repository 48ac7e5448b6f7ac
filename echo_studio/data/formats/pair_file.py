"""An image and its labels in two files, compared in space and not only in size."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from echo_studio.data.formats.image_file import Placed, read_placed
from echo_studio.errors import DataError
from echo_studio.types import Spacing

Frames = npt.NDArray[np.uint8]  # (t, h, w)
SHIFT = 0.5  # of a pixel: what programs round


def read_pair(image_path: Path, label_path: Path, most: int = 1) -> tuple[Frames, Frames, Spacing | None]:
    """Image and labels, both uint8 (t, h, w), and the spacing (y, x) in mm where one of the files tells it.

    Labels whose axes point another way than the image's are turned as both headers say.

    Args:
        most: frames that are accepted.

    Raises:
        ImageError: a file cannot be read.
        DataError: labels of another size or at another place than the image.
    """
    image, labels = read_placed(image_path, most), read_placed(label_path, most)
    check_size_of(labels, image, label_path)
    check_place_of(labels, image, label_path)
    return image.frames, oriented(labels, image), image.spacing_mm or labels.spacing_mm


def check_size_of(labels: Placed, image: Placed, path: Path) -> None:
    """Raise DataError where the labels in the file `path` have another size than the image."""
    ids = oriented(labels, image)
    if ids.shape != image.frames.shape:
        raise DataError(
            expected=f"labels of the image's size {_size(image.frames)}",
            got=f"{_size(ids)} in {path.name}",
            remedy="copy the pair again",
        )


def check_place_of(labels: Placed, image: Placed, path: Path) -> None:
    """Raise DataError where the header of the labels in the file `path` puts them elsewhere than the image."""
    shift = distance(labels, image)
    if shift > SHIFT:
        raise DataError(
            expected="labels at the place of their image",
            got=f"{path.name}, whose header puts them {shift:.3g} pixels away",
            remedy="save the labels on the grid of the image",
        )


def _size(frames: Frames) -> str:
    frame = f"{frames.shape[2]}x{frames.shape[1]}"
    return frame if len(frames) == 1 else f"{frame} in {len(frames)} frames"


def oriented(labels: Placed, image: Placed) -> Frames:
    """The labels with axes that point as those of the image do, where both files tell it."""
    turn = _turn(labels, image)
    if turn is None:
        return labels.frames
    frames = labels.frames if turn[0, 0] else labels.frames.transpose(0, 2, 1)
    # turn[i, j]: how far the image's axis i goes along axis j of the labels; arrays have y first.
    flipped = tuple(axis for axis, row in ((2, turn[0]), (1, turn[1])) if row.sum() < 0)
    return np.ascontiguousarray(np.flip(frames, flipped))


def distance(labels: Placed, image: Placed) -> float:
    """How many pixels a corner of the turned labels lies away from the image's; 0 where a file does not tell."""
    turn = _turn(labels, image)
    if turn is None:
        return 0.0
    ours, theirs = _grid(labels), _grid(image)
    last = np.array(labels.frames.shape[:0:-1]) - 1
    # Where turned labels begin, in pixels of the file: at the end of each axis that is turned round.
    first = np.where(turn.sum(axis=0) < 0, last, 0)
    begins = ours[0] + ours[1:].T @ first - theirs[0]
    end = np.array(image.frames.shape[:0:-1]) - 1
    ends = ours[0] + ours[1:].T @ (last - first) - theirs[0] - theirs[1:].T @ end
    return float(np.abs(np.linalg.solve(ours[1:].T, np.stack([begins, ends], axis=1))).max())


def _grid(placed: Placed) -> npt.NDArray[np.float64]:
    """(3, 2): the first pixel, and the ways to the next one along x and along y."""
    assert placed.placement is not None
    steps = np.array(placed.placement[2:]).reshape(2, 2)
    return np.stack([placed.placement[:2], steps[:, 0], steps[:, 1]])


def _turn(labels: Placed, image: Placed) -> npt.NDArray[np.int64] | None:
    """(2, 2) of -1, 0, 1: the image's axes in those of the labels; None where a file does not tell."""
    if labels.placement is None or image.placement is None:
        return None
    ours, theirs = (_grid(one)[1:] / np.linalg.norm(_grid(one)[1:], axis=1, keepdims=True) for one in (labels, image))
    turn = theirs @ ours.T
    whole = np.rint(turn).astype(np.int64)
    return whole if np.abs(turn - whole).max() < 0.02 and (np.abs(whole).sum(axis=0) == 1).all() else None
