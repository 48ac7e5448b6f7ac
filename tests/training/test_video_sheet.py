"""M-mode strips: rows and columns of pixels come out as they are, slanted lines between them."""

import numpy as np
import pytest

from echo_studio.errors import RequestError
from training.video_sheet import m_mode

CLIP = np.random.default_rng(0).integers(0, 256, (5, 20, 30)).astype(np.uint8)


def test_a_vertical_line_is_a_column_of_pixels_in_every_frame() -> None:
    strip = m_mode(CLIP, (7, 3), (7, 15))
    assert strip.dtype == np.uint8
    np.testing.assert_array_equal(strip, CLIP[:, 3:16, 7].T)


def test_the_line_turned_round_is_the_strip_upside_down() -> None:
    np.testing.assert_array_equal(m_mode(CLIP, (2, 4), (27, 15.5)), m_mode(CLIP, (27, 15.5), (2, 4))[::-1])


def test_between_pixels_it_is_linear() -> None:
    y, x = np.mgrid[0:20, 0:30]
    ramp = np.repeat((3 * x + 5 * y)[None], 2, axis=0).astype(np.uint8)
    strip = m_mode(ramp, (1.5, 2.25), (20.5, 16.5))
    samples = np.linspace(3 * 1.5 + 5 * 2.25, 3 * 20.5 + 5 * 16.5, len(strip))
    assert len(strip) == round(np.hypot(19, 14.25)) + 1
    np.testing.assert_allclose(strip[:, 0], samples, atol=0.51)


@pytest.mark.parametrize(
    "line", [((5, 5), (5, 5)), ((0, 0), (30, 5)), ((-1, 0), (5, 5)), ((np.nan, 0), (5, 5))], ids=str
)
def test_no_line_or_one_beyond_the_frame_is_refused(line: tuple[tuple[float, float], tuple[float, float]]) -> None:
    with pytest.raises(RequestError, match="line"):
        m_mode(CLIP, *line)
