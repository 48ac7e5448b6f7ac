"""Fit `echo_studio.generate.shading.WEIGHTS` on real frames: python training/fit_shading.py CAMUS

Ridge regression of grey levels on places, label by label, on every fifth training frame; checked on every third one of
the validation split.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from echo_studio.anatomy.labels import LABEL_COUNT
from echo_studio.anatomy.sector import within_fan
from echo_studio.data.camus import CamusFolder
from echo_studio.generate.shading import DEVIATIONS, MEANS, WEIGHTS, places, shade
from echo_studio.types import FloatArray, LabelIds

SIDE = 128
RIDGE = 1e-3


def frames(data: CamusFolder, split: str, every: int) -> Iterator[tuple[FloatArray, LabelIds]]:
    """Grey levels in [0, 1] and labels, both (128, 128)."""
    for one in sorted(data.frame_ids(data.split(split)))[::every]:
        frame = data.read(one)
        image = cv2.resize(frame.image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        yield image / 255, within_fan(frame.label_map.resized(SIDE, SIDE).ids)


def fitted(training: list[tuple[FloatArray, LabelIds]], label: int) -> FloatArray:
    """The weights of one label; the constant is not held down."""
    terms = np.concatenate([places(ids)[ids == label] for _, ids in training])
    grey = np.concatenate([image[ids == label] for image, ids in training])
    ridge = RIDGE * len(terms) * np.eye(terms.shape[1])
    ridge[0, 0] = 0.0
    return np.asarray(np.linalg.solve(terms.T @ terms + ridge, terms.T @ grey))


def main(camus: str) -> None:
    data = CamusFolder(Path(camus))
    training, validation = list(frames(data, "training", 5)), list(frames(data, "validation", 3))
    WEIGHTS[:] = [np.zeros(WEIGHTS.shape[1]), *(fitted(training, label) for label in range(1, LABEL_COUNT))]
    print(np.array2string(WEIGHTS, precision=3, suppress_small=True, separator=", "))
    for label in range(1, LABEL_COUNT):
        errors = [(image - shade(ids))[ids == label] for image, ids in validation if (ids == label).any()]
        mean = np.concatenate([image[ids == label] for image, ids in training]).mean()
        print(f"label {label}: mean {mean:.3f}, deviation within a frame {np.mean([e.std() for e in errors]):.3f}")
    for name, guess in (("one level a label", lambda ids: MEANS[ids]), ("shaded", shade)):
        errors = [np.square(image - guess(ids))[ids > 0].mean() for image, ids in validation]
        print(f"{name}: mean squared error inside the sector {np.mean(errors):.4f}")
    print("in use:", MEANS, DEVIATIONS)


if __name__ == "__main__":
    main(sys.argv[1])
