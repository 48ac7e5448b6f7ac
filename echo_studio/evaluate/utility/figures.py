"""The figures of a utility run as JSON: means over seeds, the papers' bootstrap, by view and phase."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from echo_studio.evaluate.utility.downstream import FrameScore
from echo_studio.evaluate.utility.request import UtilityRequest
from echo_studio.evaluate.utility.run import Arm, Utility
from echo_studio.evaluate.utility.sets import weights_of
from echo_studio.types import PHASES, VIEWS, Json

SHARE = 0.8
ROUNDS = 1000
STRUCTURES = ("lv_endo", "lv_epi", "la")
Pick = Callable[[FrameScore], dict[str, float]]
DICE: Pick = lambda score: score.dice  # noqa: E731
MEASURES: dict[str, Pick] = {
    "dice": DICE,
    "hausdorff_px": lambda score: score.hausdorff_px,
    "hausdorff_mm": lambda score: score.hausdorff_mm,
}


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """The papers' bootstrap (003 III-D): mean and deviation, over the rounds, of the mean of a random subset.

    Args:
        values: one for each test frame, at least one. A subset holds `SHARE` of them, each at most once.
    """
    scores = np.asarray(values, dtype=np.float64)
    count = max(1, round(SHARE * len(scores)))
    rng = np.random.default_rng(0)
    means = [scores[rng.permutation(len(scores))[:count]].mean() for _ in range(ROUNDS)]
    return float(np.mean(means)), float(np.std(means))


def utility_json(request: UtilityRequest, found: Utility) -> Json:
    """Everything a utility run says.

    `synthetic` and `real` are mean Dice fractions over test frames and seeds; of several generators or NFE
    `synthetic` is the first's and `runs` has all. `gap` is real less synthetic. `figures` holds, for both, every
    measure with its bootstrap's standard deviation, by seed, and by view and phase: Hausdorff distances in pixels are
    of frames resized to 256 x 256, in mm of the frames with known spacing alone. A structure or measure that no test
    frame has is left out.
    """
    real = means(found.real, DICE)
    runs = [_run(arm, real) for arm in found.synthetic]
    segmenter, classifier = request.segmenter, request.classifier
    learn, held_out = found.real.segmenters[0].images
    return {
        **runs[0],
        "real": real,
        "real_figures": _figures(found.real),
        "runs": runs,
        "n_test": len(found.patients.test_ids),
        "test_split": request.test_split,
        "maps": request.maps,
        "real_images": {"learn": learn, "held_out": held_out},
        "seeds": request.seeds,
        "bootstrap": {"share": SHARE, "rounds": ROUNDS},
        "segmenter": segmenter.model_dump(mode="json"),
        "classifier": classifier.model_dump(mode="json") if classifier else None,
        "manifest": str(found.manifest),
        "wall_seconds": found.seconds,
    }


def means(arm: Arm, pick: Pick) -> dict[str, float]:
    """Mean of a measure over all test frames and seeds, by structure."""
    return {key: round(float(np.mean(list(values.values()))), 4) for key, values in _by_frame(arm, pick).items()}


def _run(arm: Arm, real: dict[str, float]) -> Json:
    sampling, synthetic = arm.sampling, means(arm, DICE)
    assert sampling is not None
    learn, held_out = arm.segmenters[0].images
    return {
        "generator": sampling.generator,
        "solver": sampling.solver,
        "nfe": sampling.nfe,
        "weights": weights_of(sampling),
        "synthetic_images": {"learn": learn, "held_out": held_out},
        "synthesis_seconds_per_image": round(arm.seconds_per_image, 4),
        "synthetic": synthetic,
        "gap": {key: round(real[key] - synthetic[key], 4) for key in synthetic if key in real},
        "figures": _figures(arm),
    }


def _figures(arm: Arm) -> Json:
    return {
        **{name: _measure(arm, pick) for name, pick in MEASURES.items()},
        "by_view_and_phase": {
            f"{view} {phase}": {
                name: figures for name, pick in MEASURES.items() if (figures := means(arm, _only(pick, view, phase)))
            }
            for view in VIEWS
            for phase in PHASES
            if any(score.view == view and score.phase == phase for score in arm.segmenters[0].scores)
        },
        "view_accuracy": _accuracy(arm),
        "curves": [[list(point) for point in outcome.curve] for outcome in arm.segmenters],
        "training_seconds": {
            "segmenter": [round(outcome.seconds, 1) for outcome in arm.segmenters],
            "classifier": [round(outcome.seconds, 1) for outcome in arm.classifiers],
        },
    }


def _only(pick: Pick, view: str, phase: str) -> Pick:
    return lambda score: pick(score) if (score.view, score.phase) == (view, phase) else {}


def _measure(arm: Arm, pick: Pick) -> Json:
    by_seed = [means(Arm(arm.sampling, [outcome], [], 0.0), pick) for outcome in arm.segmenters]
    return {
        key: {**_booted(values.values()), "by_seed": [seed[key] for seed in by_seed]}
        for key, values in _by_frame(arm, pick).items()
    }


def _accuracy(arm: Arm) -> Json | None:
    if not arm.classifiers:
        return None
    stems = arm.classifiers[0].hits
    values = [float(np.mean([outcome.hits[stem] for outcome in arm.classifiers])) for stem in stems]
    by_seed = [round(float(np.mean(list(outcome.hits.values()))), 4) for outcome in arm.classifiers]
    return {**_booted(values), "by_seed": by_seed}


def _booted(values: Iterable[float]) -> Json:
    listed: Sequence[float] = list(values)
    _, deviation = bootstrap(listed)
    return {"mean": round(float(np.mean(listed)), 4), "bootstrap_sd": round(deviation, 4), "n": len(listed)}


def _by_frame(arm: Arm, pick: Pick) -> dict[str, dict[str, float]]:
    """Mean over seeds for each frame that has the structure."""
    gathered: dict[str, dict[str, list[float]]] = {key: {} for key in STRUCTURES}
    for outcome in arm.segmenters:
        for score in outcome.scores:
            for key, value in pick(score).items():
                gathered[key].setdefault(score.stem, []).append(value)
    return {
        key: {stem: float(np.mean(values)) for stem, values in frames.items()}
        for key, frames in gathered.items()
        if frames
    }
