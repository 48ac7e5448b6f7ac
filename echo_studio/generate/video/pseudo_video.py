"""What SDEdit and Free-Echo start from: coloured labels, and their optimal transport to real intensities.

SDEdit (Meng et al. 2022) starts from *coloured* labels: each label one intensity. Nguyen et al. 2024 (Free-Echo, eq. 3)
carry the histogram of that image over to the one of real frames by optimal transport with squared cost. Pixels of one
grey level are alike to a transport plan, so the plan is solved between levels, not between pixels: milliseconds.

A label map has only four levels inside the sector and real frames have all of them. Carried over as they are, the
darkest level would take all that is dark in real frames and the brightest all that is bright: far more contrast between
labels than real hearts have. So transport starts from what real hearts show at that label and place (`shade`),
with a fine random field about it. Pass a field that moves with the anatomy, and the
brightness moves with it.

`shade` is a regression on real frames. A coloured label has one grey level. Place explains as much again in real
frames: the far field is brighter in the middle than at the edges of the sector, walls shine into the blood beside them,
the mitral valve is a line, and tissue is bright where it borders on a wall. On 67 validation frames the mean squared
error of a pixel's grey level inside the sector is 0.0212, with one level a label 0.0265.
"""

from collections.abc import Iterable
from typing import Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt
import ot
from scipy import ndimage

from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE
from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.generate.video.shading_weights import WEIGHTS
from echo_studio.types import BoolMask, FloatArray, GrayImage, LabelIds, View

Transport = Literal["exact", "sinkhorn"]
Intensities = npt.NDArray[np.float32]  # (h, w) or (t, h, w), 0 black, 1 white

REGULARISATION = 1e-3  # of Sinkhorn, on intensities in [0, 1], as published
ITERATIONS = 20_000
LEVELS = 64  # grey levels between which the plan is solved
QUANTILES = 65  # that describe the real intensities: 64 bins of equal mass

# Width of the field's grain as a share of the height. Fine: what is coarse survives the noise of a start step, and the
# network would take it for anatomy.
GRAIN = 0.003
# Its share of how real grey levels vary about the shading: the rest is coarse, and is left to the network.
STRENGTH = 0.6
# What walls are lighter than their shading: borders traced by hand lie now here, now there, so a regression mixes the
# wall with the blood beside it, and the cavity would seem larger than it is painted.
WALL_LIFT = 0.08

# By label id: the mean intensity of real training frames, and its deviation about `shade` within a frame.
MEANS = np.array([0.0, 0.278, 0.444, 0.325, 0.374])
DEVIATIONS = np.array([0.0, 0.074, 0.119, 0.096, 0.141])
SPAN = 2.0  # deviations from the label's mean that `shade` keeps to: hearts may lie where no real one did


def coloured(ids: LabelIds) -> Intensities:
    """Each label its own intensity: SDEdit's coloured labels.

    Args:
        ids: uint8 (h, w) or (t, h, w).
    """
    return np.asarray(MEANS[ids], dtype=np.float32)


def transported(
    ids: LabelIds, view: View, quantiles: FloatArray, field: FloatArray, method: Transport = "exact"
) -> Intensities:
    """Shaded labels with the intensities of real frames: Free-Echo's pseudo-image or pseudo-video.

    A clip is transported as a whole: what a grey level turns into is the same in every frame, so that nothing flickers
    while areas change.

    Args:
        ids: uint8 (h, w) or (t, h, w).
        quantiles: (n,) of real intensities in [0, 1] inside the sector, at n even steps from the least to the largest.
        field: of the same shape, or (h, w) for every frame of a clip; mean 0 and deviation 1 about, as `texture` gives.
        method: `exact` one-dimensional transport, or `sinkhorn` as published.

    Returns:
        In [0, 1], 0 outside the sector.

    Raises:
        RequestError: quantiles that are no rising numbers in [0, 1], or a field of another shape.
        UnknownNameError: another method.
    """
    _check_quantiles(quantiles)
    if field.shape not in (ids.shape, ids.shape[-2:]):
        raise RequestError(
            expected=f"a field of {ids.shape}", got=f"{field.shape}", remedy="make it for this label map"
        )
    image = np.zeros(ids.shape, np.float32)
    inside = ids != OUTSIDE
    if not inside.any():
        return image
    grey = _textured(ids, view, np.broadcast_to(field, ids.shape))[inside]
    levels, of = np.unique(np.rint(grey.clip(0, 1) * (LEVELS - 1)).astype(np.intp), return_inverse=True)
    plan = transport_plan(levels / (LEVELS - 1), np.bincount(of), quantiles, method)
    moved = np.zeros(len(grey))
    for level, share in enumerate(plan):
        mask = of == level
        below = np.concatenate([[0.0], np.cumsum(share)])
        moved[mask] = np.interp(_ranks(grey[mask]), below / below[-1], quantiles)
    image[inside] = moved
    return image


