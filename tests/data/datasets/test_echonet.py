"""EchoNet-Dynamic's layout gives heartbeats with masks, and each fault of it one clear line."""

import os
from pathlib import Path

import numpy as np
import pytest

from echo_studio.anatomy.labels import LV_CAVITY, SECTOR
from echo_studio.data.datasets.echonet import EchonetFolder, crosses_itself, trace_mask
from echo_studio.data.decoding.decoded import Recording
from echo_studio.errors import DataError, EchoStudioError
from tests.data.beating import cavity, chords, recording, write_echonet

PERIOD = 30.4


def traced(ed: int, es: int, start: float = 0.0) -> dict[int, np.ndarray]:
    return {frame: chords(start + frame, PERIOD) for frame in (ed, es)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> EchonetFolder:
    root = tmp_path_factory.mktemp("echonet")
    videos = {
        "0X1A": recording(75, PERIOD, 20.0),  # ED at 10.4 and 40.8, ES at 25.6 and 56.0
        "0X2B": recording(26, PERIOD, 28.0),  # less than a beat
    }
    traces = {"0X1A": traced(10, 26, 20.0), "0X2B": traced(2, 18, 28.0)}
    return EchonetFolder(write_echonet(root / "EchoNet-Dynamic", videos, traces).parent)


def area(heartbeat) -> np.ndarray:
    """Dark pixels where the cavity is, by frame."""
    return (heartbeat.frames[:, 15:85, 35:77] < 40).sum(axis=(1, 2))


def overlap(one: np.ndarray, two: np.ndarray) -> float:
    return 2 * float((one & two).sum()) / float(one.sum() + two.sum())


def refused(root: Path, name: str = "0X1A") -> str:
    with pytest.raises(EchoStudioError) as caught:
        EchonetFolder(root).read(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def small(root: Path, traces: dict[int, np.ndarray] | None = None) -> Path:
    return write_echonet(root / "set", {"0X1A": recording(40, 20.0)}, {"0X1A": traces or traced_small()})


def traced_small() -> dict[int, np.ndarray]:
    return {0: chords(0, 20.0), 10: chords(10, 20.0)}


def test_a_video_becomes_one_cycle_from_the_traced_ed_with_masks_at_ed_and_es(folder: EchonetFolder) -> None:
    heartbeat = folder.read("0X1A", 24)
    assert heartbeat.frames.shape == (24, 112, 112)
    assert sorted(heartbeat.labels) == [0, heartbeat.es]
    assert heartbeat.es in (12, 13)
    assert heartbeat.seconds == pytest.approx(PERIOD / 50, abs=0.02)
    assert not heartbeat.mirrored
    for frame, time in ((0, 30.0), (heartbeat.es, 46.0)):
        ids = heartbeat.labels[frame].ids
        assert overlap(ids == LV_CAVITY, cavity(time, PERIOD)) > 0.95
        assert overlap(ids != 0, recording(1, PERIOD)[0] > 0) > 0.97
        assert (ids == SECTOR).any()
    areas = area(heartbeat)
    assert abs(int(areas.argmin()) - heartbeat.es) <= 1
    # The loop closes: no jump from the last frame to the first.
    assert abs(int(areas[0]) - int(areas[-1])) <= 1.5 * np.abs(np.diff(areas)).max()
    assert heartbeat.info["EF"] == "51"


@pytest.mark.parametrize(("ed", "es"), [(10, 26), (41, 26), (41, 56), (71, 56), (10, 56)])
def test_whatever_beats_are_traced_the_cycle_is_the_same(
    ed: int, es: int, folder: EchonetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(folder.traces, "0X1A", traced(ed, es, 20.0))
    areas = area(folder.read("0X1A", 16)).astype(float)
    phase = np.arange(16) / 16
    wanted = (1 - 0.3 * np.sin(np.pi * phase) ** 2) ** 2
    assert np.corrcoef(areas, wanted)[0, 1] > 0.97


def test_a_video_shorter_than_a_beat_is_mirrored_and_says_so(folder: EchonetFolder) -> None:
    heartbeat = folder.read("0X2B", 16)
    assert heartbeat.mirrored
    assert heartbeat.es == 8
    assert (heartbeat.frames[1:8] == heartbeat.frames[15:8:-1]).all()


def test_a_trace_is_filled_as_it_was_drawn() -> None:
    mask = trace_mask(chords(0, 30.0), 112, 112, "a")
    assert overlap(mask, cavity(0, 30.0)) > 0.96


def test_an_outline_that_crosses_itself_is_told_from_one_that_does_not() -> None:
    square = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
    assert not crosses_itself(square)
    assert not crosses_itself(np.repeat(square, 2, axis=0))
    assert crosses_itself(square[[0, 2, 1, 3]])
    assert crosses_itself(square[[0, 1, 3, 2]])


def crossed() -> np.ndarray:
    lines = chords(0, 20.0)
    lines[7] = lines[7][[2, 3, 0, 1]]
    return lines


@pytest.mark.parametrize(
    ("trace", "says"),
    [
        (crossed(), "crosses itself"),
        (np.concatenate([chords(0, 20.0), chords(3, 20.0)]), "crosses itself"),  # traced twice
        (chords(0, 20.0)[:3], "3 lines"),
        (chords(0, 20.0) + 60, "leaves the picture"),
        (chords(0, 20.0) * 0 + 50.5, "without any"),
    ],
)
def test_a_faulty_trace_is_one_line(trace: np.ndarray, says: str, tmp_path: Path) -> None:
    message = refused(small(tmp_path, {0: trace, 10: chords(10, 20.0)}))
    assert says in message
    assert "0X1A, frame 0" in message


def test_traces_that_do_not_fit_the_video_are_one_line(tmp_path: Path) -> None:
    assert "frame 40" in refused(small(tmp_path / "a", {0: chords(0, 20.0), 40: chords(10, 20.0)}))
    assert "got 1;" in refused(small(tmp_path / "b", {0: chords(0, 20.0)}))


def test_a_missing_video_is_one_line(tmp_path: Path) -> None:
    root = small(tmp_path)
    (root / "Videos" / "0X1A.avi").unlink()
    assert "Videos/0X1A.avi" in refused(root)
    assert "0X9" in refused(root, "0X9")


def test_a_broken_video_is_one_line(tmp_path: Path) -> None:
    root = small(tmp_path)
    path = root / "Videos" / "0X1A.avi"
    content = path.read_bytes()
    for broken in (b"", content[: len(content) // 2], content[:64] + os.urandom(5000), b"no video at all" * 50):
        path.write_bytes(broken)
        refused(root)


def test_a_still_is_one_line(tmp_path: Path) -> None:
    root = write_echonet(tmp_path / "set", {"0X1A": recording(1, 20.0)}, {"0X1A": traced_small()})
    assert "1 in 0X1A.avi" in refused(root)


def test_a_playlist_or_an_address_in_place_of_a_video_is_refused(tmp_path: Path) -> None:
    root = small(tmp_path)
    for text in ("#EXTM3U\nhttp://127.0.0.1:9/a.avi\n", "ffconcat version 1.0\nfile '/etc/passwd'\n"):
        (root / "Videos" / "0X1A.avi").write_text(text)
        assert "points to other files" in refused(root)


@pytest.mark.parametrize("name", ["http://host/a", "../../0X1A", "/etc/passwd", "-i", ".", "", "concat:a|b", "a\\b"])
def test_a_name_in_a_table_is_never_a_path_or_an_address(name: str, tmp_path: Path) -> None:
    for table in ("FileList.csv", "VolumeTracings.csv"):
        root = small(tmp_path / table)
        text = (root / table).read_text()
        (root / table).write_text(text.replace("0X1A", name, 1))
        assert "file name" in refused(root)


@pytest.mark.parametrize(("table", "column"), [("FileList.csv", "Split"), ("VolumeTracings.csv", "X2")])
def test_a_missing_column_is_named(table: str, column: str, tmp_path: Path) -> None:
    root = small(tmp_path)
    (root / table).write_text((root / table).read_text().replace(column, "Other", 1))
    assert f"none named {column}" in refused(root)


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("FileList.csv", "TRAIN", "LEARN"),
        ("FileList.csv", ",50,", ",0,"),
        ("FileList.csv", ",50,", ",nan,"),
        ("FileList.csv", ",112,112,50,40,TRAIN", ""),
        ("VolumeTracings.csv", ",10\n", ",ten\n"),
        ("VolumeTracings.csv", ",10\n", ",-10\n"),
        ("VolumeTracings.csv", "56.0", "inf"),
    ],
)
def test_a_faulty_row_is_one_line_with_its_number(table: str, old: str, new: str, tmp_path: Path) -> None:
    root = small(tmp_path)
    text = (root / table).read_text().replace("\r\n", "\n")
    assert old in text
    (root / table).write_text(text.replace(old, new, 1))
    assert " in line " in refused(root)


def test_missing_tables_are_one_line(tmp_path: Path) -> None:
    root = small(tmp_path)
    (root / "VolumeTracings.csv").write_bytes(b"\xff\xfe\x00")
    refused(root)
    (root / "VolumeTracings.csv").unlink()
    assert "VolumeTracings.csv" in refused(root)
    with pytest.raises(DataError, match=r"FileList\.csv"):
        EchonetFolder(tmp_path)


def test_a_hundred_thousand_frames_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Recording(np.zeros((512, 64, 64), np.uint8), total=100_000)
    monkeypatch.setattr("echo_studio.data.datasets.echonet.read_recording", lambda path: endless)
    assert "100000" in refused(small(tmp_path))
