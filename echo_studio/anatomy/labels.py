"""The label schema: ids, names and colours. CAMUS's numbering with the papers' fourth label added."""

from dataclasses import dataclass

SCHEMA = "camus+sector/1"

OUTSIDE = 0
LV_CAVITY = 1
LV_MYOCARDIUM = 2
LEFT_ATRIUM = 3
SECTOR = 4


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
)
LABEL_COUNT = len(LABELS)
