"""One command finds the faults of every layout, and never stops at the first."""

import json
from pathlib import Path

import numpy as np
import pytest

from echo_studio.cli import main
from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.dicom import dicom_bytes
from echo_studio.data.datasets.check_folder import checkable
from tests.data.beating import chords, recording, write_echonet
from tests.data.datasets.test_camus_sequence import IDS, IMAGES, half

TRACES = {0: chords(0, 20.0), 10: chords(10, 20.0)}


def test_faults_of_echonet_are_found_video_by_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_echonet(
        tmp_path / "set", dict.fromkeys(["GOOD", "GONE", "LINK"], recording(40, 20.0)), {"GOOD": TRACES, "LINK": TRACES}
    )
    (root / "Videos" / "GONE.avi").unlink()
    (root / "Videos" / "LINK.avi").write_text("#EXTM3U\nhttp://127.0.0.1:9/a.avi\n")
    assert main(["check-data", str(root), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert (report["layout"], report["videos"]) == ("EchoNet-Dynamic", 2)
    assert [Path(fault["path"]).name for fault in report["faults"]] == ["GONE.avi", "LINK.avi"]
    assert "no such file" in report["faults"][0]["detail"]
    assert "points to other files" in report["faults"][1]["detail"]


@pytest.mark.parametrize("table", ["FileList.csv", "VolumeTracings.csv"])
def test_a_table_that_cannot_be_used_is_the_fault(table: str, tmp_path: Path) -> None:
    root = write_echonet(tmp_path / "set", {"GOOD": recording(40, 20.0)}, {"GOOD": TRACES})
    (root / table).write_text("FileName\n")
    (fault,) = checkable(root).faults(lambda done, of: None)
    assert (fault.path.name, fault.kind) == (table, "unreadable")


def test_half_sequences_are_checked_with_their_patients(tmp_path: Path) -> None:
    half(tmp_path)
    half(tmp_path, IMAGES, np.where(IDS == 1, 9, 0).astype(np.uint8), cfg="ED: 1\nES: 99\n")
    found = checkable(tmp_path)
    assert found.counts == {"patients": 1, "frames": 0, "half sequences": 1}
    (fault,) = (fault for fault in found.faults(lambda done, of: None) if fault.kind == "clip")
    assert "1 to 11" in fault.detail


def test_a_folder_of_loops_is_checked_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.dcm").write_bytes(dicom_bytes(Clip(recording(12, 12.0), 50.0)))
    (tmp_path / "link.mp4").write_text("http://127.0.0.1:9/a.mp4")
    assert main(["check-data", str(tmp_path)]) == 2
    told = capsys.readouterr().out
    assert "link.mp4" in told
    assert "good.dcm" not in told
    assert "1 fault in 2 recordings" in told
    (tmp_path / "link.mp4").unlink()
    assert main(["check-data", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "no faults in 1 recordings\n"
