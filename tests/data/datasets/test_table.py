"""Tables as spreadsheets write them: every bad row is told, sound ones count."""

from pathlib import Path

import pytest

from echo_studio.data.datasets.camus import CamusFolder, FrameId
from echo_studio.data.datasets.check import checkable
from echo_studio.data.datasets.echonet import EchonetFolder, read_file_list, read_tracings
from echo_studio.data.datasets.table import whole
from echo_studio.errors import DataError
from tests.conftest import write_camus
from tests.data.datasets.test_check import TRACES, recording, write_echonet
from tests.data.decoding.conftest import _decode_here

__all__ = ["_decode_here"]


def again(path: Path, change: dict[str, str], encoding: str = "utf-8-sig") -> None:
    text = path.read_text(encoding="utf-8-sig")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding=encoding)


def echonet(root: Path) -> Path:
    names = ["ONE", "TWO", "THREE"]
    return write_echonet(root, dict.fromkeys(names, recording(40, 20.0)), dict.fromkeys(names, TRACES))


def test_a_mark_of_utf_8_and_whole_floats_change_nothing(tmp_path: Path) -> None:
    root = echonet(tmp_path / "set")
    videos, traces = read_file_list(root / "FileList.csv"), read_tracings(root / "VolumeTracings.csv")
    for name in ("FileList.csv", "VolumeTracings.csv"):
        again(root / name, {})
    lines = (root / "FileList.csv").read_text(encoding="utf-8-sig").splitlines()
    column = lines[0].split(",").index("NumberOfFrames")
    rows = [line.split(",") for line in lines]
    for row in rows[1:]:
        row[column] = f"{int(row[column])}.0"
    (root / "FileList.csv").write_text("\n".join(map(",".join, rows)), encoding="utf-8-sig")
    assert read_file_list(root / "FileList.csv") == videos
    assert read_tracings(root / "VolumeTracings.csv").keys() == traces.keys()


def test_a_fraction_is_no_count() -> None:
    assert (whole("12"), whole(" 12.0 ")) == (12, 12)
    with pytest.raises(ValueError, match=r"12\.5"):
        whole("12.5")


def test_every_bad_row_is_told_and_the_sound_videos_are_still_checked(tmp_path: Path) -> None:
    root = echonet(tmp_path / "set")
    lines = (root / "FileList.csv").read_text().splitlines()
    place = lines[0].split(",").index("EF")
    for number in (1, 3):
        cells = lines[number].split(",")
        cells[place] = "unknown"
        lines[number] = ",".join(cells)
    (root / "FileList.csv").write_text("\n".join(lines))
    (root / "Videos" / "TWO.avi").unlink()
    faults = list(checkable(root).faults(lambda done, of: None))
    assert [fault.path.name for fault in faults] == ["FileList.csv", "FileList.csv", "TWO.avi"]
    assert ["line 2" in faults[0].detail, "line 4" in faults[1].detail] == [True, True]
    with pytest.raises(DataError, match=r"FileList\.csv.*line 2"):
        _ = EchonetFolder(root).videos


def test_the_tables_of_camus_are_read_with_the_mark_of_utf_8_and_every_bad_row_is_told(tmp_path: Path) -> None:
    root = write_camus(tmp_path / "set", patients=1, suffix=".png", views=("4CH",))
    head = "patient,view,phase,spacing_x_mm,spacing_y_mm\n"
    (root / "frames.csv").write_text(head + "patient0001,4CH,ED,0.3,0.4\n", encoding="utf-8-sig")
    (root / "subgroup_training.txt").write_text("patient0001\n", encoding="utf-8-sig")
    (root / "patient0001" / "Info_4CH.cfg").write_text("ED: 1\n", encoding="utf-8-sig")
    folder = CamusFolder(root)
    assert folder.listed_spacing == {FrameId("patient0001", "4CH", "ED"): (0.4, 0.3)}
    assert folder.split("training") == ["patient0001"]
    assert folder.info("patient0001", "4CH") == {"ED": "1"}
    rows = "patient0001,4CH,ED,wide,0.4\npatient0001,4CH,ES,0.3,-1\n"
    (root / "frames.csv").write_text(head + rows, encoding="utf-8-sig")
    faults = list(checkable(root).faults(lambda done, of: None))
    assert [(fault.path.name, fault.kind) for fault in faults] == [("frames.csv", "unreadable")] * 2
