"""Deform a label map with handles: moving least squares (Schaefer et al., ACM TOG 25(3), 2006).

The browser computes the same in double precision; this is its contract. Handles rest at qᵢ and have
been dragged to pᵢ, (x, y) in pixels. The warp is an inverse map: f(v) is the point of the map *before
the drag* that output pixel v shows, so p and q have changed places against the paper's text.

1. y is multiplied by `aspect` (size of a pixel in y over its size in x; 1 where the spacing is
   unknown), so that turning is turning on pixels that are not square. All below is in these units.
2. f is computed at the nodes of a grid: x = 0, GRID, 2·GRID, ... up to the first multiple that is at
   least width − 1, y likewise. Between nodes the displacement f(v) − v is bilinear: with
   tx = (x mod GRID)/GRID and ty likewise, ((d00·(1−tx) + d10·tx)·(1−ty) + (d01·(1−tx) + d11·tx)·ty).
3. At a node v: wᵢ = 1/|pᵢ − v|² (α = 1); where some |pᵢ − v|² < 1e-12, f(v) = qᵢ of the first such i.
   Else p* = Σwᵢpᵢ/Σwᵢ, q* likewise, p̂ᵢ = pᵢ − p*, q̂ᵢ = qᵢ − q*, and f(v) = M(v − p*) + q*:
   - similarity: with points as complex numbers, m = Σwᵢ·conj(p̂ᵢ)·q̂ᵢ / Σwᵢ|p̂ᵢ|²; M multiplies by m;
   - rigid: M multiplies by m/|m|;
   - affine: M = (Σwᵢ q̂ᵢp̂ᵢᵀ)(Σwᵢ p̂ᵢp̂ᵢᵀ)⁻¹.
   Where a sum to divide by is below 1e-12 times its natural size, M is the identity: one handle translates.
   Affine needs three handles that do not lie on a line: with S = Σ(pᵢ − mean)(pᵢ − mean)ᵀ over the
   unweighted handles, affine becomes similarity for the whole drag where det S < 1e-6·(trace S)²/4.
4. The pixel looked up and what is drawn: the five rules of `warp_labels`.
"""

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.landmarks.points import Point
from echo_studio.anatomy.plane import Plane, pixel_centres
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.warp import VENTRICLE, warp_labels
from echo_studio.errors import RequestError, UnknownNameError
from echo_studio.types import BoolMask, FloatArray

Kind = Literal["affine", "similarity", "rigid"]
KINDS: tuple[Kind, ...] = ("rigid", "similarity", "affine")

GRID = 8  # pixels between nodes
MAX_HANDLES = 256
BLOCK = 2_000_000  # numbers computed at a time: 256 handles on a large map would fill the memory at once
ON_HANDLE = 1e-12
FLAT = 1e-12
ON_A_LINE = 1e-6


def deform(
    label_map: LabelMap,
    before: Sequence[Point],
    after: Sequence[Point],
    structures: Collection[int] = VENTRICLE,
    kind: Kind = "rigid",
    sector: BoolMask | None = None,
    locked: Collection[int] = (),
) -> LabelMap:
    """The label map after handles were dragged; the same object where none was.

    Args:
        label_map: as it was before the drag began. Start every frame of a drag from it.
        before, after: (x, y) of every handle, pinned ones too, in pixels.
        structures: ids that follow the handles; cavity and wall linked by default. Others stay.
        kind: `rigid`, `similarity` or `affine`.
        sector: (h, w) the sector, where it is known already; `sector_region(label_map)` by default.
        locked: ids whose pixels stay, where they are not what moves.

    Raises:
        RequestError: no handles, more than 256, two numbers of them, or one that is not finite.
        UnknownNameError: another kind.
    """
    rest, moved = _handles(before, after)
    if np.array_equal(rest, moved):
        return label_map
    source = source_points(label_map.shape, rest, moved, kind, Plane.of(label_map).aspect)
    return warp_labels(
        label_map, source, structures, sector_region(label_map) if sector is None else sector, locked=locked
    )


