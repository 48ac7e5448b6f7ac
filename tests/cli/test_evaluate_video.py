"""`evaluate video`: one table, one JSON object, or one line and exit code 2."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from echo_studio.anatomy.motion.cycle import LabelCycle
from echo_studio.cli import main
from echo_studio.data.clips import interpolated as cycles
from echo_studio.data.datasets.camus import CamusFrame
from echo_studio.generate.video import catalog as video_catalog
from echo_studio.generate.video.generator import VideoEntry
from echo_studio.generate.video.request import GeneratedVideo, VideoRequest
from tests.conftest import echo_like
from tests.generate.tiny import tiny_scorers

ENTRIES = {
    "painter": VideoEntry("painter", "Painter", "", "painter", "", True, True, 4, "heun", {}, 0),
    "starter": VideoEntry("starter", "Starter", "", "painter", "coloured", False, False, 6, "", {}, 35),
}


def cross_faded(first: CamusFrame, second: CamusFrame, frames: int) -> tuple[np.ndarray, np.ndarray]:
    shares = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / frames)
    clip = np.stack([np.rint((1 - s) * first.image + s * np.roll(first.image, 3, axis=1)) for s in shares])
    return clip.astype(np.uint8), np.repeat(first.label_map.ids[None], frames, axis=0)


class Repeats:
    def generate(self, request: VideoRequest) -> GeneratedVideo:
        image = echo_like(seed=request.seed)[0]
        ids = np.repeat(request.label_map.ids[None], request.frames, axis=0)
        clip = np.stack([np.roll(image, k, axis=0) for k in range(request.frames)])
        return GeneratedVideo(clip, LabelCycle(ids, None, 1, 70.0), SimpleNamespace(ef_drawn=50.0), 1.0)  # type: ignore[arg-type]


@pytest.fixture
def arguments(camus_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    root = camus_folder(patients=2, views=("2CH",))
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_validation.txt").write_text("patient0001\npatient0002\n")
    tiny_scorers(tmp_path / "checkpoints")
    monkeypatch.setattr(cycles, "interpolated_cycle", cross_faded)
    monkeypatch.setattr(video_catalog, "video_generators", lambda folder: ENTRIES)
    monkeypatch.setattr(video_catalog, "load_video_generator", lambda name, folder: Repeats())
    checkpoints = str(tmp_path / "checkpoints")
    return ["evaluate", "video", "--data", str(root), "--generators", "painter", "--checkpoints", checkpoints]


def test_every_setting_that_a_generator_has_gives_a_row(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--generators", "painter,starter", "--start-steps", "15,55", "--guidance", "0,7", "--frames", "4"]
    assert main([*arguments, *chosen, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    rows = [(row["generator"], row["nfe"], row["guidance"], row["start_step"]) for row in report["rows"]]
    assert rows == [
        ("interpolated cycles", 0, 0, 0),
        ("painter", 4, 0, 0),
        ("painter", 4, 7, 0),
        ("starter", 6, 0, 15),
        ("starter", 6, 0, 55),
    ]
    assert all(row["n"] == 2 for row in report["rows"])
    assert all("lv_dice" in row["labeller"] for row in report["rows"])
    assert "judge" in report["features"]
    assert "segmenter" in report["labeller"]["features"]
    assert all(0 < row["ssim"] < 1 and row["fid"] is None for row in report["rows"][1:])


def test_the_table_has_a_heading_and_a_line_a_row_of_one_width(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--frames", "4", "--limit", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = lines[4:]
    assert "lag 8, no motion" in table[0]
    assert sum("myocardium" in line for line in table) == 2
    assert any("painter" in line and "change" in line for line in table)
    lines = lines[:3]
    assert "SSIM" in lines[0]
    assert "FVD" in lines[0]
    assert lines[1].split()[:2] == ["interpolated", "cycles"]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    "change",
    [
        ["--frames", "1"],
        ["--frames", "100000"],
        ["--frames", ""],
        ["--nfe", "0"],
        ["--nfe", "ten"],
        ["--start-steps", "64"],
        ["--guidance", "99"],
        ["--ef", "120"],
        ["--ef", "0"],
        ["--seed", "-1"],
        ["--split", "test"],
        ["--data", "nowhere"],
        ["--generators", "nobody"],
        ["--generators", ""],
        ["--view", "4CH"],
        ["--limit", "1"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_2(
    change: list[str], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *change]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert not captured.out


def test_ten_clips_a_map_are_scored_together_and_what_has_no_weights_says_so(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []

    class Counts(Repeats):
        def generate(self, request: VideoRequest) -> GeneratedVideo:
            seeds.append(request.seed)
            return super().generate(request)

    monkeypatch.setattr(video_catalog, "load_video_generator", lambda name, folder: Counts())
    assert main([*arguments, "--frames", "4", "--samples", "10", "--seed", "5"]) == 0
    reference, row = capsys.readouterr().out.splitlines()[1:3]
    assert seeds == list(range(5, 25)), "ten of each of two patients, each with a seed of its own"
    assert row.count("no weights") == 2
    assert "no weights" not in reference


def test_fid_and_fvd_come_from_weights_that_are_named_by_their_folder(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []

    class StandIn:
        """The papers' networks, as two means of grey levels."""

        def __init__(self, folder: Path | None = None) -> None:
            folders.append(folder)  # type: ignore[arg-type]

        @staticmethod
        def frames(clips: list[np.ndarray]) -> np.ndarray:
            return np.array([[frame.mean(), frame[:40].mean()] for clip in clips for frame in clip], np.float64)

        @staticmethod
        def clips(clips: list[np.ndarray]) -> np.ndarray:
            return np.array([[clip.mean(), clip[0].mean()] for clip in clips], np.float64)

    monkeypatch.setattr("echo_studio.evaluate.frames.paper_features.PaperFeatures", StandIn)
    assert main([*arguments, "--frames", "4", "--samples", "2", "--paper-weights", str(tmp_path), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["rows"][1]
    assert folders == [tmp_path]
    assert row["fid"] > 0
    assert row["fvd"] >= 0
    assert row["n"] == 4


def test_fid_and_fvd_without_their_weights_are_refused_at_once(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert main([*arguments, "--paper"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert not captured.out
