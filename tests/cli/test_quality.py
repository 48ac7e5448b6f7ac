"""`evaluate quality`: a line a budget as it comes, one JSON object, and what is kept in the card."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from echo_studio.cli import main
from echo_studio.generate.checkpoint import read_card
from tests.generate.tiny import tiny_checkpoints, tiny_cyclegan


@pytest.fixture
def arguments(camus_folder: Callable[..., Path], tmp_path: Path) -> list[str]:
    root = camus_folder(patients=2)
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\n")
    (root / "database_split" / "subgroup_validation.txt").write_text("patient0002\n")
    checkpoints = tiny_checkpoints(tmp_path / "checkpoints")
    return ["evaluate", "quality", "--generator", "tiny", "--data", str(root), "--checkpoints", str(checkpoints)]


def test_the_object_holds_every_budget_and_what_real_frames_reach(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--solver", "ipndm", "--nfe", "1,3", "--limit", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report.keys() == {"generator", "n", "features", "real", "by_nfe", "labeller"}
    assert report["labeller"].keys() == {"features", "real"}
    assert all(line["labeller"].keys() >= {"lv_endo", "frechet"} for line in report["by_nfe"])
    assert report["real"].keys() == {"lv_endo", "lv_epi", "la", "frechet"}
    assert [(line["solver"], line["nfe"], line["n"]) for line in report["by_nfe"]] == [("ipndm", 1, 3), ("ipndm", 3, 3)]
    assert not read_card(tmp_path / "checkpoints" / "tiny").scores


def test_lines_are_kept_in_the_card_and_the_advised_setting_is_the_default(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--write-card"]) == 0
    head, line, real = capsys.readouterr().out.splitlines()
    assert "Fréchet" in head
    assert line.split()[:2] == ["heun", "4"]
    assert real.split()[:2] == ["real", "frames"]
    assert main([*arguments, "--nfe", "1", "--write-card", "--json"]) == 0
    written = read_card(tmp_path / "checkpoints" / "tiny").scores["by_nfe"]
    assert [(entry["solver"], entry["nfe"], entry["n"]) for entry in written] == [("heun", 1, 4), ("heun", 4, 4)]
    assert written[0] == json.loads(capsys.readouterr().out)["by_nfe"][0]


def test_a_generator_of_one_call_is_measured_at_one_nfe(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_cyclegan(tmp_path / "checkpoints" / "direct")
    arguments[arguments.index("tiny")] = "direct"
    assert main([*arguments, "--json"]) == 0
    assert [line["nfe"] for line in json.loads(capsys.readouterr().out)["by_nfe"]] == [1]
    assert main([*arguments, "--nfe", "1,2"]) == 2
    assert "in one call" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        ["--nfe", "0"],
        ["--nfe", "5,a"],
        ["--nfe", ","],
        ["--seed", "-1"],
        ["--split", "test"],
        ["--split", "training", "--write-card"],
        ["--solver", "magic"],
        ["--generator", "nobody"],
        ["--limit", "1"],
        ["--limit", "-1"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_2(
    change: list[str], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--json", *change]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert not captured.out
