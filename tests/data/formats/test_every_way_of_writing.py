"""A label map reads back equal whatever other program wrote it, and in whatever way; other libraries write here."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.data.decoding.decoded import Recording
from echo_studio.data.formats.image_file import read_noted
from echo_studio.data.formats.label_file import read_label_map, write_label_map
from echo_studio.errors import EchoStudioError, ImageError, LabelMapError
from echo_studio.studio.uploads import read_upload
from tests.conftest import echo_like

IDS = st.tuples(st.integers(8, 20), st.integers(8, 20)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 4))
)
Writer = Callable[[np.ndarray, Path, np.random.Generator], Path]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def raw_png(samples: np.ndarray, depth: int, colour: int, extra: bytes = b"") -> bytes:
    """A PNG whose samples are packed by hand: no library decides what they mean."""
    height, width = samples.shape[:2]
    if depth == 16:
        rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    else:
        bits = np.unpackbits(samples.reshape(height, -1, 1), axis=-1)[..., 8 - depth :].reshape(height, -1)
        rows = np.packbits(bits, axis=1)
    body = b"".join(b"\0" + row.tobytes() for row in rows)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def grey_png(depth: int) -> Writer:
    def write(ids: np.ndarray, folder: Path, _: np.random.Generator) -> Path:
        (folder / "map.png").write_bytes(raw_png(ids, depth, 0))
        return folder / "map.png"

    return write


def scaled_png(ids: np.ndarray, folder: Path, _: np.random.Generator) -> Path:
    """As ImageMagick makes 16 bits of 8."""
    assert cv2.imwrite(str(folder / "map.png"), ids.astype(np.uint16) * 257)
    return folder / "map.png"


def grey_palette(depth: int) -> Writer:
    """As optimisers write a grey picture: greys in any order, indices of as few bits as there are greys."""

    def write(ids: np.ndarray, folder: Path, random: np.random.Generator) -> Path:
        order = random.permutation(1 << min(depth, 4))[: 1 << depth]
        table = np.zeros(256, np.uint8)
        table[order[:5]] = np.arange(5)
        palette = chunk(b"PLTE", np.repeat(table[: 1 << depth, None], 3, axis=1).tobytes())
        (folder / "map.png").write_bytes(raw_png(order[ids].astype(np.uint8), depth, 3, palette))
        return folder / "map.png"

    return write


def coloured_palette(ids: np.ndarray, folder: Path, random: np.random.Generator) -> Path:
    picture = Image.fromarray(ids).convert("P")
    picture.putdata(ids.ravel().tolist())
    picture.putpalette([0, 0, 0, 255, 0, 0, *random.integers(0, 256, 9).tolist()])
    picture.save(folder / "map.png")
    return folder / "map.png"


def colours(samples: int, depth: int) -> Writer:
    """R = G = B = id, or grey, with an opaque or a clear alpha."""

    def write(ids: np.ndarray, folder: Path, random: np.random.Generator) -> Path:
        planes = np.repeat(ids[..., None], samples, axis=-1).astype(np.uint16)
        if samples in (2, 4):
            planes[..., -1] = random.integers(0, 2) * ((1 << depth) - 1)
        kind = {2: 4, 3: 2, 4: 6}[samples]
        content = planes if depth == 16 else planes.astype(np.uint8)
        (folder / "map.png").write_bytes(raw_png(content, depth, kind))
        return folder / "map.png"

    return write


def nifti(dtype: type, name: str = "map.nii.gz", version: type = nib.Nifti1Image, endianness: str = "<") -> Writer:
    def write(ids: np.ndarray, folder: Path, _: np.random.Generator) -> Path:
        header = version.header_class(endianness=endianness)
        header.set_data_dtype(dtype)
        nib.save(version(ids.T.astype(dtype), np.eye(4), header), folder / name)
        return folder / name

    return write


def scaled_nifti(ids: np.ndarray, folder: Path, random: np.random.Generator) -> Path:
    """Slope and intercept of any size: what is stored are no ids."""
    image = nib.Nifti1Image(ids.T.astype(np.float64), np.eye(4))
    image.header.set_data_dtype(np.int16)
    image.header.set_slope_inter(float(random.uniform(0.001, 0.0015)), float(random.uniform(-20, 20)))
    slope, inter = image.header.get_slope_inter()
    stored = np.rint((ids.T - inter) / slope).astype(np.int16)
    header = image.header.copy()
    header["magic"], header["vox_offset"] = b"n+1", 352
    content = header.binaryblock + bytes(4) + stored.tobytes(order="F")
    (folder / "map.nii").write_bytes(content)
    return folder / "map.nii"


def colour_nifti(ids: np.ndarray, folder: Path, _: np.random.Generator) -> Path:
    planes = np.stack([ids.T] * 3, axis=-1).copy().view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    nib.save(nib.Nifti1Image(planes, np.eye(4)), folder / "map.nii")
    return folder / "map.nii"


def colour_axis(ids: np.ndarray, folder: Path, _: np.random.Generator) -> Path:
    nib.save(nib.Nifti1Image(np.stack([ids.T] * 3, axis=-1), np.eye(4)), folder / "map.nii")
    return folder / "map.nii"


def near(ids: np.ndarray, folder: Path, random: np.random.Generator) -> Path:
    """Floats that resampling left a little beside the whole numbers."""
    values = (ids + random.uniform(-9e-4, 9e-4, ids.shape)).astype(np.float32)
    sitk.WriteImage(sitk.GetImageFromArray(values), str(folder / "map.nii.gz"))
    return folder / "map.nii.gz"


def itk(name: str, dtype: type = np.uint8, compressed: bool = False, volume: bool = False) -> Writer:
    def write(ids: np.ndarray, folder: Path, _: np.random.Generator) -> Path:
        values = ids.astype(dtype)
        image = sitk.GetImageFromArray(values[None] if volume else values)
        sitk.WriteImage(image, str(folder / name), compressed)
        return folder / name

    return write


def metaimage(*fields: str, lead: int = 0) -> Writer:
    """A header by hand, with what ITK honours and seldom writes itself."""

    def write(ids: np.ndarray, folder: Path, _: np.random.Generator) -> Path:
        (folder / "pixels.bin").write_bytes(
            b"x" * lead + ids.astype(">i2" if "MSB" in "".join(fields) else "u1").tobytes()
        )
        size = f"DimSize = {ids.shape[1]} {ids.shape[0]}"
        lines = ["ObjectType = Image", "NDims = 2", size, *fields, "ElementDataFile = pixels.bin"]
        (folder / "map.MHD").write_text("\n".join(lines) + "\n")
        return folder / "map.MHD"

    return write


WRITERS: dict[str, Writer] = {
    **{f"PNG of {depth} bits": grey_png(depth) for depth in (4, 8, 16)},
    "PNG of 16 bits, scaled": scaled_png,
    **{f"PNG with a grey palette of {depth} bits": grey_palette(depth) for depth in (4, 8)},
    "PNG with a coloured palette": coloured_palette,
    **{f"PNG of {n} samples of {depth} bits": colours(n, depth) for n in (2, 3, 4) for depth in (8, 16)},
    **{f"NIfTI of {t.__name__}": nifti(t) for t in (np.int8, np.uint16, np.int32, np.int64, np.float32, np.float64)},
    "NIfTI-2, packed": nifti(np.uint8, version=nib.Nifti2Image),
    "NIfTI with its most significant byte first": nifti(np.int16, "map.nii", endianness=">"),
    "NIfTI by slope and intercept": scaled_nifti,
    "NIfTI in RGB": colour_nifti,
    "NIfTI with a colour axis": colour_axis,
    "NIfTI of floats near whole numbers": near,
    "NIfTI in two files": nifti(np.uint8, "map.hdr", version=nib.Nifti1Pair),
    "MetaImage in one file": itk("map.mha"),
    "MetaImage in one file, packed": itk("map.mha", np.int16, compressed=True),
    "MetaImage in two files": itk("map.mhd", np.float32),
    "MetaImage in two files, packed": itk("map.mhd", compressed=True, volume=True),
    "MetaImage with a header before its pixels": metaimage("ElementType = MET_UCHAR", "HeaderSize = 9", lead=9),
    "MetaImage with pixels at the end": metaimage("ElementType = MET_UCHAR", "HeaderSize = -1", lead=5),
    "MetaImage, most significant byte first": metaimage("ElementType = MET_SHORT", "BinaryDataByteOrderMSB = True"),
    "NRRD": itk("map.nrrd"),
    "NRRD, packed": itk("map.nrrd", np.uint32, compressed=True),
    "NRRD in two files": itk("map.nhdr", np.int16),
}


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=6, deadline=None)
@given(ids=IDS, seed=st.integers(0, 99))
def test_any_label_map_written_in_any_way_reads_back_equal(
    name: str, ids: np.ndarray, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = WRITERS[name](ids, tmp_path_factory.mktemp("way"), np.random.default_rng(seed))
    assert np.array_equal(read_label_map(path).ids, ids)


@pytest.mark.parametrize("depth", [1, 2])
def test_few_bits_give_the_ids_that_were_written(depth: int, tmp_path: Path) -> None:
    ids = np.random.default_rng(0).integers(0, 1 << depth, (11, 13), dtype=np.uint8)
    assert np.array_equal(read_label_map(grey_png(depth)(ids, tmp_path, np.random.default_rng(0))).ids, ids)


def test_an_optimised_copy_of_a_map_measures_as_the_map(tmp_path: Path) -> None:
    """Pillow's own conversion to a palette sorts greys by how often they occur."""
    ids = np.full((40, 40), 4, np.uint8)
    ids[5:20, 5:20], ids[8:12, 8:12] = 2, 1
    Image.fromarray(ids).convert("RGB").quantize(8).save(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.mode == "P"
        assert not np.array_equal(np.array(picture), ids)
    assert np.array_equal(read_label_map(tmp_path / "map.png").ids, ids)


@pytest.mark.parametrize(("unit", "millimetres"), [("meter", 1e3), ("mm", 1.0), ("micron", 1e-3)])
def test_nifti_units_of_length_become_millimetres_as_in_itk(unit: str, millimetres: float, tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((9, 8), np.uint8), np.diag([0.5, 0.25, 1, 1]))
    image.header.set_xyzt_units(unit)
    nib.save(image, tmp_path / "map.nii")
    expected = sitk.ReadImage(str(tmp_path / "map.nii")).GetSpacing()
    assert read_label_map(tmp_path / "map.nii").spacing_mm == pytest.approx((expected[1], expected[0]))
    assert expected == pytest.approx((0.5 * millimetres, 0.25 * millimetres))


@pytest.mark.parametrize("name", ["map.mha", "map.mhd", "map.nrrd", "map.nii.gz"])
def test_spacing_is_what_itk_reads(name: str, tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.zeros((9, 12), np.uint8))
    image.SetSpacing((0.31, 0.47))
    sitk.WriteImage(image, str(tmp_path / name))
    assert read_label_map(tmp_path / name).spacing_mm == pytest.approx((0.47, 0.31))


@pytest.mark.parametrize("field", ["ElementSpacing", "ElementSize"])
def test_metaimage_names_the_size_of_a_pixel_in_two_ways_or_not_at_all(field: str, tmp_path: Path) -> None:
    ids, random = np.zeros((9, 8), np.uint8), np.random.default_rng(0)
    told = metaimage("ElementType = MET_UCHAR", f"{field} = 0.5 0.6")(ids, tmp_path, random)
    assert read_label_map(told).spacing_mm == (0.6, 0.5)
    assert read_label_map(metaimage("ElementType = MET_UCHAR")(ids, tmp_path, random)).spacing_mm is None


def test_a_spacing_note_does_not_outlive_a_change_of_size_elsewhere(tmp_path: Path) -> None:
    label_map = LabelMap(np.zeros((40, 50), np.uint8), (0.3, 0.2))
    write_label_map(tmp_path / "map.png", label_map)
    with Image.open(tmp_path / "map.png") as picture:
        larger = picture.resize((100, 80), Image.Resampling.NEAREST)
        note = PngInfo()
        note.add_text("echo-studio", picture.info["echo-studio"])
    larger.save(tmp_path / "larger.png", pnginfo=note)
    assert read_label_map(tmp_path / "map.png").spacing_mm == (0.3, 0.2)
    assert read_label_map(tmp_path / "larger.png").spacing_mm is None
    assert read_noted(tmp_path / "larger.png")[2]["schema"] == "camus+sector/1"


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("ElementDataFile = /etc/hostname", "a path"),
        ("ElementDataFile = ../pixels.bin", "a path"),
        ("ElementDataFile = LIST", "a list"),
        ("ElementDataFile = pixels%03d.bin 1 2 1", "a list"),
        ("ElementDataFile = gone.raw", r"gone\.raw beside it"),
    ],
)
def test_a_header_leads_to_no_file_but_one_beside_it(field: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "map.mhd").write_text(f"NDims = 2\nDimSize = 8 8\nElementType = MET_UCHAR\n{field}\n")
    with pytest.raises(ImageError, match=says):
        read_label_map(tmp_path / "map.mhd")
    name = field.partition("= ")[2]
    head = f"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 8 8\nencoding: raw\ndata file: {name}\n\n"
    (tmp_path / "map.nhdr").write_text(head)
    with pytest.raises(ImageError, match=says):
        read_label_map(tmp_path / "map.nhdr")


