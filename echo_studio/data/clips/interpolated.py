"""Interpolated cycles: a heartbeat made from one end-diastolic and one end-systolic frame.

They are no recordings. Between the two true frames tissue follows a diffeomorphic motion (`registration`) at the pace
of a physiological volume curve; the ED texture moves along and fades into the ES texture, and back for the second half.
Valves do not open, and one speckle pattern fades into the other instead of decorrelating: whatever is trained or
measured on them says so.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from echo_studio.anatomy.labels import OUTSIDE, SECTOR
from echo_studio.anatomy.motion.volume_curve import volume_curve
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.clips.registration import carried, velocity_between
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import DataError

SIDE = 128
BLUR = 9  # pixels of the box that tells brightness from speckle

Clip = npt.NDArray[np.uint8]  # (t, h, w)


def interpolated_cycle(
    end_diastole: CamusFrame, end_systole: CamusFrame, frames: int, side: int = SIDE
) -> tuple[Clip, Clip]:
    """A clip and its label maps, both uint8 (frames, side, side), from two frames of one patient and view.

    Frame 0 is the ED frame itself; the frame of end systole is the ES frame, inside the ED frame's sector.

    Raises:
        DataError: the frames are of different patients or views, or not ED and ES.
    """
    return next(iter(interpolated_cycles([(end_diastole, end_systole)], frames, side)))


def interpolated_cycles(
    pairs: Sequence[tuple[CamusFrame, CamusFrame]], frames: int, side: int = SIDE
) -> list[tuple[Clip, Clip]]:
    """The cycles of several pairs at once, which registers them together; see `interpolated_cycle`."""
    for first, second in pairs:
        _check(first, second)
    ids_ed, ids_es = (torch.stack([_labels(pair[k], side) for pair in pairs]) for k in (0, 1))
    image_ed, image_es = (torch.stack([_pixels(pair[k], side) for pair in pairs]) for k in (0, 1))
    velocity = velocity_between(ids_ed, ids_es, image_ed, image_es)
    clips = torch.zeros(len(pairs), frames, side, side, dtype=torch.uint8)
    labels = torch.zeros_like(clips)
    for t, share in enumerate(1 - volume_curve(frames)):
        image, ids = _between(ids_ed, ids_es, image_ed, image_es, velocity, float(share))
        clips[:, t], labels[:, t] = image, ids
    return [(clip.numpy(), ids.numpy()) for clip, ids in zip(clips, labels, strict=True)]


def _between(
    ids_ed: Tensor, ids_es: Tensor, image_ed: Tensor, image_es: Tensor, velocity: Tensor, share: float
) -> tuple[Tensor, Tensor]:
    """Image and labels uint8 (b, h, w) when tissue has gone a share of its way."""
    inside = ids_ed > OUTSIDE
    forth, back = carried(image_ed, velocity, share), carried(image_es, velocity, share - 1)
    low_forth, low_back = _blurred(forth), _blurred(back)
    # Two speckle patterns that know nothing of each other lose contrast when they are averaged: their shares are
    # scaled so that the variance stays.
    norm = (share**2 + (1 - share) ** 2) ** 0.5
    speckle = ((1 - share) * (forth - low_forth) + share * (back - low_back)) / norm
    image = (1 - share) * low_forth + share * low_back + speckle
    grey = ((image[:, 0].clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    scores = (1 - share) * carried(_masks(ids_ed), velocity, share) + share * carried(
        _masks(ids_es), velocity, share - 1
    )
    # Structures 1 to 3 and, last, the rest of the sector.
    labels = torch.tensor([1, 2, 3, SECTOR], dtype=torch.uint8)[scores.argmax(1)]
    return torch.where(inside, grey, 0), torch.where(inside, labels, OUTSIDE).to(torch.uint8)


def _masks(ids: Tensor) -> Tensor:
    masks = torch.stack([ids == label for label in (1, 2, 3)], 1).float()
    return torch.cat([masks, 1 - masks.sum(1, keepdim=True)], 1)


def _blurred(image: Tensor) -> Tensor:
    return F.avg_pool2d(image, BLUR, 1, BLUR // 2, count_include_pad=False)


def _labels(frame: CamusFrame, side: int) -> Tensor:
    return torch.from_numpy(within_sector(frame.label_map.resized(side, side).ids))


def _pixels(frame: CamusFrame, side: int) -> Tensor:
    """float32 (1, side, side) in [-1, 1]; outside the sector the nearest pixel inside, so that no black moves in."""
    image = cv2.resize(frame.image, (side, side), interpolation=cv2.INTER_AREA)
    outside = _labels(frame, side).numpy() == OUTSIDE
    y, x = distance_transform_edt(outside, return_distances=False, return_indices=True)
    return torch.from_numpy(image[y, x]).float()[None] / 127.5 - 1


def _check(first: CamusFrame, second: CamusFrame) -> None:
    a, b = first.frame_id, second.frame_id
    if (a.patient, a.view) != (b.patient, b.view) or (a.phase, b.phase) != ("ED", "ES"):
        raise DataError(
            expected="ED and ES of one patient and view", got=f"{a.stem} and {b.stem}", remedy="pair them by patient"
        )
