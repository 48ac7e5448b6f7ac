"""Fit `echo_studio/generate/video/shading_weights.py` on real frames: python training/fit_shading.py CAMUS

Ridge regression of grey levels on places, view by view and label by label, on every second training frame; checked on
the validation split.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from echo_studio.anatomy.labels import LABEL_COUNT
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.generate.video import shading_weights
from echo_studio.generate.video.pseudo_video import MEANS, places, shade
from echo_studio.types import FloatArray, LabelIds, View

SIDE = 128
RIDGE = 1e-4

Frames = Sequence[tuple[FloatArray, LabelIds]]


def frames(data: CamusFolder, split: str, view: View, every: int) -> Frames:
    """Grey levels in [0, 1] and labels, both (128, 128)."""
    read = (data.read(one) for one in sorted(data.frame_ids(data.split(split)))[::every] if one.view == view)
    return [
        (
            cv2.resize(frame.image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / 255,
            within_sector(frame.label_map.resized(SIDE, SIDE).ids),
        )
        for frame in read
    ]


def fitted(training: Frames) -> FloatArray:
    """Weights (labels from 1 on, terms); the constant is not held down."""
    described = [(image, ids, places(ids)) for image, ids in training]
    weights = []
    for label in range(1, LABEL_COUNT):
        terms = np.concatenate([at[ids == label] for _, ids, at in described])
        grey = np.concatenate([image[ids == label] for image, ids, _ in described])
        ridge = RIDGE * len(terms) * np.eye(terms.shape[1])
        ridge[0, 0] = 0.0
        weights.append(np.linalg.solve(terms.T @ terms + ridge, terms.T @ grey))
    return np.stack(weights)


def psnr(frames: Frames, guess: Callable[[LabelIds], FloatArray]) -> float:
    """Of a guess against whole frames, in dB."""
    return float(np.mean([-10 * np.log10(np.square(image - guess(ids)).mean()) for image, ids in frames]))


def main(camus: str) -> None:
    data = CamusFolder(Path(camus))
    for view in get_args(View):
        shading_weights.WEIGHTS[view] = fitted(frames(data, "training", view, 2))
        validation = frames(data, "validation", view, 1)
        shaded = psnr(validation, lambda ids, view=view: shade(ids, view))
        print(f"{view}: PSNR {shaded:.2f} dB, one level a label {psnr(validation, lambda ids: MEANS[ids]):.2f} dB")
    Path(shading_weights.__file__).write_text(written(shading_weights.WEIGHTS), encoding="utf-8")


def written(weights: dict[View, FloatArray]) -> str:
    """The module that holds the weights."""

    def row(numbers: FloatArray) -> str:
        half = len(numbers) // 2
        lines = (", ".join(f"{number:.4f}" for number in part) for part in (numbers[:half], numbers[half:]))
        return "            [{},\n             {}],\n".format(*lines)

    tables = "".join(
        f'    "{view}": np.array(\n        [\n{"".join(map(row, table))}        ]\n    ),\n'
        for view, table in weights.items()
    )
    return (
        '"""By view, and by label from 1 on, weights of `places`: `training/fit_shading.py` writes them."""\n\n'
        "import numpy as np\n\nfrom echo_studio.types import FloatArray, View\n\n"
        f"# fmt: off\nWEIGHTS: dict[View, FloatArray] = {{\n{tables}}}\n"
    )


if __name__ == "__main__":
    main(sys.argv[1])
