"""`evaluate realism`: one object, a table and a plot; the report reads the object; one line for bad input."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.cli import main
from echo_studio.evaluate.report.sections import read_report
from tests.evaluate.frames.test_realism import grain_checkpoints

Arguments = Callable[..., list[str]]


@pytest.fixture
def arguments(root: Path, tmp_path: Path) -> Arguments:
    checkpoints = grain_checkpoints(tmp_path / "checkpoints")
    common = ["evaluate", "realism", "--data", str(root), "--checkpoints", str(checkpoints)]
    return lambda *more: [*common, "--sides", "16", "--seeds", "1", *more]


def test_a_generator_gives_one_object_that_the_report_reads(
    arguments: Arguments, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = arguments("--generator", "tiny", "--nfe", "1", "--learn", "6", "--limit", "3", "--json")
    assert main(command) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert found["source"] == {"generator": "tiny", "solver": "heun", "nfe": 1, "seed": 0}
    assert found["n"] == {"learn": 6, "test": 3}
    assert [entry["side"] for entry in found["two_sample"]] == [16]
    assert main(command) == 0
    assert capsys.readouterr().out == printed
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "realism-tiny.json").write_text(printed)
    report = read_report(tmp_path / "results", "Results")
    assert [table.title for table in report.tables] == ["Realism"]
    assert report.tables[0].columns[1] == "tiny, heun, 1 NFE"
    assert all(len(row) == len(report.tables[0].columns) for row in report.tables[0].rows)
    assert report.plots[0].axis == "side of the frames, pixels"


def test_a_codec_gives_a_table_and_a_plot(
    arguments: Arguments, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "realism.png"
    assert main(arguments("--codec", "tiny-grain", "--looks", "sampled", "--plot", str(plot))) == 0
    table = capsys.readouterr().out
    for words in ("AUC at 16 x 16", "high-pass strength, σ = 1 px", "width across deg", "mean grey", "contrast"):
        assert words in table
    assert "4 frames that nothing tells apart would give" in table
    assert np.array(Image.open(plot)).std() > 0


def test_a_folder_is_split_by_the_patients_that_its_names_bear(
    arguments: Arguments, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments("--images", str(root), "--learn", "8", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["source"] == {"images": str(root)}
    assert found["n"] == {"learn": 8, "test": 4}
    assert found["two_sample"][0]["auc"]["mean"] == 0.5


@pytest.mark.parametrize(
    "change",
    [
        ["--images", "nowhere"],
        ["--images", ".", "--nfe", "5"],
        ["--images", ".", "--codec", "tiny-vae"],
        ["--codec", "nobody"],
        ["--codec", "tiny-vae", "--generator", "tiny"],
        ["--generator", "tiny", "--looks", "sampled"],
        ["--generator", "nobody"],
        ["--generator", "tiny", "--solver", "magic"],
        ["--generator", "tiny", "--seed", "-1"],
        ["--sides", "48"],
        ["--sides", "big"],
        ["--codec", "tiny-vae", "--limit", "1"],
        ["--codec", "tiny-vae", "--plot", "realism.svg"],
        ["--codec", "tiny-vae", "--plot", "nowhere/realism.png"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_2(
    change: list[str], arguments: Arguments, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments("--json"), *change]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert not captured.out


def test_a_patient_in_both_splits_and_frames_of_one_split_alone_are_refused(
    arguments: Arguments, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments("--images", str(root / "patient0004"))) == 2
    assert "to learn from" in capsys.readouterr().err
    with (root / "database_split" / "subgroup_validation.txt").open("a") as listed:
        listed.write("patient0003\n")
    assert main(arguments("--codec", "tiny-vae")) == 2
    assert "patient0003" in capsys.readouterr().err
