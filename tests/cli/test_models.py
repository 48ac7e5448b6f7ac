"""`echo-studio models` and `echo-studio import-model` over bundled and own folders."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from echo_studio.cli.run import main
from echo_studio.generate.catalog import Catalog
from echo_studio.generate.checkpoint import CARD, read_card, write_card
from tests.generate.tiny import tiny_checkpoints, tiny_generator


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    places = Catalog(tiny_checkpoints(tmp_path / "bundled"), tmp_path / "own")
    monkeypatch.setattr("echo_studio.generate.catalog.bundled_checkpoints", lambda: places.bundled)
    monkeypatch.setattr("echo_studio.generate.catalog.own_checkpoints", lambda: places.own)
    tiny_generator(tmp_path / "mine", read_card(places.bundled / "tiny-vae"))
    return places


def test_a_caution_stands_below_the_table(places: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "tiny:" not in capsys.readouterr().out
    card = read_card(places.bundled / "tiny")
    write_card(places.bundled / "tiny", replace(card, caution="Cloudy."))
    assert main(["models"]) == 0
    assert "tiny: Cloudy." in capsys.readouterr().out


def test_an_import_is_listed_after_the_bundled_ones_and_marked(
    places: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import-model", str(tmp_path / "mine"), "--name", "other", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "other", "folder": str(tmp_path / "own" / "other")}
    assert main(["models", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(card["name"], card["own"]) for card in told["generators"]] == [("tiny", False), ("other", True)]
    assert told["generators"][1]["network"] == told["generators"][0]["network"], "whole cards"
    assert told["faults"] == []
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [("bundled" in line, "yours" in line) for line in lines[1:3]] == [(True, False), (False, True)]
    assert [line.split()[0] for line in lines[3:]] == ["beat-other", "beat-tiny"], "beats of both"


def test_a_folder_that_is_named_is_the_only_one(places: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--checkpoints", str(places.bundled), "--json"]) == 0
    assert [card["name"] for card in json.loads(capsys.readouterr().out)["generators"]] == ["tiny"]


def test_a_damaged_import_is_told_beside_the_others(
    places: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import-model", str(tmp_path / "mine")]) == 0
    (tmp_path / "own" / "mine" / CARD).write_text("{")
    capsys.readouterr()
    assert main(["models"]) == 0
    printed = capsys.readouterr()
    assert "tiny" in printed.out
    assert f"{tmp_path / 'own' / 'mine'} cannot be used" in printed.err


def test_what_cannot_be_imported_is_one_line_and_exit_code_2(
    places: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import-model", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("echo-studio: expected card.json in ")
    assert told.count("\n") == 1
