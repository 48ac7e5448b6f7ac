"""The label schema: ids, names and colours. CAMUS's numbering with the papers' fourth label and two of our own."""

from dataclasses import dataclass

import numpy as np

from echo_studio.types import LabelIds

SCHEMA = "camus+sector/1"  # ids 0 to 4
SCHEMA_2 = "camus+sector/2"  # and what real frames hold without being labelled there: fluid and mass
SCHEMAS = (SCHEMA, SCHEMA_2)

OUTSIDE = 0
LV_CAVITY = 1
LV_MYOCARDIUM = 2
LEFT_ATRIUM = 3
SECTOR = 4
FLUID = 5
MASS = 6


@dataclass(frozen=True)
class Label:
    """One label: its id in files, its name for people and its colour (r, g, b) on the canvas."""

    id: int
    key: str
    name: str
    colour: tuple[int, int, int]


# Okabe-Ito hues: told apart by colour-blind readers, and none is the grey of the image below.
LABELS: tuple[Label, ...] = (
    Label(OUTSIDE, "outside", "Outside", (0, 0, 0)),
    Label(LV_CAVITY, "lv_endo", "LV cavity", (230, 97, 76)),
    Label(LV_MYOCARDIUM, "lv_myo", "LV myocardium", (64, 178, 136)),
    Label(LEFT_ATRIUM, "la", "Left atrium", (86, 140, 233)),
    Label(SECTOR, "sector", "Sector", (72, 76, 86)),
    Label(FLUID, "fluid", "Fluid", (120, 72, 192)),
    Label(MASS, "mass", "Mass", (240, 192, 72)),
)
LABEL_COUNT = len(LABELS)
LABEL_COUNTS = {SCHEMA: 5, SCHEMA_2: LABEL_COUNT}
TISSUE = (SECTOR, FLUID, MASS)  # inside the sector and none of the three structures


def schema_of(ids: LabelIds) -> str:
    """The first schema that has all of the ids: a map without fluid and mass is one of version 1."""
    return SCHEMA_2 if ids.size and int(ids.max()) > SECTOR else SCHEMA


def as_version_1(ids: LabelIds, fluid: int = OUTSIDE, mass: int = SECTOR) -> LabelIds:
    """The ids without labels of version 2; the same array where there are none.

    Args:
        fluid, mass: ids that take their place. By default those that version 1 painted: fluid gives no echo and had
            no label, a mass was tissue of no structure.
    """
    if schema_of(ids) == SCHEMA:
        return ids
    return np.array([0, 1, 2, 3, 4, fluid, mass], np.uint8)[ids]
