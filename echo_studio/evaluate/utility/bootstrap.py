"""The papers' bootstrap: a random 80 % of the test set, a thousand times (003 III-D)."""

from collections.abc import Sequence

import numpy as np

SHARE = 0.8
ROUNDS = 1000


def bootstrap(
    values: Sequence[float], share: float = SHARE, rounds: int = ROUNDS, seed: int = 0
) -> tuple[float, float]:
    """Mean and standard deviation, over the rounds, of the mean of a random subset.

    Args:
        values: one for each test frame, at least one.
        share: of the frames in a subset, drawn without repeats.
    """
    scores = np.asarray(values, dtype=np.float64)
    count = max(1, round(share * len(scores)))
    rng = np.random.default_rng(seed)
    means = [scores[rng.permutation(len(scores))[:count]].mean() for _ in range(rounds)]
    return float(np.mean(means)), float(np.std(means))
