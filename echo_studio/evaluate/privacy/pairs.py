"""What a privacy check leaves for people to look at: pairs of pictures, and lists of what to keep and to leave out."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from echo_studio.data.formats.encode import encode
from echo_studio.evaluate.frames.made_set import MadeSet, at_side
from echo_studio.evaluate.privacy.copies import Neighbour
from echo_studio.types import GrayImage, Json

CLOSEST = 8  # pairs that are always shown, flagged or not
GAP = 8  # black pixels between two pictures


def pair_files(
    made: MadeSet, neighbours: Sequence[Neighbour], training: Callable[[int], GrayImage], report: Json
) -> dict[str, bytes]:
    """Files by name: `privacy.json`, `kept.txt`, `flagged.txt`, a picture of each flagged frame beside its neighbour.

    The closest frames have pictures too, so that one can see how near the nearest came.

    Args:
        training: gives training image k, uint8 (h, w).
        report: of the check.
    """
    flagged = [name for name, one in zip(made.names, neighbours, strict=True) if one.flags]
    kept = [name for name, one in zip(made.names, neighbours, strict=True) if not one.flags]
    closest = sorted(range(len(neighbours)), key=lambda k: -neighbours[k].grain)[:CLOSEST]
    shown = [k for k, one in enumerate(neighbours) if one.flags or k in closest]
    files = {
        "privacy.json": json.dumps(report, indent=2, allow_nan=False).encode(),
        "kept.txt": "".join(f"{name}\n" for name in kept).encode(),
        "flagged.txt": "".join(f"{name}\n" for name in flagged).encode(),
    }
    for k in shown:
        name = f"pair_{made.names[k].replace('/', '_')}.png"
        both = beside(made.images[k], training(neighbours[k].place))
        files[name] = encode(Path(name), both, None, "Synthetic frame and a training image", {"neighbour_of": k})
    return files


def beside(made: GrayImage, real: GrayImage) -> GrayImage:
    """Two frames in one picture, the made one left: uint8 (256, 520)."""
    ours, theirs = at_side(made), at_side(real)
    return np.hstack([ours, np.zeros((len(ours), GAP), np.uint8), theirs])