def source_points(
    shape: tuple[int, int], rest: FloatArray, moved: FloatArray, kind: Kind, aspect: float = 1.0
) -> FloatArray:
    """(h, w, 2) the point (x, y) before the drag that each pixel shows after it.

    Args:
        rest, moved: (n, 2) handles before and after, in pixels.
        aspect: size of a pixel in y over its size in x.

    Raises:
        UnknownNameError: another kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("deformation", kind, KINDS)
    height, width = shape
    node_x = np.arange(0, _ceil_to_grid(width - 1) + 1, GRID, dtype=np.float64)
    node_y = np.arange(0, _ceil_to_grid(height - 1) + 1, GRID, dtype=np.float64)
    nodes = np.stack(np.meshgrid(node_x, node_y), axis=-1)
    scale = np.array([1.0, aspect])
    blocks = np.array_split((nodes * scale).reshape(-1, 2), max(1, nodes.size * len(rest) // BLOCK))
    target = np.concatenate([moving_least_squares(v, moved * scale, rest * scale, kind) for v in blocks]) / scale
    displacement = target.reshape(nodes.shape) - nodes
    x, tx = np.divmod(np.arange(width), GRID)
    y, ty = np.divmod(np.arange(height), GRID)
    right, below = np.minimum(x + 1, len(node_x) - 1), np.minimum(y + 1, len(node_y) - 1)
    tx, ty = (tx / GRID)[None, :, None], (ty / GRID)[:, None, None]
    top = displacement[np.ix_(y, x)] * (1 - tx) + displacement[np.ix_(y, right)] * tx
    bottom = displacement[np.ix_(below, x)] * (1 - tx) + displacement[np.ix_(below, right)] * tx
    return np.asarray(pixel_centres(shape) + (top * (1 - ty) + bottom * ty))


def moving_least_squares(v: FloatArray, p: FloatArray, q: FloatArray, kind: Kind) -> FloatArray:
    """(m, 2) images of the points v under the map that takes handles p to q (Schaefer 2006, eq. 1, 5, 6 and 8).

    Args:
        v: (m, 2) points; p, q: (n, 2) handles. All in one isotropic unit.
        kind: of the local map.
    """
    if kind == "affine" and _on_a_line(p):
        kind = "similarity"
    distance = ((p[None] - v[:, None]) ** 2).sum(axis=2)
    hit = distance < ON_HANDLE
    w = 1 / np.where(hit, 1.0, distance)
    w /= w.sum(axis=1, keepdims=True)
    p_star, q_star = w @ p, w @ q
    p_hat, q_hat = p[None] - p_star[:, None], q[None] - q_star[:, None]
    local = v - p_star
    image = (_affine if kind == "affine" else _turn)(w, p_hat, q_hat, local, kind) + q_star
    on_handle = hit.any(axis=1)
    image[on_handle] = q[hit[on_handle].argmax(axis=1)]
    return np.asarray(image)


def _turn(w: FloatArray, p_hat: FloatArray, q_hat: FloatArray, local: FloatArray, kind: Kind) -> FloatArray:
    """Similarity and rigid: multiplication by the complex number m."""
    p, q = _complex(p_hat), _complex(q_hat)
    mu = (w * np.abs(p) ** 2).sum(axis=1)
    m = (w * p.conj() * q).sum(axis=1)
    size = np.abs(m) if kind == "rigid" else mu
    natural = mu + (w * np.abs(q) ** 2).sum(axis=1)
    flat = size <= FLAT * np.maximum(natural, 1.0)
    m = np.where(flat, 1.0, m / np.where(flat, 1.0, size))
    turned = m * _complex(local)
    return np.stack([turned.real, turned.imag], axis=1)


def _affine(w: FloatArray, p_hat: FloatArray, q_hat: FloatArray, local: FloatArray, _kind: Kind) -> FloatArray:
    spread = np.einsum("mn,mni,mnj->mij", w, p_hat, p_hat)
    cross = np.einsum("mn,mni,mnj->mij", w, q_hat, p_hat)
    a, b, d = spread[:, 0, 0], spread[:, 0, 1], spread[:, 1, 1]
    determinant = a * d - b * b
    flat = determinant <= FLAT * np.maximum((a + d) ** 2, 1.0)
    safe = np.where(flat, 1.0, determinant)
    inverse = np.stack([np.stack([d, -b], axis=1), np.stack([-b, a], axis=1)], axis=1) / safe[:, None, None]
    matrix = np.where(flat[:, None, None], np.eye(2), cross @ inverse)
    return np.asarray(np.einsum("mij,mj->mi", matrix, local))


def _complex(points: FloatArray) -> npt.NDArray[np.complex128]:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def _on_a_line(p: FloatArray) -> bool:
    offset = p - p.mean(axis=0)
    spread = offset.T @ offset
    return bool(np.linalg.det(spread) < ON_A_LINE * np.trace(spread) ** 2 / 4 or len(p) < 3)


def _ceil_to_grid(side: int) -> int:
    return -(-side // GRID) * GRID


def _handles(before: Sequence[Point], after: Sequence[Point]) -> tuple[FloatArray, FloatArray]:
    rest = np.array(before, dtype=np.float64).reshape(-1, 2)
    moved = np.array(after, dtype=np.float64).reshape(-1, 2)
    if len(rest) != len(moved) or not 1 <= len(rest) <= MAX_HANDLES or not np.isfinite([rest, moved]).all():
        raise RequestError(
            expected=f"1 to {MAX_HANDLES} handles, each with finite coordinates before and after",
            got=f"{len(rest)} before and {len(moved)} after",
            remedy="send every handle, pinned ones with the same place twice",
        )
    return rest, moved
