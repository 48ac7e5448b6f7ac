"""How far off its label map a generated ventricle's border lies, by the size of the ventricle.

python training/fit_border.py --data CAMUS [--limit 8] [--as-it-is]

Beats of training patients at EF 25, 40, 55 and 65, labelled by the labeller (never by the judge). Printed by the width
of the cavity, its area over half its border: the mean distance from the border of the label map to that which was
found, outwards, in 256ths of the picture, with a line fitted to it, and the same of the patients' real frames, because
the labeller has a bias of its own. `beat.BORDER` is the difference of the two lines. Then the EF found.
Without --as-it-is the border is not moved while this is measured.
"""

import argparse
import itertools
from pathlib import Path

import cv2
import numpy as np
import torch

from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.measure.sizes import ejection_fraction, lv_discs
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame
from echo_studio.errors import EchoStudioError
from echo_studio.evaluate.frames.segmentation import LABELLER, FrameSegmenter
from echo_studio.evaluate.video.lv_curve import clip_labels
from echo_studio.evaluate.video.metrics import beat_pairs
from echo_studio.generate.catalog import bundled_checkpoints
from echo_studio.generate.video import beat
from echo_studio.generate.video.catalog import load_video_generator
from echo_studio.types import LabelIds, View

SIDE, FRAMES = 256, 6
EFS = (25.0, 40.0, 55.0, 65.0)
BINS = (0, 20, 24, 28, 32, 36, 40, 46, 60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=8, help="so many training patients a view")
    parser.add_argument("--as-it-is", action="store_true", help="with the border moved as the package moves it")
    parser.add_argument("--generator", default="beat-l64")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if not options.as_it_is:
        beat.border_shift = lambda width: 0.0 * width
    generator, data = load_video_generator(options.generator), CamusFolder(options.data)
    labeller = FrameSegmenter.load(bundled_checkpoints() / LABELLER)
    views: tuple[View, ...] = ("2CH", "4CH")
    pairs = [pair for view in views for pair in beat_pairs(data, "training", view, options.limit)]
    points: list[tuple[float, float]] = []
    efs: dict[float, list[float]] = {ef: [] for ef in EFS}
    real = [offset for pair in pairs for frame in pair for offset in offsets(*real_frame(frame, labeller))]
    for k, (end_diastole, _) in enumerate(pairs):
        heart, view = end_diastole.label_map.resized(SIDE, SIDE), end_diastole.frame_id.view
        for ef in EFS:
            try:
                made = generator(heart, view=view, frames=FRAMES, ef=ef, seed=k)
            except EchoStudioError as error:
                print(end_diastole.frame_id.stem, error)
                continue
            found = clip_labels(labeller, made.clip, heart.spacing_mm)
            points += [off for one, ids in zip(found, made.cycle.ids, strict=True) for off in offsets(one.ids, ids)]
            first, last = (lv_discs(found[at]) for at in (0, made.cycle.es))
            measured = ejection_fraction(first.volume, last.volume) if first and last else None
            if measured is not None and made.record.ef_drawn is not None:
                efs[ef].append(measured - made.record.ef_drawn)
    line("generated", points)
    line("real", real)
    for ef, found_efs in efs.items():
        print(f"EF {ef:g} n {len(found_efs)}: found minus drawn {np.mean(found_efs):+.2f}")


def real_frame(frame: CamusFrame, labeller: FrameSegmenter) -> tuple[LabelIds, LabelIds]:
    """Labels that are found, and those that are true."""
    image = cv2.resize(frame.image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return labeller.label([np.asarray(image, np.uint8)])[0].ids, frame.label_map.resized(SIDE, SIDE).ids


def offsets(found: LabelIds, true: LabelIds) -> list[tuple[float, float]]:
    """Width of the true cavity, and how far outside its border that found lies; nothing where one has none."""
    cavity, seen = int((true == LV_CAVITY).sum()), int((found == LV_CAVITY).sum())
    if not (cavity and seen):
        return []
    width = beat.cavity_width(true)
    return [(width, (seen - cavity) / (2 * cavity / width))]


def line(name: str, points: list[tuple[float, float]]) -> None:
    width, off = np.array(points).T
    for low, high in itertools.pairwise(BINS):
        some = off[(width >= low) & (width < high)]
        if len(some) > 4:
            print(
                f"{name}, width {low:>2} to {high:<2} n {len(some):>3}  "
                f"outwards {some.mean():+.2f}  deviation {some.std():.2f}"
            )
    slope, start = np.polyfit(width, off, 1)
    print(f"{name}, {len(points)} frames: outwards = {start:+.3f} {slope:+.4f} width")


if __name__ == "__main__":
    main()
