"""`evaluate utility`: one JSON object with both sets' Dice, one line where something cannot be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from echo_studio.cli import main
from echo_studio.evaluate.utility.downstream_recipe import bundled_recipes
from tests.generate.tiny import tiny_checkpoints


@pytest.fixture
def arguments(camus_folder: Callable[..., Path], tmp_path: Path) -> list[str]:
    root = camus_folder(patients=3)
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\npatient0002\n")
    (root / "database_split" / "subgroup_validation.txt").write_text("patient0003\n")
    recipe = tmp_path / "small.toml"
    recipe.write_text(bundled_recipes()["unet8"].read_text().replace("resolution = 128", "resolution = 64"))
    places = tiny_checkpoints(tmp_path / "checkpoints")
    return [
        *("evaluate", "utility", "--data", str(root), "--generator", "tiny", "--checkpoints", str(places)),
        *("--segmenter", str(recipe), "--classifier", "", "--work", str(tmp_path / "work"), "--workers", "1"),
        *("--maps", "8", "--epochs", "1", "--test-split", "validation"),
    ]


def test_the_object_holds_both_sets_and_every_budget(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--nfe", "1,2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["synthetic"].keys() == report["real"].keys() == {"lv_endo", "lv_epi", "la"}
    assert [(run["generator"], run["nfe"]) for run in report["runs"]] == [("tiny", 1), ("tiny", 2)]
    assert report["runs"][0]["synthetic"] == report["synthetic"]
    assert main(arguments) == 0
    assert "real frames" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--test-split", "training"], "patient0001, patient0002 in training and in the training split"),
        (["--nfe", "few"], "numbers with commas"),
        (["--generator", "nobody"], "choose one of: tiny"),
        (["--generator", ","], "expected a generator"),
        (["--segmenter", "unet9"], "unet8-paper"),
        (["--maps", "1"], "at least two patients"),
        (["--test-split", "testing"], "subgroup_testing.txt"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], extra: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *extra]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert not shown.out
