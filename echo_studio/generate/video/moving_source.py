"""A real frame that beats: its own pixels at end diastole, its look on the tissue that moves.

What is coarser than grain is the frame's own through the whole beat. Its grain is forgotten as speckle is: it mixes
with the grain that was generated for each frame, so that the strength stays.
"""

import math

import numpy as np

from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.generate.source import Source, split_grain
from echo_studio.types import GrayImage

# Seconds after which 1/e of the frame's own grain is left, both ways round the beat. Recordings at 30 fps: what follows
# the myocardium correlates by 0.5 after one frame and 0.1 after eight.
REMEMBERS = 0.08


class MovingSource:
    """Brings the look of a source to the generated frames of a beat.

    Args:
        source: the frame at end diastole.
        cycle: the beat, of the source's size, whose first label map the source shows.
        first: what was generated for end diastole, uint8 (h, w).
    """

    def __init__(self, source: Source, cycle: LabelCycle, first: GrayImage) -> None:
        (low, fine), (first_low, first_fine) = split_grain(source.image), split_grain(first)
        self._inside = source.inside
        tone, grain = (low - first_low).astype(np.float64), fine.astype(np.float64)
        self._tone, self._grain = cycle.warped(tone), cycle.warped(grain)
        self._strength = float(fine[self._inside].std() / max(first_fine[self._inside].std(), 1e-3))
        self._frames, self._seconds = len(cycle), 60 / (cycle.heart_rate * len(cycle))

    def __call__(self, frame: int, generated: GrayImage) -> GrayImage:
        """A frame uint8 (h, w) of the beat; the first one is the source, black outside its sector."""
        away = min(frame, self._frames - frame) * self._seconds
        kept = math.exp(-away / REMEMBERS)
        low, fine = split_grain(generated)
        grain = kept * self._grain[frame] + math.sqrt(1 - kept**2) * self._strength * fine
        picture = np.clip(np.rint(low + self._tone[frame] + grain), 0, 255)
        return np.where(self._inside, picture, 0).astype(np.uint8)
