"""Fluid and masses put into real frames, so that generators learn the two labels that no data set has.

Fluid gives nearly no echo: the picture is darkened to a low level, and a part of its own grain stays. A mass is
brighter than the blood around it: a level of tissue with grain that is taken from elsewhere in the same sector. Shapes
are those of the editor's defects, and ellipses as a brush paints them.
"""

import cv2
import numpy as np

from echo_studio.anatomy.edits.defect_chamber import AROUND, SIDES, cavity_mass, pericardial_effusion
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LEFT_ATRIUM, LV_CAVITY, MASS, OUTSIDE, SECTOR
from echo_studio.errors import LabelMapError
from echo_studio.types import BoolMask, GrayImage, LabelIds

SPACING = (0.65, 0.65)  # mm, about that of CAMUS at 256 x 256: sizes are random anyway
FLUID_LEVEL = (11.0, 27.0)  # grey levels
FLUID_GRAIN = (0.25, 0.45)  # share of the grain that stays
MASS_LEVEL = (125.0, 180.0)
MASS_GRAIN = (0.8, 1.2)
TEXTURE_SIGMA = 6.0  # pixels: what is finer is grain
LEAST = 24  # pixels of a region that a latent can show


def with_insert(image: GrayImage, ids: LabelIds, random: np.random.Generator) -> tuple[GrayImage, LabelIds]:
    """A frame uint8 (h, w) and its label map with a region of fluid or a mass; unchanged where none finds room."""
    marked = marked_map(ids, random)
    return _painted(image, marked, random), marked


def marked_map(ids: LabelIds, random: np.random.Generator) -> LabelIds:
    """A label map with a region of fluid or a mass: an effusion, a mass on the wall, or an ellipse."""
    heart = LabelMap(ids, SPACING)
    kind = random.choice(["effusion", "mass", "ellipse of fluid", "ellipse of mass"], p=[0.25, 0.4, 0.1, 0.25])
    try:
        if kind == "effusion":
            made = pericardial_effusion(heart, random.uniform(4, 22), str(random.choice(AROUND))).ids
        elif kind == "mass":
            place = random.uniform(0, 1), str(random.choice(list(SIDES)))
            made = cavity_mass(heart, *place, random.uniform(7, 28), random.uniform(0, 1)).ids
        else:
            made = _with_ellipse(ids, FLUID if kind.endswith("fluid") else MASS, random)
    except LabelMapError:
        return ids
    return made if (made != ids).sum() >= LEAST else ids


def _with_ellipse(ids: LabelIds, label: int, random: np.random.Generator) -> LabelIds:
    allowed = np.isin(ids, (SECTOR,) if label == FLUID else (SECTOR, LV_CAVITY, LEFT_ATRIUM))
    rows, columns = np.nonzero(allowed)
    if not len(rows):
        return ids
    at = int(random.integers(len(rows)))
    axes = random.uniform(4, 20, 2)
    shape = np.zeros(ids.shape, np.uint8)
    centre = float(columns[at]), float(rows[at])
    cv2.ellipse(shape, (centre, (2 * float(axes[0]), 2 * float(axes[1])), float(random.uniform(0, 180))), 1, -1)
    return np.where((shape > 0) & allowed, np.uint8(label), ids)


def _painted(image: GrayImage, ids: LabelIds, random: np.random.Generator) -> GrayImage:
    grey = image.astype(np.float32)
    grain = grey - cv2.GaussianBlur(grey, (0, 0), TEXTURE_SIGMA)
    fluid, mass = ids == FLUID, ids == MASS
    if fluid.any():
        grey = _blend(grey, random.uniform(*FLUID_LEVEL) + random.uniform(*FLUID_GRAIN) * grain, fluid)
    if mass.any():
        level = max(random.uniform(*MASS_LEVEL), float(grey[mass].mean()) + 70)
        grey = _blend(grey, level + random.uniform(*MASS_GRAIN) * _grain_of_tissue(grain, ids, mass, random), mass)
    within = np.where(ids == OUTSIDE, image, np.clip(np.rint(grey), 1, 255))
    return np.asarray(within, np.uint8)


def _grain_of_tissue(
    grain: np.ndarray[tuple[int, ...], np.dtype[np.float32]], ids: LabelIds, mass: BoolMask, random: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The grain shifted so that the mass shows tissue of the sector: of eight random shifts the one with most of it."""
    rows, columns = np.nonzero(mass)
    tissue = (ids == SECTOR).astype(np.uint8)
    shifts = random.integers(-ids.shape[0] // 2, ids.shape[0] // 2, (8, 2))
    best = max(shifts, key=lambda shift: int(np.roll(tissue, tuple(shift), (0, 1))[rows, columns].sum()))
    return np.roll(grain, tuple(best), (0, 1))


def _blend(
    below: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    above: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    mask: BoolMask,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Above within the mask, below elsewhere, with a border as soft as the scanner's."""
    share = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)
    return below * (1 - share) + above * share
