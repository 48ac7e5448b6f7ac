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
from echo_studio.anatomy.motion.motion import volume_curve
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import DataError

GRID = 64  # the field lives on a grid of this many points a side, at most
CONTROL = 16  # and is a smooth interpolation of this many
STEPS = 50
SQUARINGS = 6
IMAGE_WEIGHT = 0.05
SMOOTHNESS = 0.3

SIDE = 128
BLUR = 9  # pixels of the box that tells brightness from speckle
Clip = npt.NDArray[np.uint8]  # (t, h, w)


def velocity_between(first: Tensor, second: Tensor, image_first: Tensor, image_second: Tensor) -> Tensor:
    """The velocity that moves each first frame to its second.

    Args:
        first, second: uint8 (b, h, w) label maps of the same sector.
        image_first, image_second: float32 (b, 1, h, w) in [-1, 1].

    Returns:
        float32 (b, 2, g, g), (x, y) in units of `grid_sample` (the picture is 2 wide); for `warped`.
    """
    side = min(GRID, first.shape[-1])
    soft_first, soft_second = (_soft(ids, side) for ids in (first, second))
    grey_first, grey_second = (
        _standard(image, ids, side) for image, ids in ((image_first, first), (image_second, second))
    )
    # Speckle beyond the sector's edge is not there to be moved in: the field fades out towards it.
    inside = 1 - F.avg_pool2d(F.interpolate((first == 0).float()[:, None], side, mode="area"), 5, 1, 2)
    control = torch.zeros(len(first), 2, CONTROL, CONTROL, requires_grad=True)
    descent = torch.optim.Adam([control], lr=0.02)
    with torch.enable_grad():
        for _ in range(STEPS):
            velocity = _field(control, side) * inside
            there = displacement(velocity, -1.0)
            moved = _at(torch.cat([soft_first, grey_first], 1), there)
            labels, grey = moved[:, :-1], moved[:, -1:]
            loss = ((labels - soft_second) ** 2).sum(1).mean((1, 2)) * 10
            loss = loss + IMAGE_WEIGHT * ((grey - grey_second) ** 2 * inside).mean((1, 2, 3))
            bend = sum(torch.diff(control, dim=dim).pow(2).mean((1, 2, 3)) for dim in (2, 3))
            descent.zero_grad()
            (loss + SMOOTHNESS * CONTROL * bend).sum().backward()
            descent.step()
    return (_field(control, side) * inside).detach()


def displacement(velocity: Tensor, share: float | Tensor) -> Tensor:
    """exp(share v) - identity, float32 (b, 2, g, g), by scaling and squaring.

    Args:
        velocity: (b, 2, g, g).
        share: of the way, one number or one a field (b,).
    """
    scale = torch.as_tensor(share, dtype=torch.float32).reshape(-1, 1, 1, 1)
    step: Tensor = velocity * scale / 2**SQUARINGS
    for _ in range(SQUARINGS):
        step = step + _at(step, step)
    return step


def warped(picture: Tensor, velocity: Tensor, share: float | Tensor) -> Tensor:
    """A picture (b, c, h, w) whose tissue moved a share of the way along; outside it is what lies at its edge."""
    # What is at x after the move came from phi^-1(x) = exp(-share v)(x).
    there = displacement(velocity, -torch.as_tensor(share, dtype=torch.float32))
    return _at(picture, F.interpolate(there, picture.shape[-2:], mode="bicubic", align_corners=False))


def _soft(ids: Tensor, side: int) -> Tensor:
    """Structures 1 to 3 as slightly blurred masks (b, 3, side, side): an edge is felt from some pixels away."""
    masks = torch.stack([(ids == label).float() for label in (1, 2, 3)], 1)
    masks = F.interpolate(masks, side, mode="area")
    for _ in range(2):
        masks = F.avg_pool2d(masks, 5, 1, 2, count_include_pad=False)
    return masks


def _standard(image: Tensor, ids: Tensor, side: int) -> Tensor:
    """Blurred, mean 0 and deviation 1 inside the sector, 0 outside."""
    inside = F.interpolate((ids > 0).float()[:, None], side, mode="area")
    grey = F.avg_pool2d(F.interpolate(image, side, mode="area"), 3, 1, 1) * inside
    weight = inside.sum((2, 3), keepdim=True).clamp(min=1)
    mean = grey.sum((2, 3), keepdim=True) / weight
    deviation = (((grey - mean) ** 2 * inside).sum((2, 3), keepdim=True) / weight).sqrt().clamp(min=1e-3)
    return (grey - mean) / deviation * inside


def _field(control: Tensor, side: int) -> Tensor:
    return F.interpolate(control, side, mode="bicubic", align_corners=False)


def _at(picture: Tensor, displacement: Tensor) -> Tensor:
    """The picture at x + displacement(x)."""
    height, width = picture.shape[-2:]
    y, x = torch.meshgrid(_centres(height), _centres(width), indexing="ij")
    grid = torch.stack([x, y], -1) + displacement.permute(0, 2, 3, 1)
    return F.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _centres(count: int) -> Tensor:
    return (torch.arange(count) + 0.5) * 2 / count - 1


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
    forth, back = warped(image_ed, velocity, share), warped(image_es, velocity, share - 1)
    low_forth, low_back = _blurred(forth), _blurred(back)
    # Two speckle patterns that know nothing of each other lose contrast when they are averaged: their shares are
    # scaled so that the variance stays.
    norm = (share**2 + (1 - share) ** 2) ** 0.5
    speckle = ((1 - share) * (forth - low_forth) + share * (back - low_back)) / norm
    image = (1 - share) * low_forth + share * low_back + speckle
    grey = ((image[:, 0].clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    scores = (1 - share) * warped(_masks(ids_ed), velocity, share) + share * warped(_masks(ids_es), velocity, share - 1)
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
