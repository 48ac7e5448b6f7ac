"""`train` and `evaluate` on the command line: one JSON object, or one line and exit code 2."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from echo_studio.cli import main
from tests.generate.tiny import tiny_checkpoints

RECIPE = """
name = "tiny"
title = "Tiny"
description = "For tests."
paper = "none"
kind = "edm"
resolution = 64
[network]
widths = [8, 16]
blocks = 1
attention_levels = [1]
mask_channels = 4
[budget]
images = 8
batch = 4
ema_images = 8
[optimiser]
learning_rate = 1e-3
"""


@pytest.fixture
def data(camus_folder: Callable[..., Path]) -> Path:
    root = camus_folder(patients=2)
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\n")
    (root / "database_split" / "subgroup_validation.txt").write_text("patient0002\n")
    return root


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def test_train_writes_a_checkpoint_and_prints_one_object(
    recipe: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    arguments = ["train", str(recipe), "--data", str(data), "--out", str(out), "--checkpoints", str(checkpoints)]
    assert main([*arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["images_seen"] == 8
    assert (Path(printed["checkpoint"]) / "model.safetensors").is_file()
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--resume" in error


def test_evaluate_adherence_prints_the_agreed_object(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    arguments = ["evaluate", "adherence", "--generator", "tiny", "--nfe", "2", "--data", str(data)]
    arguments += ["--split", "validation", "--limit", "3", "--checkpoints", str(checkpoints)]
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report.keys() == {"n", "real", "generated", "labeller", "grain", "grain_spread"}
    assert report["labeller"].keys() == {"real", "generated"}
    assert report["n"] == 3
    assert report["real"].keys() == report["generated"].keys() == {"lv_endo", "lv_epi", "la"}
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    for word in ("lv_epi", "Generated (judge)", "Generated (labeller)", "grain"):
        assert word in printed


def test_own_split_files_are_read_from_their_folder(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    own = tmp_path / "own"
    own.mkdir()
    (own / "subgroup_testing.txt").write_text("patient0001\npatient0002\n")
    arguments = ["evaluate", "adherence", "--generator", "tiny", "--nfe", "1", "--data", str(data), "--json"]
    arguments += ["--split", "testing", "--splits", str(own), "--checkpoints", str(checkpoints)]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 8


@pytest.mark.parametrize(
    "change",
    [
        ["--nfe", "0"],
        ["--seed", "-1"],
        ["--split", "test"],
        ["--split", "testing"],
        ["--generator", "sdm"],
        ["--solver", "magic"],
        ["--data", "nowhere"],
        ["--checkpoints", "nowhere"],
        ["--limit", "-2"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_2(
    change: list[str], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    arguments = ["evaluate", "adherence", "--generator", "tiny", "--data", str(data), "--checkpoints", str(checkpoints)]
    assert main([*arguments, *change]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert not captured.out


@pytest.mark.parametrize("change", [["--device", "abacus"], ["--data", "nowhere"]], ids=" ".join)
def test_train_refuses_what_it_cannot_use(
    change: list[str], recipe: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["train", str(recipe), "--data", str(data), "--out", str(out), *change]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not out.exists()
