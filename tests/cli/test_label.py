"""`echo-studio label` labels a frame as the page does."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echo_studio.cli import main
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.evaluate.frames import segmentation
from echo_studio.studio.engine.engine import Engine
from tests.conftest import echo_like
from tests.data.decoding.conftest import _decode_here
from tests.data.decoding.test_dicom import dicom, saved

__all__ = ["_decode_here"]
FRAMES = np.stack([echo_like(seed=k, shape=(192, 160))[0] for k in range(3)])


def test_a_frame_of_a_loop_is_labelled_as_the_page_labels_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = saved(dicom(FRAMES, FrameTime=20, PixelSpacing=[0.4, 0.3]), tmp_path / "loop.dcm")
    (tmp_path / "map.png").write_bytes(b"old")
    line = ["label", "--frame", str(loop), "--at", "2", "--out", str(tmp_path / "map.png"), "--json"]
    assert main(line) == 0
    found = json.loads(capsys.readouterr().out)
    wanted = Engine().labelled(FRAMES[2], (0.4, 0.3))
    assert read_label_map(tmp_path / "map.png") == wanted.label_map
    assert sum(found["labels"].values()) == FRAMES[2].size
    assert (found["frames"], found["seconds_per_frame"], found["spacing_mm"]) == (3, 0.02, [0.4, 0.3])
    assert found["warnings"] == wanted.warnings


def test_a_warning_is_told_and_lets_the_person_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmentation, "looks_apical", lambda seen: False)
    Image.fromarray(FRAMES[0]).save(tmp_path / "frame.png")
    line = ["label", "--frame", str(tmp_path / "frame.png"), "--out", str(tmp_path / "map.nii.gz")]
    assert main([*line, "--json"]) == 0
    assert "does not look like an apical view" in json.loads(capsys.readouterr().out)["warnings"][0]
    assert main(line) == 0
    assert "warning: this does not look like an apical view" in capsys.readouterr().out
    assert read_label_map(tmp_path / "map.nii.gz").shape == FRAMES[0].shape


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--at", "3"], "from 0 to 0"),
        (["--at", "-1"], "from 0 to 0"),
        (["--out", "map.jpg"], "ends in .png"),
        (["--frame", "none.png"], "none.png"),
        (["--frame", "labels.png"], "a label map"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(FRAMES[0]).save("frame.png")
    Image.fromarray(echo_like()[1]).save("labels.png")
    assert main(["label", "--frame", "frame.png", "--out", "map.png", *arguments]) == 2
    message = capsys.readouterr().err
    assert says in message
    assert message.count("\n") == 1
