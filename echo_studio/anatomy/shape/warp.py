"""Move structures of a label map: one rule for every warp, whatever computed where each pixel comes from.

For an output pixel o whose source is the point f(o) = (x, y):

1. the pixel looked up is i = floor(x + 0.5 + SLACK), j = floor(y + 0.5 + SLACK): nearest, ties up.
   SLACK is far above the rounding error of f and far below anything a hand can do, so that a tie
   is decided alike by every program that computes f in double precision;
2. beyond the image the label looked up is 0;
3. where the label looked up is a moved structure, o gets it;
4. else, where o held a moved structure before, it is uncovered: sector inside the sector, 0 outside;
5. else o keeps its label.

Pixels that hold a locked label keep it, unless structures of that label are what moves.

The sector and the structures that are not moved stay where they are; moved structures lie on top of
them. No label is ever blended, so the label set is closed. A mass moves with the cavity, fluid with the
myocardium that it lies on.
"""

from collections.abc import Collection

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, MASS, OUTSIDE, SECTOR
from echo_studio.anatomy.plane import with_ids
from echo_studio.errors import RequestError
from echo_studio.types import BoolMask, FloatArray, LabelIds

STRUCTURES: tuple[int, ...] = (LV_CAVITY, LV_MYOCARDIUM, LEFT_ATRIUM)
VENTRICLE: tuple[int, ...] = (LV_CAVITY, LV_MYOCARDIUM)
SLACK = 1e-6  # pixels


def warp_labels(
    label_map: LabelMap,
    source: FloatArray,
    structures: Collection[int],
    sector: BoolMask,
    *,
    cut: bool = False,
    locked: Collection[int] = (),
) -> LabelMap:
    """The label map after its structures moved.

    Args:
        source: (h, w, 2) for every output pixel the point (x, y) that it shows, in pixels.
        structures: the ids that move: of 1, 2 and 3.
        sector: (h, w) True inside the sector, see `sector_region`.
        cut: structures stop at the sector. Without it they may reach beyond, as annotators paint them.
        locked: ids whose pixels stay, where they are not what moves.

    Raises:
        RequestError: another id is to be moved.
    """
    wanted = check_structures(structures)
    return with_ids(label_map, moved(label_map.ids, source, wanted, sector, cut=cut, locked=locked))


def moved(
    ids: LabelIds,
    source: FloatArray,
    structures: Collection[int],
    sector: BoolMask,
    *,
    cut: bool = False,
    locked: Collection[int] = (),
) -> LabelIds:
    """uint8 (h, w) what `warp_labels` gives, from ids and structures that are known to be good."""
    structures = with_companions(structures)
    height, width = ids.shape
    nearest = np.floor(source + (0.5 + SLACK)).astype(np.int64)
    x, y = nearest[..., 0], nearest[..., 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    looked_up = np.where(inside, ids[y.clip(0, height - 1), x.clip(0, width - 1)], np.uint8(OUTSIDE))
    shown, was = np.isin(looked_up, list(structures)), np.isin(ids, list(structures))
    if cut:
        shown &= sector
        was &= sector
    shown &= ~np.isin(ids, [label for label in locked if label not in structures])
    uncovered = np.where(sector, np.uint8(SECTOR), np.uint8(OUTSIDE))
    return np.where(shown, looked_up, np.where(was, uncovered, ids))


def with_companions(structures: Collection[int]) -> list[int]:
    """The ids to move and those that move along: a mass with the cavity, fluid with the myocardium."""
    along = {LV_CAVITY: MASS, LV_MYOCARDIUM: FLUID}
    return [*structures, *(companion for structure, companion in along.items() if structure in structures)]


def check_structures(structures: Collection[int]) -> list[int]:
    """The ids to move, in order.

    Raises:
        RequestError: none, or one that is no structure.
    """
    wanted = sorted(set(structures))
    if not wanted or not set(wanted) <= set(STRUCTURES):
        raise RequestError(
            expected="structures to move: 1 (LV cavity), 2 (LV myocardium), 3 (left atrium)",
            got=f"{wanted or 'none'}",
            remedy="name at least one of them; the sector has its own sliders",
        )
    return wanted
