"""Beats of a generator of clips, scored by the judge: `python -m benchmarks.beats --data CAMUS --out beats.json`.

From each patient's label map at end diastole one clip a view, the EFs taken in turn. EF and Dice are the judge's, on
every frame; how the clip changes and what its speckle remembers is measured as of recordings
(`evaluate.video.memory`). Only validation patients: constants are chosen on training patients.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.anatomy.labels import OUTSIDE
from echo_studio.anatomy.motion.motion import usual_motion
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import EchoStudioError
from echo_studio.evaluate.frames.segmentation import JUDGE, FrameSegmenter
from echo_studio.evaluate.video.lv_curve import clip_labels, lv_curve
from echo_studio.evaluate.video.memory import Memory, mean_memory, memory_of
from echo_studio.evaluate.video.metrics import beat_pairs, loop_closure
from echo_studio.generate.catalog import bundled_checkpoints
from echo_studio.generate.sampling import advised_sampling
from echo_studio.generate.video.catalog import load_video_generator
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest
from echo_studio.types import Json, View

SIDE = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--generator", default="beat-l64")
    parser.add_argument("--nfe", type=int)
    parser.add_argument("--limit", type=int, default=0, help="so many patients, spread evenly; 0 for all")
    parser.add_argument("--efs", default="25,40,55,65")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--split", default="validation")
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = load_video_generator(options.generator)
    sampling = advised_sampling(generator.entry, nfe=options.nfe)
    judge = FrameSegmenter.load(bundled_checkpoints() / JUDGE)
    efs = [float(ef) for ef in options.efs.split(",")]
    rows: list[Json] = []
    memories: list[Memory] = []
    failed: list[str] = []
    views: tuple[View, ...] = ("2CH", "4CH")
    hearts = [
        (view, patient, pair[0])
        for view in views
        for patient, pair in enumerate(beat_pairs(CamusFolder(options.data), options.split, view, options.limit))
    ]
    # Patient by patient, so that a run that is cut short has both views and all EFs of those that it has.
    for k, (view, patient, end_diastole) in enumerate(sorted(hearts, key=lambda heart: heart[1])):
        heart, name = end_diastole.label_map.resized(SIDE, SIDE), end_diastole.frame_id.stem
        ef = efs[(patient + views.index(view)) % len(efs)]
        request = VideoRequest(heart, sampling, None, usual_motion(ef), view, options.frames, seed=k)
        try:
            made = generator.generate(request)
        except EchoStudioError as error:
            failed.append(f"{name} at EF {ef:g}: {error}")
            continue
        rows.append({"frame": name, "ef_asked": ef, **scores(made, judge)})
        memories.append(memory_of(made.clip, made.cycle.ids, len(made.clip) * 70 / 60, heart.spacing_mm))
        options.out.write_text(json.dumps(summary(options, rows, memories, failed), indent=1) + "\n")
        print(len(rows), rows[-1], flush=True)


def scores(made: GeneratedVideo, judge: FrameSegmenter) -> Json:
    """What the judge finds on a clip."""
    cycle = made.cycle
    seen = clip_labels(judge, made.clip, cycle.spacing_mm)
    dice = [structure_dice(found, LabelMap(ids, cycle.spacing_mm)) for found, ids in zip(seen, cycle.ids, strict=True)]
    mean = {
        key: [value for one in dice if (value := one[key]) is not None]  # where the structure is in neither
        for key in ("lv_endo", "lv_epi", "la")
    }
    inside = (cycle.ids != OUTSIDE).all(axis=0)
    return {
        "ef_drawn": made.record.ef_drawn,
        "ef_measured": lv_curve(seen, cycle.es).ef_percent,
        **{key: round(float(np.mean(values)), 4) if values else None for key, values in mean.items()},
        "loop": round(loop_closure(made.clip, inside), 3),
        "seconds": round(made.seconds, 2),
    }


def summary(options: argparse.Namespace, rows: list[Json], memories: list[Memory], failed: list[str]) -> Json:
    known = [(row["ef_asked"], row["ef_measured"]) for row in rows if row["ef_measured"] is not None]
    asked, measured = np.array(known).T
    by_ef = {
        f"{ef:g}": [
            round(float(x), 2)
            for x in ((measured - asked)[asked == ef].mean(), np.abs(measured - asked)[asked == ef].mean())
        ]
        for ef in sorted(set(asked))
    }
    return {
        "generator": options.generator,
        "nfe": options.nfe or "advised",
        "split": options.split,
        "n": len(rows),
        "ef_n": len(known),
        "ef_mean_absolute_error": round(float(np.abs(asked - measured).mean()), 2),
        "ef_rank": round(float(spearmanr(asked, measured).statistic), 3) if len(set(asked)) > 1 else None,
        "ef_bias_and_error_by_ef": by_ef,
        **{
            f"{key}_dice": round(float(np.mean([row[key] for row in rows if row[key] is not None])), 4)
            for key in ("lv_endo", "lv_epi", "la")
        },
        "loop": [round(float(np.percentile([row["loop"] for row in rows], at)), 3) for at in (0, 50, 100)],
        "memory": mean_memory(memories).to_json(),
        "change_of_clips": [round(one.change, 3) for one in memories],
        "wander_of_clips": [round(one.wander, 3) for one in memories],
        "failed": failed,
        "clips": rows,
    }


if __name__ == "__main__":
    main()
