"""Whether a real frame looks like an apical view at all.

The segmenter labels whatever it is given. What tells that it should not have is its own doubt, and where and how large
what it found is.
"""

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM
from echo_studio.anatomy.measure.plausibility import check_plausibility
from echo_studio.types import BoolMask, FloatArray, LabelIds

SIDE = 256  # at which plausibility is checked
MOST_ODD = 9


def what_is_seen(shares: FloatArray, found: LabelIds, sector: BoolMask, label_map: LabelMap) -> dict[str, float]:
    """Figures of a labelled frame; see `SEEN`.

    Args:
        shares: (4, side, side), how likely each label is.
        found: uint8 (side, side), the likeliest.
        sector: of the rectangle that was labelled, at any size.
        label_map: the frame's labels.
    """
    heart = found > 0
    side = len(found)
    doubt = 1.0 - shares.max(axis=0)
    rows, columns = np.nonzero(sector)
    places = {label: _centre(found == label) for label in (LV_CAVITY, LEFT_ATRIUM)}
    atrium, cavity = places[LEFT_ATRIUM], places[LV_CAVITY]
    odd = [one for one in check_plausibility(label_map.resized(SIDE, SIDE)) if one.severity != "note"]
    return {
        "doubt": float(doubt[heart].mean()) if heart.any() else 1.0,
        "doubt_of_all": float(doubt.mean()),
        "cavity": float((found == LV_CAVITY).mean()),
        "wall": float((found == LV_MYOCARDIUM).mean()),
        "atrium": float((found == LEFT_ATRIUM).mean()),
        "atrium_below": (atrium[0] - cavity[0]) / side,
        "atrium_beside": abs(atrium[1] - cavity[1]) / side,
        "odd": float(min(MOST_ODD, len(odd))),
        "sector_low": float(rows.mean()) / sector.shape[0],
        "sector_aside": abs(float(columns.mean()) / sector.shape[1] - 0.5),
        "sector_wide": sector.shape[1] / sector.shape[0],
    }


def _centre(mask: BoolMask) -> tuple[float, float]:
    """(y, x) of the mean; (0, 0) of nothing."""
    rows, columns = np.nonzero(mask)
    return (float(rows.mean()), float(columns.mean())) if len(rows) else (0.0, 0.0)


def looks_apical(seen: dict[str, float]) -> bool:
    """Whether every figure of `what_is_seen` lies within the range of `SEEN`."""
    return all(low <= seen.get(name, low) <= high for name, (low, high) in SEEN.items())


NOT_APICAL = "this does not look like an apical view: the labels may mean nothing"
SEEN: dict[str, tuple[float, float]] = {}
