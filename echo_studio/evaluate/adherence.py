"""Adherence: Dice between the guiding label map and a re-segmentation of the generated frame."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.anatomy.overlap import structure_dice
from echo_studio.data.camus import CamusFrame
from echo_studio.evaluate.segmentation import FrameSegmenter
from echo_studio.generate.generator import Generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.types import GrayImage, Json

BATCH = 8


def adherence(segmenter: FrameSegmenter, image: GrayImage, label_map: LabelMap) -> dict[str, float | None]:
    """Dice of `lv_endo`, `lv_epi` and `la` between a frame and the label map that guided it, as fractions.

    None where the label map does not have the structure.
    """
    return structure_dice(segmenter.label([image])[0], label_map)


def check_sampling(solver: str, nfe: int, seed: int) -> None:
    """Raise what `GenerationRequest` would raise, before any frame is read."""
    GenerationRequest(LabelMap(np.full((8, 8), SECTOR, np.uint8)), solver=solver, nfe=nfe, seed=seed)


@dataclass(frozen=True)
class AdherenceReport:
    """Mean Dice of each structure over n frames: the segmenter on real frames, and on frames made from their labels."""

    n: int
    real: dict[str, float]
    generated: dict[str, float]

    def to_json(self) -> Json:
        return dataclasses.asdict(self)


def measure_adherence(
    generator: Generator,
    segmenter: FrameSegmenter,
    frames: Sequence[CamusFrame],
    solver: str,
    nfe: int,
    seed: int,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
) -> AdherenceReport:
    """Generate a frame from the label map of each real one and compare both segmentations with the labels.

    Args:
        frames: real ones; frame k is made with seed + k.
        on_frame: called with (done, total) after each batch.
    """
    scores: dict[str, dict[str, list[float]]] = {"real": defaultdict(list), "generated": defaultdict(list)}
    for start in range(0, len(frames), BATCH):
        batch = frames[start : start + BATCH]
        requests = [
            GenerationRequest(
                frame.label_map,
                frame.frame_id.view,
                frame.frame_id.phase,
                generator.card.name,
                solver,
                nfe,
                seed + start + k,
            )
            for k, frame in enumerate(batch)
        ]
        made = [result.image for result in generator.generate_batch(requests)]
        for source, images in (("real", [frame.image for frame in batch]), ("generated", made)):
            for found, frame in zip(segmenter.label(images), batch, strict=True):
                for key, value in structure_dice(found, frame.label_map).items():
                    if value is not None:
                        scores[source][key].append(value)
        on_frame(start + len(batch), len(frames))
    means = {source: {key: round(float(np.mean(v)), 4) for key, v in by.items()} for source, by in scores.items()}
    return AdherenceReport(len(frames), means["real"], means["generated"])
