"""Realism: whether, and at which scale, made frames can be told from real ones, and by which figures they differ."""

from collections.abc import Callable, Sequence

import numpy as np

from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame, FrameId
from echo_studio.errors import ImageError, RequestError
from echo_studio.evaluate.frames.distances import spread
from echo_studio.evaluate.frames.made_frames import SIDE, MadeSet, at_side
from echo_studio.evaluate.frames.speckle import speckle
from echo_studio.evaluate.frames.two_sample import Images, Pairs, batches, chance, check_apart, check_sides, tell_apart
from echo_studio.nets.grain_decoder import high_pass_strength, inner_sector
from echo_studio.types import Json

SIGMAS = (1.0, 2.0, 4.0, 8.0)  # of the blur that is taken away, in pixels at 256 x 256
WIDTHS = ("width_along_px", "width_across_deg")
DIGITS = 4


def read_at_side(
    folder: CamusFolder, frame_ids: Sequence[FrameId], on_frame: Callable[[int, int], None] = lambda done, total: None
) -> list[CamusFrame]:
    """Real frames and their label maps at 256 x 256, as generators see them: hundreds of whole ones would fill memory.

    Raises:
        DataError, ImageError, LabelMapError: see `CamusFolder.read`.
    """
    frames = []
    for frame_id in frame_ids:
        frame = folder.read(frame_id)
        frames.append(CamusFrame(frame_id, at_side(frame.image), frame.label_map.resized(SIDE, SIDE), frame.info))
        on_frame(len(frames), len(frame_ids))
    return frames


def of_patients(made: MadeSet, patients: Sequence[str], limit: int) -> MadeSet:
    """The made frames whose real ones are of these patients; at most `limit`, spread evenly, where that is not 0.

    Raises:
        RequestError: the frames' real ones are not known.
    """
    _check_paired(made)
    wanted = set(patients)
    kept = spread([k for k, frame in enumerate(made.real) if frame.frame_id.patient in wanted], limit)
    return MadeSet(
        [made.names[k] for k in kept], [made.images[k] for k in kept], [made.real[k] for k in kept], made.source
    )


def measure_realism(
    learn: MadeSet,
    test: MadeSet,
    sides: Sequence[int] = (32, 64, 128, 256),
    seeds: int = 3,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Json:
    """The two-sample test at every side, and figures of the frames to test on beside those of the real ones.

    A network that learned nothing says nothing: of the AUCs of a side the highest, `max`, is what tells frames apart.

    All frames are brought to 256 x 256. But for the widths of speckle, which find their own sector, everything is
    taken more than 10 pixels inside the sector of the label map.

    Args:
        learn: frames from which networks learn to tell real from made; of other patients than `test`.
        test: frames that are told apart and measured.
        sides: of the frames in the two-sample test, see `two_sample.check_sides`.
        seeds: how many networks are trained at each side.
        on_batch: called with (done, total) after every batch of the training.

    Raises:
        RequestError: a set whose real frames are not known or that is too small, or an impossible side.
        DataError: a patient in both sets.
        ImageError: no sector that is large enough.
    """
    check_sides(list(sides))
    for made in (learn, test):
        _check_paired(made)
    check_apart(*([frame.frame_id.patient for frame in made.real] for made in (learn, test)))
    parts = _pairs(learn), _pairs(test)
    total, done = sum(batches(parts[0], side) for side in sides) * seeds, 0

    def step() -> None:
        nonlocal done
        done += 1
        on_batch(done, total)

    by_side = []
    for side in sides:
        areas = [tell_apart(*parts, side, seed, step) for seed in range(seeds)]
        rounded = [round(area, DIGITS) for area in areas]
        by_side.append({"side": side, "auc": {**_summary(areas), "max": max(rounded), "by_seed": rounded}})
    _, pairs = parts
    return {
        "source": test.source,
        "n": {"learn": len(learn.real), "test": len(test.real)},
        "seeds": seeds,
        "chance": round(chance(len(test.real)), DIGITS),
        "two_sample": by_side,
        "high_pass": [
            {"sigma": sigma, **_both(pairs, lambda image, within, s=sigma: high_pass_strength(image, within, s))}
            for sigma in SIGMAS
        ],
        "speckle": _widths(pairs),
        "grey": {
            "mean": _both(pairs, lambda image, within: float(image[within].mean())),
            "contrast": _both(pairs, lambda image, within: float(image[within].std())),
        },
    }


def _check_paired(made: MadeSet) -> None:
    if len(made.real) < len(made.images):
        raise RequestError(
            expected="frames that bear the names of real ones of the training and validation splits",
            got="other names",
            remedy="name each frame, or its folder, like patient0001_4CH_ED",
        )


def _pairs(made: MadeSet) -> Pairs:
    inner = [inner_sector(within_sector(frame.label_map.resized(SIDE, SIDE).ids) > 0) for frame in made.real]
    if not any(within.any() for within in inner):
        raise ImageError(
            expected="label maps with a sector of more than 20 pixels", got="none", remedy="check the label maps"
        )
    return Pairs(
        np.stack([at_side(frame.image) for frame in made.real]),
        np.stack([at_side(image) for image in made.images]),
        np.stack(inner),
        tuple(frame.frame_id.patient for frame in made.real),
    )


def _both(pairs: Pairs, figure: Callable[..., float]) -> Json:
    """A figure of every frame that shows anything of the sector, summarised: of real ones, of made ones, and ratios."""
    seen = [k for k, within in enumerate(pairs.inner) if within.any()]
    values = {
        name: [figure(images[k], pairs.inner[k]) for k in seen]
        for name, images in (("real", pairs.real), ("made", pairs.made))
    }
    return _compared(values["real"], values["made"])


def _compared(real: Sequence[float], made: Sequence[float]) -> Json:
    """Mean and deviation between frames of both, made over real; None where there is nothing to divide by."""
    theirs, ours = _summary(real), _summary(made)
    ratios = {f"{key}_ratio": round(ours[key] / theirs[key], DIGITS) if theirs[key] else None for key in ("mean", "sd")}
    return {"real": theirs, "made": ours, **ratios}


def _summary(values: Sequence[float]) -> dict[str, float]:
    return {"mean": round(float(np.mean(values)), DIGITS), "sd": round(float(np.std(values)), DIGITS)}


def _widths(pairs: Pairs) -> Json:
    """Widths of the speckle along and across the beams, of the frames in which a sector is found."""
    found = {name: _measured(images) for name, images in (("real", pairs.real), ("made", pairs.made))}
    return {
        "n": {name: len(some) for name, some in found.items()},
        **{
            key: _compared(*([one[key] for one in some] for some in found.values())) if all(found.values()) else None
            for key in WIDTHS
        },
    }


def _measured(images: Images) -> list[dict[str, float]]:
    figures = []
    for image in images:
        try:
            figures.append(speckle(image).figures())
        except ImageError:  # a poor frame may show no sector; the report counts them
            continue
    return figures
