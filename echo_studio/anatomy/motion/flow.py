"""Labels between two keyframes: both are warped to the moment in between, and blended there as distances.

Points that correspond tell where tissue goes; between them the displacement is a Gaussian process with a Matérn
kernel (ν = 3/2), smooth near the heart and zero far from it. Ids cannot be blended, distances to borders can: each
label's signed distance is looked up in both keyframes and averaged, and the label that lies deepest wins. Where the
keyframes agree after the warp, that is the warped label; where they do not (a defect in one of them, an
annotator's whim) the border passes smoothly from the one to the other. No label is invented, and the
sector never moves.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LABEL_COUNT, MASS, OUTSIDE, SECTOR
from echo_studio.anatomy.measure.anomalies import given_back, holes_in_structures, islands, without_holes_in_structures
from echo_studio.anatomy.plane import Plane, box_of
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.types import BoolMask, FloatArray, LabelIds

Distances = npt.NDArray[np.float32]
REACH = 0.35  # of the length of the long axis: how far a point moves its surroundings along
MARGIN = 0.06  # of the longer side: what of the map around the structures can come to move
NUGGET = 1e-3  # share by which points need not be met exactly: neighbours that disagree tear nothing
SMOOTH = 0.8  # pixels: a staircase is softened, a gap two pixels wide stays open
NODES = 48  # along the longer side of the box, between which the displacement is bilinear
NEVER = 1e4  # pixels: distance of a label that a map does not have
BACKGROUND = 0  # position among the channels: sector, and what is outside the sector
CHANNELS = (SECTOR, OUTSIDE, *STRUCTURES)  # OUTSIDE: unlabelled pixels inside the sector


@dataclass(frozen=True)
class Warped:
    """A keyframe that can be looked up between its pixels, within a box of the map.

    Attributes:
        distances: float32 (c, h, w) of the box, by `Field.channels`: pixels from the label's border, negative inside.
        smooth: the same without the staircase of its pixels, for looking up between them.
        points: (n, 2) pixels of the whole map that correspond to another keyframe's, or None: nothing moves.
        reach: how far a point moves its surroundings along, in pixels of x.
    """

    distances: Distances
    smooth: Distances
    points: FloatArray | None
    reach: float


@dataclass(frozen=True)
class Field:
    """What all frames of a cycle share: the sector, the box in which something moves, the shape of a pixel."""

    still: LabelIds  # (h, w): the sector without a heart
    box: tuple[slice, slice]
    aspect: float
    channels: tuple[int, ...]  # labels that are blended: those of version 2 where a keyframe has them

    @classmethod
    def of(cls, *maps: LabelMap, margin: int) -> "Field":
        """The field of keyframes of one size; the first one's sector counts.

        Args:
            margin: pixels around the structures that belong to the box.
        """
        sector = sector_region(maps[0])
        still = np.where(sector, np.uint8(SECTOR), np.uint8(OUTSIDE))
        moving = np.any([_moving(one) for one in maps], axis=0)
        height, width = sector.shape
        rows, columns = box_of(moving) if moving.any() else (slice(0, 1), slice(0, 1))
        box = (
            slice(max(0, rows.start - margin), min(height, rows.stop + margin)),
            slice(max(0, columns.start - margin), min(width, columns.stop + margin)),
        )
        extra = (label for label in (FLUID, MASS) if any((one.ids == label).any() for one in maps))
        return cls(still, box, Plane.of(maps[0]).aspect, (*CHANNELS, *extra))

    def warped(self, label_map: LabelMap, points: FloatArray | None, reach: float) -> Warped:
        """A keyframe as distances."""
        ids = np.where(_moving(label_map), label_map.ids, np.uint8(SECTOR))[self.box]
        distances = np.stack([signed_distance(ids == label) for label in self.channels])
        smooth = np.stack([cv2.GaussianBlur(one, (0, 0), SMOOTH) for one in distances])
        return Warped(distances, smooth, points, reach)

    def blend(self, parts: list[tuple[Warped, float]], points: FloatArray | None) -> LabelIds:
        """uint8 (h, w): keyframes warped to where their points are now, and blended by weight.

        Args:
            parts: keyframes with their weights, which add up to 1.
            points: (n, 2) where the points are in this frame, in pixels; None where nothing moves.
        """
        total = np.zeros_like(parts[0][0].distances)
        for one, weight in parts:
            if weight == 0:
                continue
            if points is None or one.points is None or np.array_equal(points, one.points):
                total += np.float32(weight) * one.distances
                continue
            x, y = self._source(points, one)
            for channel, distances in enumerate(one.smooth):
                seen = cv2.remap(distances, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                total[channel] += np.float32(weight) * seen
        winner = total.argmin(axis=0)
        ids = self.still.copy()
        ids[self.box] = np.where(winner == BACKGROUND, ids[self.box], np.array(self.channels, np.uint8)[winner])
        return ids

    def _source(self, points: FloatArray, one: Warped) -> tuple[Distances, Distances]:
        """x and y float32 (h, w) of the box: the place in the keyframe's box that each pixel shows."""
        assert one.points is not None
        rows, columns = self.box
        corner = np.array([columns.start, rows.start])
        size = rows.stop - rows.start, columns.stop - columns.start
        return source(size, points - corner, one.points - corner, one.reach, self.aspect)


