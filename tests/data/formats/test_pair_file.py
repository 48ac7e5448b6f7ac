"""Labels and image meet in space. SimpleITK turns, moves and judges here."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.datasets.check import checkable
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.data.formats.label_file import read_label_map, write_label_map
from echo_studio.data.formats.media import write_frame
from echo_studio.data.formats.pair_file import read_pair
from echo_studio.errors import DataError
from tests.conftest import echo_like, write_camus

IMAGE, IDS = echo_like()
SPACING = (0.3, 0.4)  # x, y


def grid(array: np.ndarray, volume: bool = False) -> sitk.Image:
    image = sitk.GetImageFromArray(array[None] if volume else array)
    image.SetSpacing((*SPACING, 1.0)[: image.GetDimension()])
    image.SetOrigin((-20.0, 35.0, 0.0)[: image.GetDimension()])
    return image


@pytest.mark.parametrize("name", ["labels.nii.gz", "labels.mha", "labels.nrrd"])
@pytest.mark.parametrize("axes", ["", "x", "y", "xy"])
@pytest.mark.parametrize("volume", [False, True])
def test_labels_of_another_orientation_are_turned_to_their_image(
    name: str, axes: str, volume: bool, tmp_path: Path
) -> None:
    sitk.WriteImage(grid(IMAGE, volume), str(tmp_path / "image.nii.gz"))
    flips = [axis for axis, letter in ((1, "x"), (0, "y")) if letter in axes]
    labels = grid(np.flip(IDS, flips), volume)
    height, width = IDS.shape
    signs = np.array([-1.0 if axis in axes else 1.0 for axis in "xy"])
    dimension = labels.GetDimension()
    labels.SetDirection(np.diag([*signs, 1.0][:dimension]).ravel().tolist())
    origin = np.array(labels.GetOrigin()[:2]) + (signs < 0) * (np.array([width, height]) - 1) * SPACING
    labels.SetOrigin([*origin, 0.0][:dimension])
    sitk.WriteImage(labels, str(tmp_path / name))
    # The oracle: SimpleITK's own resampling onto the image's grid.
    image = sitk.ReadImage(str(tmp_path / "image.nii.gz"))
    onto = sitk.Resample(labels, image, sitk.Transform(), sitk.sitkNearestNeighbor)
    assert np.array_equal(sitk.GetArrayFromImage(onto).reshape(IDS.shape), IDS)
    images, ids, spacing = read_pair(tmp_path / "image.nii.gz", tmp_path / name)
    assert np.array_equal(images[0], IMAGE)
    assert np.array_equal(ids[0], IDS)
    assert spacing == pytest.approx((0.4, 0.3))


def test_labels_of_swapped_axes_are_turned_back(tmp_path: Path) -> None:
    sitk.WriteImage(grid(IMAGE), str(tmp_path / "image.mha"))
    swapped = sitk.PermuteAxes(grid(IDS), [1, 0])
    assert sitk.GetArrayFromImage(swapped).shape == IDS.T.shape
    sitk.WriteImage(swapped, str(tmp_path / "labels.mha"))
    assert np.array_equal(read_pair(tmp_path / "image.mha", tmp_path / "labels.mha")[1][0], IDS)


@pytest.mark.parametrize("shift", [(3.0, 0.0), (0.0, -9.5)])
def test_labels_at_another_place_are_a_fault(shift: tuple[float, float], tmp_path: Path) -> None:
    sitk.WriteImage(grid(IMAGE), str(tmp_path / "image.nii.gz"))
    labels = grid(IDS)
    labels.SetOrigin(np.add(labels.GetOrigin(), shift).tolist())
    sitk.WriteImage(labels, str(tmp_path / "labels.nii.gz"))
    with pytest.raises(DataError, match=r"labels\.nii\.gz, whose header puts them .* pixels away"):
        read_pair(tmp_path / "image.nii.gz", tmp_path / "labels.nii.gz")


def test_labels_of_another_pixel_size_are_a_fault(tmp_path: Path) -> None:
    sitk.WriteImage(grid(IMAGE), str(tmp_path / "image.mha"))
    labels = grid(IDS)
    labels.SetSpacing((0.3, 0.41))
    sitk.WriteImage(labels, str(tmp_path / "labels.mha"))
    with pytest.raises(DataError, match=r"2\.32 pixels away"):
        read_pair(tmp_path / "image.mha", tmp_path / "labels.mha")


def test_check_data_names_labels_that_were_turned_by_180_degrees(tmp_path: Path) -> None:
    root = write_camus(tmp_path / "camus", patients=1)
    path = root / "patient0001" / "patient0001_4CH_ED_gt.nii.gz"
    volume = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(volume.dataobj), np.diag([-0.3, -0.4, 1, 1]), volume.header), path)
    found = checkable(root)
    faults = list(found.faults(lambda done, of: None))
    assert [(fault.path, fault.kind) for fault in faults] == [(path, "position")]


def test_a_nifti_export_oriented_as_patients_are_shows_the_apex_up(tmp_path: Path) -> None:
    label_map = LabelMap(IDS, (0.4, 0.3))
    write_label_map(tmp_path / "map.nii.gz", label_map)
    write_frame(tmp_path / "frame.nii.gz", IMAGE, (0.4, 0.3), {})
    for name, array in (("map.nii.gz", IDS), ("frame.nii.gz", IMAGE)):
        image = sitk.ReadImage(str(tmp_path / name))
        assert image.GetDirection() == (1.0, 0.0, 0.0, 1.0)
        volume = sitk.DICOMOrient(sitk.JoinSeries(image), "LPS")
        assert np.array_equal(sitk.GetArrayFromImage(volume)[0], array)
        written = sitk.GetImageFromArray(array)
        written.SetSpacing(image.GetSpacing())
        sitk.WriteImage(written, str(tmp_path / "itk.nii.gz"))
        assert np.allclose(nib.load(tmp_path / name).affine, nib.load(tmp_path / "itk.nii.gz").affine)


def test_files_of_earlier_versions_with_their_own_affine_read_as_before(tmp_path: Path) -> None:
    """Until 94da3ef the affine was diag(x, y, 1, 1)."""
    volume = nib.Nifti1Image(IDS.T, np.diag([0.3, 0.4, 1, 1]))
    volume.header.set_xyzt_units("mm")
    volume.header["descrip"] = b"camus+sector/1"
    nib.save(volume, tmp_path / "map.nii.gz")
    read = read_label_map(tmp_path / "map.nii.gz")
    assert np.array_equal(read.ids, IDS)
    assert read.spacing_mm == pytest.approx((0.4, 0.3))
    nib.save(nib.Nifti1Image(IMAGE.T, np.diag([0.3, 0.4, 1, 1])), tmp_path / "image.nii.gz")
    assert np.array_equal(read_pair(tmp_path / "image.nii.gz", tmp_path / "map.nii.gz")[1][0], IDS)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_photograph_that_exif_turns_comes_out_upright(orientation: int, suffix: str, tmp_path: Path) -> None:
    stored = {
        1: IMAGE,
        2: IMAGE[:, ::-1],
        3: IMAGE[::-1, ::-1],
        4: IMAGE[::-1],
        5: IMAGE.T,
        6: np.rot90(IMAGE),
        7: IMAGE[::-1, ::-1].T,
        8: np.rot90(IMAGE, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / f"a{suffix}", exif=exif, quality=95)
    frame = read_recording(tmp_path / f"a{suffix}").frames[0]
    assert frame.shape == IMAGE.shape
    assert np.abs(frame.astype(int) - IMAGE).mean() < 4


@pytest.mark.parametrize(("suffix", "orientation"), [(".jpg", 1), (".jpg", 6), (".png", 1), (".png", 8)])
def test_a_photograph_with_oblong_pixels_comes_out_in_its_true_shape(
    suffix: str, orientation: int, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(IMAGE).save(tmp_path / f"a{suffix}", dpi=(100, 150), exif=exif)  # pixels wider than high
    height, width = IMAGE.shape
    true = (height, round(1.5 * width))
    assert read_recording(tmp_path / f"a{suffix}").frames.shape[1:] == (true if orientation == 1 else true[::-1])
