"""Interpolated cycles: their ends are the true frames, they close, and the motion between does not fold."""

from pathlib import Path

import numpy as np
import pytest
import torch

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.motion import end_systole_index
from echo_studio.anatomy.sector.geometry import with_sector
from echo_studio.data.clips.interpolated import displacement, interpolated_cycle, velocity_between, warped
from echo_studio.data.datasets.camus import CamusFrame, FrameId
from echo_studio.errors import DataError
from echo_studio.types import LabelIds, Phase
from tests.conftest import SECTOR_SHAPE, echo_like


def smaller_heart(ids: LabelIds, scale: float) -> LabelIds:
    """The structures shrunk about their middle."""
    height, width = ids.shape
    y, x = np.mgrid[0:height, 0:width]
    rows = np.clip(((y - 50) / scale + 50).round().astype(int), 0, height - 1)
    columns = np.clip(((x - 40) / scale + 40).round().astype(int), 0, width - 1)
    return ids[rows, columns]


def frame(phase: Phase, scale: float, patient: str = "patient0001") -> CamusFrame:
    image, ids = echo_like(seed=3)
    ids = with_sector(smaller_heart(ids, scale), SECTOR_SHAPE.mask(*ids.shape))
    return CamusFrame(FrameId(patient, "4CH", phase), smaller_heart(image, scale), LabelMap(ids))


@pytest.fixture(scope="module")
def cycle() -> tuple[np.ndarray, np.ndarray]:
    return interpolated_cycle(frame("ED", 1.0), frame("ES", 0.75), 12, side=64)


def test_the_ends_are_the_labels_of_the_true_frames(cycle: tuple[np.ndarray, np.ndarray]) -> None:
    _, ids = cycle
    es = end_systole_index(12, 70.0)
    for k, scale in ((0, 1.0), (es, 0.75)):
        wanted = frame("ED", scale).label_map.resized(64, 64).ids
        assert (ids[k] == wanted).mean() > 0.98


def test_the_cavity_shrinks_to_end_systole_and_grows_again(cycle: tuple[np.ndarray, np.ndarray]) -> None:
    areas = (cycle[1] == 1).sum((1, 2)).astype(float)
    es = end_systole_index(12, 70.0)
    assert areas[es] == areas.min()
    assert (np.diff(areas[: es + 1]) <= 0).all()
    assert (np.diff(np.append(areas[es:], areas[0])) >= 0).all()


def test_the_sector_stands_still_and_is_black_outside(cycle: tuple[np.ndarray, np.ndarray]) -> None:
    clip, ids = cycle
    assert ((ids > 0) == (ids[0] > 0)).all()
    assert not clip[ids == 0].any()


def test_the_loop_closes(cycle: tuple[np.ndarray, np.ndarray]) -> None:
    clip = cycle[0].astype(float)
    steps = np.abs(np.roll(clip, -1, 0) - clip).mean((1, 2))
    assert steps[-1] <= steps.max()


def test_the_motion_does_not_fold_and_covers_the_second_frame() -> None:
    first, second = (torch.tensor(frame("ED", s).label_map.resized(64, 64).ids)[None] for s in (1.0, 0.75))
    image = torch.zeros(1, 1, 64, 64)
    velocity = velocity_between(first, second, image, image)
    moved = displacement(velocity, 1.0) * 32  # pixels
    dx, dy = torch.diff(moved, dim=3)[:, :, :-1], torch.diff(moved, dim=2)[:, :, :, :-1]
    assert float(((1 + dx[:, 0]) * (1 + dy[:, 1]) - dx[:, 1] * dy[:, 0]).min()) > 0
    cavity = warped((first == 1).float()[:, None], velocity, 1.0)[:, 0] > 0.5
    wanted = second == 1
    assert float(2 * (cavity & wanted).sum() / (cavity.sum() + wanted.sum())) > 0.9


def test_a_share_of_zero_moves_nothing_and_there_and_back_is_home() -> None:
    velocity = 0.1 * torch.randn(1, 2, 4, 4)
    smooth = torch.nn.functional.interpolate(velocity, 32, mode="bicubic")
    assert not displacement(smooth, 0.0).any()
    picture = torch.nn.functional.interpolate(torch.rand(1, 1, 4, 4), 32, mode="bicubic")
    home = warped(warped(picture, smooth, 1.0), smooth, -1.0)
    assert float((home - picture)[..., 8:-8, 8:-8].abs().mean()) < 0.02


def test_frames_of_different_hearts_are_refused() -> None:
    with pytest.raises(DataError, match="ED and ES of one patient"):
        interpolated_cycle(frame("ED", 1.0), frame("ES", 0.8, "patient0002"), 8, side=64)


def test_real_pairs_are_registered(camus_root: Path) -> None:
    """The labels of end systole, reached from end diastole: mean Dice of the cavity above 0.93 on four pairs."""
    from echo_studio.data.datasets.camus import CamusFolder

    data = CamusFolder(camus_root)
    scores = []
    for patient in data.split("validation")[:4]:
        first, second = (data.read(FrameId(patient, "4CH", phase)) for phase in ("ED", "ES"))
        ids = [torch.tensor(one.label_map.resized(128, 128).ids)[None] for one in (first, second)]
        images = [torch.zeros(1, 1, 128, 128)] * 2
        cavity = warped((ids[0] == 1).float()[:, None], velocity_between(*ids, *images), 1.0)[:, 0] > 0.5
        wanted = ids[1] == 1
        scores.append(float(2 * (cavity & wanted).sum() / (cavity.sum() + wanted.sum())))
    assert np.mean(scores) > 0.93
