"""What SDEdit and Free-Echo start from: the label cycle in grey levels (004, "Pseudo Video Generation")."""

from typing import Literal

import numpy as np

from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.generate.video.transport import Intensities, coloured, texture, transported
from echo_studio.types import LabelIds, View

# `coloured` labels are SDEdit's; `transported` ones have the histogram of real frames; empty: none.
Pseudo = Literal["", "coloured", "transported"]


def pseudo_video(
    kind: Pseudo, ids: LabelIds, view: View, cycle: LabelCycle, intensities: list[float], seed: int
) -> Intensities:
    """Grey levels (t, h, w) in [0, 1] of a label cycle.

    004 repeats one pseudo-image; here the anatomy moves, so that the ejection fraction asked for is the one drawn, and
    the texture that transport spreads moves with it.

    Args:
        kind: not empty.
        ids: uint8 (t, h, w) the cycle's label maps at the network's size.
        view: whose hearts the shading is of.
        cycle: carries the texture along.
        intensities: quantiles of real grey levels; see `transport.transported`.
        seed: of the texture.
    """
    if kind == "coloured":
        return coloured(ids)
    field = cycle.warped(texture(ids.shape[1], ids.shape[2], seed))
    return transported(ids, view, np.asarray(intensities), field)
