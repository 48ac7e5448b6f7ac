"""How often a frame of CAMUS is taken for no apical view, and how often frames that are none are.

    python benchmarks/apical.py ~/data/CAMUS_public validation

Turned by 90, 180 and 270 degrees; two frames side by side; without a heart (its place filled with patches of the tissue
around it); what the sector shows turned by 90 degrees within the sector, as another window of the chest would.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from echo_studio.anatomy.labels import SECTOR
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame
from echo_studio.errors import EchoStudioError
from echo_studio.evaluate.frames.apical import looks_apical
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, labelled
from echo_studio.types import GrayImage

PATCH = 12


def without_heart(frame: CamusFrame) -> GrayImage:
    ids, image = frame.label_map.ids, frame.image.copy()
    heart = cv2.dilate(np.isin(ids, (1, 2, 3)).astype(np.uint8), np.ones((9, 9))) > 0
    tissue = (ids == SECTOR) & ~heart
    random = np.random.default_rng(0)
    whole = cv2.erode(tissue.astype(np.uint8), np.ones((PATCH, PATCH)), borderValue=0) > 0
    centres = np.argwhere(whole[PATCH:-PATCH, PATCH:-PATCH]) + PATCH
    filled = np.zeros_like(image)
    for y in range(0, image.shape[0], PATCH):
        for x in range(0, image.shape[1], PATCH):
            cy, cx = centres[random.integers(len(centres))] - PATCH // 2
            patch = filled[y : y + PATCH, x : x + PATCH]
            patch[:] = image[cy : cy + PATCH, cx : cx + PATCH][: patch.shape[0], : patch.shape[1]]
    return np.where(heart & (image > 0), filled, image)


def within_sector(frame: CamusFrame) -> GrayImage:
    height, width = frame.image.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 90, 1.3)
    turned = cv2.warpAffine(frame.image, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.where(frame.label_map.inside, np.maximum(turned, 1), 0).astype(np.uint8)


def pictures(frame: CamusFrame, other: CamusFrame) -> Iterator[tuple[str, GrayImage]]:
    yield "apical", frame.image
    for degrees in (90, 180, 270):
        yield f"turned by {degrees}", np.ascontiguousarray(np.rot90(frame.image, degrees // 90))
    second = cv2.resize(other.image, frame.image.shape[::-1])
    yield "side by side", np.hstack([frame.image, second])
    yield "without a heart", without_heart(frame)
    yield "turned within the sector", within_sector(frame)


def main(root: str, split: str, every: str = "1") -> None:
    data, segmenter = CamusFolder(Path(root)), FrameSegmenter.load()
    ids = data.frame_ids(data.split(split))[:: int(every)]
    flagged: dict[str, list[bool]] = {}
    for number, frame_id in enumerate(ids):
        for kind, image in pictures(data.read(frame_id), data.read(ids[number - 1])):
            try:
                flagged.setdefault(kind, []).append(not looks_apical(labelled(segmenter, image).seen))
            except EchoStudioError:  # no sector at all: refused
                flagged.setdefault(kind, []).append(True)
    for kind, ones in flagged.items():
        print(f"{kind:24} {sum(ones):4} of {len(ones)} flagged, {np.mean(ones):.1%}")


if __name__ == "__main__":
    main(*sys.argv[1:])
