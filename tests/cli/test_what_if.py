"""`echo-studio what-if` and `es.what_if`, with small untrained networks."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import echo_studio as es
from echo_studio.anatomy.label_map import LabelMap
from echo_studio.cli import main
from echo_studio.data.formats.image_file import read_gray, read_noted
from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.formats.media import write_frame
from echo_studio.data.template import template
from echo_studio.types import GrayImage
from tests.generate.tiny import tiny_checkpoints


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints(tmp_path_factory.mktemp("checkpoints"))


def heart() -> LabelMap:
    return template("4ch-ed").resized(96, 96)


def real() -> GrayImage:
    inside = heart().ids > 0
    return np.where(inside, np.random.default_rng(0).integers(1, 255, inside.shape), 0).astype(np.uint8)


@pytest.fixture
def run(tmp_path: Path, checkpoints: Path) -> Callable[..., int]:
    """Runs the command on a frame of 96 x 96 and its label map without a sector, as CAMUS writes it."""
    write_frame(tmp_path / "real.png", real(), None, {})
    ids = heart().ids
    write_label_map(tmp_path / "own.png", LabelMap(np.where(ids == 4, np.uint8(0), ids), (0.5, 0.4)))

    def what_if(*more: str, out: str = "edited.png") -> int:
        fixed = ["--frame", str(tmp_path / "real.png"), "--view", "4CH", "--generator", "tiny", "--nfe", "2"]
        places = ["--label-map", str(tmp_path / "own.png"), "--out", str(tmp_path / out)]
        return main(["what-if", *fixed, *places, "--checkpoints", str(checkpoints), *more])

    return what_if


@pytest.mark.parametrize("out", ["edited.png", "edited.nii.gz"])
def test_an_edited_frame_says_what_it_is(out: str, run: Callable[..., int], tmp_path: Path) -> None:
    assert run("--shape", "wall=1.4", "--defect", "septal", "--set", "septal.at=0.5", out=out) == 0
    image, _ = read_gray(tmp_path / out)
    record = json.loads((tmp_path / "edited.json").read_text())
    assert image.shape == real().shape
    assert not image[real() == 0].any()
    assert record["kind"] == "edited real frame"
    assert record["source"]["keep"] == 1.0
    if out.endswith("png"):
        *_, note = read_noted(tmp_path / out)
        assert note["notice"] == record["notice"] == "edited real frame: personal data, not for diagnosis"


def test_what_is_not_edited_is_the_frame(run: Callable[..., int], tmp_path: Path) -> None:
    assert run() == 0
    edited, _ = read_gray(tmp_path / "edited.png")
    assert (edited > 0).sum() > 0.95 * (real() > 0).sum()
    assert np.array_equal(edited[edited > 0], real()[edited > 0])


def test_another_heart_is_drawn_in_the_look_of_the_frame(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = template("4ch-ed-dilated").resized(96, 96)
    write_label_map(tmp_path / "other.png", other)
    assert run("--to", str(tmp_path / "other.png"), "--whole-frame") == 0
    edited, _ = read_gray(tmp_path / "edited.png")
    record = json.loads((tmp_path / "edited.json").read_text())
    assert record["label_map_sha256"] != record["source"]["label_map_sha256"]
    assert not np.array_equal(edited, real())
    write_label_map(tmp_path / "small.png", other.resized(64, 64))
    assert run("--to", str(tmp_path / "small.png"), out="second.png") != 0
    assert "small.png" in capsys.readouterr().err


def test_a_frame_without_a_label_map_is_labelled_first(tmp_path: Path, checkpoints: Path) -> None:
    write_frame(tmp_path / "real.png", real(), None, {})
    about = ["--frame", str(tmp_path / "real.png"), "--view", "4CH", "--generator", "tiny", "--nfe", "2"]
    assert main(["what-if", *about, "--out", str(tmp_path / "a.png"), "--checkpoints", str(checkpoints)]) == 0
    assert (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--keep", "2"), "expected keep from 0 to 1, got 2"),
        (("--at", "1"), "expected --at 0 to 0, the frames of real.png, got 1"),
        (("--set", "septal.at=0.5"), "expected --set DEFECT.NAME=VALUE of a --defect that is given, got septal.at"),
        (("--defect", "nothing"), "choose one of: aneurysm"),
        (("--shape", "wall=9"), "wall"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_writes_nothing(
    more: tuple[str, ...], message: str, run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*more) == 2
    told = capsys.readouterr().err.strip()
    assert message in told
    assert "\n" not in told
    assert not list(tmp_path.glob("edited*"))


def test_a_frame_without_a_sector_and_a_label_map_of_another_size_are_refused(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_label_map(tmp_path / "own.png", LabelMap(np.full((32, 32), 4, np.uint8)))
    assert run() == 2
    assert "the frame's own label map of the frame's size, 96x96, got 32x32" in capsys.readouterr().err
    write_frame(tmp_path / "real.png", np.zeros((96, 96), np.uint8), None, {})
    write_label_map(tmp_path / "own.png", LabelMap(np.ones((96, 96), np.uint8)))
    assert run() == 2
    assert "sector" in capsys.readouterr().err


def test_the_python_function_takes_an_edited_map_or_a_way_to_edit(checkpoints: Path) -> None:
    own = es.LabelMap(heart().ids, (0.5, 0.4))
    wider = es.reshape(own, wall=1.4)
    about = {"label_map": own, "generator": "tiny", "nfe": 2, "folder": checkpoints}
    by_map, by_way = (
        es.what_if(real(), edit, **about)  # type: ignore[arg-type]
        for edit in (wider, lambda own: es.reshape(own, wall=1.4))
    )
    assert np.array_equal(by_map.image, by_way.image)
    assert not np.array_equal(by_map.image, real())
    found = es.what_if(real(), lambda own: own, generator="tiny", nfe=2, folder=checkpoints)
    assert found.record.to_json()["kind"] == "edited real frame"
