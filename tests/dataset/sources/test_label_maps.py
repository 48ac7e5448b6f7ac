"""Label maps come back out of every format that holds some, and out of data sets that others made."""

import json
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import SECTOR
from echo_studio.data.formats.encode import encode
from echo_studio.dataset.export.formats import FORMATS, export_set
from echo_studio.dataset.sample import SetSample
from echo_studio.dataset.sources.base_maps import base_maps
from echo_studio.dataset.split import Fractions
from echo_studio.errors import DataError, EchoStudioError, UnknownNameError
from tests.dataset.export.test_formats import ready
from tests.dataset.sets import echo_samples, random_samples, write_set

SIDE = (256, 256)
HOLD = [name for name, form in FORMATS.items() if form.read and name != "camus"]
HALF = Fractions(0.25, 0.25)
PNG, NIFTI = Path("a.png"), Path("a.nii.gz")


def exported(name: str, samples: list[SetSample], folder: Path) -> Path:
    out = folder / "Dataset501_Echo"
    export_set(write_set(folder / "in", samples), name, out, HALF)
    return out


@pytest.mark.parametrize("clips", [False, True])
@pytest.mark.parametrize("name", HOLD)
def test_every_export_gives_its_label_maps_back_byte_for_byte(name: str, clips: bool, tmp_path: Path) -> None:
    ready(name)
    if clips and FORMATS[name].holds == "frames":
        pytest.skip("a format of frames")
    samples = random_samples(4, 3, bases=3, clips=clips, shape=SIDE)
    out = exported(name, samples, tmp_path)
    maps = {one.name: one for one in base_maps(out, split="all")}
    assert maps.keys() == {sample.id for sample in samples}
    for sample in samples:
        one, ids = maps[sample.id], sample.ids[0] if clips else sample.ids
        assert one.label_map.ids.tobytes() == ids.tobytes()
        assert one.label_map.spacing_mm == pytest.approx(sample.spacing_mm, abs=1e-6)
        assert (one.base, one.view, one.phase) == (sample.base, sample.view, sample.phase or "ED")
    lines = (out / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    split_of = {line["id"]: line["split"] for line in map(json.loads, lines)}
    for split in ("training", "testing"):
        assert [split_of[one.name] for one in base_maps(out, split=split)] == [split]
    assert [one.name for one in base_maps(out, "2CH", split="all")] == [samples[0].id, samples[2].id]
    with pytest.raises(UnknownNameError, match="validation"):
        base_maps(out, split="test")


def test_of_camus_layout_the_sector_is_found_again_and_the_base_is_kept(tmp_path: Path) -> None:
    samples = echo_samples()
    maps = {one.name: one for one in base_maps(exported("camus", samples, tmp_path), split="all")}
    for sample in samples:
        one = maps[sample.id]
        drawn = LabelMap(sample.ids, sample.spacing_mm).resized(*SIDE)
        assert (one.base, one.view, one.phase) == (sample.base, "4CH", "ES")
        assert one.label_map.spacing_mm == drawn.spacing_mm
        structures = [np.where(ids == SECTOR, 0, ids) for ids in (drawn.ids, one.label_map.ids)]
        assert np.array_equal(*structures)


def test_a_set_that_is_being_made_gives_all_its_maps(tmp_path: Path) -> None:
    samples = random_samples(1, 3, shape=SIDE)
    assert [one.name for one in base_maps(write_set(tmp_path / "set", samples))] == [one.id for one in samples]
    (tmp_path / "set" / samples[0].id / "record.json").write_text("{}")
    with pytest.raises(DataError, match="that Echo Studio made"):
        base_maps(tmp_path / "set")


def foreign(folder: Path, labels: dict[str, object], values: tuple[int, ...], end: str = ".nii.gz") -> Path:
    """An nnU-Net data set of three cases; `values` stand for outside, cavity, myocardium, atrium."""
    (folder / "imagesTr").mkdir(parents=True)
    (folder / "labelsTr").mkdir()
    (folder / "dataset.json").write_text(json.dumps({"labels": labels, "file_ending": end}))
    (folder / "splits_final.json").write_text(json.dumps([{"train": ["a_A4C", "b_A2C_ES"], "val": ["c_A4C"]}]))
    for name, sample in zip(("a_A4C", "b_A2C_ES", "c_A4C"), echo_samples(3), strict=True):
        ids = np.array(values, np.uint8)[np.where(sample.ids == SECTOR, 0, sample.ids)]
        kind = Path(f"a{end}")
        (folder / "imagesTr" / f"{name}_0000{end}").write_bytes(encode(kind, sample.image, (0.4, 0.3), "", {}))
        (folder / "labelsTr" / f"{name}{end}").write_bytes(encode(kind, ids, (0.4, 0.3), "", {}))
    return folder


@pytest.mark.parametrize("end", [".nii.gz", ".png"])
def test_nnunet_of_others_is_read_by_the_names_of_its_labels(end: str, tmp_path: Path) -> None:
    labels = {"background": 0, "LA": 1, "left-ventricle": 2, "Myocardium": 3}
    maps = base_maps(foreign(tmp_path / "set", labels, (0, 2, 3, 1), end))
    assert [(one.name, one.view, one.phase) for one in maps] == [("a_A4C", "4CH", "ED"), ("b_A2C_ES", "2CH", "ES")]
    for one, sample in zip(maps, echo_samples(3), strict=False):
        ids = LabelMap(sample.ids, (0.4, 0.3)).resized(*SIDE).ids
        assert np.array_equal(np.where(one.label_map.ids == SECTOR, 0, one.label_map.ids), np.where(ids == 4, 0, ids))
        assert np.mean(one.label_map.ids != ids) < 0.02
    assert [one.name for one in base_maps(tmp_path / "set", split="validation")] == ["c_A4C"]


@pytest.mark.parametrize(
    ("labels", "values", "says"),
    [
        ({"background": 0, "lv": 1, "tumour": 2, "la": 3}, (0, 1, 2, 3), "got 'tumour' in .*rename the label"),
        ({"background": 0, "lv": 1, "myo": 2}, (0, 1, 2, 3), "got 3 too"),
        ({"background": 0, "lv": [1, 2]}, (0, 1, 2, 3), "without regions"),
        ({}, (0, 1, 2, 3), "got none"),
    ],
)
def test_labels_of_another_schema_are_refused_in_one_line(
    labels: dict[str, object], values: tuple[int, ...], says: str, tmp_path: Path
) -> None:
    with pytest.raises(EchoStudioError, match=says) as refused:
        base_maps(foreign(tmp_path / "set", labels, values))
    assert "\n" not in str(refused.value)


def test_dicom_segmentations_of_others_are_read_by_their_codes(tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    samples = random_samples(4, 3, bases=3, shape=SIDE)
    (tmp_path / "theirs").mkdir()
    for path in exported("dicom", samples, tmp_path).rglob("*.dcm"):
        if ".seg" in path.name:  # without our image beside nothing says that it is ours
            shutil.copy(path, tmp_path / "theirs" / path.name)
    maps = base_maps(tmp_path / "theirs", "4CH")
    assert [one.name for one in maps] == [f"{sample.id}-seg" for sample in samples]
    for one, sample in zip(maps, samples, strict=True):
        assert one.label_map.ids.tobytes() == sample.ids.tobytes()
    path = next((tmp_path / "theirs").iterdir())
    data = pydicom.dcmread(path)
    data.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeValue = "10200004"
    data.save_as(path)
    with pytest.raises(DataError, match=r"got 10200004 in .*; recode the segments"):
        base_maps(tmp_path / "theirs", "4CH")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DataError, match="a DICOM file"):
        base_maps(tmp_path / "theirs", "4CH")
