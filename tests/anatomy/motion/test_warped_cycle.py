"""What lies on the heart moves with it: pictures carried along a label cycle."""

import numpy as np

from echo_studio.anatomy.motion.cycle import label_cycle
from echo_studio.anatomy.motion.motion import Motion, end_systole
from echo_studio.data.template import template


def test_what_lies_on_the_heart_moves_with_it() -> None:
    """The wall of end diastole as a picture covers the wall of every frame; far from the heart nothing moves."""
    heart = template("4ch-ed").resized(128, 128)
    motion = Motion(ef=60)
    cycle = label_cycle(heart, end_systole(heart, motion, "4CH"), 12, motion, "4CH")
    wall = (heart.ids == 2).astype(float)
    for picture, ids in zip(cycle.carried(wall), cycle.ids, strict=True):
        assert picture[ids == 2].mean() > 0.75
        assert picture[ids == 1].mean() < 0.2
    ramp = np.tile(np.arange(64.0), (64, 1))
    assert np.allclose(cycle.carried(ramp)[cycle.es][0, :8], ramp[0, :8], atol=1.5)
