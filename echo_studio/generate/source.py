"""A real frame whose look an edited label map keeps: the source of an edited real frame.

Its noise is found by inversion under its own label map. From that noise the edited map is sampled; what is away from
the edit stays the source's own, in the latents while sampling and pixel by pixel at the end.
"""

import contextlib
import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import OUTSIDE, SECTOR
from echo_studio.anatomy.sector.detect import find_sector
from echo_studio.anatomy.sector.geometry import sector_of, with_sector, within_sector
from echo_studio.errors import ImageError, RequestError
from echo_studio.types import BoolMask, GrayImage, Json, LabelIds, Spacing

EDITED = "edited real frame"
EDITED_NOTICE = "edited real frame: personal data, not for diagnosis"

# In pixels of a frame of 256 x 256. Chosen by eye on training patients: the wall between two changed borders moves too.
BETWEEN = 8  # half of the widest gap between changed pixels in which tissue has moved with them
CLEAR = 2  # around what changed, the generated frame alone
MARGIN = 10  # from what changed to where the source is untouched
GRAIN = 2.0  # finer than this is grain, whose strength a plain average of two frames would lower


@dataclass(frozen=True)
class Source:
    """A real frame to start from.

    Attributes:
        image: uint8 (h, w).
        label_map: what the frame itself shows, of its size.
        keep: how much of the frame's own noise to keep, 0 (fresh noise of the seed) to 1 (its own alone).
        whole_frame: generate the whole frame instead of what changed and its surroundings.
        made_from: sha256 of the real frame that this one was cropped or edited from; empty for that frame itself.

    Raises:
        ImageError: the image is not uint8 (h, w).
        RequestError: a label map of another size, one without a sector, or a `keep` out of its range.
    """

    image: GrayImage
    label_map: LabelMap
    keep: float = 1.0
    whole_frame: bool = False
    made_from: str = ""

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 2:
            raise ImageError(
                expected="a frame uint8 (height, width)",
                got=f"{self.image.dtype} {self.image.shape}",
                remedy="bring it to one grey channel of 0 to 255",
            )
        check_size(self.label_map, self.image.shape, "the frame's own label map")
        if not self.inside.any():
            raise RequestError(
                expected="a frame with a sector", got="label 0 everywhere in its label map", remedy="label it first"
            )
        if not 0 <= self.keep <= 1:
            raise RequestError(expected="keep from 0 to 1", got=f"{self.keep:g}", remedy="try 1, the frame's own noise")

    @cached_property
    def inside(self) -> BoolMask:
        """(h, w) True in the frame's sector. Structures beyond it are cut off."""
        inside = np.asarray(within_sector(self.label_map.ids) != OUTSIDE)
        if sector_of(self.label_map.ids) is None:
            with contextlib.suppress(ImageError):
                inside &= find_sector(self.image)
        return inside

    @cached_property
    def box(self) -> tuple[slice, slice]:
        """The rectangle around the sector: generators are trained on frames that it fills."""
        rows, columns = np.nonzero(self.inside)
        return slice(int(rows.min()), int(rows.max()) + 1), slice(int(columns.min()), int(columns.max()) + 1)

    def cropped(self, label_map: LabelMap) -> tuple["Source", LabelMap]:
        """The source and an edited label map within `box`, both with the source's sector."""
        own, edited = (
            LabelMap(np.ascontiguousarray(self.guide(one).ids[self.box]), one.spacing_mm)
            for one in (self.label_map, label_map)
        )
        image = np.ascontiguousarray(self.image[self.box])
        return replace(self, image=image, label_map=own, made_from=self.origin), edited

    @cached_property
    def sha256(self) -> str:
        """Of the pixels, and of their size."""
        return hashlib.sha256(f"{self.image.shape}".encode() + np.ascontiguousarray(self.image).tobytes()).hexdigest()

    @property
    def origin(self) -> str:
        """sha256 of the real frame: what is kept of it in memory is dropped by this name."""
        return self.made_from or self.sha256

    def note(self) -> Json:
        """What a record says of it: no pixels."""
        return {
            "image_sha256": self.sha256,
            "label_map_sha256": self.label_map.digest,
            "keep": self.keep,
            "whole_frame": self.whole_frame,
        }

    def guide(self, label_map: LabelMap) -> LabelMap:
        """A label map with the sector of the frame: what its scanner would have seen of that heart."""
        check_size(label_map, self.image.shape, "an edited label map")
        tissue = np.where(label_map.ids == OUTSIDE, np.uint8(SECTOR), label_map.ids)
        return LabelMap(np.where(self.inside, tissue, np.uint8(OUTSIDE)), label_map.spacing_mm)

    def weight(self, label_map: LabelMap) -> npt.NDArray[np.float32]:
        """float32 (h, w): how much of each pixel an edited label map decides; see `edit_weight`."""
        if self.whole_frame:
            return np.ones(self.image.shape, np.float32)
        return edit_weight(self.guide(self.label_map).ids, self.guide(label_map).ids)

    def composed(self, generated: GrayImage, weight: npt.NDArray[np.float32]) -> GrayImage:
        """The generated frame where the weight says so, the source elsewhere, black outside the sector.

        Where both take part their grain is added as independent noise is, so that it keeps its strength.

        Args:
            generated: uint8 (h, w).
            weight: float32 (h, w), see `weight`.

        Returns:
            uint8 (h, w); where the weight is 0, the source's own pixels.
        """
        if self.whole_frame:
            return np.where(self.inside, generated, 0).astype(np.uint8)
        (low, fine), (source_low, source_fine) = (split_grain(image) for image in (generated, self.image))
        strength = np.sqrt(weight**2 + (1 - weight) ** 2)
        mixed = source_low + weight * (low - source_low) + (weight * fine + (1 - weight) * source_fine) / strength
        mixed = np.where(weight > 0, np.clip(np.rint(mixed), 0, 255), self.image)
        return np.where(self.inside, mixed, 0).astype(np.uint8)


