"""Draw the bundled label maps: average shapes of the training split, none of them a patient's.

    python training/label_maps.py PATH_TO_CAMUS

Frames of one view and phase are moved, turned and scaled onto their group's mean pose, the signed
distances of their structures are averaged, and the zero level is the mean shape. The sector has the
group's median parameters. Groups of 40 or more patients each; see GROUPS.
"""

import math
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from scipy import ndimage

from echo_studio.anatomy.edits.repair import repair
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LEFT_ATRIUM, LV_CAVITY, LV_MYOCARDIUM, OUTSIDE, SECTOR
from echo_studio.anatomy.sector.geometry import Sector, fit_sector, threshold_sector, within_sector
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame, FrameId
from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.template import BUNDLED, maps_folder
from echo_studio.types import BoolMask

SIDE = 256
SHARE = 0.12  # of the training patients, for the groups that are picked by a measure

Measure = Callable[[LabelMap], float]


def cavity(label_map: LabelMap) -> float:
    return float((label_map.ids == LV_CAVITY).sum() / label_map.inside.sum())


def wall_ratio(label_map: LabelMap) -> float:
    return float((label_map.ids == LV_MYOCARDIUM).sum() / max(1, (label_map.ids == LV_CAVITY).sum()))


def atrium_ratio(label_map: LabelMap) -> float:
    return float((label_map.ids == LEFT_ATRIUM).sum() / max(1, (label_map.ids == LV_CAVITY).sum()))


# name -> view, phase, measure whose highest values are averaged (all patients where there is none)
GROUPS: dict[str, tuple[str, str, Measure | None]] = {
    "4ch-ed": ("4CH", "ED", None),
    "4ch-es": ("4CH", "ES", None),
    "2ch-ed": ("2CH", "ED", None),
    "2ch-es": ("2CH", "ES", None),
    "4ch-ed-dilated": ("4CH", "ED", cavity),
    "4ch-ed-thick-wall": ("4CH", "ED", wall_ratio),
    "4ch-es-large-atrium": ("4CH", "ES", atrium_ratio),
    "2ch-es-large-atrium": ("2CH", "ES", atrium_ratio),
}


def pose(mask: BoolMask) -> tuple[np.ndarray, float, float]:
    """Centroid (x, y), angle of the long axis and scale of a mask."""
    y, x = np.nonzero(mask)
    centre = np.array([x.mean(), y.mean()])
    spread = np.cov(np.stack([x, y]))
    _, vectors = np.linalg.eigh(spread)
    axis = vectors[:, 1] if vectors[1, 1] > 0 else -vectors[:, 1]
    return centre, math.atan2(axis[0], axis[1]), float(np.linalg.det(spread) ** 0.25)


def signed_distance(mask: BoolMask) -> np.ndarray:
    return ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)


def median_sector(sectors: list[Sector]) -> Sector:
    def middle(values: list[float]) -> float:
        return float(np.median(values))

    return Sector(
        (middle([f.apex[0] for f in sectors]), middle([f.apex[1] for f in sectors])),
        middle([f.angle_left for f in sectors]),
        middle([f.angle_right for f in sectors]),
        middle([f.near for f in sectors]),
        middle([f.far for f in sectors]),
        middle([f.aspect for f in sectors]),
    )


def average(frames: list[CamusFrame]) -> LabelMap:
    """The mean shape of some frames, in their mean pose."""
    maps = [frame.label_map.resized(SIDE, SIDE) for frame in frames]
    poses = [pose(m.structures()["lv_epi"]) for m in maps]
    centre = np.mean([p[0] for p in poses], axis=0)
    angle, scale = float(np.mean([p[1] for p in poses])), float(np.mean([p[2] for p in poses]))
    total = {"lv_endo": np.zeros((SIDE, SIDE)), "lv_epi": np.zeros((SIDE, SIDE)), "la": np.zeros((SIDE, SIDE))}
    for label_map, (c, a, s) in zip(maps, poses, strict=True):
        turn = cv2.getRotationMatrix2D((float(c[0]), float(c[1])), math.degrees(angle - a), scale / s)
        turn[:, 2] += centre - c
        for key, mask in label_map.structures().items():
            moved = cv2.warpAffine(mask.astype(np.uint8), turn, (SIDE, SIDE), flags=cv2.INTER_NEAREST)
            total[key] += signed_distance(moved > 0)
    sector = median_sector([fit_sector(threshold_sector(cv2.resize(f.image, (SIDE, SIDE)))) for f in frames])
    ids = np.where(sector.mask(SIDE, SIDE), np.uint8(SECTOR), np.uint8(OUTSIDE))
    inside = ids == SECTOR
    # Where atria vary most their mean shrinks: two pixels back close the gap at the valve.
    ids[(total["la"] > -2 * len(maps)) & inside] = LEFT_ATRIUM
    ids[(total["lv_epi"] > 0) & inside] = LV_MYOCARDIUM
    ids[(total["lv_endo"] > 0) & inside] = LV_CAVITY
    known = [m.spacing_mm for m in maps if m.spacing_mm]
    spacing = tuple(round(float(v), 3) for v in np.mean(known, axis=0)) if known else None
    label_map = LabelMap(within_sector(ids), spacing)  # type: ignore[arg-type]
    # Where mean shapes meet, single pixels of one lie beyond the other, and a small atrium falls short of the valve.
    for kind in ("island", "atrium-apart"):
        label_map = repair(label_map, kind)
    return label_map


def main(root: Path) -> None:
    data = CamusFolder(root)
    patients = data.split("training")
    for name, (view, phase, measure) in GROUPS.items():
        assert name in BUNDLED, name
        frames = [data.read(FrameId(patient, view, phase)) for patient in patients]  # type: ignore[arg-type]
        if measure is not None:
            frames = sorted(frames, key=lambda f: measure(f.label_map))[-round(SHARE * len(frames)) :]
        label_map = average(frames)
        write_label_map(maps_folder() / f"{name}.png", label_map)
        print(f"{name}: mean of {len(frames)} frames, {np.bincount(label_map.ids.ravel(), minlength=5).tolist()}")
        if name == "4ch-ed":
            blank = np.where(label_map.inside, np.uint8(SECTOR), np.uint8(OUTSIDE))
            write_label_map(maps_folder() / "blank.png", LabelMap(blank, label_map.spacing_mm))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
