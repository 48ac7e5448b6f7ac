"""Quality against NFE: one run of frames serves both figures, and cards keep one line a setting."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.data.datasets.camus import CamusFolder, CamusFrame
from echo_studio.errors import RequestError
from echo_studio.evaluate.frames.adherence import measure_adherence
from echo_studio.evaluate.frames.echo_features import RealFrames
from echo_studio.evaluate.frames.made_frames import made_from
from echo_studio.evaluate.frames.quality import BY_NFE, Quality, Validation, with_quality
from echo_studio.evaluate.frames.segmentation import FrameSegmenter
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.checkpoint import Card
from echo_studio.generate.generator import Generator
from tests.generate.tiny import tiny_checkpoints


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
    at_maps = [image for _, _, made in made_from(generator, frames, "heun", 2, 5) for image in made]
    at_own = [image for _, _, made in made_from(generator, frames, "heun", 2, 5, own_size=True) for image in made]
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
    line = validation.measure(generator, "heun", 2, 5, lambda done, total: calls.append((done, total)))
    assert calls == [(4, 4)]
    assert line.to_json().keys() == {"solver", "nfe", "n", "lv_endo", "lv_epi", "la", "frechet", "frechet_real"}
    assert (line.solver, line.nfe, line.n) == ("heun", 2, 4)
    assert line.frechet > 0
    assert line.frechet_real > 0
    assert validation.adherence == measure_adherence(generator, segmenter, frames, "heun", 1, 0).real
    assert validation.measure(generator, "heun", 2, 5) == line


def test_real_frames_themselves_would_be_at_distance_0(
    tiny: tuple[Generator, FrameSegmenter], frames: list[CamusFrame]
) -> None:
    validation = Validation.of(tiny[1], frames, others())
    assert validation.others.distance(validation.features, validation.features) == 0


def test_one_frame_is_too_few(tiny: tuple[Generator, FrameSegmenter], frames: list[CamusFrame]) -> None:
    with pytest.raises(RequestError, match="at least 2"):
        Validation.of(tiny[1], frames[:1], others())


def line(solver: str, nfe: int, n: int, frechet: float) -> Quality:
    return Quality(solver, nfe, {"lv_endo": 0.9, "lv_epi": 0.9, "la": 0.9}, frechet, 20.0, n)


def test_a_card_keeps_one_line_for_each_solver_nfe_and_number_of_maps() -> None:
    card = Card("a", "edm", "A", "", "", {}, {}, 256, scores={"validation": {"loss": 0.1}})
    for measured in (line("ipndm", 10, 48, 5.0), line("heun", 20, 48, 6.0), line("ipndm", 5, 48, 9.0)):
        card = with_quality(card, measured)
    card = with_quality(card, line("ipndm", 10, 48, 4.0))
    card = with_quality(card, line("ipndm", 10, 200, 3.0))
    entries = [(e["solver"], e["nfe"], e["n"], e["frechet"]) for e in card.scores[BY_NFE]]
    assert entries == [("heun", 20, 48, 6.0), ("ipndm", 5, 48, 9.0), ("ipndm", 10, 48, 4.0), ("ipndm", 10, 200, 3.0)]
    assert card.scores["validation"] == {"loss": 0.1}
