"""The left ventricle over a heartbeat as a segmenter sees it: areas, volumes, and the ejection fraction measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import savgol_filter

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.measure.sizes import ejection_fraction, lv_discs
from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.distances import Clip
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.types import FloatArray, Json, Spacing

BATCH = 8
WINDOW = 5  # frames that a smooth value is taken from
OUTLIER = 0.15  # share of the largest volume: a frame so far from its neighbours' median is a slip of the segmenter


@dataclass(frozen=True)
class LvCurve:
    """The cavity in every frame of one beat, end diastole first.

    Attributes:
        areas_px: (t,) pixels, smooth over frames; NaN in all where the cavity was found in less than half of them.
        volumes: (t,) single-plane method of discs, likewise; mL where the spacing is known, else px³.
        es: index of end systole.
        ef_percent: of frame 0 and frame `es`; None where volumes are NaN.
    """

    areas_px: FloatArray
    volumes: FloatArray
    es: int
    ef_percent: float | None

    def to_json(self) -> Json:
        """Plain values, None for NaN."""

        def plain(values: FloatArray) -> list[float | None]:
            return [None if np.isnan(value) else round(float(value), 2) for value in values]

        return {
            "areas_px": plain(self.areas_px),
            "volumes": plain(self.volumes),
            "es": self.es,
            "ef_percent": self.ef_percent,
        }


def clip_labels(segmenter: FrameSegmenter, clip: Clip, spacing_mm: Spacing | None = None) -> list[LabelMap]:
    """Labels 0 to 3 of every frame, as the segmenter finds them.

    Args:
        clip: uint8 (t, h, w).
    """
    found = [one for k in range(0, len(clip), BATCH) for one in segmenter.label(list(clip[k : k + BATCH]))]
    return [LabelMap(one.ids, spacing_mm) for one in found]


def lv_curve(labels: Sequence[LabelMap], es: int | None = None) -> LvCurve:
    """Areas, volumes and EF of a beat's label maps.

    Args:
        labels: of every frame, end diastole first.
        es: index of end systole; where the smooth volume is least by default.

    Raises:
        RequestError: an `es` that is no frame after the first.
    """
    if es is not None and not 0 < es < len(labels):
        raise RequestError(
            expected=f"end systole at a frame from 1 to {len(labels) - 1}", got=str(es), remedy="leave it out"
        )
    areas = np.array([float((one.ids == LV_CAVITY).sum()) or np.nan for one in labels])
    discs = [lv_discs(one) for one in labels]
    unit = 1000.0 if labels[0].spacing_mm else 1.0
    volumes = smooth_beat(np.array([one.volume / unit if one and one.volume else np.nan for one in discs]))
    if np.isnan(volumes).any():
        return LvCurve(smooth_beat(areas), volumes, es or 0, None)
    at = es if es is not None else 1 + int(volumes[1:].argmin())
    return LvCurve(smooth_beat(areas), volumes, at, ejection_fraction(float(volumes[0]), float(volumes[at])))


def smooth_beat(values: FloatArray) -> FloatArray:
    """A beat's values (t,) without gaps and slips: after the last frame comes the first.

    Gaps (NaN) are filled between their neighbours, outliers give way to the median about them, and parabolas over
    five frames take the rest of the noise (Savitzky & Golay 1964) while they leave peaks as high as they are. Beats of
    fewer than 8 frames have no neighbours to lean on and are filled alone. NaN where more than half is missing.
    """
    known = ~np.isnan(values)
    if known.mean() < 0.5:
        return np.full(len(values), np.nan)
    frames = np.arange(len(values))
    filled = np.interp(frames, frames[known], values[known], period=len(values))
    if len(values) < 8:
        return np.asarray(filled)
    median = median_filter(filled, WINDOW, mode="wrap")
    steady = np.where(np.abs(filled - median) > OUTLIER * filled.max(), median, filled)
    return np.asarray(savgol_filter(steady, WINDOW, 2, mode="wrap")).clip(min=0.0)
