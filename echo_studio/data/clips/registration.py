"""Motion between two frames of one heart: a diffeomorphism found by registering labels and images.

A stationary velocity field v gives phi_s = exp(s v), which moves tissue of the first frame a share s of its way to
the second; its inverse is exp(-s v), and no share of it folds (Arsigny et al. 2006; scaling and squaring). The field is
found by gradient descent on how well the first frame's labels, moved, cover the second's, how alike the images are, and
how smooth the field is.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

GRID = 64  # the field lives on a grid of this many points a side, at most
CONTROL = 16  # and is a smooth interpolation of this many
STEPS = 50
SQUARINGS = 6
IMAGE_WEIGHT = 0.05
SMOOTHNESS = 0.3


def velocity_between(first: Tensor, second: Tensor, image_first: Tensor, image_second: Tensor) -> Tensor:
    """The velocity that carries each first frame to its second.

    Args:
        first, second: uint8 (b, h, w) label maps of the same sector.
        image_first, image_second: float32 (b, 1, h, w) in [-1, 1].

    Returns:
        float32 (b, 2, g, g), (x, y) in units of `grid_sample` (the picture is 2 wide); for `carried`.
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


def carried(picture: Tensor, velocity: Tensor, share: float | Tensor) -> Tensor:
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
