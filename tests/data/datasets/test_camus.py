from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from echo_studio.data.datasets.camus import CamusFolder, FrameId, held_out
from echo_studio.errors import DataError, LabelMapError, UnknownNameError

FRAME = FrameId("patient0001", "4CH", "ED")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".mhd", ".png"])
def test_every_container_gives_the_same_frame(suffix: str, camus_folder: Callable, echo_frame: Callable) -> None:
    image, ids = echo_frame(seed=1)
    frame = CamusFolder(camus_folder(suffix=suffix)).read(FRAME)
    assert (frame.image == image).all()
    structures = (ids > 0) & (ids < 4)
    assert (frame.label_map.ids[structures] == ids[structures]).all()
    expected = None if suffix == ".png" else pytest.approx((0.4, 0.3))
    assert frame.label_map.spacing_mm == expected


def test_an_image_is_read_alone_and_a_missing_one_is_named(camus_folder: Callable, echo_frame: Callable) -> None:
    folder = CamusFolder(camus_folder())
    assert (folder.read_image(FRAME) == echo_frame(seed=1)[0]).all()
    with pytest.raises(DataError, match="patient0009_4CH_ED"):
        folder.read_image(FrameId("patient0009", "4CH", "ED"))


def test_the_sector_is_added_where_the_image_is_lit(camus_folder: Callable) -> None:
    frame = CamusFolder(camus_folder()).read(FRAME)
    assert frame.label_map.inside[frame.image > 0].all()
    assert (frame.label_map.ids == 4).any()
    assert (frame.label_map.ids == 0).any()


def test_labels_that_have_a_sector_keep_it(camus_folder: Callable, save_array: Callable, echo_frame: Callable) -> None:
    root = camus_folder()
    ids = echo_frame()[1]
    ids[:10] = 4
    save_array(root / "patient0001" / "patient0001_4CH_ED_gt.nii.gz", ids)
    assert (CamusFolder(root).read(FRAME).label_map.ids == ids).all()


def test_frames_are_listed_in_order_and_only_whole_pairs(camus_folder: Callable) -> None:
    root = camus_folder(patients=3, views=("4CH",))
    (root / "patient0002" / "patient0002_4CH_ES_gt.nii.gz").unlink()
    folder = CamusFolder(root)
    assert folder.patients == ["patient0001", "patient0002", "patient0003"]
    stems = [frame.stem for frame in folder.frame_ids()]
    assert stems == [
        f"patient000{i}_4CH_{phase}" for i in (1, 2, 3) for phase in ("ED", "ES") if (i, phase) != (2, "ES")
    ]
    assert len(folder.frame_ids(["patient0002"])) == 1
    with pytest.raises(DataError, match="no labels"):
        folder.read(FrameId("patient0002", "4CH", "ES"))


def test_the_folder_above_database_nifti_works_too(camus_folder: Callable, tmp_path: Path) -> None:
    root = camus_folder()
    (tmp_path / "download").mkdir()
    root.rename(tmp_path / "download" / "database_nifti")
    assert len(CamusFolder(tmp_path / "download").patients) == 2


def test_info_is_read_as_written(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "patient0001" / "Info_4CH.cfg").write_text("ED: 1\nES: 18\nNbFrame: 18\nImageQuality: Good\nEF: 56\n")
    frame = CamusFolder(root).read(FRAME)
    assert frame.info == {"ED": "1", "ES": "18", "NbFrame": "18", "ImageQuality": "Good", "EF": "56"}
    assert CamusFolder(root).read(FrameId("patient0001", "2CH", "ED")).info == {}


@pytest.mark.parametrize("place", ["camus/database_split", "camus", ".", "database_split", "own"])
def test_split_files_are_found_where_camus_or_its_user_puts_them(
    place: str, camus_folder: Callable, tmp_path: Path
) -> None:
    root = camus_folder(patients=3)
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / "subgroup_training.txt").write_text("patient0003\npatient0001\n\n")
    folder = CamusFolder(root, tmp_path / "own" if place == "own" else None)
    assert folder.split("training") == ["patient0003", "patient0001"]
    with pytest.raises(DataError, match=r"subgroup_testing\.txt"):
        folder.split("testing")
    with pytest.raises(UnknownNameError, match="training, validation"):
        folder.split("train")


