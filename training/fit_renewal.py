"""How much of the noise of a beat moves with the tissue: the table by which `moving_noise.CARRIED` was chosen.

python training/fit_renewal.py --data CAMUS [--carried 0.45,0.75,0.31]

Beats of training patients at 30 fps, measured as recordings are: correlations of the grain in place, change from frame
to frame and wander of the mean grey, beside those of real recordings at 30 fps. The shares are of cavities, myocardium
and other tissue.
"""

import argparse
from functools import partial
from pathlib import Path

import torch

from echo_studio.anatomy.labels import FLUID, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, MASS, SECTOR
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.evaluate.video.memory import LAGS, mean_memory, memory_of
from echo_studio.evaluate.video.metrics import beat_pairs
from echo_studio.generate.video import beat
from echo_studio.generate.video.catalog import load_video_generator
from echo_studio.types import View

SIDE, FRAMES, RATE = 256, 26, 70.0  # 30 fps
EFS = (35.0, 50.0, 60.0, 55.0)
# In place, at the lags of `memory.LAGS`, of real recordings at 30 fps.
REAL = {
    "cavity": (0.30, 0.19, 0.11, 0.05),
    "myocardium": (0.54, 0.39, 0.23, 0.12),
    "other": (0.27, 0.20, 0.15, 0.11),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--carried", help="shares of cavities, myocardium and other tissue; those of the package")
    parser.add_argument("--limit", type=int, default=2, help="so many training patients a view")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.carried:
        blood, wall, other = (float(share) for share in options.carried.split(","))
        shares = {LV_CAVITY: blood, LEFT_ATRIUM: blood, FLUID: blood, LV_MYOCARDIUM: wall, MASS: wall, SECTOR: other}
        beat.BeatNoise = partial(beat.BeatNoise, carried=shares)  # type: ignore[assignment, misc]
    generator, data = load_video_generator("beat-l64"), CamusFolder(options.data)
    views: tuple[View, ...] = ("2CH", "4CH")
    pairs = [pair for view in views for pair in beat_pairs(data, "training", view, options.limit)]
    found = []
    for k, (end_diastole, _) in enumerate(pairs):
        heart = end_diastole.label_map.resized(SIDE, SIDE)
        view, ef = end_diastole.frame_id.view, EFS[k % len(EFS)]
        made = generator(heart, view=view, frames=FRAMES, heart_rate=RATE, ef=ef, seed=k)
        found.append(memory_of(made.clip, made.cycle.ids, FRAMES * RATE / 60, heart.spacing_mm))
    mean = mean_memory(found)
    print(
        f"lags {LAGS}, n = {len(found)}; change {mean.change:.3f} (real 0.22 to 0.29), "
        f"wander {mean.wander:.3f} (real 0.07 to 0.11)"
    )
    for tissue, real in REAL.items():
        ours = ["-" if value is None else f"{value:.2f}" for value in mean.in_place[tissue]]
        print(f"{tissue:>10}  made {' '.join(ours)}  real {' '.join(f'{value:.2f}' for value in real)}")


if __name__ == "__main__":
    main()
