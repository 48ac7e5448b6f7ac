"""Adherence: Dice by its definition, and a report on a folder of frames."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap, dice, structure_dice
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.errors import CheckpointError
from echo_studio.evaluate.frames.adherence import measure_adherence
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, largest_pieces
from echo_studio.generate.catalog import load_generator
from tests.generate.tiny import tiny_checkpoints


def test_dice_of_known_overlaps() -> None:
    a, b = np.zeros((8, 8), bool), np.zeros((8, 8), bool)
    assert dice(a, b) is None
    a[:4] = True
    assert dice(a, a) == 1
    assert dice(a, b) == 0
    b[2:6] = True
    assert dice(a, b) == pytest.approx(0.5)


def test_the_epicardium_is_cavity_and_wall_and_a_missing_structure_has_no_score() -> None:
    ids = np.zeros((8, 8), np.uint8)
    ids[:2], ids[2:4] = 1, 2
    swapped = np.where(ids == 1, 2, np.where(ids == 2, 1, ids)).astype(np.uint8)
    scores = structure_dice(LabelMap(swapped), LabelMap(ids))
    assert scores == {"lv_endo": 0.0, "lv_epi": 1.0, "la": None}


def test_only_the_largest_piece_of_each_label_is_kept() -> None:
    ids = np.zeros((16, 16), np.uint8)
    ids[2:8, 2:8] = 1
    ids[12, 12] = 1
    ids[10:12, 2:6] = 3
    kept = largest_pieces(ids)
    assert kept[12, 12] == 0
    assert (kept[2:8, 2:8] == 1).all()
    assert (kept[10:12, 2:6] == 3).all()


def test_a_report_counts_frames_and_scores_both_sources(camus_folder: Callable[..., Path], tmp_path: Path) -> None:
    data = CamusFolder(camus_folder(patients=1))
    places = tiny_checkpoints(tmp_path / "checkpoints")
    frames = [data.read(frame_id) for frame_id in data.frame_ids()]
    seen: list[tuple[int, int]] = []
    report = measure_adherence(
        load_generator("tiny", places),
        FrameSegmenter.load(places / "segmenter"),
        frames,
        "heun",
        2,
        0,
        lambda done, total: seen.append((done, total)),
    )
    assert report.n == 4
    assert seen[-1] == (4, 4)
    for scores in (report.to_json()["real"], report.to_json()["generated"]):
        assert scores.keys() == {"lv_endo", "lv_epi", "la"}
        assert all(0 <= value <= 1 for value in scores.values())


def test_another_kind_of_checkpoint_is_no_segmenter(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="segmenter"):
        FrameSegmenter.load(tiny_checkpoints(tmp_path) / "tiny")
