"""Whether a real frame looks like an apical view at all.

The segmenter labels whatever it is given. What tells that it should not have is its own doubt, the rules of
plausibility, and a sector that does not open downwards.
"""

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.plausibility import check_plausibility
from echo_studio.types import BoolMask, FloatArray

SIDE = 256  # at which plausibility is checked
NOT_APICAL = "this does not look like an apical view: the labels may mean nothing"
# What apical frames have, chosen on CAMUS's training patients: the highest doubt of 291 frames, rounded up; one finding
# (none of them has any); a sector that opens downwards. Of each kind of other frame in benchmarks/apical.py, made of 31
# training frames, at least 90 % lie outside.
SEEN: dict[str, tuple[float, float]] = {
    "doubt": (0.0, 0.075),
    "odd": (0.0, 1.0),
    "sector_low": (0.53, 0.7),
}


def what_is_seen(shares: FloatArray, sector: BoolMask, label_map: LabelMap) -> dict[str, float]:
    """Figures of a labelled frame.

    `doubt`: 1 less the likelihood of the likeliest label, its mean over the heart that was found (1 where none was);
    `odd`: findings of plausibility that are more than notes;
    `sector_low`: how far down the middle of the sector lies, 0 to 1.

    Args:
        shares: (4, side, side), how likely each label is.
        sector: (h, w), of the rectangle that was labelled.
        label_map: the frame's labels.
    """
    heart = shares.argmax(axis=0) > 0
    doubt = 1.0 - shares.max(axis=0)
    findings = check_plausibility(label_map.resized(SIDE, SIDE))
    return {
        "doubt": float(doubt[heart].mean()) if heart.any() else 1.0,
        "odd": float(sum(one.severity != "note" for one in findings)),
        "sector_low": float(np.nonzero(sector)[0].mean()) / sector.shape[0],
    }


def looks_apical(seen: dict[str, float]) -> bool:
    """Whether every figure of `what_is_seen` lies within the range of `SEEN`."""
    return all(low <= seen.get(name, low) <= high for name, (low, high) in SEEN.items())
