"""Whether two label maps fit together as end diastole and end systole of one heart."""

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY
from echo_studio.anatomy.measure.sizes import lv_discs
from echo_studio.errors import LabelMapError


def check_pair(label_map: LabelMap, end_systole: LabelMap) -> None:
    """Whether two maps can be frames of one recording.

    Raises:
        LabelMapError: sizes or spacings differ.
    """
    if label_map.shape != end_systole.shape:
        sizes = [f"{one.shape[1]}x{one.shape[0]}" for one in (label_map, end_systole)]
        raise LabelMapError(
            expected="keyframes of one size",
            got=f"{sizes[0]} at end diastole, {sizes[1]} at end systole",
            remedy="give frames of one recording",
        )
    spacings = label_map.spacing_mm, end_systole.spacing_mm
    if (spacings[0] is None) != (spacings[1] is None) or not np.allclose(spacings[0] or 1, spacings[1] or 1, rtol=0.01):
        raise LabelMapError(
            expected="keyframes of one pixel spacing",
            got=" and ".join("none" if one is None else f"{one[0]:g} x {one[1]:g} mm" for one in spacings),
            remedy="give both the same spacing",
        )


def check_volumes(label_map: LabelMap, end_systole: LabelMap) -> None:
    """Whether the second map can be end systole to the first.

    Volumes are compared where both have a long axis, else the cavities' areas.

    Raises:
        LabelMapError: only one has a cavity, or it is larger at end systole.
    """
    pixels = [int((one.ids == LV_CAVITY).sum()) for one in (label_map, end_systole)]
    if (pixels[0] > 0) != (pixels[1] > 0):
        raise LabelMapError(
            expected="an LV cavity (label 1) in both keyframes, or in neither",
            got=f"one at end {'diastole' if pixels[0] else 'systole'} alone",
            remedy="draw it in the other keyframe too",
        )
    discs = lv_discs(label_map), lv_discs(end_systole)
    if discs[0] and discs[1]:
        unit, scale = ("mL", 1000.0) if label_map.spacing_mm else ("px³", 1.0)
        sizes = [one.volume / scale for one in discs if one]
    else:
        unit, sizes = "pixels", [float(count) for count in pixels]
    if sizes[1] > sizes[0]:
        raise LabelMapError(
            expected="a ventricle that is smaller at end systole than at end diastole",
            got=f"{sizes[1]:.0f} {unit} at end systole, {sizes[0]:.0f} {unit} at end diastole",
            remedy="exchange the keyframes or draw the cavity smaller",
        )
