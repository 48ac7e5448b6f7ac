"""Fidelity: how near generated frames come to real ones by every measure, and how near other real hearts come."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import wasserstein_distance

from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import ImageError, RequestError
from echo_studio.evaluate.frames.adherence import mean_dice
from echo_studio.evaluate.frames.distances import (
    NAMED,
    RealFrames,
    echo_features,
    frechet_distance,
    kernel_distance,
    psnr,
    spread,
    ssim,
)
from echo_studio.evaluate.frames.made_frames import MadeSet, at_side
from echo_studio.evaluate.frames.paper_features import PaperFeatures
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Scorers
from echo_studio.evaluate.frames.speckle import Speckle, speckle
from echo_studio.types import GrayImage, Json

INCEPTION_NAMED = "Inception's last pooled layer"
LEAST = 2  # frames of a set


def measure_fidelity(
    scorers: Scorers,
    made: MadeSet,
    real: Sequence[CamusFrame],
    others: Sequence[CamusFrame],
    inception: PaperFeatures | None = None,
) -> Json:
    """Compare made frames with held-out real ones; beside each figure, what other real frames reach.

    Everything but adherence is measured at 256 x 256. Figures that need the real frame of each made one (adherence,
    SSIM, PSNR) are None where those are not known. `adherence` and `echo` are the judge's; `labeller` holds the same of
    the labeller.

    Args:
        real: held-out frames.
        others: frames of the training split: the unit of features, and what real frames of other hearts reach.
        inception: where its weights are present.

    Raises:
        RequestError: fewer than two frames in a set.
        ImageError: too few frames in which a sector is found.
    """
    sets = {"made": list(made.images), "real": [f.image for f in real], "other": [f.image for f in others]}
    for name, some in sets.items():
        if len(some) < LEAST:
            raise RequestError(
                expected=f"{LEAST} {name} frames or more", got=str(len(some)), remedy="compare more frames"
            )
    images = {name: [at_side(image) for image in some] for name, some in sets.items()}
    statistics = {name: _measured(some, name) for name, some in images.items()}
    return {
        "source": made.source,
        "n": {name: len(some) for name, some in images.items()},
        **scorers.score(lambda one: {"adherence": _adherence(one, made), "echo": _echo_distances(one, images)}),
        **_likeness(images["made"], made.real),
        "inception": None if inception is None else {"features": INCEPTION_NAMED, **_inception(inception, images)},
        "speckle": {"n": {name: len(some) for name, some in statistics.items()}, **_speckle(statistics)},
        "depth_profile": _profiles(statistics),
    }


def _adherence(segmenter: FrameSegmenter, made: MadeSet) -> Json | None:
    if not made.real:
        return None
    images = {"made": made.images, "real": [frame.image for frame in made.real]}
    return {name: mean_dice(segmenter, some, made.real) for name, some in images.items()}


def _likeness(images: Sequence[GrayImage], real: Sequence[CamusFrame]) -> Json:
    if not real:
        return {"ssim": None, "psnr": None}
    ours, theirs = np.stack(images), np.stack([at_side(frame.image) for frame in real])
    ratio = psnr(ours, theirs)
    return {"ssim": round(ssim(ours, theirs), 4), "psnr": round(ratio, 2) if np.isfinite(ratio) else None}


def _echo_distances(segmenter: FrameSegmenter, images: dict[str, list[GrayImage]]) -> Json:
    echo = {name: echo_features(segmenter, some) for name, some in images.items()}
    others = RealFrames(echo["other"])
    unit = np.maximum(echo["other"].std(axis=0), 1e-9)
    scaled = {name: (rows - echo["other"].mean(axis=0)) / unit for name, rows in echo.items()}
    return {
        "features": NAMED[segmenter.card.kind],
        "frechet": round(others.distance(echo["made"], echo["real"]), 3),
        "frechet_real": round(others.reference(echo["real"]), 3),
        "kernel": round(kernel_distance(scaled["made"], scaled["real"]), 4),
        "kernel_real": round(kernel_distance(scaled["other"], scaled["real"]), 4),
    }


def _inception(network: PaperFeatures, images: dict[str, list[GrayImage]]) -> Json:
    rows = {name: network.frames([np.stack(some)]) for name, some in images.items()}
    as_many = np.stack(spread(list(rows["other"]), len(rows["made"])))
    return {
        "frechet": round(frechet_distance(rows["made"], rows["real"]), 3),
        "frechet_real": round(frechet_distance(as_many, rows["real"]), 3),
        "kernel": round(kernel_distance(rows["made"], rows["real"]), 5),
        "kernel_real": round(kernel_distance(rows["other"], rows["real"]), 5),
    }


def _measured(images: Sequence[GrayImage], name: str) -> list[Speckle]:
    """Of the frames in which a sector is found: a poor frame may show none, and the report counts them."""
    found = []
    for image in images:
        try:
            found.append(speckle(image))
        except ImageError:
            continue
    if len(found) < LEAST:
        raise ImageError(
            expected=f"a sector in {LEAST} {name} frames or more", got=f"{len(found)}", remedy="look at the frames"
        )
    return found


def _speckle(statistics: dict[str, list[Speckle]]) -> Json:
    """Mean and deviation of every figure, and Wasserstein distances from real frames in units of their deviation."""
    figures = {name: [one.figures() for one in some] for name, some in statistics.items()}
    report: Json = {}
    for key in figures["real"][0]:
        values = {name: np.array([one[key] for one in some]) for name, some in figures.items()}
        unit = max(float(values["real"].std()), 1e-9)
        as_many = spread(values["other"].tolist(), len(values["made"]))
        report[key] = {
            **{name: {"mean": round(float(v.mean()), 4), "sd": round(float(v.std()), 4)} for name, v in values.items()},
            "distance": round(wasserstein_distance(values["made"], values["real"]) / unit, 3),
            "distance_real": round(wasserstein_distance(as_many, values["real"]) / unit, 3),
        }
    return report


def _profiles(statistics: dict[str, list[Speckle]]) -> Json:
    """Mean light at each depth, and the root mean square of its difference from real frames, in grey levels."""
    means = {name: np.mean([one.profile for one in some], axis=0) for name, some in statistics.items()}
    away = {name: float(np.sqrt(np.mean((mean - means["real"]) ** 2))) for name, mean in means.items()}
    levels = {name: [round(float(level), 1) for level in mean] for name, mean in means.items()}
    return {**levels, "distance": round(away["made"], 2), "distance_real": round(away["other"], 2)}