def published(ids: LabelIds, quantiles: FloatArray) -> Intensities:
    """Free-Echo's pseudo-image as 004 has it: each label one intensity, carried over by Sinkhorn's plan.

    A label goes to the mean of the real intensities that the plan gives it: pixels of one intensity are alike to it.

    Args:
        ids: uint8 (h, w) the label map at end diastole.
        quantiles: see `transported`.

    Returns:
        float32 (h, w) in [0, 1], 0 outside the sector.

    Raises:
        RequestError: quantiles that are no rising numbers in [0, 1].
    """
    _check_quantiles(quantiles)
    labels, masses = np.unique(ids[ids != OUTSIDE], return_counts=True)
    image = np.zeros(ids.shape, np.float32)
    if len(labels):
        plan = transport_plan(MEANS[labels], masses, quantiles, "sinkhorn")
        for label, share in zip(labels, plan, strict=True):
            image[ids == label] = share @ ((quantiles[1:] + quantiles[:-1]) / 2) / share.sum()
    return image


def transport_plan(
    levels: FloatArray, masses: npt.NDArray[np.int_], quantiles: FloatArray, method: Transport = "exact"
) -> FloatArray:
    """How much of each grey level goes to each bin between two quantiles: (k, n - 1), sum 1, squared cost.

    Args:
        levels, masses: (k,) intensities in [0, 1], and how many pixels have them.
    """
    bins = (quantiles[1:] + quantiles[:-1]) / 2
    source, target = masses / masses.sum(), np.full(len(bins), 1 / len(bins))
    if method == "exact":
        return np.asarray(ot.emd_1d(levels, bins, source, target, metric="sqeuclidean"))
    if method == "sinkhorn":
        # The plain method overflows at this regularisation, the one in logarithms does not converge.
        cost = np.square(levels[:, None] - bins)
        return np.asarray(
            ot.sinkhorn(source, target, cost, REGULARISATION, method="sinkhorn_stabilized", numItermax=ITERATIONS)
        )
    raise UnknownNameError("transport", method, get_args(Transport))


def texture(height: int, width: int, seed: int) -> FloatArray:
    """A random field (h, w) of fine grain with mean 0 and deviation 1."""
    noise = np.random.default_rng(seed).standard_normal((height, width))
    field = ndimage.gaussian_filter(noise, GRAIN * height)
    return np.asarray((field - field.mean()) / field.std())


def real_quantiles(frames: Iterable[tuple[GrayImage, LabelIds]], count: int = QUANTILES) -> FloatArray:
    """Quantiles (count,) in [0, 1] of intensities inside the sector of a typical real frame.

    The means of each frame's own quantiles, which is the barycentre of the frames under the squared cost:
    pixels of all frames in one histogram vary more than those of any, because gains differ.

    Args:
        frames: each at the network's size.
    """
    steps = np.linspace(0, 1, count)
    own = [np.quantile(image[ids != OUTSIDE] / 255, steps) for image, ids in frames]
    return np.asarray(np.mean(own, axis=0))


def _textured(ids: LabelIds, view: View, field: FloatArray) -> FloatArray:
    """Shaded labels whose grey levels vary as those of real frames do, float64 of the labels' shape."""
    frames = ids.reshape(-1, *ids.shape[-2:])
    grey = np.stack([shade(frame, view) for frame in frames]).reshape(ids.shape) + WALL_LIFT * (ids == LV_MYOCARDIUM)
    return np.asarray(grey + STRENGTH * DEVIATIONS[ids] * field)


