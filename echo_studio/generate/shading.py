"""How bright real hearts are by label and place: a regression on real frames, for pseudo-images.

A coloured label (SDEdit) has one grey level. Place explains as much again in real frames: the far field is brighter in
the middle than at the edges of the fan, walls shine into the blood beside them, the mitral valve is a line, and tissue
is bright where it borders on a wall. On 67 validation frames the mean squared error of a pixel's grey level inside the
sector is 0.0212, with one level a label 0.0265.
"""

import numpy as np
from scipy import ndimage

from echo_studio.anatomy.labels import LABEL_COUNT, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE
from echo_studio.types import BoolMask, FloatArray, LabelIds

# By label id: the mean intensity of real training frames, and its deviation about `shade` within a frame.
MEANS = np.array([0.0, 0.278, 0.444, 0.325, 0.374])
DEVIATIONS = np.array([0.0, 0.074, 0.119, 0.096, 0.141])
SPAN = 2.0  # deviations from the label's mean that `shade` keeps to: hearts may lie where no real one did

# By label id, the weights of `places`, by `training/fit_shading.py`.
WEIGHTS = np.array(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.268, -0.102, 0.108, -0.022, 0.000, -0.003, 0.106, 0.033, 0.018, 0.220],
        [0.496, 0.122, 0.010, -0.078, -0.116, -0.003, -0.031, -0.177, 0.000, 0.180],
        [0.118, 0.104, 0.032, 0.115, -0.089, -0.062, 0.063, 0.162, 0.212, 0.098],
        [0.436, -0.118, 0.119, -0.015, -0.069, -0.173, -0.172, 0.184, 0.138, 0.028],
    ]
)


def shade(ids: LabelIds) -> FloatArray:
    """The mean grey level of real frames at each pixel's place, in [0, 1]; 0 outside the sector.

    Args:
        ids: uint8 (h, w).
    """
    grey = np.zeros(ids.shape)
    inside = ids != OUTSIDE
    if not inside.any():
        return grey
    terms = places(ids)
    for label in range(1, LABEL_COUNT):
        mask, span = ids == label, SPAN * DEVIATIONS[label]
        grey[mask] = (terms[mask] @ WEIGHTS[label]).clip(MEANS[label] - span, MEANS[label] + span)
    return grey


def places(ids: LabelIds) -> FloatArray:
    """What describes a place, (h, w, 10): depth and angle in the fan, nearness to blood's border, wall and valve.

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
    blood = ventricle | atrium
    border = np.where(blood, _distance(blood), _distance(~blood))
    # The mitral valve lies where the two cavities meet.
    to_ventricle, to_atrium = _distance(~ventricle), _distance(~atrium)
    valve = np.where(ventricle, to_atrium, np.where(atrium, to_ventricle, np.maximum(to_ventricle, to_atrium)))
    near = ((border, 0.01), (border, 0.04), (_distance(~wall), 0.04), (valve, 0.02))
    terms = (
        np.ones(ids.shape),
        depth,
        depth**2,
        angle,
        angle**2,
        depth * angle**2,
        *(np.exp(-distance / (share * height)) for distance, share in near),
    )
    return np.stack(terms, axis=-1)


def _distance(mask: BoolMask) -> FloatArray:
    """To the nearest pixel out of the mask; far away where there is none."""
    if mask.all():
        return np.full(mask.shape, float(sum(mask.shape)))
    return np.asarray(ndimage.distance_transform_edt(mask))
