"""Frames made between keyframes get no holes and no islands that the keyframes do not have."""

from dataclasses import dataclass

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABEL_COUNT
from echo_studio.anatomy.measure.anomalies import given_back, holes_in_structures, islands, without_holes_in_structures
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.types import LabelIds


@dataclass(frozen=True)
class Tidy:
    """What is mended in a frame: where borders pass over, a pixel or two may be left between three labels.

    Attributes:
        holes: holes in the heart are filled.
        islands: structures whose pieces apart are given to what is around them.
    """

    holes: bool
    islands: tuple[int, ...]

    @classmethod
    def like(cls, *keyframes: LabelMap) -> "Tidy":
        """What the keyframes do not have; what a person drew into one of them is left to be carried along."""
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
