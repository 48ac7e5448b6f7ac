"""Content decides what a folder holds: names, junk and links change nothing."""

import json
import os
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import UID

from echo_studio.cli import main
from echo_studio.data.datasets.camus import CamusFolder
from echo_studio.data.datasets.check import checkable
from echo_studio.data.datasets.loops import LoopFolder
from echo_studio.data.formats.folder import files_in, kind_of
from echo_studio.data.formats.label_file import write_label_map
from echo_studio.data.template import template
from echo_studio.dataset.sources.base_maps import base_maps, passed_over
from tests.conftest import echo_like, write_camus
from tests.data.decoding.test_dicom import dicom, saved

FRAMES = np.stack([echo_like()[0]] * 3)


def litter(folder: Path) -> None:
    """What macOS, Windows and people leave beside data."""
    for name in ("._map.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (folder / name).write_bytes(b"\0\5\x16\7junk")
    (folder / "__MACOSX").mkdir(exist_ok=True)
    (folder / "__MACOSX" / "._map.png").write_bytes(b"junk")


def document(path: Path, storage: str) -> None:
    made = dicom(FRAMES)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = UID(storage)
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(made, keyword)
    saved(made, path)


def test_directories_and_reports_of_an_archive_are_passed_over_and_counted(tmp_path: Path) -> None:
    root = tmp_path / "export"
    (root / "S1").mkdir(parents=True)
    saved(dicom(FRAMES), root / "S1" / "IM000001")
    document(root / "DICOMDIR", "1.2.840.10008.1.3.10")
    document(root / "S1" / "report.dcm", "1.2.840.10008.5.1.4.1.1.88.33")
    (root / "list.csv").write_text("a,b\n")
    litter(root)
    loops = LoopFolder(root)
    assert [path.name for path in loops.paths] == ["IM000001"]
    assert loops.passed_over == 3
    assert checkable(root).counts == {"recordings": 1, "other files, passed over": 3}


@pytest.mark.skipif(os.name == "nt", reason="few people may make links there")
def test_linked_folders_are_entered_once(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    saved(dicom(FRAMES), store / "a.dcm")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(store)
    (store / "back").symlink_to(root)
    assert [path.name for path in files_in(root)] == ["a.dcm"]
    assert len(LoopFolder(root).paths) == 1


@pytest.mark.parametrize("suffix", [".NII.GZ", ".Nii", ".MHD", ".PNG"])
def test_the_case_of_a_suffix_does_not_matter(suffix: str, tmp_path: Path) -> None:
    root = write_camus(tmp_path / "set", patients=1, suffix=suffix.lower(), views=("4CH",))
    for path in sorted((root / "patient0001").iterdir()):
        if path.name.endswith(suffix.lower()):
            path.rename(path.with_name(path.name.replace(suffix.lower(), suffix)))
    folder = CamusFolder(root)
    assert len(folder.frame_ids()) == 2
    assert folder.read(folder.frame_ids()[0]).image.shape == (96, 80)
    assert not list(checkable(root).faults(lambda done, of: None))


@pytest.mark.parametrize("above", ["CAMUS_public/database_nifti", "database_nifti", "unpacked"])
def test_every_entrance_finds_camus_below_the_folder_that_was_unpacked(above: str, tmp_path: Path) -> None:
    write_camus(tmp_path / "data" / above, patients=1, views=("4CH",))
    litter(tmp_path / "data")
    assert checkable(tmp_path / "data").counts["frames"] == 2
    assert len(CamusFolder(tmp_path / "data").patients) == 1
    assert len(base_maps(tmp_path / "data", split="all")) == 2


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    folder = tmp_path / "maps"
    folder.mkdir()
    write_label_map(folder / "heart_4CH_ED.png", template("4ch-ed"))
    write_label_map(folder / "heart_4CH_ES.nii.gz", template("4ch-es"))
    (folder / "heart_4CH_ED.png").rename(folder / "heart_4CH_ED.PNG")
    return folder


def test_stray_archives_tables_and_reports_beside_maps_are_passed_over_and_told(maps: Path, tmp_path: Path) -> None:
    wanted = [one.label_map.digest for one in base_maps(maps)]
    litter(maps)
    shutil.make_archive(str(tmp_path / "backup"), "tar", maps)
    shutil.copy(tmp_path / "backup.tar", maps)
    (maps / "samples.jsonl").write_text('{"name": "someone else\'s"}\n')
    (maps / "table.xlsx").write_bytes(b"PK\3\4table")
    saved(dicom(FRAMES), maps / "loop.dcm")
    assert [one.label_map.digest for one in base_maps(maps)] == wanted
    assert sorted(passed_over(maps)) == ["backup.tar", "loop.dcm", "samples.jsonl", "table.xlsx"]


def test_synthesise_tells_what_it_passed_over(maps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (maps / "notes.txt").write_text("hello")
    line = ["synthesise", "--label-maps", str(maps), "--variations", "0", "--plan", "--out", str(tmp_path / "set")]
    assert main(line) == 0
    assert "passed over 1 file: notes.txt" in capsys.readouterr().err


def nnunet(root: Path, labels: dict[str, object], values: dict[int, int], **about: object) -> Path:
    """One case as nnU-Net v2 keeps it; `values` are that set's by ours."""
    image, ids = echo_like()
    for place in ("imagesTr", "labelsTr"):
        (root / place).mkdir(parents=True)
    written = np.zeros_like(ids)
    for ours, theirs in values.items():
        written[ids == ours] = theirs
    written[0, 0] = max([*values.values(), *(int(number) for number in labels.values())])  # every value is there
    nib.save(nib.Nifti1Image(image.T, np.eye(4)), root / "imagesTr" / "a_4CH_0000.nii.gz")
    nib.save(nib.Nifti1Image(written.T, np.eye(4)), root / "labelsTr" / "a_4CH.nii.gz")
    content = {"channel_names": {"0": "US"}, "labels": labels, "file_ending": ".nii.gz", "numTraining": 1, **about}
    (root / "dataset.json").write_text(json.dumps(content), encoding="utf-8-sig")
    return root


def test_nnunet_s_ignore_and_whole_floats_are_accepted(tmp_path: Path) -> None:
    labels = {"background": 0, "lv": 1.0, "myocardium": 2.0, "left atrium": 3, "ignore": 4}
    root = nnunet(tmp_path / "set", labels, {1: 1, 2: 2, 3: 3})
    (found,) = base_maps(root, split="all")
    assert set(np.unique(found.label_map.ids)) == {0, 1, 2, 3, 4}  # the last is the sector, found in the image


def test_nnunet_s_list_of_files_stands_in_for_its_folders(tmp_path: Path) -> None:
    labels = {"background": 0, "lv": 1, "myocardium": 2, "left atrium": 3}
    case = {"label": "./truth/a.nii.gz", "images": ["./pictures/a.nii.gz"]}
    root = nnunet(tmp_path / "set", labels, {1: 1, 2: 2, 3: 3}, dataset={"a_4CH": case})
    (root / "imagesTr").rename(root / "pictures")
    (root / "labelsTr").rename(root / "truth")
    (root / "pictures" / "a_4CH_0000.nii.gz").rename(root / "pictures" / "a.nii.gz")
    (root / "truth" / "a_4CH.nii.gz").rename(root / "truth" / "a.nii.gz")
    assert [one.view for one in base_maps(root, split="all")] == ["4CH"]


def test_a_picture_is_known_by_its_content(tmp_path: Path) -> None:
    Image.fromarray(FRAMES[0]).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.txt")
    assert kind_of(tmp_path / "a.txt") == "png"
    (tmp_path / "b.png").write_text("hello")
    assert kind_of(tmp_path / "b.png") is None
