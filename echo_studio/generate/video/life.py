"""What lives in a recording beside the heart's own beat: breath and hand move the picture, brightness follows the beat.

Real recordings at 30 fps: mean grey deviates over time by 0.07 to 0.11 of the contrast. All curves close after a beat.
"""

import numpy as np

from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.types import FloatArray

SWAY = 0.0015  # of the picture's side, deviation over a beat: less than half a pixel of 256
GAIN = 0.035  # deviation over a beat, of brightness
WITH_BEAT = (
    0.7  # share of the gain's variance that follows the ventricle's volume: full of blood, the picture is darker
)
HARMONICS = 3


def sway(frames: int, seed: int) -> FloatArray:
    """(frames, 2) how far breath and hand move the tissue, in shares of the picture's width and height; 0 at first."""
    generator = np.random.default_rng([seed, 3])
    way = SWAY * np.stack([_closed(frames, generator) for _ in range(2)], axis=1)
    return np.asarray(way - way[0])


def gain(cycle: LabelCycle, seed: int) -> FloatArray:
    """(t,) what the brightness of each frame is multiplied with: mean 1."""
    generator = np.random.default_rng([seed, 4])
    beat = -(cycle.ids == 1).sum((1, 2)).astype(np.float64)
    beat = (beat - beat.mean()) / max(beat.std(), 1e-9)
    curve = np.sqrt(WITH_BEAT) * beat + np.sqrt(1 - WITH_BEAT) * _closed(len(cycle), generator)
    return np.asarray(1 + GAIN * (curve - curve.mean()))


def _closed(frames: int, generator: np.random.Generator) -> FloatArray:
    """(frames,) a smooth random curve of mean 0 and deviation 1 that closes."""
    phase = 2 * np.pi * np.arange(frames) / frames
    curve = np.zeros(frames)
    for harmonic in range(1, HARMONICS + 1):
        a, b = generator.standard_normal(2) / harmonic
        curve += a * np.cos(harmonic * phase) + b * np.sin(harmonic * phase)
    deviation = float((curve - curve.mean()).std())
    return np.asarray((curve - curve.mean()) / deviation if deviation > 0 else curve)
