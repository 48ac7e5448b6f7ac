"""Each export is read by the programs that it is meant for: labels byte for byte, spacing within 1e-6."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import cv2
import nibabel as nib
import numpy as np
import pydicom
import pytest
from PIL import Image, ImageSequence

from echo_studio.anatomy.labels import SECTOR
from echo_studio.data.datasets.camus import SPLITS, CamusFolder
from echo_studio.data.datasets.check import check_folder
from echo_studio.data.formats.media import NOTICE
from echo_studio.dataset.export.formats import export_set
from echo_studio.dataset.sample import SetSample
from echo_studio.dataset.split import Fractions
from tests.dataset.sets import echo_samples, random_samples, write_set

HALF = Fractions(0.25, 0.25)


def exported(name: str, samples: list[SetSample], folder: Path) -> dict[str, tuple[str, SetSample]]:
    """Writes `folder / Dataset501_Echo`; split and sample by id."""
    out = folder / "Dataset501_Echo"
    export_set(write_set(folder / "in", samples), name, out, HALF)
    lines = [json.loads(line) for line in (out / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    split_of = {line["id"]: line["split"] for line in lines}
    return {sample.id: (split_of[sample.id], sample) for sample in samples}


def test_camus_layout_by_nibabel_and_without_a_fault(tmp_path: Path) -> None:
    samples = exported("camus", echo_samples(), tmp_path)
    folder = CamusFolder(tmp_path / "Dataset501_Echo")
    assert list(check_folder(folder)) == []
    split_of = {patient: split for split in SPLITS for patient in folder.split(split)}
    assert len(split_of) == 5
    for patient in folder.patients:
        split, sample = samples[folder.info(patient, "4CH")["Sample"]]
        assert split_of[patient] == split
        frame, labels = (nib.load(folder.root / patient / f"{patient}_4CH_ES{end}.nii.gz") for end in ("", "_gt"))
        assert (np.asarray(frame.dataobj).T == sample.image).all()
        assert (np.asarray(labels.dataobj).T == np.where(sample.ids == SECTOR, 0, sample.ids)).all()
        for volume in (frame, labels):
            assert volume.header.get_zooms() == pytest.approx((0.3, 0.4), abs=1e-6)
            assert volume.header.get_xyzt_units()[0] == "mm"
            assert NOTICE.encode() in volume.header["descrip"].item()
        info = folder.info(patient, "4CH")
        assert (info["Notice"], json.loads(info["Licence"]), info["ES"]) == (NOTICE, sample.licence, "1")


def test_nnunet_raw_by_simpleitk(tmp_path: Path) -> None:
    reader = pytest.importorskip("SimpleITK")
    samples = exported("nnunet", random_samples(1, 6), tmp_path)
    root = tmp_path / "Dataset501_Echo"
    about = json.loads((root / "dataset.json").read_text())
    assert about["labels"] == {"background": 0, "lv_endo": 1, "lv_myo": 2, "la": 3, "sector": 4}
    assert about["numTraining"] == len(list((root / "imagesTr").iterdir()))
    (fold,) = json.loads((root / "splits_final.json").read_text())
    for name, (split, sample) in samples.items():
        end = "Ts" if split == "testing" else "Tr"
        assert (name in fold["train"], name in fold["val"]) == (split == "training", split == "validation")
        frame = reader.ReadImage(str(root / f"images{end}" / f"{name}_0000.nii.gz"))
        labels = reader.ReadImage(str(root / f"labels{end}" / f"{name}.nii.gz"))
        assert (reader.GetArrayFromImage(frame) == sample.image).all()
        assert (reader.GetArrayFromImage(labels) == sample.ids).all()
        y, x = sample.spacing_mm or (1.0, 1.0)
        assert frame.GetSpacing() == labels.GetSpacing() == pytest.approx((x, y), abs=1e-6)


def test_fluid_and_masses_have_names_where_a_set_holds_them(tmp_path: Path) -> None:
    exported("nnunet", random_samples(1, 6, labels=7), tmp_path)
    about = json.loads((tmp_path / "Dataset501_Echo" / "dataset.json").read_text())
    assert about["labels"] == {
        "background": 0, "lv_endo": 1, "lv_myo": 2, "la": 3, "sector": 4, "fluid": 5, "mass": 6,
    }  # fmt: skip
    card = json.loads((tmp_path / "Dataset501_Echo" / "card.json").read_text())
    assert (card["schema"], card["labels"]["5"], card["labels"]["6"]) == ("camus+sector/2", "Fluid", "Mass")


@pytest.mark.filterwarnings("ignore")  # of nnU-Net, about paths that it is not given
@pytest.mark.parametrize("labels", [5, 7])
def test_nnunet_finds_no_fault_in_its_own_check(labels: int, tmp_path: Path) -> None:
    check = pytest.importorskip("nnunetv2.experiment_planning.verify_dataset_integrity")
    every = [*range(labels)]
    samples = random_samples(2, 6, labels=labels)
    samples[0].ids[0, :labels] = every  # its check warns where a label is in no map
    exported("nnunet", samples, tmp_path)
    check.verify_dataset_integrity(str(tmp_path / "Dataset501_Echo"), num_processes=1)


@pytest.mark.parametrize("clips", [False, True])
def test_parquet_by_datasets(clips: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    samples = exported("huggingface", random_samples(3, 5, clips=clips), tmp_path)
    loaded = datasets.load_dataset(str(tmp_path / "Dataset501_Echo"), cache_dir=str(tmp_path / "cache"))
    assert sorted(loaded) == ["test", "train", "validation"]
    names = {"test": "testing", "train": "training", "validation": "validation"}
    seen = 0
    for split, rows in loaded.items():
        for row in rows:
            where, sample = samples[row["id"]]
            assert where == names[split]
            for key, array in (("image", sample.image), ("labels", sample.ids)):
                pictures = row[key] if clips else [row[key]]
                assert all(isinstance(picture, Image.Image) for picture in pictures)
                assert (np.stack([np.asarray(picture) for picture in pictures]) == array).all()
            assert [row["spacing_y_mm"], row["spacing_x_mm"]] == list(sample.spacing_mm or (None, None))
            assert (row["view"], row["phase"], row["fps"]) == (sample.view, sample.phase, sample.fps)
            assert (row["licence"], row["notice"], row["base"]) == (sample.licence, NOTICE, sample.base)
            assert (json.loads(row["record"]), row["tags"]) == (sample.record, list(sample.tags))
            seen += 1
    assert seen == len(samples)


# WebDataset leaves its files to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_shards_by_webdataset(tmp_path: Path) -> None:
    reader = pytest.importorskip("webdataset")
    both = [*random_samples(4, 4), *random_samples(5, 3, clips=True)]
    samples = exported("webdataset", both, tmp_path)
    seen = 0
    for path in sorted((tmp_path / "Dataset501_Echo").glob("*.tar")):
        for row in reader.WebDataset(str(path), shardshuffle=False).decode("l8"):
            split, sample = samples[row["__key__"]]
            assert path.name == f"{split}-000000.tar"
            image, labels = ("frames.npy", "label_maps.npy") if sample.is_clip else ("frame.png", "labels.png")
            assert (row[image] == sample.image).all()
            assert (row[labels] == sample.ids).all()
            assert row["json"] == sample.to_json()
            seen += 1
    assert seen == len(both)


@pytest.mark.parametrize("clips", [False, True])
def test_dicom_by_pydicom_and_highdicom(clips: bool, tmp_path: Path) -> None:
    seg = pytest.importorskip("highdicom.seg")
    samples = exported("dicom", random_samples(6, 4, bases=3, clips=clips, labels=7), tmp_path)
    patients: dict[str, set[str]] = {}
    for name, (split, sample) in samples.items():
        place = tmp_path / "Dataset501_Echo" / split
        image = pydicom.dcmread(place / f"{name}.dcm")
        assert (image.pixel_array == sample.image).all()
        assert (image.SyntheticData, image.ImageComments, image.Modality) == ("YES", NOTICE, "US")
        assert str(image.SOPClassUID.name).startswith("Ultrasound Multi-frame" if clips else "Ultrasound Image")
        if sample.spacing_mm is not None:
            (region,) = image.SequenceOfUltrasoundRegions
            measured = (region.PhysicalDeltaY * 10, region.PhysicalDeltaX * 10)
            assert measured == pytest.approx(sample.spacing_mm, abs=1e-6)
        patients.setdefault(image.PatientID, set()).add(split)
        for number, ids in enumerate(sample.ids if clips else sample.ids[None]):
            labels = seg.segread(place / (f"{name}.seg.{number:03d}.dcm" if clips else f"{name}.seg.dcm"))
            assert (labels.StudyInstanceUID, labels.PatientID) == (image.StudyInstanceUID, image.PatientID)
            assert (labels.SyntheticData, NOTICE in labels.ContentDescription) == ("YES", True)
            uids = labels.get_source_image_uids()
            assert [uid[2] for uid in uids] == [image.SOPInstanceUID]
            source = labels.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
            assert source.ReferencedSOPClassUID == image.SOPClassUID
            assert source.get("ReferencedFrameNumber") == (number + 1 if clips else None)
            drawn = np.zeros_like(ids)
            for segment, mask in zip(labels.segment_numbers, labels.pixel_array, strict=True):
                drawn[mask > 0] = segment
            assert (drawn == ids).all()
    assert len(patients) == 3  # whoever splits by patient splits by label map
    assert all(len(splits) == 1 for splits in patients.values())


@pytest.mark.parametrize("clips", [False, True])
def test_a_dicom_validator_finds_no_error(clips: bool, tmp_path: Path) -> None:
    """dciodvfy of dicom3tools; SyntheticData (0008,001C) is younger than its dictionary."""
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("needs dciodvfy, of Debian's dicom3tools, on the path")
    pytest.importorskip("highdicom")
    exported("dicom", random_samples(6, 3, bases=3, clips=clips, labels=7), tmp_path)
    for path in (tmp_path / "Dataset501_Echo").rglob("*.dcm"):
        done = subprocess.run([validator, path], capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        assert [line for line in said if line.startswith("Error") and "(0x0008,0x001c)" not in line] == []


def test_videos_by_opencv_and_gifs_by_pillow(tmp_path: Path) -> None:
    clips = random_samples(7, 4, clips=True, shape=(64, 48))
    for name in ("mp4", "gif"):
        (tmp_path / name).mkdir()
        for split, sample in exported(name, clips, tmp_path / name).values():
            path = tmp_path / name / "Dataset501_Echo" / split / f"{sample.id}.{name}"
            if name == "mp4":
                # OpenCV reads it: imageio's reader leaves its pipes to the garbage collector.
                video = cv2.VideoCapture(str(path))
                assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(sample.fps, rel=1e-3)
                assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == len(sample.image)
                assert video.read()[1].shape == (64, 48, 3)
                video.release()
            else:
                with Image.open(path) as picture:
                    assert picture.info["comment"].startswith(NOTICE.encode())
                    frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(picture)]
                assert (np.stack(frames) == sample.image).all()
