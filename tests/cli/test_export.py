import json
from pathlib import Path

import pytest

from echo_studio.cli import main
from echo_studio.dataset.export.formats import FORMATS, read_set
from tests.dataset.sets import random_samples, same, write_set


def test_a_set_goes_out_with_its_card_and_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = random_samples(0, 5)
    source = write_set(tmp_path / "set", samples)
    scores = tmp_path / "scores.json"
    scores.write_text('{"synthetic": {"lv_endo": 0.88}}')
    out = str(tmp_path / "shards")
    assert main(["export", str(source), "--format", "webdataset", "--out", out, "--scores", str(scores), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["out"] == out
    assert printed["card"]["scores"] == {"synthetic": {"lv_endo": 0.88}}
    assert main(["export", out, "--format", "png", "--out", str(tmp_path / "back"), "--validation", "0.5"]) == 0
    assert "5 frames, 0 clips: " in capsys.readouterr().out
    back = [listed.load() for listed in read_set(tmp_path / "back")]
    assert all(same(one, other) for one, other in zip(samples, back, strict=True))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--format", "zip"], "choose one of: camus"),
        (["--format", "mp4"], "choose one of: png"),
        (["--format", "nnunet"], "Dataset501_Echo"),
        (["--format", "png", "--validation", "0.9"], "leave some for training"),
        (["--format", "png", "--scores", "SCORES"], "NaN"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    more: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_set(tmp_path / "set", random_samples(0, 5))
    scores = tmp_path / "scores.json"
    scores.write_text('{"la": NaN}')
    more = [str(scores) if word == "SCORES" else word for word in more]
    assert main(["export", str(source), "--out", str(tmp_path / "out"), *more]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.json", "set"]


def test_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in FORMATS)
