"""How far off judge and labeller are on real frames: `python -m benchmarks.judge_ef --data CAMUS [--split validation]`.

The EF of the true labels at ED and ES of every patient and view, beside the EF of what each network finds on the two
frames; the beats of `benchmarks.beats` are scored by the judge, and no clip can be scored better than real frames are.
The same for label cycles: the EF of the label maps themselves, read as a clip is (`lv_curve`, smooth over frames).
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.measure.sizes import ejection_fraction, lv_discs
from echo_studio.anatomy.motion.motion import usual_motion
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import EchoStudioError
from echo_studio.evaluate.frames.segmentation import JUDGE, LABELLER, FrameSegmenter
from echo_studio.evaluate.video.lv_curve import lv_curve
from echo_studio.evaluate.video.metrics import beat_pairs
from echo_studio.generate.catalog import bundled_checkpoints
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.video.generator import cycle_of
from echo_studio.generate.video.request import VideoRequest
from echo_studio.types import Json, View

SIDE, FRAMES = 256, 24
CLASSES = ((0, 35), (35, 48), (48, 58), (58, 100))
ASKED = (25.0, 40.0, 55.0, 65.0)
VIEWS: tuple[View, ...] = ("2CH", "4CH")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    networks = {name: FrameSegmenter.load(bundled_checkpoints() / name) for name in (JUDGE, LABELLER)}
    pairs = [p for view in VIEWS for p in beat_pairs(CamusFolder(options.data), options.split, view, options.limit)]
    errors: dict[str, list[tuple[float, float]]] = {name: [] for name in networks}
    drawn: dict[float, list[float]] = {ef: [] for ef in ASKED}
    for pair in pairs:
        maps = [frame.label_map.resized(SIDE, SIDE) for frame in pair]
        images = [cv2.resize(frame.image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for frame in pair]
        true = ef_of(maps)
        for name, network in networks.items():
            found = ef_of([LabelMap(one.ids, maps[0].spacing_mm) for one in network.label(images)])  # type: ignore[arg-type]
            if true is not None and found is not None:
                errors[name].append((true, found - true))
        for ef in ASKED:
            request = VideoRequest(
                maps[0], Sampling("", "heun", 1), None, usual_motion(ef), pair[0].frame_id.view, FRAMES
            )
            try:
                cycle = cycle_of(request)
            except EchoStudioError:  # this heart cannot contract so far
                continue
            curve = lv_curve([cycle.frame(k) for k in range(len(cycle))], cycle.es)
            if curve.ef_percent is not None:
                drawn[ef].append(curve.ef_percent - ef)
    report: Json = {"split": options.split, "n": len(pairs)}
    report |= {name: by_class(np.array(some)) for name, some in errors.items()}
    report["label_cycle_bias_by_ef_asked"] = {f"{ef:g}": round(float(np.mean(some)), 2) for ef, some in drawn.items()}
    print(json.dumps(report, indent=1))


def ef_of(maps: list[LabelMap]) -> float | None:
    first, last = (lv_discs(one) for one in maps)
    return ejection_fraction(first.volume, last.volume) if first and last and first.volume else None


def by_class(errors: np.ndarray) -> Json:
    true, off = errors.T
    return {
        "mean_absolute_error": round(float(np.abs(off).mean()), 2),
        "bias": round(float(off.mean()), 2),
        "bias_by_true_ef": {
            f"{low} to {high}": {"n": int(some.sum()), "bias": round(float(off[some].mean()), 2)}
            for low, high in CLASSES
            if (some := (true >= low) & (true < high)).any()
        },
    }


if __name__ == "__main__":
    main()
