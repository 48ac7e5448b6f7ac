"""Overlap of two label maps: the Dice coefficient of the three structures that the papers score."""

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.types import BoolMask


def dice(a: BoolMask, b: BoolMask) -> float | None:
    """2 |A and B| / (|A| + |B|) (003 eq. 16); None where both are empty."""
    size = int(a.sum()) + int(b.sum())
    return 2 * int(np.logical_and(a, b).sum()) / size if size else None


def structure_dice(found: LabelMap, wanted: LabelMap) -> dict[str, float | None]:
    """Dice of `lv_endo`, `lv_epi` and `la`; None where the wanted map does not have the structure.

    Args:
        found, wanted: label maps of one size.
    """
    ours, theirs = found.structures(), wanted.structures()
    return {key: dice(ours[key], theirs[key]) if theirs[key].any() else None for key in theirs}
