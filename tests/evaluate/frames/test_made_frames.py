"""Frames of a folder: every PNG that is no label map."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.errors import DataError
from echo_studio.evaluate.frames.made_frames import read_frames


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(path)


def test_label_maps_are_no_frames_wherever_a_set_keeps_them(tmp_path: Path) -> None:
    for name in ("s1/frame.png", "s1/labels.png", "patient1_gt.png", "maps/heart.png"):
        put(tmp_path / name)
    assert list(read_frames(tmp_path)) == ["maps/heart", "s1/frame"], "a folder of frames may be called maps"
    (tmp_path / "manifest.jsonl").write_text("{}\n")
    assert list(read_frames(tmp_path)) == ["s1/frame"]


def test_a_folder_without_frames_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "labels.png")
    with pytest.raises(DataError, match="PNG frames"):
        read_frames(tmp_path)