def looked_up(picture: FloatArray, points: FloatArray, origin: FloatArray, reach: float, aspect: float) -> FloatArray:
    """A picture (h, w) after points in it moved from `origin` to `points`, both (n, 2) in pixels."""
    there = source((picture.shape[0], picture.shape[1]), points, origin, reach, aspect)
    return np.asarray(cv2.remap(picture.astype(np.float32), *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def source(
    size: tuple[int, int], points: FloatArray, origin: FloatArray, reach: float, aspect: float
) -> tuple[Distances, Distances]:
    """x and y float32 (h, w): the place that each pixel shows after points moved from `origin` to `points`.

    Args:
        size: (h, w) in pixels.
        points, origin: (n, 2) in pixels.
        reach, aspect: as in `displacement`.
    """
    height, width = size
    stride = max(1.0, max(height, width) / NODES)
    node_x, node_y = (np.arange(math.ceil(side / stride) + 1) * stride for side in (width, height))
    nodes = np.stack(np.meshgrid(node_x, node_y), axis=-1)
    moved = displacement(nodes.reshape(-1, 2), points, origin - points, reach, aspect)
    field = moved.reshape(nodes.shape).astype(np.float32)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    between = cv2.remap(field, x / np.float32(stride), y / np.float32(stride), cv2.INTER_LINEAR)
    return x + between[..., 0], y + between[..., 1]


def displacement(
    at: FloatArray, points: FloatArray, moves: FloatArray, reach: float, aspect: float = 1.0
) -> FloatArray:
    """(m, 2) how far places move, when points among them move by known amounts.

    Args:
        at: (m, 2) places; points: (n, 2); moves: (n, 2). All in pixels.
        reach: length of the kernel, in pixels of x.
        aspect: size of a pixel in y over its size in x.
    """
    scale = np.array([1.0, aspect]) / reach
    among = _matern(points * scale, points * scale)
    weights = np.linalg.solve(among + NUGGET * np.eye(len(points)), moves)
    return np.asarray(_matern(at * scale, points * scale) @ weights)


def _matern(one: FloatArray, other: FloatArray) -> FloatArray:
    """(m, n) Matérn kernel of order 3/2 between points (m, 2) and (n, 2), in units of its length."""
    square = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    r = np.sqrt(3 * np.maximum(square, 0.0))
    return np.asarray((1 + r) * np.exp(-r))


def _moving(label_map: LabelMap) -> BoolMask:
    """(h, w) structures, fluid and masses, and what is unlabelled inside the sector."""
    empty = sector_region(label_map) & (label_map.ids == OUTSIDE)
    return np.asarray(np.isin(label_map.ids, (*STRUCTURES, FLUID, MASS)) | empty)


def signed_distance(mask: BoolMask) -> Distances:
    """float32 (h, w) pixels from the border of a mask, negative inside."""
    if not mask.any():
        return np.full(mask.shape, NEVER, np.float32)
    if mask.all():
        return np.full(mask.shape, -NEVER, np.float32)
    one = mask.astype(np.uint8)
    outside = cv2.distanceTransform(1 - one, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = cv2.distanceTransform(one, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Distances run from centre to centre; the border lies half way.
    return np.asarray(np.where(mask, 0.5 - inside, outside - 0.5), np.float32)


@dataclass(frozen=True)
class Tidy:
    """What is mended in a frame: where borders pass over, a pixel or two may be left between three labels.

    Attributes:
        holes: holes in the heart are filled.
        islands: structures whose separate components are given to what is around them.
    """

    holes: bool
    islands: tuple[int, ...]

    @classmethod
    def like(cls, *keyframes: LabelMap) -> "Tidy":
        """What the keyframes do not have; what a person drew into one of them is warped along."""
        holes = not any(holes_in_structures(one).any() for one in keyframes)
        whole = [k for k in STRUCTURES if not any(islands(one.ids, k).any() for one in keyframes)]
        return cls(holes, tuple(whole))

    def __call__(self, ids: LabelIds) -> LabelIds:
        """uint8 (h, w) the ids without them."""
        for structure in self.islands:
            apart = islands(ids, structure)
            if apart.any():
                ids = given_back(ids, apart, [k for k in range(LABEL_COUNT) if k != structure])
        return without_holes_in_structures(LabelMap(ids)) if self.holes else ids
