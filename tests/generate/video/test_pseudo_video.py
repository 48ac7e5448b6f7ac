"""Pseudo-images: the histogram of real frames, the anatomy where it was, and the shading that they start from."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import ot
import pytest
from scipy.ndimage import distance_transform_edt

from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.evaluate.frames.distances import spread
from echo_studio.generate.video.pseudo_video import (
    DEVIATIONS,
    MEANS,
    SPAN,
    Transport,
    coloured,
    pseudo_video,
    real_quantiles,
    shade,
    texture,
    transport_plan,
    transported,
)
from tests.anatomy.heart import heart

METHODS: tuple[Transport, ...] = ("exact", "sinkhorn")
# As CAMUS's: most pixels dark, few bright.
QUANTILES = np.linspace(0, 1, 65) ** 1.6
IDS = heart(shape=(128, 128), spacing=(1.2, 1.2)).ids
FIELD = texture(128, 128, seed=3)
LEVELS, MASSES = MEANS[1:], np.array([900, 1200, 500, 6000])


@pytest.mark.parametrize("method", METHODS)
def test_a_plan_moves_all_mass_and_fills_every_bin(method: Transport) -> None:
    plan = transport_plan(LEVELS, MASSES, QUANTILES, method)
    assert plan.shape == (4, 64)
    assert (plan >= 0).all()
    np.testing.assert_allclose(plan.sum(axis=1), MASSES / MASSES.sum(), atol=1e-6)
    np.testing.assert_allclose(plan.sum(axis=0), 1 / 64, atol=1e-6)


def histogram_distance(image: np.ndarray, ids: np.ndarray, quantiles: np.ndarray) -> float:
    """Wasserstein-1 distance between the intensities inside the sector and real ones: 0 to 1."""
    inside = np.sort(image[ids != 0].astype(np.float64))
    steps = (np.arange(len(inside)) + 0.5) / len(inside)
    real = np.interp(steps, np.linspace(0, 1, len(quantiles)), quantiles)
    return float(ot.wasserstein_1d(inside, real))


def test_sinkhorn_costs_hardly_more_than_the_exact_plan_and_goes_to_nearly_the_same_places() -> None:
    exact, blurred = (transport_plan(LEVELS, MASSES, QUANTILES, method) for method in METHODS)
    bins = (QUANTILES[1:] + QUANTILES[:-1]) / 2
    cost = np.square(LEVELS[:, None] - bins)
    assert (exact * cost).sum() <= (blurred * cost).sum() < (exact * cost).sum() + 1e-3
    means = [(plan * bins).sum(axis=1) / plan.sum(axis=1) for plan in (exact, blurred)]
    np.testing.assert_allclose(*means, atol=0.05)


def test_pixels_of_one_level_may_be_gathered() -> None:
    """The plan between pixels has the same cost as the plan between levels."""
    few = np.array([3, 4, 2, 5])
    bins = (QUANTILES[1:] + QUANTILES[:-1]) / 2
    gathered = transport_plan(LEVELS, few, QUANTILES)
    apart = transport_plan(np.repeat(LEVELS, few), np.ones(14, int), QUANTILES)
    costs = [
        (plan * np.square(at[:, None] - bins)).sum()
        for plan, at in ((gathered, LEVELS), (apart, np.repeat(LEVELS, few)))
    ]
    assert costs[0] == pytest.approx(costs[1], rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_histogram_comes_at_least_five_times_closer_to_real(method: Transport) -> None:
    image = transported(IDS, "2CH", QUANTILES, FIELD, method)
    assert np.isfinite(image).all()
    assert image.min() >= 0
    assert image.max() <= 1
    assert (image[IDS == 0] == 0).all()
    before = histogram_distance(coloured(IDS), IDS, QUANTILES)
    assert histogram_distance(image, IDS, QUANTILES) < before / 5


def test_a_brighter_label_stays_brighter_and_a_higher_field_is_brighter_within_a_label() -> None:
    image = transported(IDS, "2CH", QUANTILES, FIELD)
    order = sorted(range(1, 5), key=lambda label: MEANS[label])
    for darker, brighter in pairwise(order):
        assert image[IDS == darker].mean() < image[IDS == brighter].mean()
    at = (IDS == 1) & (FIELD < 1)
    higher = transported(IDS, "2CH", QUANTILES, np.where(at, FIELD + 0.5, FIELD))
    assert (higher[at] >= image[at]).mean() > 0.99


def test_frames_alike_have_the_same_intensities_and_what_is_far_from_a_moving_heart_hardly_changes() -> None:
    smaller = heart(shape=(128, 128), spacing=(1.2, 1.2), length=60, width=30).ids
    clip = transported(np.stack([IDS, smaller, IDS]), "2CH", QUANTILES, FIELD)
    np.testing.assert_array_equal(clip[0], clip[2])
    far = (IDS == 4) & (smaller == 4) & (distance_transform_edt(np.isin(IDS, (0, 4))) > 0.15 * 128)
    assert far.sum() > 500
    np.testing.assert_allclose(clip[0][far], clip[1][far], atol=0.05)
    assert histogram_distance(clip, np.stack([IDS, smaller, IDS]), QUANTILES) < 0.01


def test_the_published_pseudo_video_stands_still_and_has_one_intensity_a_label() -> None:
    smaller = heart(shape=(128, 128), spacing=(1.2, 1.2), length=60, width=30).ids
    ids = np.stack([IDS, smaller])
    clip = pseudo_video("still", ids, "2CH", None, list(QUANTILES), 0)  # type: ignore[arg-type]
    np.testing.assert_array_equal(clip[0], clip[1])
    levels = [np.unique(clip[0][IDS == label]) for label in range(5)]
    assert [len(level) for level in levels] == [1] * 5
    assert levels[0] == 0
    order = np.argsort(MEANS[1:]) + 1
    assert all(levels[a] < levels[b] for a, b in pairwise(order)), "a brighter label stays brighter"
    before, after = (float(image[IDS != 0].mean()) for image in (coloured(IDS), clip[0]))
    real = float(((QUANTILES[1:] + QUANTILES[:-1]) / 2).mean())
    assert after == pytest.approx(real, abs=1e-3)
    assert abs(after - real) < abs(before - real)


def test_an_empty_map_stays_black() -> None:
    assert not transported(np.zeros((16, 16), np.uint8), "2CH", QUANTILES, np.zeros((16, 16))).any()


def test_texture_is_fine_repeatable_and_of_unit_deviation() -> None:
    np.testing.assert_array_equal(FIELD, texture(128, 128, seed=3))
    assert FIELD.mean() == pytest.approx(0, abs=1e-9)
    assert FIELD.std() == pytest.approx(1)
    assert abs(np.corrcoef(FIELD[:, 4:].ravel(), FIELD[:, :-4].ravel())[0, 1]) < 0.05
    assert abs(np.corrcoef(FIELD.ravel(), texture(128, 128, seed=4).ravel())[0, 1]) < 0.3


@pytest.mark.parametrize(
    "quantiles",
    [[0.5], [0.2, 0.1], [0.0, 255.0], [0.0, np.nan], [[0.0, 1.0]]],
    ids=["one", "falling", "bytes", "nan", "square"],
)
def test_quantiles_that_are_none_are_refused(quantiles: list[float]) -> None:
    with pytest.raises(RequestError, match="rising quantiles"):
        transported(IDS, "2CH", np.array(quantiles), FIELD)


def test_another_field_or_method_is_refused() -> None:
    with pytest.raises(RequestError, match="field"):
        transported(IDS, "2CH", QUANTILES, FIELD[:64])
    with pytest.raises(UnknownNameError, match="sinkhorn"):
        transported(IDS, "2CH", QUANTILES, FIELD, "magic")  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_real_maps_get_real_histograms(method: Transport, camus_root: Path) -> None:
    folder = CamusFolder(camus_root)

    def small(split: str, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        frames = [folder.read(one) for one in spread(folder.frame_ids(folder.split(split)), count)]
        return [
            (cv2.resize(f.image, (128, 128), interpolation=cv2.INTER_AREA), f.label_map.resized(128, 128).ids)
            for f in frames
        ]

    quantiles = real_quantiles(small("training", 12))
    for _, ids in small("validation", 4):
        image = transported(ids, "2CH", quantiles, FIELD, method)
        before, after = histogram_distance(coloured(ids), ids, quantiles), histogram_distance(image, ids, quantiles)
        assert np.isfinite(image).all()
        assert after < before / 5


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
