"""Batch augmentation on tensors: the randomness is sampled first and applied to image and labels alike."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class GeometricRanges:
    """Ranges of a random affine map of frames during training, which the papers do without.

    The papers deform label maps, to have more of them (000, p. 5): that is `data.deform`, and keeps to
    their letter: torchvision's translate (0, 0.05) moves along y alone. Here image and labels move together, so
    that a network meets hearts anywhere in the frame; rotation, scale and shear are the papers', and translation
    goes either way along both axes. The bundled weights were trained so; their recipes hold their own values.

    Attributes:
        rotation_deg, shear_deg: up to so many degrees either way.
        translation: up to so much either way along x and along y, as a share of the side.
        scale: least and greatest factor.
    """

    rotation_deg: float = 5.0
    translation: float = 0.05
    scale: tuple[float, float] = (0.8, 1.05)
    shear_deg: float = 5.0


def random_affine(count: int, ranges: GeometricRanges) -> Tensor:
    """float32 (count, 2, 3) maps from output to input coordinates in [-1, 1]; samples from torch's generator."""

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count)

    angle = torch.deg2rad(uniform(-ranges.rotation_deg, ranges.rotation_deg))
    shear = torch.tan(torch.deg2rad(uniform(-ranges.shear_deg, ranges.shear_deg)))
    zoom = 1 / uniform(*ranges.scale)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    shift_x = uniform(-2 * ranges.translation, 2 * ranges.translation)
    shift_y = uniform(-2 * ranges.translation, 2 * ranges.translation)
    rows = torch.stack([cos, -sin + shear * cos, shift_x, sin, cos + shear * sin, shift_y], dim=1)
    return rows.reshape(count, 2, 3)


def warp(image: Tensor, ids: Tensor, affine: Tensor) -> tuple[Tensor, Tensor]:
    """Apply affine maps: images bilinear with black beyond the border, labels nearest with 0 beyond.

    Args:
        image: float32 (b, 1, h, w) in [-1, 1].
        ids: uint8 (b, h, w).
        affine: float32 (b, 2, 3).
    """
    grid = F.affine_grid(affine, list(image.shape), align_corners=False)
    warped = F.grid_sample(image + 1, grid, mode="bilinear", align_corners=False) - 1
    labels = F.grid_sample(ids[:, None].float(), grid, mode="nearest", align_corners=False)
    return warped, labels[:, 0].round().to(torch.uint8)


def random_intensity(image: Tensor, strength: float) -> Tensor:
    """Random gamma, gain, depth-dependent gain and multiplicative noise; black stays black.

    For autoencoder and segmentation networks only: generators keep the intensities of real scanners (003 III-E).

    Args:
        image: float32 (b, 1, h, w) in [-1, 1].
        strength: 0 changes nothing, 1 is strong.
    """
    b, _, height, _ = image.shape
    unit = ((image + 1) / 2).clamp(0, 1)
    gamma = torch.exp(strength * 0.5 * (2 * torch.rand(b, 1, 1, 1) - 1))
    gain = torch.exp(strength * 0.4 * (2 * torch.rand(b, 1, 1, 1) - 1))
    depth = torch.linspace(-1, 1, height).reshape(1, 1, height, 1)
    ramp = torch.exp(strength * 0.4 * (2 * torch.rand(b, 1, 1, 1) - 1) * depth)
    noisy = unit**gamma * gain * ramp * (1 + strength * 0.1 * torch.randn_like(unit))
    return torch.where(unit > 0, noisy.clamp(0, 1) * 2 - 1, image)


def random_crops(image: Tensor, ids: Tensor, size: int, multiple: int) -> tuple[Tensor, Tensor]:
    """One crop of `size` pixels a side from each sample, its corner on a multiple, half its centre inside the sector.

    Args:
        image: (b, 1, h, w).
        ids: uint8 (b, h, w).
        size: of the crop; at most h and w.
        multiple: of the corner's coordinates, so that crops keep the autoencoder's grid.
    """
    top, left = random_corners(ids > 0, size, multiple)
    return cropped(image, top, left, size), cropped(ids, top, left, size)


def random_corners(inside: Tensor, size: int, multiple: int) -> tuple[Tensor, Tensor]:
    """Rows and columns (b,) of the upper left corners of `random_crops`; `inside` is bool (b, h, w), the sector."""
    b, height, width = inside.shape
    top = (torch.rand(b) * (math.floor((height - size) / multiple) + 1)).long() * multiple
    left = (torch.rand(b) * (math.floor((width - size) / multiple) + 1)).long() * multiple
    black = ~inside[torch.arange(b), top + size // 2, left + size // 2]
    # A crop centred on black teaches little: aim it at the middle of the sector once.
    top[black] = (height - size) // 2 // multiple * multiple
    left[black] = (width - size) // 2 // multiple * multiple
    return top, left


def cropped(tensor: Tensor, top: Tensor, left: Tensor, size: int) -> Tensor:
    """(b, ..., size, size) out of (b, ..., h, w), sample k from row `top[k]` and column `left[k]`."""
    corners = zip(top.tolist(), left.tolist(), strict=True)
    return torch.stack([tensor[k, ..., t : t + size, c : c + size] for k, (t, c) in enumerate(corners)])
