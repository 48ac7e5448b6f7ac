"""Recordings to learn from and to compare with: EchoNet-Dynamic's layout, half sequences, and a folder of loops."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import LV_CAVITY, LV_MYOCARDIUM, SECTOR
from echo_studio.cli import main
from echo_studio.data.datasets import recorded
from echo_studio.data.datasets.recorded import RecordedFolder
from echo_studio.errors import DataError
from echo_studio.evaluate.frames.segmentation import FrameSegmenter, largest_pieces
from echo_studio.generate.build import load_network
from echo_studio.generate.checkpoint import read_card
from tests.data.beating import SECTOR_SHAPE, SIDE, cavity, chords, recording, write_echonet, write_nifti, write_video
from tests.generate.tiny import tiny_scorers

PERIOD = 20.0
RECIPE = """
name = "video-tiny"
title = "Tiny"
description = "For tests."
paper = "002"
kind = "video-edm"
resolution = 32
samples_every_images = 40

[network]
guide = "spade"
widths = [8, 16]
blocks = 1
attention_levels = [1]
time_levels = [1]
mask_channels = 4

[loss]
frames = FRAMES
maps = "MAPS"

[budget]
images = 40
batch = 4
ema_images = 8

[optimiser]
learning_rate = 1e-3
"""


def labels(time: float) -> np.ndarray:
    """uint8 (h, w) a cavity within its wall within the sector."""
    blood = cavity(time, PERIOD)
    wall = cv2.dilate(blood.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    ids = np.where(SECTOR_SHAPE.mask(SIDE, SIDE), SECTOR, 0)
    return np.where(blood, LV_CAVITY, np.where(wall & (ids > 0), LV_MYOCARDIUM, ids)).astype(np.uint8)


def echonet(root: Path) -> Path:
    """Two recordings for training at another pace each, three for validation: one without traces."""
    videos = {f"0X{k}": recording(45 + k, PERIOD, float(k)) for k in range(5)}
    traces = {
        name: {PERIOD_ED: chords(PERIOD_ED + k, PERIOD), 10: chords(10 + k, PERIOD)}
        for k, name in enumerate(videos)
        if k < 4
    }
    write_echonet(root, videos, traces)
    rows = (root / "FileList.csv").read_text().splitlines()
    rows[3:] = [row.replace("TRAIN", "VAL").replace(",50,", ",30,") for row in rows[3:]]
    (root / "FileList.csv").write_text("\n".join(rows) + "\n")
    return root


PERIOD_ED = 0


def half_sequences(root: Path) -> Path:
    """Three patients with 11 frames from ED to ES, and CAMUS's split files."""
    for k in range(1, 5):
        stem = root / f"patient{k:04}" / f"patient{k:04}_4CH_half_sequence"
        frames = np.stack([labels(time) for time in range(11)])
        write_nifti(stem.with_name(stem.name + ".nii.gz"), recording(11, PERIOD))
        write_nifti(stem.with_name(stem.name + "_gt.nii.gz"), np.where(frames == SECTOR, 0, frames).astype(np.uint8))
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\npatient0002\n")
    (root / "database_split" / "subgroup_validation.txt").write_text("patient0003\npatient0004\n")
    return root


def loops(root: Path) -> Path:
    root.mkdir()
    for k in range(5):
        write_video(root / f"loop{k:02}.avi", recording(45, PERIOD, float(7)), fps=30 + k)
    return root


LAYOUTS = {"EchoNet-Dynamic": echonet, "CAMUS half sequences": half_sequences, "loops": loops}


class ReadsDark:
    """A labeller that takes what is dark for blood and what surrounds it for muscle."""

    @staticmethod
    def label(_: FrameSegmenter, images: list[np.ndarray]) -> list[LabelMap]:
        found = []
        for image in images:
            about = cv2.resize(cavity(0, PERIOD).astype(np.uint8), image.shape[::-1]) > 0
            blood = (gaussian_filter(image.astype(float), 2.0) < 35) & about
            near = cv2.dilate(blood.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
            ids = np.where(blood, LV_CAVITY, np.where(near, LV_MYOCARDIUM, 0)).astype(np.uint8)
            found.append(LabelMap(largest_pieces(ids)))
        return found


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny_scorers(tmp_path / "checkpoints")
    monkeypatch.setattr(FrameSegmenter, "label", ReadsDark.label)
    monkeypatch.setattr(recorded, "HELD_OUT", 3)  # of five loops two
    return tmp_path / "checkpoints"


@pytest.mark.parametrize(
    ("layout", "frames", "maps"),
    [("EchoNet-Dynamic", 16, "every"), ("CAMUS half sequences", 8, "first"), ("loops", 4, "every")],
)
def test_recordings_train_video_for_ten_steps_and_are_evaluated_as_reference(
    layout: str, frames: int, maps: str, checkpoints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = LAYOUTS[layout](tmp_path / "set")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.replace("FRAMES", str(frames)).replace("MAPS", maps))
    out, shared = tmp_path / "run", ["--checkpoints", str(checkpoints), "--json"]
    assert main(["train", str(recipe), "--recordings", str(root), "--out", str(out), *shared]) == 0
    assert json.loads(capsys.readouterr().out)["images_seen"] == 40
    card = read_card(out / "checkpoint")
    assert card.data == layout
    assert ("first_map_alone" in card.settings) == (maps == "first")
    assert load_network(out / "checkpoint")[0].scores["validation"]
    # The trained checkpoint makes the clips that are compared with the recordings of the validation split.
    (out / "checkpoint").rename(checkpoints / "video-tiny")
    chosen = ["--reference", "recordings", "--recordings", str(root), "--view", "4CH", "--frames", "4", "--nfe", "2"]
    assert main(["evaluate", "video", "--generators", "video-tiny", *chosen, *shared]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["reference"] == f"recordings ({layout})"
    assert [row["n"] for row in report["rows"]] == [2, 2]
    assert report["rows"][0]["lv_dice"] > 0.9, "the judge reads what the labels say"
    assert bool(report["left_out"]) == (layout == "EchoNet-Dynamic"), report["left_out"]


def test_every_tenth_loop_is_for_validation(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for k in range(14):
        (tmp_path / "set" / f"loop{k:02}.avi").write_bytes(b"RIFF0000AVI LIST")
    folder = RecordedFolder(tmp_path / "set", "2CH")
    assert [name for name, _, _ in folder.recordings("validation")] == ["loop01.avi", "loop11.avi"]
    assert len(folder.recordings("training")) == 12
    assert folder.recordings("testing") == []
    assert {view for _, view, _ in folder.recordings("training")} == {"2CH"}
    with pytest.raises(DataError, match="MP4, AVI or DICOM"):
        RecordedFolder(tmp_path / "set" / "none")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train", "RECIPE", "--out", "OUT"], "either --data or --recordings"),
        (["evaluate", "video", "--reference", "recordings", "--data", "SET"], "--recordings with a folder"),
        (["evaluate", "video", "--reference", "films", "--recordings", "SET"], "films"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE.replace("FRAMES", "4").replace("MAPS", "every"))
    names = {"RECIPE": tmp_path / "recipe.toml", "OUT": tmp_path / "run", "SET": tmp_path}
    assert main([str(names.get(one, one)) for one in arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1
