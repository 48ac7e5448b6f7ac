"""Privacy: planted copies are found and named, real frames of other hearts are left in peace, and how often is told."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import OUTSIDE, SECTOR
from echo_studio.anatomy.sector.geometry import Sector
from echo_studio.data.datasets.camus import CamusFolder, held_out
from echo_studio.errors import DataError
from echo_studio.evaluate.frames.distances import spread
from echo_studio.evaluate.frames.made_frames import MadeSet
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.evaluate.privacy import (
    CLOSEST,
    RARE,
    REACH,
    SIDE,
    CopyFinder,
    false_alarms,
    grain_print,
    near_level,
    pair_files,
    shifted,
    structure_prints,
)
from echo_studio.generate.source import Source
from echo_studio.types import GrayImage
from tests.conftest import echo_like
from tests.evaluate.copies import SHIFTS, planted
from tests.generate.tiny import tiny_segmenter


def heart(seed: int) -> GrayImage:
    """Grain of some pixels' size in one sector, without anatomy that hearts would share."""
    grain = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(128, 128)), (0, 0), 2.0)
    lit = Sector((63.5, 2.0), -0.65, 0.65, 2.0, 120.0).mask(128, 128)
    return np.where(lit, np.clip(100 + 40 * grain / grain.std(), 1, 255), 0).astype(np.uint8)


@pytest.fixture
def segmenter(tmp_path: Path) -> FrameSegmenter:
    tiny_segmenter(tmp_path / "segmenter")
    return FrameSegmenter.load(tmp_path / "segmenter")


@pytest.fixture
def finder(segmenter: FrameSegmenter) -> CopyFinder:
    return CopyFinder.of(segmenter, heart, [f"patient{k // 2:04d}" for k in range(40)])


def test_a_grain_print_does_not_see_gain_noise_in_the_black_or_slow_shading() -> None:
    image = heart(0)
    shaded = (image * np.linspace(0.5, 1, 128)).astype(np.uint8)
    noisy = planted(image, 0, 0, seed=1)
    one = grain_print(image)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    for changed in (shaded, noisy, (image * 0.7).astype(np.uint8)):
        assert one @ grain_print(changed) > 0.85
    assert one @ grain_print(heart(1)) < 0.5
    assert not grain_print(np.zeros((64, 64), np.uint8)).any()


def test_a_shift_within_reach_is_undone() -> None:
    one = grain_print(heart(0)).reshape(SIDE, SIDE)
    moved = np.roll(one, (REACH, -1), axis=(0, 1)).ravel()
    best = (shifted(moved) @ one.ravel()).max()
    assert best == pytest.approx(1, abs=0.05)
    assert best > moved @ one.ravel() + 0.3


def test_every_planted_copy_is_flagged_with_its_original(finder: CopyFinder) -> None:
    originals = range(0, 40, 4)
    copies = [planted(heart(k), *SHIFTS[n], seed=n) for n, k in enumerate(originals)]
    found = finder.nearest(copies)
    assert all(one.flags for one in found)
    assert [one.place for one in found] == list(originals)


def test_an_edited_real_frame_is_flagged_with_its_source(finder: CopyFinder) -> None:
    """A third of the sector is another heart's; the rest are the patient's own pixels."""
    image = heart(7)
    source = Source(image, LabelMap(np.where(image > 0, np.uint8(SECTOR), np.uint8(OUTSIDE))))
    rows, columns = np.mgrid[:128, :128]
    away = np.hypot(rows - 64, columns - 64)
    edited = source.composed(heart(1000), np.clip((34 - away) / 8, 0, 1).astype(np.float32))
    assert (edited != image)[image > 0].mean() > 0.3
    (found,) = finder.nearest([edited])
    assert found.flags
    assert found.place == 7


def test_new_hearts_are_rarely_flagged_and_further_than_copies(finder: CopyFinder) -> None:
    new = finder.nearest([heart(100 + k) for k in range(20)])
    copies = finder.nearest([planted(heart(k), 3, 0, seed=k) for k in range(10)])
    assert max(one.grain for one in new) < min(one.grain for one in copies)
    assert sum("grain" in one.flags for one in new) <= 2


