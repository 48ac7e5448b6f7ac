"""Draw docs/contact-sheet.png: real frame, label map, and frames generated from it, for validation patients.

    python training/contact_sheet.py PATH_TO_CAMUS

Eight cases, both views and phases; the last two have a hand-made septal defect and no left atrium, so their real frames
show the anatomy before it was changed.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from echo_studio.anatomy.edits.defects import apply_defect
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LABELS
from echo_studio.anatomy.sector.geometry import within_sector
from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.evaluate.frames.adherence import adherence
from echo_studio.evaluate.frames.segmentation import Scorers
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.request import GenerationRequest
from echo_studio.generate.sampling import Sampling
from echo_studio.types import GrayImage, LabelIds

SIDE = 256
CASES = [(0, "2CH", "ED"), (6, "4CH", "ED"), (12, "2CH", "ES"), (18, "4CH", "ES")]
CASES += [(24, "4CH", "ED"), (30, "2CH", "ED"), (36, "4CH", "ED"), (42, "4CH", "ES")]
SEEDS = (0, 1)
NFE = 10  # advised


def with_septal_defect(label_map: LabelMap) -> tuple[LabelMap, str]:
    return apply_defect(label_map, "septal", {"at": 0.6, "width_mm": 14.0}), "septal defect"


def without_atrium(label_map: LabelMap) -> tuple[LabelMap, str]:
    return apply_defect(label_map, "missing-atrium"), "no atrium"


DEFECTS = (with_septal_defect, without_atrium)


def coloured(ids: LabelIds) -> np.ndarray:
    palette = np.array([label.colour[::-1] for label in LABELS], np.uint8)
    return palette[ids]


def titled(pixels: np.ndarray, text: str) -> np.ndarray:
    bar = np.zeros((22, pixels.shape[1], 3), np.uint8)
    cv2.putText(bar, text, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (220, 220, 220), 1, cv2.LINE_AA)
    return np.concatenate([bar, pixels])


def grey(image: GrayImage) -> np.ndarray:
    return np.repeat(image[:, :, None], 3, axis=2)


def main(root: Path) -> None:
    data = CamusFolder(root)
    patients = data.split("validation")
    generator, judge = load_generator("edm-l64"), Scorers.load().judge
    columns = []
    for case, (number, view, phase) in enumerate(CASES):
        frame = data.read(FrameId(patients[number], view, phase))  # type: ignore[arg-type]
        label_map = frame.label_map.resized(SIDE, SIDE)
        title = f"{view} {phase}"
        if case >= len(CASES) - 2:
            label_map, defect = DEFECTS[case - len(CASES) + 2](
                LabelMap(within_sector(label_map.ids), label_map.spacing_mm)
            )
            title = f"{title}, {defect}"
        rows = [
            titled(grey(cv2.resize(frame.image, (SIDE, SIDE))), f"real (CAMUS {frame.frame_id.patient})"),
            titled(coloured(label_map.ids), title),
        ]
        for seed in SEEDS:
            request = GenerationRequest(
                label_map, Sampling("edm-l64", "ipndm", NFE), frame.frame_id.view, frame.frame_id.phase, seed
            )
            image = generator.generate(request).image
            scores = adherence(judge, image, label_map)
            shown = " ".join(f"{key[3:] if key != 'la' else key} {value:.2f}" for key, value in scores.items() if value)
            rows.append(titled(grey(image), f"generated, NFE {NFE}: {shown}"))
        columns.append(np.concatenate(rows))
    half = len(columns) // 2
    sheet = np.concatenate([np.concatenate(part, axis=1) for part in (columns[:half], columns[half:])])
    out = Path(__file__).resolve().parent.parent / "docs" / "contact-sheet.png"
    cv2.imwrite(str(out), sheet)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
