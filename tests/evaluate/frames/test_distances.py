"""Distances between sets of frames, and echo features: laws, and a distance that grows with every kind of damage."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.linalg import sqrtm

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.distances import (
    NAMED,
    Features,
    RealFrames,
    echo_features,
    frechet_distance,
    kernel_distance,
    psnr,
    reference_images,
    spread,
    ssim,
)
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Scorers
from echo_studio.types import GrayImage
from tests.conftest import echo_like
from tests.evaluate.beats import beating, painted
from tests.generate.tiny import tiny_scorers

BEAT = painted(beating(50, 4, side=64))


def rows(seed: int, n: int, d: int) -> Features:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)


def exactly(mean: np.ndarray, deviation: np.ndarray, n: int, seed: int = 0) -> Features:
    """Rows whose sample mean and deviations are these numbers themselves, without correlations."""
    rows = np.random.default_rng(seed).normal(size=(n, len(mean)))
    rows -= rows.mean(axis=0)
    whiten = np.linalg.inv(np.linalg.cholesky(np.cov(rows.T)))
    return np.asarray(rows @ whiten.T * deviation + mean)


def test_between_diagonal_gaussians_it_is_the_distance_of_means_and_deviations() -> None:
    means, deviations = np.array([[0.0, 1.0, -2.0], [0.5, 1.0, 3.0]]), np.array([[1.0, 2.0, 0.1], [3.0, 2.0, 0.4]])
    a, b = (exactly(means[k], deviations[k], 50 + k, seed=k) for k in (0, 1))
    wanted = np.square(means[0] - means[1]).sum() + np.square(deviations[0] - deviations[1]).sum()
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-10)


def test_it_is_what_the_formula_with_the_root_of_a_matrix_gives() -> None:
    a, b = rows(0, 80, 6), rows(1, 60, 6)
    A, B = np.cov(a.T), np.cov(b.T)
    root = np.trace(sqrtm(A @ B)).real
    wanted = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(A) + np.trace(B) - 2 * root
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize(("n", "d"), [(200, 8), (5, 40)], ids=["many rows", "fewer rows than columns"])
def test_equal_sets_are_at_0_in_any_order_and_it_is_symmetric(n: int, d: int) -> None:
    a, b = rows(2, n, d), rows(3, n + 1, d)
    order = np.random.default_rng(4).permutation(n)
    assert frechet_distance(a, a) == 0
    assert frechet_distance(a, a[order]) == 0
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-10)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(a[order], b), rel=1e-10)
    assert frechet_distance(a, b) > 0


def test_shifting_one_set_adds_the_square_of_the_shift() -> None:
    a, b = rows(5, 40, 4), rows(5, 40, 4)
    assert frechet_distance(a, b + 3.0) == pytest.approx(4 * 9.0, rel=1e-9)


def test_its_bias_falls_with_the_number_of_rows() -> None:
    rng = np.random.default_rng(6)
    by_size = [
        np.mean([frechet_distance(rng.normal(size=(n, 8)), rng.normal(size=(n, 8))) for _ in range(10)])
        for n in (20, 80, 320)
    ]
    assert by_size[0] > 2 * by_size[1] > 4 * by_size[2] > 0


@pytest.mark.parametrize("other", [np.zeros((1, 3)), np.zeros((0, 3)), np.zeros((5, 4))], ids=["one", "none", "longer"])
def test_sets_that_cannot_be_compared_are_refused(other: Features) -> None:
    with pytest.raises(RequestError, match="at least 2 feature vectors"):
        frechet_distance(rows(0, 5, 3), other)


def population(seed: int, n: int, shift: float = 0.0, spread: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, spread, (n, 6))


@pytest.mark.parametrize("n", [5, 40])
def test_two_samples_of_one_population_have_kernel_distance_0_in_the_mean(n: int) -> None:
    values = [kernel_distance(population(seed, n), population(1000 + seed, n)) for seed in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_the_kernel_distance_is_symmetric_and_blind_to_order() -> None:
    a, b = population(0, 30), population(1, 20, 0.5)
    assert kernel_distance(a, b) == pytest.approx(kernel_distance(b, a))
    assert kernel_distance(a[::-1], b) == pytest.approx(kernel_distance(a, b))


def test_the_kernel_distance_grows_with_a_shift_and_with_another_spread() -> None:
    real = population(0, 300)
    shifted = [kernel_distance(real, population(1, 300, shift)) for shift in (0.0, 0.3, 0.6, 1.2)]
    spread = [kernel_distance(real, population(1, 300, 0.0, factor)) for factor in (1.0, 1.4, 2.0)]
    assert (np.diff(shifted) > 0).all()
    assert (np.diff(spread) > 0).all()


def test_the_kernel_distance_is_its_definition_written_out() -> None:
    a, b = population(3, 4), population(4, 3, 1.0)

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / 6 + 1) ** 3)

    within = [np.mean([k(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]) for s in (a, b)]
    between = np.mean([k(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(sum(within) - 2 * between)


def test_the_kernel_distance_refuses_one_vector_or_two_lengths() -> None:
    with pytest.raises(RequestError, match="at least 2"):
        kernel_distance(population(0, 1), population(1, 5))
    with pytest.raises(RequestError, match="one length"):
        kernel_distance(population(0, 5), population(1, 5)[:, :3])


def test_a_clip_is_its_own_likeness() -> None:
    assert ssim(BEAT, BEAT) == pytest.approx(1)
    assert psnr(BEAT, BEAT) == np.inf


def test_psnr_is_the_logarithm_of_the_mean_square_averaged_over_frames() -> None:
    black = np.zeros((2, 16, 16), np.uint8)
    off = black.copy()
    off[0], off[1] = 10, 20
    wanted = [20 * np.log10(255 / difference) for difference in (10, 20)]
    assert psnr(off, black) == pytest.approx(np.mean(wanted))


def test_more_noise_is_less_alike() -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(BEAT + rng.normal(0, s, BEAT.shape), 0, 255).astype(np.uint8) for s in (5, 15, 45)]
    for measure in (ssim, psnr):
        values = [measure(clip, BEAT) for clip in noisy]
        assert values == sorted(values, reverse=True)
        assert measure(noisy[0], noisy[1]) == pytest.approx(measure(noisy[1], noisy[0]))


def test_the_mean_over_frames_is_the_frames_alone() -> None:
    other = np.roll(BEAT, 3, axis=2)
    for measure in (ssim, psnr):
        alone = [measure(other[k : k + 1], BEAT[k : k + 1]) for k in range(len(BEAT))]
        assert measure(other, BEAT) == pytest.approx(np.mean(alone))


@pytest.mark.parametrize("measure", [ssim, psnr])
def test_clips_of_other_shapes_are_refused(measure: object) -> None:
    with pytest.raises(RequestError, match="one size and length"):
        measure(BEAT[:2], BEAT)  # type: ignore[operator]


Damage = Callable[[GrayImage, float], GrayImage]


def noisy(image: GrayImage, deviation: float) -> GrayImage:
    noise = np.random.default_rng(int(image.sum())).normal(0, deviation, image.shape)
    return np.where(image > 0, np.clip(image + noise, 1, 255), 0).astype(np.uint8)


def blurred(image: GrayImage, width: float) -> GrayImage:
    return np.asarray(np.where(image > 0, cv2.GaussianBlur(image, (0, 0), width), 0), dtype=np.uint8)


def brighter(image: GrayImage, gain: float) -> GrayImage:
    return np.clip(image * gain, 0, 255).astype(np.uint8)


DAMAGES = [(noisy, (5, 15, 40)), (blurred, (0.6, 1.5, 4)), (brighter, (1.1, 1.3, 1.6))]


def distances(
    segmenter: FrameSegmenter,
    others: RealFrames,
    images: Sequence[GrayImage],
    damage: Damage,
    strengths: Sequence[float],
) -> list[float]:
    real = echo_features(segmenter, images)
    return [others.distance(echo_features(segmenter, [damage(i, s) for i in images]), real) for s in strengths]


@pytest.fixture(scope="module", params=["judge", "labeller"])
def bundled(request: pytest.FixtureRequest) -> FrameSegmenter:
    scorers = Scorers.load()
    return {"judge": scorers.judge, "labeller": scorers.labeller}[request.param]


@pytest.mark.parametrize(("damage", "strengths"), DAMAGES, ids=["noise", "blur", "gain"])
def test_damage_of_frames_raises_the_distance_the_more_the_stronger(
    damage: Damage, strengths: Sequence[float], bundled: FrameSegmenter
) -> None:
    images = [echo_like(seed=k, shape=(128, 128))[0] for k in range(16)]
    others = RealFrames(echo_features(bundled, [echo_like(seed=100 + k, shape=(128, 128))[0] for k in range(16)]))
    first, second, third = distances(bundled, others, images, damage, strengths)
    assert 0 < first < second < third


@pytest.fixture(scope="module")
def real_frames(bundled: FrameSegmenter, camus_root: Path) -> tuple[RealFrames, list[GrayImage]]:
    data = CamusFolder(camus_root)
    picked = spread(data.frame_ids(data.split("validation")), 16)
    images = [cv2.resize(data.read(one).image, (256, 256), interpolation=cv2.INTER_AREA) for one in picked]
    return RealFrames(echo_features(bundled, reference_images(data, 24))), [
        np.asarray(image, dtype=np.uint8) for image in images
    ]


@pytest.mark.parametrize(
    ("damage", "strengths"),
    [(noisy, (2, 5, 10, 20)), (blurred, (0.5, 1, 2, 4)), (brighter, (1.05, 1.1, 1.2))],
    ids=["noise", "blur", "gain"],
)
def test_damage_of_real_frames_raises_the_distance_the_more_the_stronger(
    damage: Damage,
    strengths: Sequence[float],
    bundled: FrameSegmenter,
    real_frames: tuple[RealFrames, list[GrayImage]],
) -> None:
    found = distances(bundled, *real_frames, damage, strengths)
    assert 0 < found[0]
    assert (np.diff(found) > 0).all()


def test_a_frame_gives_one_vector_whatever_stands_beside_it(tmp_path: Path) -> None:
    scorers = tiny_scorers(tmp_path)
    images = [echo_like(seed=k, shape=(64, 48 + k))[0] for k in range(11)]
    # Two a channel: the labeller's second level has 8; the judge's first convolution 4, its second level 8.
    for segmenter, columns in ((scorers.labeller, 16), (scorers.judge, 24)):
        together = echo_features(segmenter, images)
        assert together.shape == (11, columns)
        assert together.dtype == np.float64
        np.testing.assert_allclose(echo_features(segmenter, images[9:10]), together[9:10], atol=1e-5)


def test_every_network_that_scores_has_its_features_named(tmp_path: Path) -> None:
    scorers = tiny_scorers(tmp_path)
    assert NAMED.keys() == {scorers.judge.card.kind, scorers.labeller.card.kind}
    assert "DynUNet" in NAMED[scorers.judge.card.kind]


def test_units_make_every_feature_count_alike_and_constant_ones_not_at_all() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(100, 3)) * [1.0, 100.0, 0.0]
    shifted_a, shifted_b = (rows + rows.std(axis=0) * np.eye(3)[k] for k in (0, 1))
    others = RealFrames(rows)
    assert others.distance(shifted_a, rows) == pytest.approx(1)
    assert others.distance(shifted_b, rows) == pytest.approx(1)
    assert others.distance(rows + np.array([0, 0, 5]), rows) == 0


def test_the_reference_compares_sets_of_one_size() -> None:
    rng = np.random.default_rng(1)
    others, real = RealFrames(rng.normal(size=(120, 4))), rng.normal(size=(30, 4))
    quarters = [others.distance(others.features[k::4], real) for k in range(4)]
    assert others.reference(real) == pytest.approx(np.mean(quarters))
    assert others.reference(rng.normal(size=(300, 4))) > 0


def test_reference_images_come_from_the_whole_training_split(camus_folder: Callable[..., Path]) -> None:
    root = camus_folder(patients=3)
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\npatient0003\n")
    data = CamusFolder(root)
    assert len(reference_images(data)) == 8
    frame_ids = data.frame_ids(["patient0001", "patient0003"])
    for image, frame_id in zip(reference_images(data, 2), (frame_ids[0], frame_ids[-1]), strict=True):
        np.testing.assert_array_equal(image, data.read(frame_id).image)


def test_spread_takes_the_first_and_the_last_and_evenly_between() -> None:
    assert spread(range(10), 4) == [0, 3, 6, 9]
    assert spread("abc", 0) == spread("abc", 7) == list("abc")
    assert spread("abc", 1) == ["a"]
    assert len(set(spread(range(200), 48))) == 48
