"""Adherence and quality of a generator: what is counted, what a card keeps, what real frames themselves give."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap, dice, structure_dice
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame
from echo_studio.errors import CheckpointError, RequestError
from echo_studio.evaluate.frames.adherence import BY_NFE, Quality, Validation, measure_adherence, with_quality
from echo_studio.evaluate.frames.distances import RealFrames
from echo_studio.evaluate.frames.made_frames import made_from
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, largest_pieces
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.generator import Generator
from echo_studio.generate.sampling import Sampling
from tests.generate.tiny import tiny_checkpoints

HEUN = Sampling("tiny", "heun", 2)


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
        HEUN,
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


@pytest.fixture
def frames(camus_folder: Callable[..., Path]) -> list[CamusFrame]:
    folder = CamusFolder(camus_folder(patients=1))
    return [folder.read(frame_id) for frame_id in folder.frame_ids()]


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[Generator, FrameSegmenter]:
    places = tiny_checkpoints(tmp_path / "checkpoints")
    return load_generator("tiny", places), FrameSegmenter.load(places / "segmenter")


def others(columns: int = 16) -> RealFrames:
    return RealFrames(np.random.default_rng(0).normal(size=(40, columns)))


def test_the_same_frames_are_made_as_for_adherence(
    tiny: tuple[Generator, FrameSegmenter], frames: list[CamusFrame]
) -> None:
    generator, _ = tiny
    side = generator.card.resolution
    at_maps = [image for _, _, made in made_from(generator, frames, HEUN, 5) for image in made]
    at_own = [image for _, _, made in made_from(generator, frames, HEUN, 5, own_size=True) for image in made]
    assert [image.shape for image in at_maps] == [frame.image.shape for frame in frames]
    assert {image.shape for image in at_own} == {(side, side)}
    for ours, theirs in zip(at_own, at_maps, strict=True):
        assert abs(float(ours.mean()) - float(theirs.mean())) < 10


def test_a_line_holds_both_figures_of_the_frames_made_once(
    tiny: tuple[Generator, FrameSegmenter], frames: list[CamusFrame]
) -> None:
    generator, segmenter = tiny
    calls: list[tuple[int, int]] = []
    validation = Validation.of(segmenter, frames, others())
    line = validation.measure(generator, HEUN, 5, lambda done, total: calls.append((done, total)))
    assert calls == [(4, 4)]
    assert line.to_json().keys() == {"solver", "nfe", "n", "lv_endo", "lv_epi", "la", "frechet", "frechet_real"}
    assert (line.sampling, line.n) == (HEUN, 4)
    assert line.frechet > 0
    assert line.frechet_real > 0
    assert validation.adherence == measure_adherence(generator, segmenter, frames, Sampling("tiny", "heun", 1), 0).real
    assert validation.measure(generator, HEUN, 5) == line


def test_real_frames_themselves_would_be_at_distance_0(
    tiny: tuple[Generator, FrameSegmenter], frames: list[CamusFrame]
) -> None:
    validation = Validation.of(tiny[1], frames, others())
    assert validation.others.distance(validation.features, validation.features) == 0


def test_one_frame_is_too_few(tiny: tuple[Generator, FrameSegmenter], frames: list[CamusFrame]) -> None:
    with pytest.raises(RequestError, match="at least 2"):
        Validation.of(tiny[1], frames[:1], others())


def line(solver: str, nfe: int, n: int, frechet: float) -> Quality:
    return Quality(Sampling("tiny", solver, nfe), {"lv_endo": 0.9, "lv_epi": 0.9, "la": 0.9}, frechet, 20.0, n)


def test_a_card_keeps_one_line_for_each_solver_nfe_and_number_of_maps() -> None:
    card = Card("a", "edm", "A", "", "", {}, {}, 256, scores={"validation": {"loss": 0.1}})
    for measured in (line("ipndm", 10, 48, 5.0), line("heun", 20, 48, 6.0), line("ipndm", 5, 48, 9.0)):
        card = with_quality(card, measured)
    card = with_quality(card, line("ipndm", 10, 48, 4.0))
    card = with_quality(card, line("ipndm", 10, 200, 3.0))
    entries = [(e["solver"], e["nfe"], e["n"], e["frechet"]) for e in card.scores[BY_NFE]]
    assert entries == [("heun", 20, 48, 6.0), ("ipndm", 5, 48, 9.0), ("ipndm", 10, 48, 4.0), ("ipndm", 10, 200, 3.0)]
    assert card.scores["validation"] == {"loss": 0.1}
