"""Echo features: one vector a frame, and a distance that grows with every kind of damage."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.evaluate.frames.echo_features import RealFrames, echo_features, spread
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.types import GrayImage
from tests.conftest import echo_like
from tests.generate.tiny import tiny_segmenter

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


@pytest.fixture(scope="module")
def bundled() -> FrameSegmenter:
    return FrameSegmenter.load()


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
    return RealFrames.of(bundled, data, count=24), [np.asarray(image, dtype=np.uint8) for image in images]


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
    tiny_segmenter(tmp_path / "segmenter")
    segmenter = FrameSegmenter.load(tmp_path / "segmenter")
    images = [echo_like(seed=k, shape=(64, 48 + k))[0] for k in range(11)]
    together = echo_features(segmenter, images)
    assert together.shape == (11, 16)
    assert together.dtype == np.float64
    np.testing.assert_allclose(echo_features(segmenter, images[9:10]), together[9:10], atol=1e-5)


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


def test_real_frames_come_from_the_whole_training_split(camus_folder: Callable[..., Path], tmp_path: Path) -> None:
    root = camus_folder(patients=3)
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\npatient0003\n")
    tiny_segmenter(tmp_path / "segmenter")
    segmenter = FrameSegmenter.load(tmp_path / "segmenter")
    assert len(RealFrames.of(segmenter, CamusFolder(root)).features) == 8
    two = RealFrames.of(segmenter, CamusFolder(root), count=2).features
    frame_ids = CamusFolder(root).frame_ids(["patient0001", "patient0003"])
    images = [CamusFolder(root).read(frame_id).image for frame_id in (frame_ids[0], frame_ids[-1])]
    np.testing.assert_allclose(two, echo_features(segmenter, images), atol=1e-5)


def test_spread_takes_the_first_and_the_last_and_evenly_between() -> None:
    assert spread(range(10), 4) == [0, 3, 6, 9]
    assert spread("abc", 0) == spread("abc", 7) == list("abc")
    assert spread("abc", 1) == ["a"]
    assert len(set(spread(range(200), 48))) == 48
