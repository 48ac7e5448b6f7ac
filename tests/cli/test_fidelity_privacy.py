"""`evaluate fidelity` and `evaluate privacy`: one object or a table, a folder for people, one line for bad input."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.cli import main
from tests.evaluate.copies import planted
from tests.generate.tiny import tiny_checkpoints

Arguments = Callable[[str], list[str]]


@pytest.fixture
def arguments(root: Path, tmp_path: Path) -> Arguments:
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    return lambda name: ["evaluate", name, "--data", str(root), "--checkpoints", str(checkpoints)]


def test_fidelity_holds_every_figure_of_a_generator(arguments: Arguments, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments("fidelity"), "--generator", "tiny", "--nfe", "1", "--limit", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["source"] == {"generator": "tiny", "solver": "heun", "nfe": 1, "seed": 0}
    assert report["n"] == {"made": 3, "real": 3, "other": 12}
    assert report["labeller"].keys() == {"adherence", "echo"}
    assert report.keys() >= {"adherence", "ssim", "psnr", "echo", "inception", "speckle", "depth_profile"}
    assert report["echo"].keys() == {"features", "frechet", "frechet_real", "kernel", "kernel_real"}


def test_fidelity_of_a_folder_is_a_table(arguments: Arguments, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments("fidelity"), "--images", str(root / "patient0004")]) == 0
    table = capsys.readouterr().out
    for word in ("SSIM", "kernel distance, echo features", "width along px", "Dice, left atrium (judge)", "grain"):
        assert word in table


def test_privacy_finds_a_copy_and_leaves_pairs_and_lists(
    arguments: Arguments, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, out = tmp_path / "made", tmp_path / "out"
    made.mkdir()
    image = np.array(Image.open(root / "patient0002" / "patient0002_4CH_ED.png"))
    Image.fromarray(planted(image, 1, 0, seed=0)).save(made / "copy.png")
    assert main([*arguments("privacy"), "--images", str(made), "--out", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == {"made": 1, "training": 12, "held_out": 4}
    assert report["frames"][0]["neighbour"].startswith("patient0002")
    assert report["false_alarms"]["n"] == 4
    assert json.loads((out / "privacy.json").read_text()) == report
    assert (out / "pair_copy.png").is_file()


def test_privacy_of_a_generator_is_a_table(arguments: Arguments, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments("privacy"), "--generator", "tiny", "--nfe", "1", "--limit", "2"]) == 0
    printed = capsys.readouterr().out
    assert "patient0004_2CH_ED" in printed
    assert "of 4 held-out real ones" in printed


@pytest.mark.parametrize("command", ["fidelity", "privacy"])
@pytest.mark.parametrize(
    "change",
    [
        ["--images", "nowhere"],
        ["--images", ".", "--nfe", "5"],
        ["--generator", "nobody"],
        ["--generator", "tiny", "--solver", "magic"],
        ["--split", "training"],
        ["--split", "test"],
        ["--seed", "-1", "--generator", "tiny"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_2(
    command: str, change: list[str], arguments: Arguments, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments(command), "--json", *change]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert not captured.out