def _ranks(values: FloatArray) -> FloatArray:
    """The share of values below each, in (0, 1); equal values have equal ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(((np.cumsum(counts) - counts / 2) / len(values))[place])


def _check_quantiles(quantiles: FloatArray) -> None:
    if (
        quantiles.ndim != 1
        or len(quantiles) < 2
        or not np.isfinite(quantiles).all()
        or not (quantiles[0] >= 0 and quantiles[-1] <= 1 and (np.diff(quantiles) >= 0).all())
    ):
        raise RequestError(
            expected="two or more rising quantiles of intensity in [0, 1]",
            got=" ".join(np.array2string(quantiles, threshold=4, edgeitems=2, precision=3).split()),
            remedy="take them from real frames inside the sector, divided by 255",
        )


# `coloured` labels are SDEdit's; `transported` ones have the histogram of real frames and move; `still` ones are
# Free-Echo's as published; empty: none.
Pseudo = Literal["", "coloured", "transported", "still"]


def pseudo_video(
    kind: Pseudo, ids: LabelIds, view: View, cycle: LabelCycle, intensities: list[float], seed: int
) -> Intensities:
    """Grey levels (t, h, w) in [0, 1] of a label cycle.

    004 repeats one pseudo-image, and so does `still`. In the others the anatomy moves, so that the clip has the
    ejection fraction that was requested, and the texture that transport spreads moves with it.

    Args:
        kind: not empty.
        ids: uint8 (t, h, w) the cycle's label maps at the network's size.
        view: whose hearts the shading is of.
        cycle: carries the texture along.
        intensities: quantiles of real grey levels; see `transported`.
        seed: of the texture.
    """
    if kind == "coloured":
        return coloured(ids)
    if kind == "still":
        return np.broadcast_to(published(ids[0], np.asarray(intensities)), ids.shape).copy()
    field = cycle.warped(texture(ids.shape[1], ids.shape[2], seed))
    return transported(ids, view, np.asarray(intensities), field)


def shade(ids: LabelIds, view: View) -> FloatArray:
    """The mean grey level of real frames at each pixel's place, in [0, 1]; 0 outside the sector.

    Args:
        ids: uint8 (h, w).
    """
    grey = np.zeros(ids.shape)
    if not (ids != OUTSIDE).any():
        return grey
    terms = places(ids)
    for label, weights in enumerate(WEIGHTS[view], start=1):
        mask, span = ids == label, SPAN * DEVIATIONS[label]
        grey[mask] = (terms[mask] @ weights).clip(MEANS[label] - span, MEANS[label] + span)
    return grey


def places(ids: LabelIds) -> FloatArray:
    """What describes a place, (h, w, 24): where it is in the sector and what it is near to.

    Args:
        ids: uint8 (h, w), not all outside.
    """
    inside = ids != OUTSIDE
    height, width = ids.shape
    rows, columns = np.nonzero(inside)
    apex_y, apex_x = rows.min(), columns[rows <= rows.min() + 1].mean()
    y, x = np.mgrid[:height, :width]
    depth, angle = np.hypot(y - apex_y, x - apex_x), np.arctan2(x - apex_x, np.maximum(y - apex_y, 0.5))
    depth = depth / max(depth[inside].max(), 1.0)
    far = np.abs(angle[inside & (depth > 0.3)])
    angle = angle / max(far.max(initial=0.0), 0.1)
    ventricle, wall, atrium = (ids == label for label in (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM))
    # About the sector's centre, not the heart's: tissue far from a beating heart keeps its brightness.
    down, right = 4 * (y - rows.mean()) / height, 4 * (x - columns.mean()) / height
    blood = ventricle | atrium
    border = np.where(blood, _to_end(blood), _to_end(~blood))
    to_ventricle, to_wall, to_atrium = _to_end(~ventricle), _to_end(~wall), _to_end(~atrium)
    # The mitral valve lies where the two cavities meet.
    valve = np.where(ventricle, to_atrium, np.where(atrium, to_ventricle, np.maximum(to_ventricle, to_atrium)))
    to_edge = _to_end(np.pad(inside, 1))[1:-1, 1:-1]
    near = (
        (border, 0.01),
        (border, 0.04),
        (to_wall, 0.016),
        (to_wall, 0.04),
        (to_wall, 0.125),
        (valve, 0.02),
        (to_edge, 0.016),
        (to_edge, 0.047),
        (to_ventricle, 0.023),
        (to_ventricle, 0.094),
        (to_atrium, 0.031),
        (to_atrium, 0.094),
    )
    terms = (
        np.ones(ids.shape),
        depth,
        depth**2,
        angle,
        angle**2,
        depth * angle**2,
        down,
        right,
        down * right,
        down**2,
        right**2,
        right * np.abs(right),
        *(np.exp(-distance / (share * height)) for distance, share in near),
    )
    return np.stack(terms, axis=-1)


def _to_end(mask: BoolMask) -> FloatArray:
    """Pixels from each place to the nearest one out of the mask; far away where there is none."""
    if mask.all():
        return np.full(mask.shape, float(sum(mask.shape)))
    found = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(found, np.float64)
