"""Fluid and masses in real frames: where the labels say so, and nowhere else."""

import numpy as np
import pytest
import torch

from echo_studio.anatomy.labels import FLUID, MASS, OUTSIDE
from echo_studio.generate.build import soft_one_hot
from echo_studio.train.samples.inserts import FLUID_LEVEL, LEAST, with_insert
from tests.anatomy.heart import heart

IDS = heart().ids
ECHO = np.where(IDS > 0, np.random.default_rng(0).integers(20, 200, IDS.shape), 0).astype(np.uint8)


@pytest.mark.parametrize("seed", range(12))
def test_a_frame_changes_where_its_labels_do_and_comes_back_with_the_seed(seed: int) -> None:
    image, ids = with_insert(ECHO, IDS, np.random.default_rng(seed))
    again = with_insert(ECHO, IDS, np.random.default_rng(seed))
    assert (image == again[0]).all()
    assert (ids == again[1]).all()
    changed = ids != IDS
    assert changed.sum() >= LEAST
    assert set(np.unique(ids[changed])) <= {FLUID, MASS}
    assert (ids[IDS == OUTSIDE] == OUTSIDE).all()
    assert (image[IDS == OUTSIDE] == 0).all()
    far = np.ones(IDS.shape, bool)
    for dy in range(-4, 5):
        for dx in range(-4, 5):
            far &= ~np.roll(changed, (dy, dx), (0, 1))
    assert (image[far] == ECHO[far]).all()
    if (ids == FLUID).any():
        assert image[ids == FLUID].mean() < FLUID_LEVEL[1] + 12
        assert image[ids == FLUID].std() > 1
    else:
        assert image[ids == MASS].mean() > ECHO[ids == MASS].mean() + 20


def test_a_network_of_version_1_takes_fluid_for_blood_and_a_mass_for_tissue() -> None:
    ids = torch.arange(7, dtype=torch.uint8).reshape(1, 1, 7)
    assert soft_one_hot(ids, 1)[0, :, 0].argmax(0).tolist() == [0, 1, 2, 3, 4, 1, 4]
    assert soft_one_hot(ids, 1, 7)[0, :, 0].argmax(0).tolist() == [0, 1, 2, 3, 4, 5, 6]