@pytest.mark.parametrize("name", ["map.mhd", "map.mha", "map.nrrd"])
def test_pixels_that_end_too_soon_are_refused(name: str, tmp_path: Path) -> None:
    path = itk(name)(np.ones((30, 30), np.uint8), tmp_path, np.random.default_rng(0))
    pixels = path.with_suffix(".raw") if name.endswith("mhd") else path
    pixels.write_bytes(pixels.read_bytes()[:-20])
    with pytest.raises(ImageError, match=name):
        read_label_map(path)


FAULTS: dict[str, tuple[str, Callable[[], np.ndarray], type[EchoStudioError], str]] = {
    "an unknown id": ("map.png", lambda: np.where(blob(), 9, 0).astype(np.uint8), LabelMapError, "unknown label ids 9"),
    "a mask of 0 and 255": ("m.png", lambda: np.where(blob(), 255, 0).astype(np.uint8), LabelMapError, "ids 255"),
    "colours": (
        "map.png",
        lambda: np.array([[0, 0, 0], [255, 0, 0]], np.uint8)[blob().astype(int)],
        ImageError,
        "colours are not ids",
    ),
    "fractions": ("map.nii.gz", lambda: blob().astype(np.float32) * 2.5, ImageError, "whole numbers"),
    "fractions of an interpolation": (
        "map.nrrd",
        lambda: cv2.GaussianBlur(blob().astype(np.float32) * 3, (0, 0), 2),
        ImageError,
        "whole numbers",
    ),
    "a sequence": ("map.nii.gz", lambda: np.stack([blob().astype(np.uint8)] * 5), LabelMapError, "5 in"),
}


