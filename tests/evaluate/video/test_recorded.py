"""What recordings remember: a file is read, labelled frame by frame, and its labels evened out over time."""

import json
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.motion.cycle import label_cycle
from echo_studio.anatomy.motion.motion import Motion, end_systole
from echo_studio.cli import main
from echo_studio.data.clips.export import Clip, write_clip
from echo_studio.data.template import template
from echo_studio.errors import DataError
from echo_studio.evaluate.video.recorded import recorded_memory
from tests.generate.tiny import tiny_segmenter

FRAMES = 8


class Knows:
    """A labeller that knows the labels, and slips in one frame."""

    def __init__(self, ids: np.ndarray) -> None:
        self.ids = list(ids)

    def label(self, frames: list[np.ndarray]) -> list[LabelMap]:
        return [LabelMap(self.ids.pop(0)) for _ in frames]


@pytest.fixture(scope="module")
def ids() -> np.ndarray:
    heart, motion = template("4ch-ed").resized(112, 112), Motion(ef=40)
    return label_cycle(heart, end_systole(heart, motion, "4CH"), FRAMES, motion, "4CH").ids


def written(path: Path, ids: np.ndarray, seed: int = 0) -> Path:
    drawn = np.random.default_rng(seed)
    fixed = drawn.normal(110, 20, ids.shape[1:])
    clip = np.where(ids, np.clip(fixed + drawn.normal(0, 20, ids.shape), 8, 250), 0).astype(np.uint8)
    write_clip(path, Clip(clip, 30.0, None, (0.9, 0.9)))
    return path


def test_a_recording_has_the_memory_that_was_written_into_it(tmp_path: Path, ids: np.ndarray) -> None:
    slip = ids.copy()
    slip[3][slip[3] == 1] = 2
    found = recorded_memory(written(tmp_path / "loop.dcm", ids), Knows(np.where(slip == 4, 0, slip)))  # type: ignore[arg-type]
    assert found.fps == pytest.approx(30, rel=0.05)
    for tissue, values in found.in_place.items():
        assert values[0] == pytest.approx(0.5, abs=0.15), tissue
    assert found.change > 0.3


def test_a_still_is_no_recording(tmp_path: Path, ids: np.ndarray) -> None:
    path = tmp_path / "still.dcm"
    write_clip(path, Clip(np.repeat(np.where(ids[:1], np.uint8(90), np.uint8(0)), 4, axis=0), 30.0))
    with pytest.raises(DataError, match="4 equal frames"):
        recorded_memory(path, Knows(ids))  # type: ignore[arg-type]


def test_a_folder_of_recordings_is_one_table(
    tmp_path: Path, ids: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_segmenter(tmp_path / "checkpoints" / "segmenter")
    loops = tmp_path / "loops"
    loops.mkdir()
    written(loops / "a.dcm", ids)
    written(loops / "b.dcm", ids, seed=1)
    (loops / "broken.mp4").write_bytes(b"no film")
    arguments = ["evaluate", "video", "--recordings", str(loops), "--checkpoints", str(tmp_path / "checkpoints")]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["recordings"]] == ["a.dcm", "b.dcm"]
    assert told["faults"][0].startswith("broken.mp4")
    assert told["mean"]["in_place"]["other"][0] == pytest.approx(0.5, abs=0.15)
    assert main(arguments) == 0
    assert "mean of 2" in capsys.readouterr().out
    assert main([*arguments, "--data", str(loops)]) == 2