def test_a_split_that_lists_an_absent_patient_is_an_error(camus_folder: Callable) -> None:
    root = camus_folder()
    (root / "subgroup_training.txt").write_text("patient0001\npatient0099\n")
    with pytest.raises(DataError, match="patient0099"):
        CamusFolder(root).split("training")


def test_spacing_comes_from_frames_csv_where_the_container_has_none(camus_folder: Callable) -> None:
    root = camus_folder(suffix=".png")
    (root / "frames.csv").write_text(
        "patient,view,phase,split,spacing_x_mm,spacing_y_mm\n"
        "patient0001,2CH,ED,training,,\npatient0001,4CH,ED,training,0.66,0.47\n"
    )
    folder = CamusFolder(root)
    assert folder.read(FRAME).label_map.spacing_mm == (0.47, 0.66)
    assert folder.read(FrameId("patient0001", "2CH", "ED")).label_map.spacing_mm is None


@pytest.mark.parametrize(
    "text",
    ["patient,view\npatient0001,4CH\n", "patient,view,phase,spacing_x_mm,spacing_y_mm\npatient0001,4CH,ED,wide,1\n"],
)
def test_a_broken_frames_csv_is_an_error(text: str, camus_folder: Callable) -> None:
    root = camus_folder(suffix=".png")
    (root / "frames.csv").write_text(text)
    with pytest.raises(DataError, match=r"frames\.csv"):
        CamusFolder(root).read(FRAME)


def test_sizes_that_differ_and_unknown_labels_are_errors(camus_folder: Callable, save_array: Callable) -> None:
    root = camus_folder()
    labels = root / "patient0001" / "patient0001_4CH_ED_gt.nii.gz"
    save_array(labels, np.zeros((50, 40), np.uint8))
    with pytest.raises(DataError, match="40x50"):
        CamusFolder(root).read(FRAME)
    save_array(labels, np.full((96, 80), 9, np.uint8))
    with pytest.raises(LabelMapError, match="unknown label ids 9"):
        CamusFolder(root).read(FRAME)


def test_a_folder_without_patients_is_no_camus_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no patient"):
        CamusFolder(tmp_path)
    with pytest.raises(DataError, match="is no folder"):
        CamusFolder(tmp_path / "none")


def test_the_real_splits_share_no_patient_and_their_frames_are_read(camus_root: Path) -> None:
    folder = CamusFolder(camus_root)
    assert not set(folder.split("training")) & set(folder.split("validation"))
    frame = folder.read(folder.frame_ids()[0])
    assert frame.label_map.shape == frame.image.shape


@pytest.fixture
def data(camus_folder: Callable[..., Path]) -> CamusFolder:
    root = camus_folder(patients=3)
    (root / "database_split").mkdir()
    for name, patients in (("training", "0001 0002"), ("validation", "0003"), ("testing", "0002 0003")):
        listed = "".join(f"patient{number}\n" for number in patients.split())
        (root / "database_split" / f"subgroup_{name}.txt").write_text(listed)
    return CamusFolder(root)


def test_a_split_apart_from_training_gives_its_frames(data: CamusFolder) -> None:
    assert {one.patient for one in held_out(data, "validation")} == {"patient0003"}
    assert len(held_out(data, "validation")) == 4


@pytest.mark.parametrize("split", ["testing", "training"])
def test_a_patient_on_both_sides_is_named(data: CamusFolder, split: str) -> None:
    with pytest.raises(DataError, match="patient0002"):
        held_out(data, split)


def test_a_split_without_frames_is_refused(data: CamusFolder) -> None:
    for path in (data.root / "patient0003").glob("*_gt*"):
        path.unlink()
    with pytest.raises(DataError, match="none"):
        held_out(data, "validation")