def blob() -> np.ndarray:
    made = np.zeros((96, 80), bool)
    made[20:60, 20:50] = True
    return made


@pytest.mark.parametrize("fault", FAULTS)
def test_a_label_map_with_a_fault_is_refused_as_one_and_does_not_open_as_a_black_recording(
    fault: str, tmp_path: Path
) -> None:
    name, make, kind, says = FAULTS[fault]
    path = tmp_path / name
    array = make()
    Image.fromarray(array).save(path) if name.endswith("png") else sitk.WriteImage(
        sitk.GetImageFromArray(array, isVector=False), str(path)
    )
    with pytest.raises(kind, match=says) as caught:
        read_upload(path)
    assert name in str(caught.value)


def test_a_label_map_in_a_format_of_pictures_is_no_black_recording(tmp_path: Path) -> None:
    Image.fromarray(blob().astype(np.uint8) * 3).save(tmp_path / "map.gif")
    with pytest.raises(ImageError, match=r"save the label map as PNG"):
        read_upload(tmp_path / "map.gif")


def test_a_map_whose_spacing_is_impossible_is_refused_as_a_map(tmp_path: Path) -> None:
    image = nib.Nifti1Image(blob().astype(np.uint8).T, np.eye(4))
    image.header.set_xyzt_units("mm")
    content = bytearray(image.to_bytes())
    content[80:84] = struct.pack("<f", float("nan"))
    (tmp_path / "map.nii").write_bytes(content)
    with pytest.raises(ImageError, match="positive pixel spacing"):
        read_upload(tmp_path / "map.nii")


