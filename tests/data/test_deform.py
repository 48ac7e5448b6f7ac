import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from echo_studio.anatomy.edits import apply
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY
from echo_studio.anatomy.plane import pixel_centres
from echo_studio.anatomy.shape import variation as before
from echo_studio.anatomy.shape.variation import VariationRanges, least_area
from echo_studio.data.deform import (
    DEFORMATION,
    Deformation,
    apply_edit,
    random_variation,
    ranges_to_json,
    sample,
    source_points,
)
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import FloatArray
from tests.anatomy.heart import heart

HEART = heart()
STILL = np.zeros((10, 10, 4, 3))


def points(
    rotation_deg: float = 0.0,
    shear_deg: float = 0.0,
    scale: float = 1.0,
    translation: tuple[float, float] = (0.0, 0.0),
    control: FloatArray = STILL,
    shape: tuple[int, int] = (256, 256),
) -> FloatArray:
    return source_points(Deformation(rotation_deg, shear_deg, scale, translation, control), shape)[0]


@given(seed=st.integers(0, 2**53 - 1))
@settings(max_examples=10, deadline=None)
def test_a_variation_is_closed_keeps_the_sector_folds_nowhere_and_comes_back_with_its_seed(seed: int) -> None:
    varied = random_variation(HEART, seed)
    assert varied == random_variation(HEART, seed)
    assert varied != HEART
    assert set(np.unique(varied.ids)) <= set(np.unique(HEART.ids))
    assert (varied.inside == HEART.inside).all()
    assert varied.spacing_mm == HEART.spacing_mm
    source, amplitude = source_points(sample(seed), (64, 64))
    assert least_area(source) > 0
    assert 0 < amplitude <= 1


def test_a_map_among_others_is_the_map_alone_and_torchs_own_random_numbers_go_on_undisturbed() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(4)
    torch.manual_seed(3)
    together = [random_variation(HEART, seed) for seed in range(6)]
    assert torch.equal(torch.rand(4), wanted)
    assert random_variation(HEART, 4) == together[4]
    assert len({one.digest for one in together}) == 6


def test_samples_stay_in_the_papers_ranges_and_reach_them() -> None:
    samples = [sample(seed) for seed in range(200)]
    assert samples[0].control.shape == (10, 10, 4, 3)
    for values, low, high in (
        ([one.rotation_deg for one in samples], -5, 5),
        ([one.shear_deg for one in samples], -5, 5),
        ([one.scale for one in samples], 0.8, 1.05),
        ([one.translation[1] for one in samples], -0.05, 0.05),
        ([float(one.control[5, 5, 2, 1]) for one in samples], -30, 30),
        ([float(one.control[5, 5, 2, 2]) for one in samples], -30, 30),
    ):
        assert low <= min(values) < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < max(values) <= high
    assert {one.translation[0] for one in samples} == {0.0}
    assert not any(one.control[..., 0].any() for one in samples)  # 0 of (0, 30, 30)


def test_one_border_of_control_points_is_locked_as_the_released_script_has_it() -> None:
    control = sample(0).control
    assert not control[[0, -1]].any()
    assert not control[:, [0, -1]].any()
    assert control[1:-1, 1:-1, :, 1:].all()


@pytest.mark.parametrize("shape", [(256, 256), (96, 200)])
def test_the_affine_part_measured_on_the_map_is_what_the_sample_says(shape: tuple[int, int]) -> None:
    height, width = shape
    sides, middle = np.array([width, height]), (np.array([width, height]) - 1) / 2
    angle, shear = np.radians(4.0), np.tan(np.radians(3.0))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    forward = 0.9 * turn @ np.array([[1.0, shear], [0.0, 1.0]])
    source = points(4.0, 3.0, 0.9, (0.02, 0.05), shape=shape)
    # Where the matrix takes the source of each pixel is that pixel.
    assert (source - middle) @ forward.T + middle + np.array([0.02, 0.05]) * sides == pytest.approx(
        pixel_centres(shape), abs=1e-8
    )


def test_without_anything_sampled_nothing_moves() -> None:
    assert points() == pytest.approx(pixel_centres((256, 256)))
    still = VariationRanges(0.0, (0.0, 0.0), (1.0, 1.0), 0.0, 0.0)
    assert random_variation(HEART, 1, still) == HEART


def test_control_points_move_what_is_around_them_by_at_most_their_displacement() -> None:
    constant = STILL.copy()
    constant[..., 1], constant[..., 2] = 6.0, -3.0
    away = points(control=constant, shape=(128, 128)) - pixel_centres((128, 128))
    assert np.abs(away) == pytest.approx(np.broadcast_to([1.5, 3.0], away.shape))  # half as many pixels a side
    one = STILL.copy()
    one[5, 5, 1, 1] = 9.0
    y, x = np.unravel_index(np.abs(points(control=one) - pixel_centres((256, 256)))[..., 1].argmax(), (256, 256))
    assert (y, x) == (109, 0)  # 4 of 7 cells down, at the left border of the one cell across


def test_folds_are_repaired_by_less_of_the_same_displacement() -> None:
    wild = sample(0, VariationRanges(max_displacement=1000.0))
    source, amplitude = source_points(wild, (128, 128))
    assert amplitude < 1
    assert least_area(source) > 0


def test_a_variation_is_the_same_on_a_map_of_twice_the_size() -> None:
    small, again = random_variation(HEART, 3), random_variation(HEART.resized(512, 512), 3).resized(256, 256)
    for structure in (LV_CAVITY, LEFT_ATRIUM):
        a, b = small.ids == structure, again.ids == structure
        assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.97


def test_records_without_a_deformation_are_replayed_by_the_code_before() -> None:
    old = before.random_variation(HEART, 7)
    assert random_variation(HEART, 7, deformation=None) == old != random_variation(HEART, 7)
    op = {"tool": "vary", "seed": 7}
    assert apply_edit(HEART, op) == apply.apply_edit(HEART, op) == old
    assert apply_edit(HEART, json.loads(json.dumps({**op, "deformation": DEFORMATION}))) == random_variation(HEART, 7)
    assert apply_edit(HEART, {"tool": "repair", "kind": "hole"}) is HEART
    assert ranges_to_json(before.PAPER, None)["control_points"] == 10
    assert ranges_to_json(before.PAPER, DEFORMATION)["control_points"] == [10, 10, 4]


@pytest.mark.parametrize(
    ("op", "error"),
    [
        ({"tool": "vary", "seed": -1, "deformation": DEFORMATION}, RequestError),
        ({"tool": "vary", "seed": 2**53, "deformation": DEFORMATION}, RequestError),
        ({"tool": "vary", "deformation": DEFORMATION}, RequestError),
        ({"tool": "vary", "seed": 1, "deformation": 1}, RequestError),
        ({"tool": "vary", "seed": 1, "deformation": "torchio/0"}, UnknownNameError),
        ({"tool": "vary", "seed": 1, "deformation": DEFORMATION, "times": 2}, UnknownNameError),
        (["vary"], RequestError),
    ],
)
def test_edits_from_strangers_are_refused_in_one_line(op: object, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        apply_edit(HEART, op)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(RequestError, match="seed of 0 or more"):
        random_variation(LabelMap(HEART.ids), -1)
