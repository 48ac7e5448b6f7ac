"""`echo-studio synthesise`: a plan, a set, and the same command going on."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from echo_studio.cli import main
from echo_studio.cli.synthesise import pace_text
from echo_studio.data.formats.media import write_frame
from echo_studio.data.template import template
from echo_studio.dataset.export.formats import read_set
from tests.dataset.hearts import map_folder
from tests.generate.tiny import grain_checkpoints, tiny_checkpoints, tiny_videos


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    places = tiny_checkpoints(tiny_videos(tmp_path / "checkpoints"))
    maps = map_folder(tmp_path / "maps")
    return [
        *("synthesise", "--label-maps", str(maps), "--view", "4CH", "--generator", "tiny", "--nfe", "2"),
        *("--variations", "2", "--seed", "5", "--checkpoints", str(places), "--out", str(tmp_path / "set")),
    ]


def test_the_plan_tells_images_minutes_and_disk_and_writes_nothing(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--plan", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)["plan"]
    assert (plan["samples"], plan["finished"], plan["label_maps"]) == (4, 0, 2)
    assert plan["seconds"] > 0
    assert plan["disk_bytes"] >= 4 * 4 * 4096
    assert main([*arguments, "--plan"]) == 0
    assert capsys.readouterr().out.startswith("4 images of 2 label maps, ")
    assert not (tmp_path / "set").exists()


def test_ctrl_c_stops_between_samples_and_the_same_command_goes_on(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(done: int, of: int, rate: float) -> str:
        if done == 1:
            signal.raise_signal(signal.SIGINT)
        return pace_text(done, of, rate)

    with monkeypatch.context() as patch:
        patch.setattr("echo_studio.cli.synthesise.EVERY", 0)
        patch.setattr("echo_studio.cli.synthesise.pace_text", interrupted)
        assert main(arguments) == 130
    shown = capsys.readouterr()
    assert shown.err.splitlines()[0].startswith("4 images of 2 label maps")
    assert shown.err.splitlines()[1].startswith("1/4 samples")
    assert shown.err.splitlines()[2:] == ["stopped; the same command goes on from here"]
    assert "1 of 4 samples" in shown.out
    assert main([*arguments, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["plan"]["finished"], first["made"], first["samples"], first["set_aside"]) == (1, 3, 4, 0)
    assert main([*arguments, "--json"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert (second["made"], second["sha256"]) == (0, first["sha256"])
    assert main([*arguments, "--nfe", "3"]) == 2
    assert "give the same options" in capsys.readouterr().err


def test_frames_and_clips_of_an_ejection_fraction_are_told_apart(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beats = [*arguments, "--generator", "tiny,free-echo", "--ef", "50", "--frames", "4", "--variations", "0", "--json"]
    assert main(beats) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["plan"]["samples"], done["plan"]["clips"], done["samples"]) == (4, 2, 4)  # neither map is of ES
    assert len(list((tmp_path / "set").glob("*/frame_*.png"))) == 8
    assert main([*beats[:-1], "--plan"]) == 0
    assert capsys.readouterr().out.startswith("4 images and clips (4 of them finished) of 2 label maps")


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--generator", "nobody"], "choose one of: beat-tiny, free-echo, sdedit, tiny, video-spade"),
        (["--generator", "tiny,tiny"], "each once"),
        (["--nfe", "0"], "1 to 1000"),
        (["--label-maps", "nowhere"], "check the path"),
        (["--variations", "-1"], "variations a map"),
        (["--defect", "septal"], "write it like septal=0.1"),
        (["--defect", "septal=often"], "write it like septal=0.1"),
        (["--defect", "hole=0.1"], "missing-atrium"),
        (["--range", "scale=1"], "two numbers"),
        (["--range", "tilt=1"], "rotation_deg"),
        (["--ef", "low"], "write it like --ef 25-65"),
        (["--ef", "65-25"], "from 5 to 85 percent"),
        (["--ef", "25-65", "--phase", "ES"], "--phase ED"),
        (["--frames", "8"], "a generator of clips"),
        (["--generator", "video-spade"], "such as 25-65"),
        (["--device", "abacus"], "cuda"),
        (["--workers", "0"], "--workers"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    arguments: list[str], extra: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *extra]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert not shown.out
    assert not (tmp_path / "set").exists()


def test_the_time_left_is_told_in_minutes_or_hours() -> None:
    assert pace_text(20, 140, 2.0) == "20/140 samples, 2.00 a second, 1:00 min left"
    assert pace_text(0, 14400, 1.0) == "0/14400 samples, 1.00 a second, 4 h 00 min left"


def test_without_slurm_or_with_odd_settings_there_is_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    pytest.importorskip("submitit")
    for cluster, told in (("slurm:gpu", "slurm:partition=gpu"), ("slurm", "--cluster auto")):
        assert main([*arguments, "--cluster", cluster]) == 2
        *_, last = capsys.readouterr().err.splitlines()
        assert told in last


def test_samples_get_the_grain_of_a_scanners_frames_and_none_of_their_pixels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places, maps, scanner = grain_checkpoints(tmp_path / "checkpoints"), map_folder(tmp_path / "maps"), tmp_path / "own"
    scanner.mkdir()
    inside = template("4ch-ed").inside
    for k, strength in enumerate((4, 60)):
        grey = np.clip(np.random.default_rng(k).normal(110, strength, inside.shape), 1, 254)
        write_frame(scanner / f"{k}.png", np.where(inside, grey, 0).astype(np.uint8), None, {})
    (scanner / "notes.txt").write_text("no frame")
    command = ["synthesise", "--label-maps", str(maps), "--view", "4CH", "--generator", "grainy", "--nfe", "1"]
    command += ["--variations", "4", "--batch", "4", "--checkpoints", str(places), "--look", str(scanner)]
    assert main([*command, "--out", str(tmp_path / "set"), "--json"]) == 0
    lines = [json.loads(line) for line in (tmp_path / "set" / "manifest.jsonl").read_text().splitlines()]
    looks = lines[0]["looks"]
    assert looks[0][0] < looks[1][0]
    assert {tuple(line["look"]) for line in lines[1:]} == {tuple(look) for look in looks}
    for one in read_set(tmp_path / "set"):
        line = next(line for line in lines[1:] if line["id"] == one.header.id)
        assert [one.header.record["grain"], one.header.record["coarseness"]] == line["look"]
        assert "source" not in one.header.record
    capsys.readouterr()
    assert main([*command[:6], "tiny", *command[7:], "--out", str(tmp_path / "other")]) != 0
    assert "grain can be chosen" in capsys.readouterr().err
