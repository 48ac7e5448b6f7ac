"""`echo-studio what-if-loop` and `label --every-frame`, with small untrained networks."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.motion.cycle import LabelCycle, label_cycle
from echo_studio.anatomy.motion.motion import end_systole, usual_motion
from echo_studio.cli import main
from echo_studio.data.clips.export import Clip, write_clip
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.data.formats.label_file import read_label_map, write_label_map
from echo_studio.data.template import template
from tests.generate.tiny import tiny_checkpoints

FRAMES = 6


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoints(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def cycle() -> LabelCycle:
    heart, motion = template("4ch-ed").resized(96, 96), usual_motion(55)
    return label_cycle(heart, end_systole(heart, motion), FRAMES, motion)


@pytest.fixture
def loop(tmp_path: Path, cycle: LabelCycle) -> Path:
    speckle = np.random.default_rng(0).integers(30, 255, cycle.ids.shape).astype(np.uint8)
    write_clip(tmp_path / "loop.nii.gz", Clip(np.where(cycle.ids > 0, speckle, np.uint8(0)), 7.0, None, (1.0, 1.0), {}))
    for k in range(FRAMES):
        write_label_map(tmp_path / f"{k}.png", cycle.frame(k))
    return tmp_path / "loop.nii.gz"


@pytest.fixture
def run(loop: Path, checkpoints: Path) -> Callable[..., int]:
    """Runs the command on a loop of speckle, of which each label map is given."""
    right = [text for k in range(FRAMES) for text in ("--correct", f"{k}={loop.parent / f'{k}.png'}")]

    def what_if_loop(*more: str) -> int:
        sampling = ["--generator", "beat-tiny", "--nfe", "2", "--checkpoints", str(checkpoints)]
        return main(["what-if-loop", "--loop", str(loop), "--view", "4CH", *right, *sampling, *more])

    return what_if_loop


def test_a_beat_of_another_ef_says_what_it_is(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--ef", "30", "--shape", "wall=1.2", "--out", str(tmp_path / "edited.nii.gz"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["recorded"]["ef_percent"] == pytest.approx(55, abs=2)
    assert told["record"]["ef_drawn"] == pytest.approx(30, abs=3)
    assert told["record"]["kind"] == "edited real frame"
    assert told["record"]["notice"] == "edited real frame: personal data, not for diagnosis"
    assert json.loads((tmp_path / "edited.json").read_text()) == told["record"]
    made = read_recording(tmp_path / "edited.nii.gz")
    assert made.frames.shape == (FRAMES, 96, 96)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--ef", "99"], "ef from 5 to 85"),
        (["--at", "9"], "0 to 5"),
        (["--keep", "2"], "keep from 0 to 1"),
        (["--akinetic", "nowhere"], "wall segment"),
        (["--correct", "9=x.png"], "a frame from 0 to 5"),
        (["--correct", "x.png"], "FRAME=FILE"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    run: Callable[..., int], tmp_path: Path, more: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--out", str(tmp_path / "edited.gif"), *more) != 0
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("edited*"))


def test_a_recording_of_one_frame_has_no_beat(loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from echo_studio.data.formats.media import write_frame

    write_frame(tmp_path / "still.png", read_recording(loop).frames[0], None, {})
    about = ["--loop", str(tmp_path / "still.png"), "--view", "4CH", "--out", str(tmp_path / "edited.gif")]
    assert main(["what-if-loop", *about]) != 0
    assert "2 to 64 frames" in capsys.readouterr().err


def test_every_frame_is_labelled_and_its_beat_is_told(
    loop: Path, cycle: LabelCycle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = [text for k in range(FRAMES) for text in ("--correct", f"{k}={tmp_path / f'{k}.png'}")]
    assert (
        main(["label", "--frame", str(loop), "--every-frame", *right, "--out", str(tmp_path / "maps"), "--json"]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert [Path(name).name for name in told["label_maps"]] == [f"frame-{k:03d}.png" for k in range(FRAMES)]
    for k in range(FRAMES):
        assert np.array_equal(read_label_map(tmp_path / "maps" / f"frame-{k:03d}.png").ids, cycle.ids[k])
    assert told["beat"]["ef_percent"] == pytest.approx(55, abs=2)
    assert told["beat"]["es"] == cycle.es


def test_a_correction_needs_every_frame(loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "--frame", str(loop), "--correct", "0=a.png", "--out", str(tmp_path / "map.png")]) != 0
    assert "--every-frame" in capsys.readouterr().err
