"""A smooth random displacement: cubic B-splines on a coarse grid, as TorchIO's elastic deformation draws it."""

import numpy as np

from echo_studio.types import FloatArray

ORDER = 3
LOCKED = 2  # rows of control points at each border that do not move, TorchIO's default
SHRINK = 0.9  # amplitude kept at each step of the repair
LEAST_AREA = 0.05  # a pixel may shrink to this share of its area: below it, labels drop out before folds appear


def draw_control_points(rng: np.random.Generator, count: tuple[int, int], max_displacement: float) -> FloatArray:
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


def unfolded(affine: FloatArray, displacement: FloatArray) -> tuple[FloatArray, float]:
    """`affine` + amplitude · `displacement` with the largest amplitude 0.9ᵏ that folds nowhere.

    Args:
        affine: (h, w, 2) source points without the displacement; folds nowhere itself.
        displacement: (h, w, 2).

    Returns:
        source points (h, w, 2) and the amplitude, 1 where nothing had to be repaired.
    """
    floor = LEAST_AREA * min(1.0, least_area(affine))
    amplitude = 1.0
    while least_area(source := affine + amplitude * displacement) < floor:
        amplitude *= SHRINK
    return source, amplitude


def _basis(side: int, count: int) -> FloatArray:
    """(side, count) weight of each control point at each pixel: the cubic B-spline of their distance."""
    mesh = (np.arange(side) + 0.5) / side * (count - ORDER)
    distance = np.abs(mesh[:, None] - (np.arange(count) - 1.0))
    near, far = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance) ** 3 / 6
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
