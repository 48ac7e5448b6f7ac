"""What many tests need: echo-like frames, folders in CAMUS's layout, the real data set where it is."""

import gc
import importlib.util
import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from echo_studio.anatomy.sector.geometry import Sector
from echo_studio.types import GrayImage, LabelIds, Spacing

SHAPE = (96, 80)
SECTOR_SHAPE = Sector(apex=(39.5, 2.0), angle_left=-0.6, angle_right=0.6, near=0.0, far=85.0)


def _mend_torchvision() -> object:
    """PyPI's torchvision is built for CUDA's torch; beside a CPU torch its import fails on two missing operators."""
    if importlib.util.find_spec("torchvision") is None:
        return None
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return library
    return None


# Folders whose files take longest. Workers take files in the order of collection (`make test`): the long ones come
# first, so that no worker is left alone with one at the end.
LONG = ("browser", "train", "evaluate", "cli", "dataset", "data")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    tests = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, bool, int]:
        folder = item.path.relative_to(root).parts[0]
        if folder not in LONG:
            return len(LONG), False, 0
        shared = getattr(getattr(item, "module", None), "DRAWING", False)  # one after the other: see tests/browser
        return LONG.index(folder), shared, -tests[item.path]

    items.sort(key=place)


gc.disable()  # until everything is imported


def pytest_collection_finish() -> None:
    """What the libraries made stays as long as the worker: to search it for garbage took a tenth of all time."""
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)
    gc.enable()


os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers on two cores: more threads wait for each other
_torchvision_operators = _mend_torchvision()  # kept: the operators live as long as the library


def echo_like(
    seed: int = 0, sector: Sector = SECTOR_SHAPE, shape: tuple[int, int] = SHAPE
) -> tuple[GrayImage, LabelIds]:
    """Speckle in a sector with a dark cavity, and labels 0 to 3: both uint8 (h, w)."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    ids = np.zeros(shape, np.uint8)
    ids[((x - 0.5) / 0.2) ** 2 + ((y - 0.45) / 0.28) ** 2 < 1] = 2
    ids[((x - 0.5) / 0.12) ** 2 + ((y - 0.45) / 0.2) ** 2 < 1] = 1
    ids[((x - 0.5) / 0.13) ** 2 + ((y - 0.8) / 0.1) ** 2 < 1] = 3
    speckle = np.random.default_rng(seed).rayleigh(60.0, shape) * np.array([1.0, 0.2, 1.8, 0.3])[ids]
    image = np.clip(speckle, 1, 255).astype(np.uint8)
    image[~sector.mask(height, width)] = 0
    return image, ids


def save(path: Path, array: np.ndarray, spacing: Spacing | None = (0.4, 0.3)) -> None:
    """Write an array as CAMUS's publishers or other programs do, without this package's writers."""
    if path.name.endswith(".png"):
        Image.fromarray(array).save(path)
        return
    y, x = spacing or (1.0, 1.0)
    if path.name.endswith(".mhd"):
        raw = path.with_suffix(".raw")
        raw.write_bytes(array.tobytes())
        path.write_text(
            f"ObjectType = Image\nNDims = 3\nDimSize = {array.shape[1]} {array.shape[0]} 1\n"
            f"ElementSpacing = {x} {y} 1\nElementType = MET_UCHAR\nElementDataFile = {raw.name}\n"
        )
        return
    volume = nib.Nifti1Image(array.T, np.diag([x, y, 1, 1]))
    volume.header.set_xyzt_units(xyz="unknown" if spacing is None else "mm")
    nib.save(volume, path)


@pytest.fixture
def echo_frame() -> Callable[..., tuple[GrayImage, LabelIds]]:
    return echo_like


@pytest.fixture
def save_array() -> Callable[..., None]:
    return save


def write_camus(root: Path, patients: int = 2, suffix: str = ".nii.gz", views: Sequence[str] = ("2CH", "4CH")) -> Path:
    """A folder in CAMUS's layout."""
    for number in range(1, patients + 1):
        folder = root / f"patient{number:04d}"
        folder.mkdir(parents=True)
        image, ids = echo_like(seed=number)
        for view in views:
            for phase in ("ED", "ES"):
                save(folder / f"{folder.name}_{view}_{phase}{suffix}", image)
                save(folder / f"{folder.name}_{view}_{phase}_gt{suffix}", ids)
    return root


@pytest.fixture
def camus_folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder in CAMUS's layout: `camus_folder(patients=2, suffix=".nii.gz", views=("4CH",))`."""
    return partial(write_camus, tmp_path / "camus")


@pytest.fixture(scope="session")
def camus_root() -> Path:
    """The real data set; the test is skipped, saying so, where it is not."""
    place = os.environ.get("ECHO_STUDIO_CAMUS")
    if not place:
        pytest.skip("needs the CAMUS data set: set ECHO_STUDIO_CAMUS to its folder")
    return Path(place)
