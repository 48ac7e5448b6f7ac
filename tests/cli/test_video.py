"""`echo-studio video`: the clip and its record, or one line and nothing."""

import json
from pathlib import Path

import imageio.v3 as iio
import nibabel as nib
import numpy as np
import pydicom
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.cli import main
from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.formats.media import write_frame
from echo_studio.data.template import template
from tests.generate.tiny import grain_checkpoints, tiny_videos


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_videos(tmp_path_factory.mktemp("checkpoints"))


def run(tmp_path: Path, checkpoints: Path, out: str, *options: str) -> int:
    """The exit code of the command on a small heart."""
    if not (tmp_path / "map.png").exists():
        write_label_map(tmp_path / "map.png", template("4ch-ed").resized(64, 64))
    given = ["video", "--label-map", tmp_path / "map.png", "--view", "4CH", "--out", tmp_path / out, "--frames", "6"]
    return main([*map(str, given), "--checkpoints", str(checkpoints), *options])


def test_a_clip_comes_with_its_labels_and_record(
    tmp_path: Path, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, checkpoints, "clip.nii.gz", "--ef", "40", "--seed", "3", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    record = json.loads((tmp_path / "clip.json").read_text())
    assert told["record"] == record
    assert record["motion"]["ef"] == 40
    assert record["ef_drawn"] == pytest.approx(40, abs=2)
    assert {Path(name).name for name in told["files"]} == {"clip.nii.gz", "clip_gt.nii.gz"}
    labels = np.asarray(nib.load(tmp_path / "clip_gt.nii.gz").dataobj)
    assert 6 in labels.shape
    assert set(np.unique(labels)) <= {0, 1, 2, 3, 4}


def test_several_samples_are_numbered_and_have_seeds_of_their_own(
    tmp_path: Path, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, checkpoints, "beat.nii.gz", "--samples", "2", "--seed", "5", "--json") == 0
    told = json.loads(capsys.readouterr().out)["clips"]
    assert [Path(one["record_file"]).name for one in told] == ["beat-01.json", "beat-02.json"]
    assert [one["record"]["seed"] for one in told] == [5, 6]
    first, second = (np.asarray(nib.load(tmp_path / f"beat-0{k}.nii.gz").dataobj) for k in (1, 2))
    assert not np.array_equal(first, second)
    assert run(tmp_path, checkpoints, "beat-01-again.nii.gz", "--seed", "5") == 0
    assert "beat-01-again" in capsys.readouterr().out
    assert np.array_equal(first, np.asarray(nib.load(tmp_path / "beat-01-again.nii.gz").dataobj))


def test_free_echo_starts_where_the_prior_is_advised_to(tmp_path: Path, checkpoints: Path) -> None:
    assert run(tmp_path, checkpoints, "loop.gif", "--generator", "free-echo", "--nfe", "8") == 0
    record = json.loads((tmp_path / "loop.json").read_text())
    assert record["start_step"] > 0
    assert record["nfe_run"] < 8
    assert iio.imread(tmp_path / "loop.gif").shape[0] == 6


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--ef", "0"), "ef from 5 to 85"),
        (("--ef", "120"), "ef from 5 to 85"),
        (("--frames", "1"), "frames from 2 to 64"),
        (("--frames", "100000"), "frames from 2 to 64"),
        (("--akinetic", "no such wall"), "akin|segment"),
        (("--generator", "edm-l64"), "video generator"),
        (("--start-step", "9"), "start step 0"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(
    tmp_path: Path, checkpoints: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert run(tmp_path, checkpoints, "clip.mp4", *options) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1
    assert any(part in error for part in said.split("|"))
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_an_end_systole_that_is_larger_is_refused(
    tmp_path: Path, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file, name in (("es.png", "4ch-ed-dilated"), ("map.png", "4ch-es")):
        write_label_map(tmp_path / file, LabelMap(template(name).resized(64, 64).ids))
    assert run(tmp_path, checkpoints, "clip.mp4", "--label-map-es", str(tmp_path / "es.png")) == 2
    assert "smaller at end systole" in capsys.readouterr().err


def test_a_real_frame_beats_and_says_so_in_every_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = grain_checkpoints(tmp_path / "checkpoints")
    heart = template("4ch-ed").resized(96, 96)
    image = np.where(heart.inside, np.random.default_rng(0).integers(1, 255, heart.shape), 0).astype(np.uint8)
    write_frame(tmp_path / "real.png", image, None, {})
    write_label_map(tmp_path / "own.png", heart)
    about = ["video", "--view", "4CH", "--frames", "3", "--checkpoints", str(folder), "--generator", "beat-grainy"]
    source = ["--source", str(tmp_path / "real.png"), "--label-map", str(tmp_path / "own.png")]
    assert main([*about, *source, "--out", str(tmp_path / "beat.dcm")]) == 0
    written = pydicom.dcmread(tmp_path / "beat.dcm")
    assert written.PatientName == "EDITED REAL FRAME^ECHO"
    assert written.SeriesDescription == "edited real frame: personal data, not for diagnosis"
    assert json.loads((tmp_path / "beat.json").read_text())["kind"] == "edited real frame"
    capsys.readouterr()
    assert main([*about, "--out", str(tmp_path / "none.dcm")]) == 2
    assert "expected --label-map, or --source with a real frame" in capsys.readouterr().err
