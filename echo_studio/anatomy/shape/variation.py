"""The ranges of random variations, the repair of folds, and the deformation that edits and sets began with.

`VariationRanges` and `unfolded` serve every random variation. New edits and new sets are deformed by TorchIO
(`data.deform`). What is below them is the code before that: it finishes half-made sets and replays old `vary`
edits, whose records name no deformation, to the same pixel.

The ranges are those of paper 000 (p. 5): torchvision's random affine with ±5°, translate (0, 0.05), scale
(0.8, 1.05), shear 5, then TorchIO's elastic deformation with up to 30 pixels of 256. As torchvision reads it,
translate (0, 0.05) moves along y alone and shear 5 is along x, ±5°.
(Augmentation in training is not the papers' and moves along both axes: `data.augment`.)
"""

import math
from dataclasses import dataclass, field

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.plane import pixel_centres
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.warp import STRUCTURES, warp_labels
from echo_studio.errors import RequestError
from echo_studio.types import FloatArray

SIDE = 256  # pixels of the maps for which the papers give their displacement
SHRINK = 0.9  # amplitude kept at each step of the repair
LEAST_AREA = 0.05  # a pixel may shrink to this share of its area: below it, labels drop out before folds appear
CONTROL_POINTS = 10  # a side
ORDER = 3
LOCKED = 2  # rows of control points at each border that do not move


@dataclass(frozen=True)
class VariationRanges:
    """What a variation is sampled from; the defaults are the papers'.

    Attributes:
        rotation_deg, shear_deg: up to so many degrees either way.
        translation: (x, y) up to so much either way, as shares of the sides.
        scale: least and greatest factor.
        max_displacement: of a control point, in pixels of a map 256 wide; 0 for no elastic deformation.
    """

    rotation_deg: float = 5.0
    translation: tuple[float, float] = (0.0, 0.05)
    scale: tuple[float, float] = (0.8, 1.05)
    shear_deg: float = 5.0
    max_displacement: float = 30.0


PAPER = VariationRanges()


def check_seed(seed: int) -> None:
    """Refuse a negative seed.

    Raises:
        RequestError: a negative seed.
    """
    if seed < 0:
        raise RequestError(expected="a seed of 0 or more", got=f"{seed}", remedy="choose another seed")


def unfolded(affine: FloatArray, displacement: FloatArray) -> tuple[FloatArray, float]:
    """`affine` + amplitude · `displacement` with the largest amplitude 0.9ᵏ that folds nowhere.

    Args:
        affine: (h, w, 2) source points without the displacement; folds nowhere itself.
        displacement: (h, w, 2).

    Returns:
        source points (h, w, 2) and the amplitude, 1 where nothing had to be repaired.
    """
    least = LEAST_AREA * min(1.0, least_area(affine))
    amplitude = 1.0
    while least_area(source := affine + amplitude * displacement) < least:
        amplitude *= SHRINK
    return source, amplitude


def least_area(source: FloatArray) -> float:
    """The smallest signed area that any pixel triangle of a map has in its source; 1 without change, below 0 at a fold.

    Args:
        source: (h, w, 2) the point (x, y) that each pixel shows.
    """
    right, down = np.diff(source, axis=1), np.diff(source, axis=0)

    def area(u: FloatArray, v: FloatArray) -> float:
        return float((u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]).min())

    # The four corners of every cell: a bilinear cell folds only where one of its corner triangles does.
    return min(
        area(right[:-1], down[:, :-1]),
        area(right[:-1], down[:, 1:]),
        area(right[1:], down[:, :-1]),
        area(right[1:], down[:, 1:]),
    )


@dataclass(frozen=True)
class Variation:
    """One sample: degrees, shares of the sides, factor, and control points (n, n, 2) in shares of the sides."""

    rotation_deg: float
    translation: tuple[float, float]
    scale: float
    shear_deg: float
    control: FloatArray = field(compare=False)


def sample_variation(seed: int, ranges: VariationRanges = PAPER) -> Variation:
    """Sample a variation; the same seed and ranges give the same one everywhere.

    Raises:
        RequestError: a negative seed.
    """
    check_seed(seed)
    rng = np.random.default_rng(seed)

    def either_way(limit: float) -> float:
        return float(rng.uniform(-limit, limit))

    return Variation(
        rotation_deg=either_way(ranges.rotation_deg),
        translation=(either_way(ranges.translation[0]), either_way(ranges.translation[1])),
        scale=float(rng.uniform(*ranges.scale)),
        shear_deg=either_way(ranges.shear_deg),
        control=sample_control_points(rng, (CONTROL_POINTS, CONTROL_POINTS), ranges.max_displacement / SIDE),
    )


def source_of(variation: Variation, shape: tuple[int, int]) -> tuple[FloatArray, float]:
    """(h, w, 2) the point that each pixel shows, and the amplitude of the elastic part after folds were repaired."""
    height, width = shape
    sides = np.array([width, height], dtype=np.float64)
    middle = (sides - 1) / 2
    angle, shear = math.radians(variation.rotation_deg), math.tan(math.radians(variation.shear_deg))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    forward = variation.scale * turn @ np.array([[1.0, shear], [0.0, 1.0]])
    offset = pixel_centres(shape) - middle - np.array(variation.translation) * sides
    # In shares of the sides the fold test is the same on every size of map.
    affine = offset @ np.linalg.inv(forward).T + middle
    return unfolded(affine, spline_displacement(variation.control * sides, shape))


def vary(label_map: LabelMap, variation: Variation) -> LabelMap:
    """The label map with its structures moved by a variation; the sector stays and ends them."""
    source, _ = source_of(variation, label_map.shape)
    return warp_labels(label_map, source, STRUCTURES, sector_region(label_map), cut=True)


def random_variation(label_map: LabelMap, seed: int, ranges: VariationRanges = PAPER) -> LabelMap:
    """A random variation of a label map, as edits and sets without a named deformation have it.

    Args:
        seed: 0 or more; the same seed gives the same map.

    Raises:
        RequestError: a negative seed.
    """
    return vary(label_map, sample_variation(seed, ranges))


def sample_control_points(rng: np.random.Generator, count: tuple[int, int], max_displacement: float) -> FloatArray:
    """(rows, columns, 2) displacements (x, y), uniform in ±max_displacement, 0 on the outer two rows.

    Args:
        count: control points (rows, columns), at least 5 each.
        max_displacement: pixels.
    """
    control = rng.uniform(-max_displacement, max_displacement, (*count, 2))
    control[:LOCKED] = control[-LOCKED:] = 0.0
    control[:, :LOCKED] = control[:, -LOCKED:] = 0.0
    return control


def spline_displacement(control: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """(h, w, 2) the displacement of every pixel.

    As in ITK's B-spline transform the image is a mesh of n − 3 cells a side, and control point i
    stands at mesh coordinate i − 1. The spline approximates its control points: it passes below them.

    Args:
        control: (rows, columns, 2) displacements.
    """
    rows, columns = (_basis(side, count) for side, count in zip(shape, control.shape[:2], strict=True))
    return np.asarray(np.einsum("yi,ijk,xj->yxk", rows, control, columns, optimize=True))


def _basis(side: int, count: int) -> FloatArray:
    """(side, count) weight of each control point at each pixel: the cubic B-spline of their distance."""
    mesh = (np.arange(side) + 0.5) / side * (count - ORDER)
    distance = np.abs(mesh[:, None] - (np.arange(count) - 1.0))
    near, far = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance) ** 3 / 6
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
