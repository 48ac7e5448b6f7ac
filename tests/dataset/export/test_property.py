"""Random sets of any sizes and spacings, read by others: label ids byte for byte, spacing within 1e-6."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from echo_studio.dataset.export.formats import FORMATS, export_set
from echo_studio.dataset.split import Fractions
from tests.dataset.export.test_formats import ready
from tests.dataset.sets import random_samples, write_set

Read = dict[str, tuple[npt.NDArray[np.uint8], tuple[float, float] | None]]  # ids and spacing (y, x) by name


def by_pillow(out: Path) -> Read:
    found: Read = {}
    for path in out.glob("*/record.json"):
        about = json.loads(path.read_text(encoding="utf-8"))
        frames = [np.asarray(Image.open(one)) for one in sorted(path.parent.glob("labels*.png"))]
        spacing = tuple(about["spacing_mm"]) if about["spacing_mm"] else None
        found[about["id"]] = (np.stack(frames) if about["fps"] else frames[0], spacing)
    return found


def by_nibabel(out: Path) -> Read:
    found: Read = {}
    for path in out.glob("labelsT?/*.nii.gz"):
        volume = nib.load(path)
        x, y = volume.header.get_zooms()[:2]
        told = volume.header.get_xyzt_units()[0] == "mm"
        found[path.name.split(".")[0]] = (np.asarray(volume.dataobj, np.uint8).T, (y, x) if told else None)
    return found


def by_pyarrow(out: Path) -> Read:
    parquet = pytest.importorskip("pyarrow.parquet")
    found: Read = {}
    for path in out.glob("data/*.parquet"):
        for row in parquet.read_table(path).to_pylist():
            held = row["labels"]
            pictures = [
                np.asarray(Image.open(io.BytesIO(one["bytes"]))) for one in (held if isinstance(held, list) else [held])
            ]
            spacing = None if row["spacing_y_mm"] is None else (row["spacing_y_mm"], row["spacing_x_mm"])
            found[row["id"]] = (np.stack(pictures) if isinstance(held, list) else pictures[0], spacing)
    return found


def by_webdataset(out: Path) -> Read:
    reader = pytest.importorskip("webdataset")
    found: Read = {}
    for path in out.glob("*.tar"):
        for row in reader.WebDataset(str(path), shardshuffle=False).decode("l8"):
            spacing = row["json"]["spacing_mm"]
            ids = row["label_maps.npy"] if "label_maps.npy" in row else row["labels.png"]
            found[row["__key__"]] = (ids, tuple(spacing) if spacing else None)
    return found


def by_pydicom(out: Path) -> Read:
    found: Read = {}
    for path in out.glob("*/*.dcm"):
        if ".seg" in path.name:
            continue
        maps = []
        for part in sorted(path.parent.glob(f"{path.stem}.seg*.dcm")):
            data = pydicom.dcmread(part)
            ids = np.zeros(data.pixel_array.shape[-2:], np.uint8)
            for about, mask in zip(data.PerFrameFunctionalGroupsSequence, data.pixel_array, strict=True):
                ids[mask > 0] = about.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            maps.append(ids)
        image = pydicom.dcmread(path)
        regions = image.get("SequenceOfUltrasoundRegions")
        spacing = (regions[0].PhysicalDeltaY * 10, regions[0].PhysicalDeltaX * 10) if regions else None
        found[path.stem] = (np.stack(maps) if image.get("NumberOfFrames", 1) > 1 else maps[0], spacing)
    return found


READERS: dict[str, Callable[[Path], Read]] = {
    "png": by_pillow,
    "nnunet": by_nibabel,
    "huggingface": by_pyarrow,
    "webdataset": by_webdataset,
    "dicom": by_pydicom,
}


# WebDataset leaves its files to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", READERS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), clips=st.booleans())
def test_others_read_the_labels_and_spacing_of_any_set(
    name: str, seed: int, clips: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ready(name)
    labels = 5 + 2 * (seed % 2)
    samples = random_samples(seed, 3, bases=3, clips=clips and FORMATS[name].holds != "frames", labels=labels)
    folder = tmp_path_factory.mktemp("set")
    out = folder / "Dataset501_Echo"
    export_set(write_set(folder / "in", samples), name, out, Fractions(0.3, 0.3))
    found = READERS[name](out)
    assert found.keys() == {sample.id for sample in samples}
    for sample in samples:
        ids, spacing = found[sample.id]
        assert ids.dtype == np.uint8
        assert ids.shape == sample.ids.shape
        assert ids.tobytes() == sample.ids.tobytes()
        assert spacing == (None if sample.spacing_mm is None else pytest.approx(sample.spacing_mm, abs=1e-6))