def test_images_of_one_patient_are_no_measure_of_nearness(segmenter: FrameSegmenter) -> None:
    # Each patient twice the same image: were they compared with themselves, nothing could be nearer.
    finder = CopyFinder.of(segmenter, lambda k: heart(k // 2), [f"patient{k // 2:04d}" for k in range(20)])
    assert finder.near_grain < 0.5
    assert finder.nearest([heart(3)])[0].flags


def test_near_is_what_one_in_a_thousand_reaches_and_a_few_twins_do_not_move_it() -> None:
    rng = np.random.default_rng(0)
    nearest = rng.gumbel(0.5, 0.03, 20_000)
    level = near_level(nearest)
    assert level == pytest.approx(np.quantile(nearest, 1 - RARE), rel=0.03)
    assert near_level(np.append(nearest, np.ones(100))) == pytest.approx(level, rel=0.01)


def test_one_recording_under_two_patients_is_named_and_hides_no_copy(segmenter: FrameSegmenter) -> None:
    def image(k: int) -> GrayImage:
        return heart(0) if k == 30 else heart(k)

    finder = CopyFinder.of(segmenter, image, [f"patient{k // 2:04d}" for k in range(40)])
    assert (0, 30) in finder.twins
    assert all(one.flags for one in finder.nearest([planted(heart(k), 3, 0, seed=k) for k in range(10)]))


def test_a_frame_is_judged_alone(finder: CopyFinder) -> None:
    images = [heart(50 + k) for k in range(9)]
    together, alone = finder.nearest(images), [finder.nearest([image])[0] for image in images]
    assert [one.place for one in together] == [one.place for one in alone]
    assert [one.grain for one in together] == pytest.approx([one.grain for one in alone], abs=1e-5)


def test_structure_prints_are_one_row_a_frame_of_any_size(segmenter: FrameSegmenter) -> None:
    images = [echo_like(seed=k, shape=(64, 48 + k))[0] for k in range(10)]
    together = structure_prints(segmenter, images)
    assert len(together) == 10
    np.testing.assert_allclose(structure_prints(segmenter, images[8:9]), together[8:9], atol=1e-5)


def test_one_patient_is_no_training_split(segmenter: FrameSegmenter) -> None:
    with pytest.raises(DataError, match="2 or more patients"):
        CopyFinder.of(segmenter, heart, ["patient0001"] * 4)


def test_a_false_alarm_rate_comes_with_its_interval() -> None:
    report = false_alarms(2, 200)
    assert report["rate"] == 0.01
    low, high = report["interval_95"]
    assert 0 < low < 0.01 < high < 0.05
    assert false_alarms(0, 200)["interval_95"][0] == 0


def test_pairs_and_lists_are_left_for_people(finder: CopyFinder) -> None:
    images = [planted(heart(5), 3, 0, seed=0), *(heart(60 + k) for k in range(12))]
    made = MadeSet([f"set/{k}" for k in range(13)], images, [], {})
    neighbours = finder.nearest(images)
    files = pair_files(made, neighbours, heart, {"n": 13})
    assert json.loads(files["privacy.json"]) == {"n": 13}
    assert "set/0" in files["flagged.txt"].decode().split()
    assert set(files["kept.txt"].decode().split()) | set(files["flagged.txt"].decode().split()) == set(made.names)
    pictures = {name for name in files if name.endswith(".png")}
    assert len(pictures) >= CLOSEST
    assert "pair_set_0.png" in pictures


def test_planted_copies_of_real_frames_are_found_ten_times_out_of_ten(camus_root: Path) -> None:
    data = CamusFolder(camus_root)
    training = spread(data.frame_ids(data.split("training")), 120)
    finder = CopyFinder.of(
        FrameSegmenter.load(), lambda k: data.read_image(training[k]), [one.patient for one in training]
    )
    originals = range(3, 120, 12)
    copies = [planted(data.read_image(training[k]), *SHIFTS[n], seed=n) for n, k in enumerate(originals)]
    found = finder.nearest(copies)
    assert [one.place for one in found] == list(originals)
    assert sum(bool(one.flags) for one in found) == 10
    real = finder.nearest([data.read_image(one) for one in spread(held_out(data, "validation"), 40)])
    assert sum(bool(one.flags) for one in real) <= 4
    assert max(one.grain for one in real) < min(one.grain for one in found)
