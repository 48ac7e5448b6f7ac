"""How long speckle is remembered, how much a clip changes, and how its brightness wanders: real ones against made ones.

Grain is a frame minus its local mean, over its local deviation. Its correlation with itself some frames later says how
fast speckle is renewed: in place, and with the motion of the label maps taken out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.motion.flow import REACH, source
from echo_studio.anatomy.motion.heart_contours import HeartContours, corresponding, heart_contours
from echo_studio.errors import LabelMapError, RequestError
from echo_studio.types import BoolMask, FloatArray, Json, LabelIds, Spacing

LAGS = (1, 2, 4, 8)  # frames
TISSUES = {"cavity": LV_CAVITY, "myocardium": LV_MYOCARDIUM, "other": SECTOR}
LOCAL = (
    2.5 / 256
)  # of the height: deviation of the Gaussian that takes the local mean, as of `nets.grain_decoder.look_of`
LEAST = 1.0  # grey levels: flat places have no grain
INSET = 4 / 256  # of the height: the border of a tissue is left out, where neighbours look in
FEWEST = 100  # pixels that a correlation is taken over

Clip = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Memory:
    """What one clip shows.

    Attributes:
        fps: frames a second.
        in_place, moved_back: correlations of the grain at `LAGS`, by tissue; None where it is too small or the clip too
            short.
        change: mean change from frame to frame over the contrast, which is the deviation of grey levels.
        wander: deviation of the frames' mean grey over the contrast.
    """

    fps: float
    in_place: dict[str, list[float | None]]
    moved_back: dict[str, list[float | None]]
    change: float
    wander: float

    def to_json(self) -> Json:
        return dict(vars(self))


def memory_of(clip: Clip, ids: LabelIds, fps: float, spacing_mm: Spacing | None = None) -> Memory:
    """Measure a clip.

    Args:
        clip, ids: uint8 (t, h, w), frames and their label maps; end diastole first.
        fps: frames a second.
        spacing_mm: of the pixels.

    Raises:
        RequestError: fewer than 3 frames, or no pixel that is in the sector throughout.
    """
    always = (ids != OUTSIDE).all(axis=0)
    if len(clip) < 3 or not always.any():
        raise RequestError(
            expected="a clip of 3 frames or more and a sector", got=f"{len(clip)} frames", remedy="take a longer clip"
        )
    inside = ids != OUTSIDE
    grains = np.stack([grain(*pair) for pair in zip(clip, inside, strict=True)])
    grey = clip[:, always].astype(np.float32)
    contrast = max(float(grey.std()), 1e-6)
    return Memory(
        fps,
        _correlations(grains, ids[0]),
        _correlations(moved_back(grains, ids, spacing_mm), ids[0]),
        float(np.abs(np.diff(grey, axis=0)).mean()) / contrast,
        float(grey.mean(axis=1).std()) / contrast,
    )


def mean_memory(found: Sequence[Memory]) -> Memory:
    """The mean of several clips, each figure over those that have it.

    Raises:
        RequestError: no clip.
    """
    if not found:
        raise RequestError(expected="a clip or more", got="none", remedy="name a clip or a folder of clips")

    def mean(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None

    def table(name: str) -> dict[str, list[float | None]]:
        return {
            tissue: [mean(getattr(one, name)[tissue][k] for one in found) for k in range(len(LAGS))]
            for tissue in TISSUES
        }

    fps, change, wander = (
        float(np.mean([getattr(one, name) for one in found])) for name in ("fps", "change", "wander")
    )
    return Memory(fps, table("in_place"), table("moved_back"), change, wander)


def grain(image: npt.NDArray[np.uint8], inside: BoolMask) -> npt.NDArray[np.float32]:
    """float32 (h, w): the frame minus its local mean, over its local deviation; 0 outside the sector."""
    sigma, weight = LOCAL * image.shape[0], inside.astype(np.float32)
    shares = np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), 1e-6)

    def local(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT) / shares)

    rest = (image.astype(np.float32) - local(image * weight)) * weight
    return np.asarray(rest / np.sqrt(local(rest**2) + np.float32(LEAST**2)))


def moved_back(frames: npt.NDArray[np.float32], ids: LabelIds, spacing_mm: Spacing | None) -> npt.NDArray[np.float32]:
    """(t, h, w) every frame warped so that its heart lies as that of the first; as it is where no contours are found.

    Contours are those of the label maps, row by row the same tissue; see `anatomy.motion.heart_contours`.
    """
    first = _contours(ids[0], spacing_mm)
    if first is None:
        return frames
    reach, plane = REACH * first.axis.length / first.axis.plane.sx, first.axis.plane
    back = [frames[0]]
    for frame, labels in zip(frames[1:], ids[1:], strict=True):
        there = _contours(labels, spacing_mm)
        if there is None:
            back.append(frame)
            continue
        here, moved = corresponding(first, there)
        size = frame.shape[0], frame.shape[1]
        back.append(np.asarray(cv2.remap(frame, *source(size, here, moved, reach, plane.aspect), cv2.INTER_LINEAR)))
    return np.stack(back)


def _contours(ids: LabelIds, spacing_mm: Spacing | None) -> HeartContours | None:
    try:
        return heart_contours(LabelMap(ids, spacing_mm))
    except LabelMapError:
        return None


def _correlations(grains: FloatArray | npt.NDArray[np.float32], ids: LabelIds) -> dict[str, list[float | None]]:
    """At `LAGS`, by tissue, under the label map of the first frame."""
    side = 2 * round(INSET * ids.shape[0]) + 1
    found: dict[str, list[float | None]] = {}
    for tissue, label in TISSUES.items():
        mask = (ids == label).astype(np.uint8)
        # Walls are thin: of them all is taken.
        core = mask if label == LV_MYOCARDIUM else cv2.erode(mask, np.ones((side, side), np.uint8), borderValue=0)
        values = grains[:, core > 0].astype(np.float64)
        power = float((values**2).mean()) if values.shape[1] >= FEWEST else 0.0
        found[tissue] = [
            float((values[lag:] * values[:-lag]).mean() / power) if power > 0 and lag < len(values) else None
            for lag in LAGS
        ]
    return found