def test_real_frames_still_open_as_recordings(tmp_path: Path) -> None:
    frame, _ = echo_like()
    Image.fromarray(frame).save(tmp_path / "a.png")
    sitk.WriteImage(sitk.GetImageFromArray(frame), str(tmp_path / "b.mha"))
    sitk.WriteImage(sitk.GetImageFromArray((frame / 255).astype(np.float32)), str(tmp_path / "c.nrrd"))
    for name in ("a.png", "b.mha", "c.nrrd"):
        opened = read_upload(tmp_path / name)
        assert isinstance(opened, Recording)
        assert np.abs(opened.frames[0].astype(int) - frame).max() <= 1


def test_a_zip_holds_what_needs_two_files(tmp_path: Path) -> None:
    ids = np.random.default_rng(0).integers(0, 5, (20, 31), dtype=np.uint8)
    path = itk("map.mhd")(ids, tmp_path, np.random.default_rng(0))
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.write(path, "case/map.mhd")
        archive.write(path.with_suffix(".raw"), "case/map.raw")
        archive.writestr("__MACOSX/case/._map.mhd", b"x")
    opened = read_upload(tmp_path / "both.zip")
    assert isinstance(opened, LabelMap)
    assert np.array_equal(opened.ids, ids)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("map.mhd", path.read_bytes())
    (tmp_path / "one.zip").write_bytes(buffer.getvalue())
    with pytest.raises(ImageError, match="keep both files together"):
        read_upload(tmp_path / "one.zip")
