"""Beam maps: straight down below the apex, mirrored on both sides, deeper further away."""

import numpy as np
import pytest

from echo_studio.anatomy.sector.geometry import Sector
from echo_studio.data.beams import beam_maps


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
