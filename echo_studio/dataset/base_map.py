"""One label map that samples of a set are made from."""

from dataclasses import dataclass

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.types import Phase, View

__all__ = ["BaseMap"]


@dataclass(frozen=True)
class BaseMap:
    """A label map that samples are made from.

    Attributes:
        name: unique in the set, letters, digits, `-` and `_`.
        base: what splits go by: the one that its set tells, the patient where the file's name tells one, else the name
            of the first map with the same pixels.
        label_map: 256 x 256, as the papers' deformations ask.
    """

    name: str
    base: str
    view: View
    phase: Phase
    label_map: LabelMap
