"""Shading: where a heart is bright, whatever its shape."""

import numpy as np
import pytest

from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.generate.video.shading import DEVIATIONS, MEANS, SPAN, shade
from tests.anatomy.heart import heart

IDS = heart(shape=(128, 128), spacing=(1.2, 1.2)).ids


def test_blood_is_darker_than_the_wall_and_outside_is_black() -> None:
    grey = shade(IDS, "2CH")
    assert (grey[IDS == 0] == 0).all()
    assert grey[IDS == LV_CAVITY].mean() < grey[IDS == LV_MYOCARDIUM].mean() - 0.1
    assert grey[IDS == LEFT_ATRIUM].mean() < grey[IDS == LV_MYOCARDIUM].mean() - 0.05


def test_the_valve_is_a_bright_line_between_the_cavities() -> None:
    grey = shade(IDS, "2CH")
    rows = np.flatnonzero((IDS[:-1] == LV_CAVITY).any(axis=1) & (IDS[1:] == LEFT_ATRIUM).any(axis=1))
    row = rows[-1]
    column = int(np.median(np.flatnonzero((IDS[row] == LV_CAVITY) | (IDS[row] == LEFT_ATRIUM))))
    assert grey[row, column] > grey[row - 25, column] + 0.1


@pytest.mark.parametrize("labels", [(LV_CAVITY,), (LV_MYOCARDIUM,), (SECTOR,), ()], ids=str)
def test_maps_that_lack_structures_stay_within_the_labels_span(labels: tuple[int, ...]) -> None:
    kept = np.where(np.isin(IDS, (*labels, 0)), IDS, SECTOR if labels else 0).astype(np.uint8)
    grey = shade(kept, "4CH")
    assert np.isfinite(grey).all()
    for label in np.unique(kept[kept > 0]):
        span = SPAN * DEVIATIONS[label]
        assert (np.abs(grey[kept == label] - MEANS[label]) <= span + 1e-12).all()


def test_a_map_that_is_all_one_structure_and_a_single_pixel_are_shaded() -> None:
    assert np.isfinite(shade(np.full((8, 8), LV_CAVITY, np.uint8), "2CH")).all()
    assert shade(np.full((1, 1), SECTOR, np.uint8), "4CH").shape == (1, 1)


def test_the_same_shape_at_another_size_is_shaded_alike() -> None:
    twice = np.kron(IDS, np.ones((2, 2), np.uint8))
    assert np.abs(shade(twice, "2CH")[::2, ::2] - shade(IDS, "2CH"))[IDS > 0].mean() < 0.02
