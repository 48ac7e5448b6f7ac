"""Any folder of recordings gives cycles; what is none is one clear line and nobody else's file is opened."""

from pathlib import Path

import numpy as np
import pytest

from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.dicom import dicom_bytes
from echo_studio.data.datasets.loops import LoopFolder, read_loop
from echo_studio.errors import EchoStudioError
from tests.data.beating import recording, write_video

PERIOD = 30.4


def refused(path: Path, frames: int = 24) -> str:
    with pytest.raises(EchoStudioError) as caught:
        read_loop(path, frames)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def area(frames: np.ndarray) -> np.ndarray:
    return (frames[:, 15:85, 35:77] < 40).sum(axis=(1, 2)).astype(float)


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "mjpeg"), ("a.mp4", "libx264")])
def test_of_a_long_recording_one_cycle_is_taken(name: str, codec: str, tmp_path: Path) -> None:
    heartbeat = read_loop(write_video(tmp_path / name, recording(75, PERIOD), 50, codec), 16)
    assert heartbeat.frames.shape == (16, 112, 112)
    assert heartbeat.seconds == pytest.approx(PERIOD / 50, abs=0.02)
    wanted = (1 - 0.3 * np.sin(np.pi * np.arange(16) / 16) ** 2) ** 2
    assert np.corrcoef(area(heartbeat.frames), wanted)[0, 1] > 0.98
    assert heartbeat.es is None
    assert not heartbeat.labels


def test_a_loop_of_one_beat_is_taken_whole_and_closes(tmp_path: Path) -> None:
    frames = recording(30, 30.0)
    (tmp_path / "a.dcm").write_bytes(dicom_bytes(Clip(frames, 50.0, None, (0.4, 0.3))))
    heartbeat = read_loop(tmp_path / "a.dcm", 60)
    assert heartbeat.seconds == pytest.approx(0.6)
    assert heartbeat.spacing_mm == pytest.approx((0.4, 0.3))
    assert (heartbeat.frames[::2] == frames).all()
    between = (frames[29].astype(int) + frames[0]) / 2
    assert np.abs(heartbeat.frames[59] - between).max() <= 0.5


def test_recordings_are_found_by_content_and_by_name_in_folders_below(tmp_path: Path) -> None:
    content = dicom_bytes(Clip(recording(4, 4.0), 50.0))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "IM0001").write_bytes(content)
    (tmp_path / "b.mp4").write_text("#EXTM3U")
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / ".hidden.avi").write_text("nothing")
    assert [path.name for path in LoopFolder(tmp_path).paths] == ["b.mp4", "IM0001"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(EchoStudioError, match="holds none"):
        LoopFolder(tmp_path / "empty")
    with pytest.raises(EchoStudioError, match="no folder"):
        LoopFolder(tmp_path / "none")


def test_what_is_no_heartbeat_is_one_line(tmp_path: Path) -> None:
    still = np.repeat(recording(1, 20.0), 20, axis=0)
    (tmp_path / "still.dcm").write_bytes(dicom_bytes(Clip(still, 50.0)))
    assert "20 equal frames" in refused(tmp_path / "still.dcm")
    noise = np.random.default_rng(0).integers(0, 256, (30, 64, 64)).astype(np.uint8)
    (tmp_path / "slow.dcm").write_bytes(dicom_bytes(Clip(noise, 10.0)))
    assert "comes back" in refused(tmp_path / "slow.dcm")
    one = write_video(tmp_path / "one.avi", recording(1, 20.0))
    assert "1 in one.avi" in refused(one)
    refused(tmp_path / "none.avi")
    refused(one, 0)
    refused(one, 1)
    refused(one, 100_000)


def test_broken_files_playlists_and_addresses_are_one_line(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", recording(40, 20.0))
    content = path.read_bytes()
    for broken in (b"", content[: len(content) // 2], content[:100] + bytes(4000)):
        path.write_bytes(broken)
        refused(path)
    for text in ("#EXTM3U\nhttp://127.0.0.1:9/a.avi\n", "http://127.0.0.1:9/a.avi", "file:/etc/passwd"):
        path.write_text(text)
        assert "points to other files" in refused(path)


def test_a_hundred_thousand_frames_are_one_line(tmp_path: Path) -> None:
    content = dicom_bytes(Clip(np.zeros((2, 64, 64), np.uint8), 50.0))
    length = 2 * 64 * 64
    content = content[:-length].replace(b"\x28\x00\x08\x00IS\x02\x002 ", b"\x28\x00\x08\x00IS\x06\x00100000")
    head = content[:-4] + (100_000 * 64 * 64).to_bytes(4, "little")
    with (tmp_path / "a.dcm").open("wb") as file:
        file.write(head)
        file.truncate(len(head) + 100_000 * 64 * 64)  # a hole: 400 MB that no disk holds
    assert "100000 in a.dcm" in refused(tmp_path / "a.dcm")
