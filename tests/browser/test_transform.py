"""Move, rotate and scale with the box: the labels on the canvas against an inverse mapping in NumPy."""

import numpy as np
import pytest

from tests.browser.affine import CAVITY, WALL, moved, pull, shift, whole
from tests.browser.desk import drawing, grip, labels, last_op, mirrored, put

pytestmark = pytest.mark.browser
DRAWING = True


@pytest.fixture
def page(desk):
    return desk


@pytest.mark.parametrize("shape", [(64, 64), (200, 256), (1024, 1024)])
def test_a_drag_inside_the_box_moves_the_ventricle_by_whole_pixels(page, shape: tuple[int, int]) -> None:
    ids = drawing(*shape)
    put(page, ids)
    page.keyboard.press("m")
    step = shape[0] / 20
    for way in ((2.3 * step, -step), (-5.1 * step, 2.2 * step)):
        start, end = pull(page, grip(page, "move"), (40.0, 40.0), way)
        dx, dy = whole(end - start)
        ids = moved(ids, [CAVITY, WALL], shift(dx, dy))
        assert np.array_equal(labels(page), ids)
        assert last_op(page) == {
            "tool": "transform",
            "structures": [CAVITY, WALL],
            "matrix": [1, 0, 0, 1, dx, dy],
            "locked": [0],
        }
    assert np.array_equal(mirrored(page), ids)
