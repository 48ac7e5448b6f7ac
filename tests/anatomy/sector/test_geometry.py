import math

import numpy as np
import pytest

from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, OUTSIDE, SECTOR
from echo_studio.anatomy.sector.geometry import (
    Sector,
    beam_maps,
    fit_sector,
    sector_of_image,
    threshold_sector,
    with_sector,
    within_sector,
)
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.formats.image_file import read_gray
from echo_studio.errors import ImageError

SECTORS = [
    Sector((127.5, 4.0), -0.65, 0.65, 0.0, 230.0),
    Sector((127.5, 4.0), -0.65, 0.65, 20.0, 230.0),
    Sector((120.0, 10.0), -0.5, 0.7, 0.0, 225.0),
    Sector((127.5, -15.0), -0.5, 0.5, 30.0, 260.0),
    Sector((127.5, 4.0), -0.6, 0.6, 0.0, 170.0, aspect=0.7),
    Sector((127.5, 4.0), -0.5, 0.5, 0.0, 300.0, aspect=1.3),
]


def speckled(mask: np.ndarray, seed: int = 0) -> np.ndarray:
    """Echo-like: random brightness inside, a fifth of the pixels truly black, black outside."""
    generator = np.random.default_rng(seed)
    image = generator.integers(1, 256, mask.shape, dtype=np.uint8)
    image[(generator.random(mask.shape) < 0.2) | ~mask] = 0
    return image


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("sector", SECTORS)
def test_a_sector_is_recovered_from_its_mask(sector: Sector) -> None:
    found = fit_sector(sector.mask(256, 256))
    assert found.apex == pytest.approx(sector.apex, abs=1.5)
    assert (found.angle_left, found.angle_right) == pytest.approx((sector.angle_left, sector.angle_right), abs=0.02)
    assert found.far == pytest.approx(sector.far, rel=0.01)
    assert found.aspect == pytest.approx(sector.aspect, rel=0.02)
    assert found.near == pytest.approx(sector.near, abs=2.0)


@pytest.mark.parametrize("sector", SECTORS)
def test_the_sector_of_a_speckled_image_is_the_sector_that_made_it(sector: Sector) -> None:
    mask = sector.mask(256, 256)
    assert iou(sector_of_image(speckled(mask)), mask) > 0.98


def test_a_sector_cut_off_by_the_image_border_is_still_found() -> None:
    sector = Sector((127.5, 4.0), -0.75, 0.75, 0.0, 262.0)
    mask = sector.mask(256, 256)
    assert mask[-1].any()
    assert mask[:, 0].any()
    assert iou(sector_of_image(speckled(mask)), mask) > 0.98


@pytest.mark.parametrize("sector", SECTORS)
def test_every_lit_pixel_of_the_largest_piece_is_in_the_sector(sector: Sector) -> None:
    image = speckled(sector.mask(256, 256))
    assert not (threshold_sector(image) & ~sector_of_image(image)).any()


def test_text_beside_the_sector_is_left_out() -> None:
    mask = SECTORS[0].mask(256, 256)
    image = speckled(mask)
    image[8:14, 4:30] = 255
    assert not sector_of_image(image)[8:14, 4:30].any()


def test_a_lit_shape_that_is_no_sector_gives_its_closed_threshold() -> None:
    image = np.zeros((128, 128), np.uint8)
    image[20:100, 30:90] = 200
    sector = sector_of_image(image)
    assert iou(sector, image > 0) > 0.99


@pytest.mark.parametrize("image", [np.zeros((64, 64), np.uint8), np.eye(64, dtype=np.uint8)])
def test_an_image_without_a_lit_area_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ImageError, match="lit sector"):
        sector_of_image(image)


def test_a_mask_follows_angles_and_radii_of_its_sector() -> None:
    mask = Sector((50.0, 0.0), -math.pi / 4, math.pi / 4, 10.0, 40.0).mask(60, 101)
    assert mask[20, 50]
    assert not mask[5, 50]
    assert not mask[45, 50]
    assert mask[20, 69]
    assert not mask[20, 72]
    assert (mask == mask[:, ::-1]).all()


def test_the_sector_fills_only_what_is_unlabelled() -> None:
    ids = np.array([[0, 1], [2, 0]], np.uint8)
    sector = np.array([[True, True], [True, False]])
    assert with_sector(ids, sector).tolist() == [[4, 1], [2, 0]]
    assert with_sector(ids, sector).dtype == np.uint8


@pytest.mark.slow
def test_sectors_of_camus_cover_what_is_lit_and_little_more(camus_root, capsys: pytest.CaptureFixture[str]) -> None:
    folder = CamusFolder(camus_root)
    overlaps, aspects = [], []
    for frame in folder.frame_ids():
        path = folder.path(frame)
        assert path is not None
        image, _ = read_gray(path)
        sector = sector_of_image(image)
        overlaps.append(iou(sector, image > 0))
        listed = folder.listed_spacing.get(frame)
        if listed:
            aspects.append(fit_sector(sector).aspect / (listed[0] / listed[1]))
    with capsys.disabled():
        print(f"\n{len(overlaps)} frames: overlap min {min(overlaps):.4f}, mean {np.mean(overlaps):.4f}")
        if aspects:  # of the containers, only the PNG one was resized and lists its spacing
            print(f"fitted aspect over listed aspect: {min(aspects):.3f} to {max(aspects):.3f}")
    assert min(overlaps) >= 0.99


def test_structures_are_cut_where_the_sector_ends_and_nowhere_else() -> None:
    sector = Sector((63.5, 4.0), -0.6, 0.6, 0.0, 118.0).mask(128, 128)
    ids = with_sector(np.zeros((128, 128), np.uint8), sector)
    painted = ids.copy()
    painted[90:128, 50:80] = LEFT_ATRIUM  # across the far arc
    painted[20:60, 20:70] = LV_CAVITY  # across the left edge
    cut = within_sector(painted)
    found = cut != OUTSIDE
    assert (found & sector).sum() / (found | sector).sum() > 0.98
    assert np.array_equal(cut[sector & found], painted[sector & found])
    assert np.array_equal(within_sector(cut), cut)


def test_a_sector_drawn_freely_is_left_as_it_is() -> None:
    ids = np.zeros((128, 128), np.uint8)
    ids[40:90, 10:120] = SECTOR
    ids[60:100, 60:80] = LV_CAVITY
    assert np.array_equal(within_sector(ids), ids)
    assert np.array_equal(within_sector(np.where(ids == SECTOR, 0, ids).astype(np.uint8)) != 0, ids == LV_CAVITY)


def test_beams_start_at_the_apex_and_depth_ends_at_the_far_arc() -> None:
    sector = Sector((63.5, 2.0), -0.6, 0.6, 0.0, 120.0)
    sine, cosine, depth = beam_maps(sector.mask(128, 128), 4)
    assert sine.shape == (32, 32)
    assert sine.dtype == np.float32
    assert np.allclose(sine**2 + cosine**2, 1, atol=1e-5)
    assert np.allclose(sine[16:], -sine[16:, ::-1], atol=0.05)
    assert (np.diff(depth[4:, 16]) > 0).all()
    row = (2.0 + 60.0 - 1.5) / 4
    assert depth[round(row), 16] == pytest.approx(0.5, abs=0.03)


def test_a_mask_without_a_sector_gets_beams_from_the_top_of_its_middle() -> None:
    sine, cosine, depth = beam_maps(np.ones((64, 64), bool), 2)
    assert abs(float(sine[-1, 15])) < 0.02
    assert float(cosine[-1, 15]) == pytest.approx(1.0, abs=1e-3)
    assert np.isfinite(depth).all()
