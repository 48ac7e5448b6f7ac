"""M-mode strips of four beats across the ventricle: `python training/mmode_sheet.py OUT.png`.

Bundled mean hearts, one row each: the first frame with the line, end systole, and the brightness along the line over
four beats. What is looked for: walls that move as one, speckle that does not stand, and no seam where a beat ends.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.data.template import template
from echo_studio.generate.video.catalog import load_video_generator
from echo_studio.types import View

SIDE, BEATS, COLUMN = 256, 4, 8  # pixels; pixels a frame in the strip
HEARTS: tuple[tuple[str, View, float], ...] = (
    ("4ch-ed", "4CH", 60.0),
    ("2ch-ed", "2CH", 45.0),
    ("4ch-ed-dilated", "4CH", 25.0),
)


def main(out: Path) -> None:
    torch.set_num_threads(1)
    generator = load_video_generator("beat-l64")
    rows = []
    for seed, (name, view, ef) in enumerate(HEARTS):
        made = generator(template(name).resized(SIDE, SIDE), view=view, ef=ef, seed=seed)
        heart = np.argwhere(made.cycle.ids[0] == LV_CAVITY)
        row = int(np.median(heart[:, 0]))
        left, right = heart[heart[:, 0] == row, 1][[0, -1]]
        margin = (right - left) // 2
        span = slice(max(0, left - margin), min(SIDE, right + margin))
        strip = made.clip[:, row, span].T
        strip = cv2.resize(
            np.tile(strip, BEATS), (len(made.clip) * BEATS * COLUMN, SIDE), interpolation=cv2.INTER_LINEAR
        )
        first = made.clip[0].copy()
        cv2.line(first, (span.start, row), (span.stop - 1, row), 255, 1)
        cv2.putText(first, f"{name}, EF {ef:g} %", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1)
        cv2.putText(first, "SYNTHETIC", (190, 250), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255, 1)
        rows.append(np.hstack([first, made.clip[made.cycle.es], strip]))
    cv2.imwrite(str(out), np.vstack(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
