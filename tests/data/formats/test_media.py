import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from echo_studio.data.formats.image_file import read_gray, read_noted
from echo_studio.data.formats.media import write_frame
from echo_studio.errors import ImageError, OutputError

RECORD = {"seed": 7, "generator": "edm-l64", "note": "σ"}
SUFFIXES = (".png", ".nii", ".nii.gz")


def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (24, 33), dtype=np.uint8)


@pytest.mark.parametrize("spacing", [None, (0.4, 1 / 3)])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_frame_survives_its_file_exactly(suffix: str, spacing: tuple[float, float] | None, tmp_path: Path) -> None:
    path = tmp_path / f"frame{suffix}"
    write_frame(path, image(), spacing, RECORD)
    again, found, note = read_noted(path)
    assert (again == image()).all()
    assert found == spacing
    assert note["record"] == RECORD
    assert note["notice"] == "synthetic, not for diagnosis"


def test_every_frame_is_marked_as_synthetic_where_other_programs_look(tmp_path: Path) -> None:
    write_frame(tmp_path / "frame.png", image(), None, RECORD)
    with Image.open(tmp_path / "frame.png") as picture:
        assert picture.info["Comment"] == "synthetic, not for diagnosis"
        assert json.loads(picture.info["echo-studio"])["record"] == RECORD
    write_frame(tmp_path / "frame.nii", image(), None, RECORD)
    header = nib.load(tmp_path / "frame.nii").header
    assert header["descrip"].item() == b"synthetic, not for diagnosis"
    assert json.loads(header.extensions[0].content)["record"] == RECORD


@pytest.mark.parametrize(
    "array", [np.zeros((8, 8)), np.zeros((8, 8, 3), np.uint8), np.zeros(8, np.uint8), np.zeros((0, 8), np.uint8)]
)
def test_what_is_no_grey_frame_is_refused_and_nothing_written(array: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="uint8 frame"):
        write_frame(tmp_path / "frame.png", array, None, RECORD)
    assert not list(tmp_path.iterdir())


def test_a_record_that_is_no_json_leaves_the_old_frame(tmp_path: Path) -> None:
    path = tmp_path / "frame.png"
    write_frame(path, image(), None, RECORD)
    with pytest.raises(ValueError, match="JSON"):
        write_frame(path, 255 - image(), None, {"loss": float("nan")})
    assert (read_gray(path)[0] == image()).all()
    assert [entry.name for entry in tmp_path.iterdir()] == ["frame.png"]


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.png"):
        write_frame(tmp_path / "frame.webp", image(), None, RECORD)
