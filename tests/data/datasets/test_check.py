import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.cli import main
from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.dicom import dicom_bytes
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.datasets.check import Fault, check_folder, checkable
from tests.data.beating import chords, recording, write_echonet
from tests.data.datasets.test_camus_sequence import IDS, IMAGES, half

SUFFIXES = (".nii.gz", ".nii", ".mhd", ".png")
TRACES = {0: chords(0, 20.0), 10: chords(10, 20.0)}


def faults(root: Path) -> list[Fault]:
    return list(check_folder(CamusFolder(root)))


def only(root: Path) -> tuple[str, str, str]:
    (fault,) = faults(root)
    return fault.path.name, fault.kind, fault.detail


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_sound_folder_has_no_fault(suffix: str, camus_folder: Callable) -> None:
    root = camus_folder(patients=2, suffix=suffix)
    (root / "subgroup_training.txt").write_text("patient0001\n")
    (root / "subgroup_validation.txt").write_text("patient0002\n")
    assert faults(root) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_image_without_labels_is_a_fault(suffix: str, camus_folder: Callable) -> None:
    root = camus_folder(suffix=suffix)
    (root / "patient0002" / f"patient0002_2CH_ES_gt{suffix}").unlink()
    assert only(root) == (
        f"patient0002_2CH_ES{suffix}",
        "missing pair",
        "no labels patient0002_2CH_ES_gt beside it",
    )


def test_labels_without_an_image_are_a_fault(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "patient0001" / "patient0001_4CH_ED.nii.gz").unlink()
    assert only(root)[:2] == ("patient0001_4CH_ED_gt.nii.gz", "missing pair")


def test_a_patient_without_any_frame_is_a_fault(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "patient0007").mkdir()
    assert only(root) == ("patient0007", "missing pair", "no frame at all")


def test_a_view_that_a_patient_lacks_is_no_fault(camus_folder: Callable) -> None:
    assert faults(camus_folder(views=("4CH",))) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_unknown_label_is_a_fault(
    suffix: str, camus_folder: Callable, save_array: Callable, echo_frame: Callable
) -> None:
    root = camus_folder(suffix=suffix)
    ids = echo_frame()[1]
    ids[0, :2] = 7, 200
    save_array(root / "patient0001" / f"patient0001_4CH_ED_gt{suffix}", ids)
    assert only(root)[1:] == ("unknown label", "expected ids 0 to 4, got 7, 200")


def test_sizes_that_differ_are_a_fault(camus_folder: Callable, save_array: Callable, echo_frame: Callable) -> None:
    root = camus_folder()
    save_array(root / "patient0001" / "patient0001_4CH_ED_gt.nii.gz", echo_frame(shape=(90, 80))[1])
    name = "patient0001_4CH_ED_gt.nii.gz"
    assert only(root)[1:] == ("size mismatch", f"expected labels of the image's size 80x96, got 80x90 in {name}")


@pytest.mark.parametrize("name", ["patient0001_4CH_ED", "patient0001_4CH_ED_gt"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_truncated_file_is_a_fault(suffix: str, name: str, camus_folder: Callable) -> None:
    root = camus_folder(suffix=suffix)
    path = root / "patient0001" / f"{name}{'.raw' if suffix == '.mhd' else suffix}"
    path.write_bytes(path.read_bytes()[:-400])
    assert only(root)[:2] == (f"{name}{suffix}", "unreadable")


def test_an_empty_file_is_a_fault(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "patient0001" / "patient0001_4CH_ED.nii.gz").write_bytes(b"")
    assert only(root)[1] == "unreadable"


def test_a_structure_without_a_pixel_is_a_fault(
    camus_folder: Callable, save_array: Callable, echo_frame: Callable
) -> None:
    root = camus_folder()
    ids = echo_frame()[1]
    ids[ids == 3] = 0
    save_array(root / "patient0001" / "patient0001_4CH_ED_gt.nii.gz", ids)
    assert only(root)[1:] == ("empty structure", "no pixel of Left atrium")
    save_array(root / "patient0001" / "patient0001_4CH_ED_gt.nii.gz", ids * 0)
    assert only(root)[1:] == ("empty structure", "no pixel of LV cavity, LV myocardium, Left atrium")


def test_a_black_image_is_a_fault(camus_folder: Callable, save_array: Callable) -> None:
    root = camus_folder()
    save_array(root / "patient0001" / "patient0001_4CH_ED.nii.gz", np.zeros((96, 80), np.uint8))
    assert only(root)[1] == "no sector"


def test_a_patient_in_two_splits_is_a_fault(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "database_split").mkdir()
    (root / "database_split" / "subgroup_training.txt").write_text("patient0001\npatient0002\n")
    (root / "database_split" / "subgroup_validation.txt").write_text("patient0002\n")
    assert only(root) == (
        "subgroup_validation.txt",
        "split",
        "patient0002 is listed in subgroup_training.txt too",
    )


def test_a_patient_twice_in_one_split_is_a_fault(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "subgroup_training.txt").write_text("patient0001\npatient0001\n")
    assert only(root) == ("subgroup_training.txt", "split", "patient0001 is listed twice")


def test_a_listed_patient_that_is_absent_is_a_fault(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "subgroup_testing.txt").write_text("patient0001\npatient0450\n")
    assert only(root) == ("subgroup_testing.txt", "split", "patient0450 is listed but not in the folder")


def test_unreadable_lists_are_faults(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "subgroup_testing.txt").write_bytes(b"\xff\xfe\x00")
    (root / "frames.csv").write_text("patient,view\npatient0001,4CH\n")
    assert [(fault.path.name, fault.kind) for fault in faults(root)] == [
        ("subgroup_testing.txt", "unreadable"),
        ("frames.csv", "unreadable"),
    ]


def test_no_fault_hides_another(camus_folder: Callable, save_array: Callable, echo_frame: Callable) -> None:
    root = camus_folder(patients=4)
    (root / "subgroup_training.txt").write_text("patient0009\n")
    (root / "patient0001" / "patient0001_2CH_ED.nii.gz").write_bytes(b"")
    (root / "patient0001" / "patient0001_2CH_ED_gt.nii.gz").write_bytes(b"")
    (root / "patient0002" / "patient0002_2CH_ED.nii.gz").unlink()
    ids = echo_frame(shape=(90, 80))[1]
    ids[ids == 3] = 9
    save_array(root / "patient0003" / "patient0003_2CH_ED_gt.nii.gz", ids)
    save_array(root / "patient0004" / "patient0004_4CH_ES.nii.gz", np.zeros((96, 80), np.uint8))
    assert Counter(fault.kind for fault in faults(root)) == {
        "split": 1,
        "unreadable": 2,
        "missing pair": 1,
        "unknown label": 1,
        "empty structure": 1,
        "size mismatch": 1,
        "no sector": 1,
    }


def test_progress_counts_every_patient_once(camus_folder: Callable) -> None:
    seen: list[tuple[int, int]] = []
    list(check_folder(CamusFolder(camus_folder(patients=3)), lambda done, of: seen.append((done, of))))
    assert seen == [(1, 3), (2, 3), (3, 3)]


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
