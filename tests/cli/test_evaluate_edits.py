"""`evaluate edits`: what is measured on edited real frames, a table and a sheet."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.cli import main
from echo_studio.data.datasets.camus import CamusFrame, FrameId
from echo_studio.evaluate.frames.edited_frames import EDITS, measure_edits, psnr
from echo_studio.generate.catalog import load_generator
from echo_studio.generate.generator import SampledGenerator
from echo_studio.generate.sampling import Sampling
from tests.anatomy.heart import heart
from tests.generate.tiny import tiny_checkpoints, tiny_scorers


def test_untouched_pixels_are_the_source_s_and_a_sheet_shows_every_edit(tmp_path: Path) -> None:
    folder = tiny_checkpoints(tmp_path / "checkpoints")
    generator = load_generator("tiny", folder)
    assert isinstance(generator, SampledGenerator)
    label_map = heart()
    image = np.where(label_map.inside, np.random.default_rng(0).integers(1, 255, label_map.shape), 0).astype(np.uint8)
    frame = CamusFrame(FrameId("patient0001", "4CH", "ED"), image, label_map, {})
    others = [np.zeros_like(image), image]
    sampling = Sampling("tiny", "euler", 2)
    found, rows = measure_edits(generator, [frame], sampling, tiny_scorers(folder), others, keep=1)
    assert {entry["edit"] for entry in found["edits"]} <= set(EDITS)
    assert len(found["edits"]) >= 4
    for entry in found["edits"]:
        assert (entry["n"], entry["untouched"]) == (1, 1.0)
        assert entry["labeller"].keys() == entry["whole"].keys() >= {"lv_endo", "lv_epi", "la"}
        assert entry["grain"] is None or entry["grain"] > 0
    assert found["kept"]["others"] == 2
    assert all(np.array_equal(row[0], image) for row in rows)


def test_the_ratio_of_signal_and_noise_is_in_decibels() -> None:
    black, everywhere = np.zeros((10, 10), np.uint8), np.ones((10, 10), bool)
    assert psnr(black, black + 255, everywhere) == pytest.approx(0)
    assert psnr(black, np.full_like(black, 51), everywhere) == pytest.approx(20 * np.log10(5))
    assert psnr(black, black, everywhere) == pytest.approx(20 * np.log10(255) + 20)


def test_a_table_and_one_object_are_printed(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "evaluate",
        "edits",
        "--data",
        str(root),
        "--checkpoints",
        str(tiny_checkpoints(tmp_path / "checkpoints")),
    ]
    command += ["--generator", "tiny", "--nfe", "1", "--limit", "1"]
    sheet = tmp_path / "sheet.png"
    assert main([*command, "--json", "--sheet", str(sheet), "--beats", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 1
    assert [one["ef"] for one in found["beating"]["beats"]] == [25, 40, 55]
    assert found["beating"]["first_frame_db_least"] > 60  # the source itself
    with Image.open(sheet) as picture:
        assert picture.size[0] == 256 * (1 + len(EDITS))
    assert main([*command, "--sheet", "sheet.jpg"]) == 2
    assert ".png" in capsys.readouterr().err
