"""How well edited real frames keep to the edited map, and how much of the source they keep."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import torch

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.label_map import LabelMap, structure_dice
from echo_studio.anatomy.shape.sliders import Shape, reshape
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import EchoStudioError
from echo_studio.evaluate.frames.segmentation import Scorers
from echo_studio.generate.generator import SampledGenerator, grey_of, resized_image
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.generate.source import Source
from echo_studio.nets.grain_decoder import high_pass_strength, inner_sector
from echo_studio.types import BoolMask, FloatArray, GrayImage, Json

EDITS: Mapping[str, Callable[[LabelMap], LabelMap]] = {
    "dilated 1.2": lambda heart: apply_defect(heart, "dilated", {"factor": 1.2}),
    "wall x 1.5": lambda heart: reshape(heart, Shape(wall=1.5)),
    "atrium x 1.3": lambda heart: reshape(heart, Shape(atrium_size=1.3)),
    "hypertrophy": lambda heart: apply_defect(heart, "hypertrophy"),
    "septal defect": lambda heart: apply_defect(heart, "septal"),
    "aneurysm": lambda heart: apply_defect(heart, "aneurysm"),
}
LOOK = ("mean", "contrast", "grain")
SPACING = (0.65, 0.65)  # mm at 256 x 256, about that of CAMUS, for maps that have none: sizes of defects are in mm
BLUR = 6.0  # pixels: surroundings are compared without their grain
FEWEST = 400  # pixels of surroundings that can be told from those of other frames


def measure_edits(
    generator: SampledGenerator,
    frames: Sequence[CamusFrame],
    sampling: Sampling,
    scorers: Scorers,
    others: Sequence[GrayImage],
    on_frame: Callable[[int, int], None] = lambda done, total: None,
    keep: int = 0,
) -> tuple[Json, list[list[GrayImage]]]:
    """Edit each real frame in every way of `EDITS`; frame k with seed k. An edit that a heart cannot have is left out.

    Args:
        frames: at 256 x 256, with their labels.
        others: real frames uint8 (256, 256), among them those of `frames`: is the source the nearest one?
        on_frame: called with (done, total) after each frame.
        keep: how many rows of frames come back: the real one, then each edit.

    Returns:
        `unedited_db`: PSNR of the whole frame, sampled under its own map, against the frame through the codec alone.
        `edits`, a list of {edit, n, lv_endo, lv_epi, la (the judge's Dice with the edited map), labeller (its Dice),
        whole (the judge's Dice on the whole-frame variant), untouched (share of pixels of weight 0 that are the
        source's), seam (gradient where the two meet, over the source's there), grain (strength where the map decides
        and the tissue is the same as before, over the source's there)}.
        `kept`, of the whole-frame variant: correlations of `mean`, `contrast` and `grain` of
        the surroundings with the source's, and `nearest`, the share of edits whose source is the nearest of `others`;
        left out where fewer than two edits leave surroundings.
        Then the rows.
    """
    unedited: list[float] = []
    found: dict[str, list[Json]] = {name: [] for name in EDITS}
    looks: list[tuple[FloatArray, FloatArray, bool]] = []
    rows: list[list[GrayImage]] = []
    library = np.stack([_smooth(other) for other in others])
    for k, frame in enumerate(frames):
        own = LabelMap(frame.label_map.ids, frame.label_map.spacing_mm or SPACING)
        source = Source(frame.image, own)
        request = GenerationRequest(own, sampling, frame.frame_id.view, frame.frame_id.phase, k, source)
        everywhere = replace(request, source=replace(source, whole_frame=True))
        plain = generator.generate(everywhere).image
        unedited.append(psnr(plain, _through_codec(generator, everywhere), source.inside))
        row = [frame.image]
        for name, edit in EDITS.items():
            try:
                edited = edit(own)
            except EchoStudioError:
                continue
            made, whole = (generator.generate(replace(one, label_map=edited)).image for one in (request, everywhere))
            found[name].append(_figures(source, edited, made, whole, scorers))
            around = source.inside & (source.weight(edited) == 0)
            if around.sum() >= FEWEST:
                nearest = np.abs(library[:, around] - _smooth(whole)[around]).mean(1).argmin()
                same = np.array_equal(others[int(nearest)], frame.image)
                looks.append((_look(frame.image, around), _look(whole, around), same))
            row.append(made)
        if len(rows) < keep and len(row) == len(EDITS) + 1:
            rows.append(row)
        on_frame(k + 1, len(frames))
    kept: Json = {"n": len(looks), "others": len(others)}
    if len(looks) > 1:
        before, after = (np.array([look[which] for look in looks]) for which in (0, 1))
        kept |= {name: _rounded(np.corrcoef(before[:, j], after[:, j])[0, 1]) for j, name in enumerate(LOOK)}
        kept["nearest"] = _rounded(np.mean([same for *_, same in looks]))
    return {
        "generator": sampling.generator,
        "solver": sampling.solver,
        "nfe": sampling.nfe,
        "n": len(frames),
        "unedited_db": _rounded(np.mean(unedited)),
        "unedited_db_least": _rounded(min(unedited)),
        "edits": [{"edit": name, "n": len(parts), **_means(parts)} for name, parts in found.items() if parts],
        "kept": kept,
    }, rows


def psnr(one: GrayImage, other: GrayImage, where: BoolMask) -> float:
    """Peak signal-to-noise ratio in dB, at least one pixel's rounding apart."""
    apart = (one.astype(np.float64) - other)[where]
    return float(20 * np.log10(255) - 10 * np.log10(max((apart**2).mean(), 1 / where.sum())))


def _through_codec(generator: SampledGenerator, request: GenerationRequest) -> GrayImage:
    """The source through encoder and decoder, with the grain that its edits have."""
    assert request.source is not None
    source = request.source
    around, own = source.cropped(request.label_map)
    within = replace(request, label_map=own, source=around)
    with torch.inference_mode():
        ids = generator.seen_ids([within])
        inverted = generator.inverted(within, around)
        look = request.sampling.look.over(inverted.look)
        pixels = generator.codec.decoding((ids > 0).float().unsqueeze(1), [request.seed], look)(inverted.latent)
    image = np.zeros_like(source.image)
    image[source.box] = resized_image(grey_of(pixels)[0], around.image.shape)
    return np.where(source.inside, image, 0).astype(np.uint8)


def _figures(source: Source, edited: LabelMap, made: GrayImage, whole: GrayImage, scorers: Scorers) -> Json:
    guide = source.guide(edited)
    weight = source.weight(edited)
    untouched = source.inside & (weight == 0)
    same = inner_sector(source.inside) & (
        guide.ids == source.guide(source.label_map).ids
    )  # of the same tissue as before
    decided, meeting = same & (weight == 1), same & (weight > 0) & (weight < 1)
    judged, labelled = (
        [structure_dice(found, guide) for found in segmenter.label([made, whole])]
        for segmenter in (scorers.judge, scorers.labeller)
    )
    return {
        **judged[0],
        "labeller": labelled[0],
        "whole": judged[1],
        "untouched": float((made == source.image)[untouched].mean()) if untouched.any() else None,
        "seam": _ratio(_gradient(made), _gradient(source.image), meeting),
        "grain": _strength(made, decided) / _strength(source.image, decided) if decided.any() else None,
    }


def _strength(image: GrayImage, where: BoolMask) -> float:
    return high_pass_strength(image, where, 1.0) + 1e-3


def _ratio(one: FloatArray, other: FloatArray, where: BoolMask) -> float | None:
    return float(one[where].mean() / other[where].mean()) if where.any() else None


def _gradient(image: GrayImage) -> FloatArray:
    rows, columns = np.gradient(image.astype(np.float64))
    return np.asarray(np.hypot(rows, columns))


def _smooth(image: GrayImage) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), BLUR), np.float64)


def _look(image: GrayImage, where: BoolMask) -> FloatArray:
    """Of the surroundings: `LOOK`."""
    return np.array([image[where].mean(), image[where].std(), high_pass_strength(image, where, 1.0)])


def _means(parts: Sequence[Json]) -> Json:
    """The mean of each figure, those of nested objects too; figures that a part lacks are left out of it."""
    means: Json = {}
    for key, first in parts[0].items():
        if isinstance(first, dict):
            means[key] = _means([part[key] for part in parts])
        else:
            known = [part[key] for part in parts if part[key] is not None]
            means[key] = _rounded(np.mean(known)) if known else None
    return means


def _rounded(value: Any) -> float:
    return round(float(value), 3)
