"""Random variations of a label map: the papers' affine and elastic deformations, folds repaired.

The ranges are those of paper 000 (p. 5): torchvision's random affine with ±5°, translate (0, 0.05), scale
(0.8, 1.05), shear 5, then TorchIO's elastic deformation with 10 control points a side and 30 pixels of
256. As torchvision reads it, translate (0, 0.05) moves along y alone and shear 5 is along x, ±5°.
(Augmentation in training is not the papers' and moves along both axes: `data.augment`.)
The randomness is drawn first and kept, then applied: a variation can be stored and repeated.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.plane import pixel_centres
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.elastic import draw_control_points, spline_displacement, unfolded
from echo_studio.anatomy.shape.warp import STRUCTURES, carry
from echo_studio.errors import RequestError
from echo_studio.types import FloatArray

SIDE = 256  # pixels of the maps for which the papers give their displacement


@dataclass(frozen=True)
class VariationRanges:
    """What a variation is drawn from; the defaults are the papers'.

    Attributes:
        rotation_deg, shear_deg: up to so many degrees either way.
        translation: (x, y) up to so much either way, as shares of the sides.
        scale: least and greatest factor.
        control_points: of the elastic deformation, a side.
        max_displacement: of a control point, in pixels of a map 256 wide; 0 for no elastic deformation.
    """

    rotation_deg: float = 5.0
    translation: tuple[float, float] = (0.0, 0.05)
    scale: tuple[float, float] = (0.8, 1.05)
    shear_deg: float = 5.0
    control_points: int = 10
    max_displacement: float = 30.0


PAPER = VariationRanges()


@dataclass(frozen=True)
class Variation:
    """One draw: degrees, shares of the sides, factor, and control points (n, n, 2) in shares of the sides."""

    rotation_deg: float
    translation: tuple[float, float]
    scale: float
    shear_deg: float
    control: FloatArray = field(compare=False)


def draw_variation(seed: int, ranges: VariationRanges = PAPER) -> Variation:
    """Draw a variation; the same seed and ranges give the same one everywhere.

    Raises:
        RequestError: a negative seed.
    """
    if seed < 0:
        raise RequestError(expected="a seed of 0 or more", got=f"{seed}", remedy="choose another seed")
    rng = np.random.default_rng(seed)

    def either_way(limit: float) -> float:
        return float(rng.uniform(-limit, limit))

    count = ranges.control_points
    return Variation(
        rotation_deg=either_way(ranges.rotation_deg),
        translation=(either_way(ranges.translation[0]), either_way(ranges.translation[1])),
        scale=float(rng.uniform(*ranges.scale)),
        shear_deg=either_way(ranges.shear_deg),
        control=draw_control_points(rng, (count, count), ranges.max_displacement / SIDE),
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
    return carry(label_map, source, STRUCTURES, sector_region(label_map), cut=True)


def random_variation(label_map: LabelMap, seed: int, ranges: VariationRanges = PAPER) -> LabelMap:
    """A random variation of a label map.

    Args:
        seed: 0 or more; the same seed gives the same map.

    Raises:
        RequestError: a negative seed.
    """
    return vary(label_map, draw_variation(seed, ranges))
