"""Adherence and quality of a generator: what is counted, what a card keeps, what real frames themselves give."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap, dice, structure_dice
from echo_studio.data.datasets.camus import CamusFolder, CamusFrame
from echo_studio.errors import CheckpointError, RequestError
from echo_studio.evaluate.frames.adherence import (
    BY_NFE,
    Quality,
    Validation,
    grain_shares,
    grain_strengths,
    mean_dice,
    measure_adherence,
    with_quality,
)
from echo_studio.evaluate.frames.made_frames import made_now
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, Scorers, largest_pieces
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.generator import Generator
from echo_studio.generate.sampling import Sampling
from tests.conftest import echo_like
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
        Scorers.load(places),
        frames,
        HEUN,
        0,
        lambda done, total: seen.append((done, total)),
    )
    assert report.n == 4
    assert seen[-1] == (4, 4)
    found = report.to_json()
    for scores in (found["real"], found["generated"], found["labeller"]["real"], found["labeller"]["generated"]):
        assert scores.keys() == {"lv_endo", "lv_epi", "la"}
        assert all(0 <= value <= 1 for value in scores.values())


def test_scores_are_the_judges_and_the_labellers_stand_beside_them(
    tiny: tuple[Generator, Scorers], frames: list[CamusFrame]
) -> None:
    generator, scorers = tiny
    images = {"real": [frame.image for frame in frames], "generated": made_now(generator, frames, HEUN, 0).images}
    report = measure_adherence(generator, scorers, frames, HEUN, 0).to_json()
    for found, scorer in ((report, scorers.judge), (report["labeller"], scorers.labeller)):
        for name, some in images.items():
            assert found[name] == mean_dice(scorer, some, frames)
    assert report["generated"] != report["labeller"]["generated"]
    swapped = measure_adherence(generator, Scorers(scorers.labeller, scorers.judge), frames, HEUN, 0).to_json()
    assert swapped["generated"] == report["labeller"]["generated"]
    assert (swapped["grain"], swapped["grain_spread"]) == (report["grain"], report["grain_spread"])


def test_blur_lowers_grain_and_real_frames_have_all_of_it(frames: list[CamusFrame]) -> None:
    images = [frame.image for frame in frames]
    real = grain_strengths(images, frames)
    assert grain_shares(real, real)["grain"] == 1
    strengths = np.array([4.0, 5.0, 6.0])
    assert grain_shares(strengths, strengths) == {"grain": 1.0, "grain_spread": 1.0}
    assert grain_shares(0.9 * strengths, strengths) == {"grain": 0.9, "grain_spread": 0.9}
    shares = []
    for width in (0.5, 1.0, 2.0):
        blurred = [np.asarray(cv2.GaussianBlur(image, (0, 0), width), dtype=np.uint8) for image in images]
        shares.append(grain_shares(grain_strengths(blurred, frames), real)["grain"])
    assert 1 > shares[0] > shares[1] > shares[2] > 0
    assert grain_shares(real, np.zeros_like(real)) == {"grain": 0.0, "grain_spread": 0.0}


def test_another_kind_of_checkpoint_neither_labels_nor_scores(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="segmenter"):
        FrameSegmenter.load(tiny_checkpoints(tmp_path) / "tiny")


@pytest.fixture
def frames(camus_folder: Callable[..., Path]) -> list[CamusFrame]:
    folder = CamusFolder(camus_folder(patients=1))
    return [folder.read(frame_id) for frame_id in folder.frame_ids()]


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[Generator, Scorers]:
    places = tiny_checkpoints(tmp_path / "checkpoints")
    return load_generator("tiny", places), Scorers.load(places)


OTHERS = [echo_like(seed=100 + k, shape=(64, 64))[0] for k in range(40)]


def test_frames_are_made_at_the_generators_size(tiny: tuple[Generator, Scorers], frames: list[CamusFrame]) -> None:
    side = tiny[0].card.resolution
    assert {image.shape for image in made_now(tiny[0], frames, HEUN, 5).images} == {(side, side)}


def test_a_line_holds_all_figures_of_the_frames_made_once(
    tiny: tuple[Generator, Scorers], frames: list[CamusFrame]
) -> None:
    generator, scorers = tiny
    calls: list[tuple[int, int]] = []
    validation = Validation.of(scorers, frames, OTHERS)
    line = validation.measure(generator, HEUN, 5, lambda done, total: calls.append((done, total)))
    assert calls == [(4, 4)]
    networks = {"lv_endo", "lv_epi", "la", "frechet", "frechet_real"}
    assert line.to_json().keys() == {"solver", "nfe", "n", "grain", "grain_spread", "labeller", *networks}
    assert line.labeller.keys() == networks
    assert line.labeller["frechet"] != line.frechet
    assert (line.sampling, line.n) == (HEUN, 4)
    assert line.frechet > 0
    assert line.frechet_real > 0
    report = measure_adherence(generator, scorers, frames, HEUN, 5)
    assert (line.dice, line.grain) == (report.generated, report.grain)
    assert validation.judge.dice == report.real
    assert validation.labeller.dice == report.labeller["real"]
    assert validation.measure(generator, HEUN, 5) == line


def test_real_frames_themselves_would_be_at_distance_0(
    tiny: tuple[Generator, Scorers], frames: list[CamusFrame]
) -> None:
    validation = Validation.of(tiny[1], frames, OTHERS)
    for scored in (validation.judge, validation.labeller):
        assert scored.others.distance(scored.features, scored.features) == 0
        assert scored.score([frame.image for frame in frames], frames) == {
            **scored.dice,
            "frechet": 0,
            "frechet_real": scored.frechet_real,
        }


def test_features_are_named_by_whose_they_are(tiny: tuple[Generator, Scorers], frames: list[CamusFrame]) -> None:
    real = Validation.of(tiny[1], frames, OTHERS).real()
    assert "judge's (DynUNet)" in real["features"]
    assert "segmenter's" in real["labeller"]["features"]
    assert real["real"].keys() == real["labeller"]["real"].keys() == {"lv_endo", "lv_epi", "la", "frechet"}


def test_one_frame_is_too_few(tiny: tuple[Generator, Scorers], frames: list[CamusFrame]) -> None:
    with pytest.raises(RequestError, match="at least 2"):
        Validation.of(tiny[1], frames[:1], OTHERS)


def line(solver: str, nfe: int, n: int, frechet: float) -> Quality:
    dice = {"lv_endo": 0.9, "lv_epi": 0.9, "la": 0.9}
    return Quality(Sampling("tiny", solver, nfe), dice, frechet, 20.0, n, 0.9, 0.8, {**dice, "frechet": 2 * frechet})


def test_a_card_keeps_one_line_for_each_solver_nfe_and_number_of_maps() -> None:
    card = Card("a", "edm", "A", "", "", {}, {}, 256, scores={"validation": {"loss": 0.1}})
    for measured in (line("ipndm", 10, 48, 5.0), line("heun", 20, 48, 6.0), line("ipndm", 5, 48, 9.0)):
        card = with_quality(card, measured)
    card = with_quality(card, line("ipndm", 10, 48, 4.0))
    card = with_quality(card, line("ipndm", 10, 200, 3.0))
    entries = [(e["solver"], e["nfe"], e["n"], e["frechet"]) for e in card.scores[BY_NFE]]
    assert entries == [("heun", 20, 48, 6.0), ("ipndm", 5, 48, 9.0), ("ipndm", 10, 48, 4.0), ("ipndm", 10, 200, 3.0)]
    assert card.scores["validation"] == {"loss": 0.1}


def test_the_judges_line_replaces_one_of_the_time_when_the_labeller_alone_scored() -> None:
    old = {"solver": "ipndm", "nfe": 10, "lv_endo": 0.9, "frechet": 7.0, "frechet_real": 20.0, "n": 48}
    other = {**old, "nfe": 5}
    card = Card("a", "edm", "A", "", "", {}, {}, 256, scores={BY_NFE: [other, old]})
    entries = with_quality(card, line("ipndm", 10, 48, 4.0)).scores[BY_NFE]
    assert entries[0] == other
    assert entries[1]["labeller"]["frechet"] == 8.0