def own_label_map(image: GrayImage, label_map: LabelMap, spacing_mm: Spacing | None = None) -> LabelMap:
    """What a frame itself shows, with the frame's sector where the label map has none (CAMUS's have none).

    Args:
        image: uint8 (h, w).
        label_map: of the frame.
        spacing_mm: of the frame, where the label map does not know it.

    Raises:
        RequestError: a label map of another size.
        ImageError: no lit sector is found.
    """
    check_size(label_map, image.shape, "the frame's own label map")
    has_sector = SECTOR in label_map.ids
    ids = label_map.ids if has_sector else with_sector(label_map.ids, find_sector(image))
    return LabelMap(ids, label_map.spacing_mm or spacing_mm)


def check_size(label_map: LabelMap, size: tuple[int, ...], what: str) -> None:
    """Raise RequestError where a label map is not as large as its source (height, width)."""
    if label_map.shape != tuple(size):
        raise RequestError(
            expected=f"{what} of the frame's size, {size[1]}x{size[0]}",
            got=f"{label_map.shape[1]}x{label_map.shape[0]}",
            remedy="label the frame at its own size",
        )


def edit_weight(before: LabelIds, after: LabelIds) -> npt.NDArray[np.float32]:
    """How much an edit decides each pixel, float32 (h, w): 1 at what changed and what lies between, 0 further away.

    Args:
        before, after: uint8 (h, w).
    """
    changed = (before != after).astype(np.uint8)
    if not changed.any():
        return np.zeros(before.shape, np.float32)
    scale = max(before.shape) / 256
    reach = max(1, round(BETWEEN * scale))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    padded = np.pad(changed, reach)
    moved = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[reach:-reach, reach:-reach]
    away = cv2.distanceTransform(1 - moved, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / scale
    rise = np.clip((MARGIN - away) / (MARGIN - CLEAR), 0, 1)
    return np.asarray(rise**2 * (3 - 2 * rise), np.float32)


def with_grain(image: GrayImage, times: float) -> GrayImage:
    """A frame uint8 (h, w) with its grain so many times as strong."""
    low, fine = split_grain(image)
    return np.clip(np.rint(low + times * fine), 0, 255).astype(np.uint8)


def split_grain(image: GrayImage) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A frame without its grain, and the grain."""
    grey = image.astype(np.float32)
    low = np.asarray(cv2.GaussianBlur(grey, (0, 0), GRAIN), np.float32)
    return low, grey - low
