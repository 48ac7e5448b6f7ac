import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY
from echo_studio.anatomy.plane import pixel_centres
from echo_studio.anatomy.shape.variation import (
    PAPER,
    Variation,
    VariationRanges,
    least_area,
    random_variation,
    sample_control_points,
    sample_variation,
    source_of,
    spline_displacement,
    unfolded,
    vary,
)
from echo_studio.errors import RequestError
from tests.anatomy.heart import heart

HEART = heart()
STILL = np.zeros((10, 10, 2))


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_a_variation_is_closed_keeps_the_sector_folds_nowhere_and_comes_back_with_its_seed(seed: int) -> None:
    varied = random_variation(HEART, seed)
    assert varied == random_variation(HEART, seed)
    assert set(np.unique(varied.ids)) <= set(np.unique(HEART.ids))
    assert (varied.inside == HEART.inside).all()
    assert varied.spacing_mm == HEART.spacing_mm
    source, amplitude = source_of(sample_variation(seed), (128, 128))
    assert least_area(source) > 0
    assert 0 < amplitude <= 1


def test_other_seeds_give_other_hearts() -> None:
    assert len({random_variation(HEART, seed).digest for seed in range(8)}) == 8


def test_draws_stay_in_the_papers_ranges_and_reach_them() -> None:
    draws = [sample_variation(seed) for seed in range(300)]
    for values, low, high in (
        ([d.rotation_deg for d in draws], -5, 5),
        ([d.shear_deg for d in draws], -5, 5),
        ([d.scale for d in draws], 0.8, 1.05),
        ([d.translation[1] for d in draws], -0.05, 0.05),
        ([float(d.control[4, 4, 0]) for d in draws], -30 / 256, 30 / 256),
    ):
        assert low <= min(values) < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < max(values) <= high
    assert {d.translation[0] for d in draws} == {0.0}


def test_folds_are_found_and_repaired_by_less_of_the_same_displacement() -> None:
    control = sample_control_points(np.random.default_rng(0), (10, 10), 90.0)
    affine, displacement = pixel_centres((256, 256)), spline_displacement(control, (256, 256))
    assert least_area(affine + displacement) < 0
    source, amplitude = unfolded(affine, displacement)
    assert least_area(source) > 0
    assert least_area(affine + amplitude / 0.9 * displacement) < 0.05
    assert source == pytest.approx(affine + amplitude * displacement)


def test_the_area_of_a_map_is_that_of_its_matrix_and_negative_for_a_mirror() -> None:
    points = pixel_centres((20, 30))
    assert least_area(points) == 1
    assert least_area(points @ np.array([[2.0, 0.3], [0.0, 1.5]])) == pytest.approx(3.0)
    assert least_area(points * [-1.0, 1.0]) == -1


def test_the_spline_reproduces_constants_inside_and_is_almost_still_at_locked_borders() -> None:
    constant = np.full((10, 10, 2), 3.0)
    assert spline_displacement(constant, (64, 96)) == pytest.approx(np.full((64, 96, 2), 3.0))
    control = sample_control_points(np.random.default_rng(1), (10, 10), 30.0)
    assert not control[:2].any()
    assert not control[:, -2:].any()
    displacement = spline_displacement(control, (256, 256))
    assert np.abs(displacement).max() <= 30
    # The third row of control points reaches the border with a sixth of its weight.
    assert np.abs(displacement[0]).max() <= 30 / 6
    assert np.abs(displacement[:, -1]).max() <= 30 / 6


def test_scale_and_translation_do_what_they_say() -> None:
    half = vary(HEART, Variation(0.0, (0.0, 0.0), 0.8, 0.0, STILL))
    areas = [int((m.ids == LV_CAVITY).sum()) for m in (HEART, half)]
    assert areas[1] == pytest.approx(0.64 * areas[0], rel=0.02)
    lower = vary(HEART, Variation(0.0, (0.0, 8 / 256), 1.0, 0.0, STILL))
    assert ((lower.ids == LV_CAVITY)[8:] == (HEART.ids == LV_CAVITY)[:-8]).all()
    none = vary(HEART, Variation(0.0, (0.0, 0.0), 1.0, 0.0, STILL))
    assert none == HEART


def test_a_variation_is_the_same_on_a_map_of_twice_the_size() -> None:
    large = HEART.resized(512, 512)
    small = random_variation(HEART, 3)
    again = random_variation(large, 3).resized(256, 256)
    for structure in (LV_CAVITY, LEFT_ATRIUM):
        a, b = small.ids == structure, again.ids == structure
        assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.97


def test_without_an_elastic_part_the_variation_is_affine_and_a_negative_seed_is_refused() -> None:
    ranges = VariationRanges(max_displacement=0.0)
    assert not sample_variation(0, ranges).control.any()
    assert sample_variation(0, ranges).rotation_deg == sample_variation(0, PAPER).rotation_deg
    with pytest.raises(RequestError, match="seed"):
        random_variation(LabelMap(HEART.ids), -1)
