"""What a generator shows of each defect: grey levels where the label map changes, the seed being the same."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from echo_studio.anatomy.edits.defects import DEFECTS, apply_defect
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LV_CAVITY, MASS
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.anatomy.sector.region import sector_region
from echo_studio.anatomy.shape.warp import STRUCTURES
from echo_studio.data.atomic import write_bytes
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.errors import EchoStudioError
from echo_studio.evaluate.frames.made_frames import SIDE
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.types import GrayImage, Json

NEW_LABELS = {"effusion": FLUID, "mass": MASS}


def measure_defects(
    generator: Generator,
    frames: Sequence[CamusFrame],
    sampling: Sampling,
    seed: int = 0,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
    keep: int = 0,
) -> tuple[Json, list[list[GrayImage]]]:
    """Generate each map without a defect and with each of `DEFECTS` at its default values; frame k with seed + k.

    Args:
        frames: whose label maps are taken, at 256 x 256; where a map has no spacing, or a heart that cannot have a
            defect, that defect is left out.
        on_frame: called with (done, total) after each map.
        keep: how many maps' frames come back, one row each: without a defect, then with every defect in order.

    Returns:
        `defects`, a list of {defect, n, before, after, deviation, pixels, beyond}: mean grey levels of the changed
        pixels in the frame without and with the defect, the deviation within them, their mean number, and how many
        pixels of structures lie beyond the map's sector as generators see it. Of a mass also `cavity`, the mean grey
        of the cavity around it. Then the frames.
    """
    found: dict[str, list[Json]] = {name: [] for name in DEFECTS}
    sheet: list[list[GrayImage]] = []
    for k, frame in enumerate(frames):
        heart = frame.label_map.resized(SIDE, SIDE)
        maps = {name: made for name in DEFECTS if (made := _damaged(heart, name)) is not None}
        requests = [
            GenerationRequest(one, sampling, frame.frame_id.view, frame.frame_id.phase, seed + k)
            for one in (heart, *maps.values())
        ]
        plain, *damaged = [made.image for made in generator.generate_batch(requests)]
        for (name, made), image in zip(maps.items(), damaged, strict=True):
            found[name].append(_effect(name, heart, made, plain, image))
        if len(sheet) < keep and len(maps) == len(DEFECTS):
            sheet.append([plain, *damaged])
        on_frame(k + 1, len(frames))
    return {
        "generator": sampling.generator,
        "solver": sampling.solver,
        "nfe": sampling.nfe,
        "seed": seed,
        "n": len(frames),
        "defects": [{"defect": name, "n": len(parts), **_means(parts)} for name, parts in found.items() if parts],
    }, sheet


def _damaged(heart: LabelMap, name: str) -> LabelMap | None:
    try:
        made = apply_defect(heart, name)
    except EchoStudioError:
        return None
    return None if made is heart or (made.ids == heart.ids).all() else made


def _effect(name: str, heart: LabelMap, made: LabelMap, before: GrayImage, after: GrayImage) -> Json:
    # Only what both show: a wall that a map has beyond its sector is cut in both.
    changed = (within_sector(made.ids) != within_sector(heart.ids)) & sector_region(heart)
    if name in NEW_LABELS:
        changed = made.ids == NEW_LABELS[name]
    beyond = np.isin(within_sector(made.ids), (*STRUCTURES, FLUID, MASS)) & ~sector_region(heart)
    effect = {
        "before": float(before[changed].mean()),
        "after": float(after[changed].mean()),
        "deviation": float(after[changed].std()),
        "pixels": int(changed.sum()),
        "beyond": int(beyond.sum()),
    }
    return effect | ({"cavity": float(after[made.ids == LV_CAVITY].mean())} if name == "mass" else {})


def _means(parts: Sequence[Json]) -> Json:
    means = {key: round(float(np.mean([part[key] for part in parts])), 1) for key in parts[0] if key != "beyond"}
    return means | {"beyond": max(part["beyond"] for part in parts)}


def write_sheet(rows: Sequence[Sequence[GrayImage]], names: Sequence[str], notice: str, path: Path) -> None:
    """A PNG of frames of 256 x 256 in rows, with a name above each column and what they are below.

    Raises:
        OutputError: a place that cannot be written.
    """
    bars = [_bar(name, SIDE) for name in names]
    lines = [np.hstack(bars), *(np.hstack(row) for row in rows), _bar(notice, SIDE * len(names))]
    _, packed = cv2.imencode(".png", np.vstack(lines))
    write_bytes(path, packed.tobytes())


def _bar(text: str, width: int) -> GrayImage:
    bar = np.zeros((24, width), np.uint8)
    cv2.putText(bar, text, (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 220, 1, cv2.LINE_AA)
    return bar
