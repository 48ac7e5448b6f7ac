import gzip
import io
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from echo_studio.anatomy.label_map import LabelMap
from echo_studio.anatomy.labels import FLUID, LABELS, LEFT_ATRIUM, MASS, SECTOR
from echo_studio.data.formats.image_file import read_noted
from echo_studio.data.formats.label_file import read_label_map, write_label_map
from echo_studio.errors import EchoStudioError, ImageError, LabelMapError, OutputError

SUFFIXES = (".png", ".nii", ".nii.gz")
SIDES = st.integers(8, 40)
SPACING = st.floats(1e-3, 1e3)
LABEL_MAPS = st.builds(
    LabelMap,
    st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 6))),
    st.none() | st.tuples(SPACING, SPACING),
)


def sample(spacing: tuple[float, float] | None = (0.3081234567, 1 / 3)) -> LabelMap:
    return LabelMap(np.random.default_rng(0).integers(0, 5, (20, 31), dtype=np.uint8), spacing)


def nifti(array: np.ndarray, **fields: object) -> bytes:
    """A NIfTI file of an array that is stored x first, with header fields overwritten."""
    content = nib.Nifti1Image(array, np.eye(4)).to_bytes()
    header = nib.Nifti1Header(content[:348], check=False)
    for key, value in fields.items():
        header[key] = value
    return header.binaryblock + content[348:]


def png(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (16, 16)).save(buffer, format="PNG", **options)
    return buffer.getvalue()


def named_schema(schema: str) -> PngInfo:
    texts = PngInfo()
    texts.add_text("echo-studio", f'{{"schema": "{schema}"}}')
    return texts


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header announces another size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = png()
    return content[:16] + head + struct.pack(">I", zlib.crc32(b"IHDR" + head)) + content[33:]


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=40, deadline=None)
@given(label_map=LABEL_MAPS)
def test_a_label_map_survives_its_file_exactly(suffix: str, label_map: LabelMap) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"map{suffix}"
        write_label_map(path, label_map)
        again = read_label_map(path)
        assert again == label_map
        assert again.digest == label_map.digest
        assert [entry.name for entry in Path(folder).iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_label_map_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write_label_map(first, sample())
    write_label_map(second, sample())
    assert first.read_bytes() == second.read_bytes()


def test_other_programs_see_ids_spacing_and_schema(tmp_path: Path) -> None:
    label_map = sample((0.4, 0.3))
    write_label_map(tmp_path / "map.nii.gz", label_map)
    volume = nib.load(tmp_path / "map.nii.gz")
    assert (np.asarray(volume.dataobj).T == label_map.ids).all()
    assert volume.header.get_zooms()[:2] == pytest.approx((0.3, 0.4))
    assert volume.header.get_xyzt_units()[0] == "mm"
    assert volume.header["descrip"].item() == b"camus+sector/1"
    write_label_map(tmp_path / "map.png", label_map)
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.mode == "L"
        assert (np.array(picture) == label_map.ids).all()
        assert "camus+sector/1" in picture.info["echo-studio"]


def test_the_header_wins_where_another_program_changed_the_spacing(tmp_path: Path) -> None:
    path = tmp_path / "map.nii"
    write_label_map(path, sample((0.4, 0.3)))
    volume = nib.load(path)
    volume.header.set_zooms((0.6, 0.8))
    path.write_bytes(volume.to_bytes())
    assert read_label_map(path).spacing_mm == pytest.approx((0.8, 0.6))


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".mhd"])
def test_a_file_without_a_schema_is_taken_as_plain_ids(suffix: str, tmp_path: Path, save_array: Callable) -> None:
    ids = sample().ids % 4
    save_array(tmp_path / f"map{suffix}", ids)
    assert (read_label_map(tmp_path / f"map{suffix}").ids == ids).all()


def test_a_palette_png_is_read_by_index(tmp_path: Path) -> None:
    picture = Image.fromarray(sample().ids).convert("P")
    picture.putdata(sample().ids.ravel().tolist())
    picture.putpalette([200, 10, 10] * 5)
    picture.save(tmp_path / "map.png")
    assert (read_label_map(tmp_path / "map.png").ids == sample().ids).all()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("map.png", png(pnginfo=named_schema("camus+sector/3"))),
        ("map.nii", nifti(np.zeros((16, 16), np.uint8), descrip=b"camus+sector/3")),
    ],
)
def test_another_schema_is_refused_and_both_are_named(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LabelMapError, match=r"camus\+sector/1.*camus\+sector/3"):
        read_label_map(tmp_path / name)


def test_what_other_programs_write_into_descrip_is_no_schema(tmp_path: Path) -> None:
    (tmp_path / "map.nii").write_bytes(nifti(np.zeros((16, 16), np.uint8), descrip=b"FSL 5.0/ITK"))
    assert read_label_map(tmp_path / "map.nii").shape == (16, 16)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_map_names_the_first_version_that_has_all_its_labels(suffix: str, tmp_path: Path) -> None:
    ids = np.full((16, 16), SECTOR, np.uint8)
    for label, schema in ((LEFT_ATRIUM, "camus+sector/1"), (FLUID, "camus+sector/2"), (MASS, "camus+sector/2")):
        ids[4:8, 4:8] = label
        write_label_map(tmp_path / f"map{suffix}", LabelMap(ids))
        assert read_noted(tmp_path / f"map{suffix}")[2]["schema"] == schema
        assert read_label_map(tmp_path / f"map{suffix}").schema == schema


@pytest.mark.parametrize("array", [np.full((16, 16), 5, np.uint8), np.full((16, 16), 255, np.uint8)])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_unknown_ids_are_named(suffix: str, array: np.ndarray, tmp_path: Path, save_array: Callable) -> None:
    save_array(tmp_path / f"map{suffix}", array)
    with pytest.raises(LabelMapError, match=f"unknown label ids {array[0, 0]}"):
        read_label_map(tmp_path / f"map{suffix}")


def test_a_mask_in_colours_is_told_that_colours_are_no_ids_and_which_ids_the_page_s_colours_have(
    tmp_path: Path,
) -> None:
    colours = np.array([label.colour for label in LABELS], np.uint8)
    Image.fromarray(colours[sample().ids]).save(tmp_path / "map.png")
    with pytest.raises(ImageError, match=r"colours are not ids.*5 colours.*map\.png.*#e6614c = 1, .*#484c56 = 4"):
        read_label_map(tmp_path / "map.png")


@pytest.mark.parametrize("size", [(20000, 20000), (13000, 13000), (4097, 16), (0, 16)])
def test_a_png_is_refused_by_its_announced_size_before_it_is_decoded(size: tuple[int, int], tmp_path: Path) -> None:
    (tmp_path / "map.png").write_bytes(png_that_claims(*size))
    with pytest.raises(ImageError, match="4096 pixels a side"):
        read_label_map(tmp_path / "map.png")


HUGE = nifti(np.zeros((8, 8), np.uint8), dim=[2, 30000, 30000, 1, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HUGE, "30000x30000"),
        (gzip.compress(nifti(np.zeros((16, 16, 16), np.uint8)), mtime=0), "one two-dimensional frame"),
        (nifti(np.zeros((16, 16), np.uint8), dim=[2, 0, 16, 1, 1, 1, 1, 1]), "0x16"),
        (nifti(np.zeros((16, 16), np.uint8), dim=[2, -4, 16, 1, 1, 1, 1, 1]), "-4x16"),
        (nifti(np.zeros((16, 16), np.uint8), pixdim=[1, np.nan, 1, 1, 1, 1, 1, 1], xyzt_units=2), "positive pixel"),
        (nifti(np.zeros((16, 16), np.uint8), pixdim=[1, 0, 1, 1, 1, 1, 1, 1], xyzt_units=2), "positive pixel"),
        (nifti(np.zeros((16, 16), np.uint8), vox_offset=1e9), "byte 1000000000"),
        (nifti(np.zeros((16, 16), np.uint8), vox_offset=np.nan), "byte 0"),
        (nifti(np.zeros((16, 16), np.uint8), datatype=999), "sound NIfTI"),
        (nifti(np.zeros((16, 16), np.complex64)), "one number a pixel"),
        (nifti(np.full((16, 16), 0.5, np.float32)), "whole numbers"),
        (nifti(np.full((16, 16), 300, np.int16)), "whole numbers"),
        (nifti(np.full((16, 16), np.nan, np.float32)), "NaN"),
        (b"hello", "content of another kind"),
    ],
)
def test_a_nifti_with_an_impossible_header_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / ("map.nii.gz" if content[:2] == b"\x1f\x8b" else "map.nii")
    path.write_bytes(content)
    with pytest.raises(ImageError, match=says):
        read_label_map(path)


def test_a_nifti_bomb_is_refused_after_a_bounded_read(tmp_path: Path) -> None:
    path = tmp_path / "map.nii.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(nifti(np.zeros((8, 8), np.uint8)))
        for _ in range(150):
            file.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ImageError, match="MiB"):
        read_label_map(path)


def test_nifti_2_and_big_endian_files_are_read(tmp_path: Path) -> None:
    ids = sample().ids
    nib.save(nib.Nifti2Image(ids.T, np.eye(4)), tmp_path / "two.nii")
    big = nib.Nifti1Image(ids.T, np.eye(4), nib.Nifti1Header(endianness=">"))
    nib.save(big, tmp_path / "big.nii")
    assert (read_label_map(tmp_path / "two.nii").ids == ids).all()
    assert (read_label_map(tmp_path / "big.nii").ids == ids).all()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_truncated_file_is_refused_or_complete_at_every_length(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"map{suffix}"
    write_label_map(path, sample())
    content = path.read_bytes()
    for length in {*range(0, len(content), 3), *range(len(content) - 40, len(content))}:
        path.write_bytes(content[:length])
        try:
            assert read_label_map(path) == sample()  # only PNG's closing bytes are not missed
            assert length >= len(content) - 30
        except EchoStudioError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_flipped_bit_is_an_error_or_a_label_map_but_never_a_crash(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"map{suffix}"
    write_label_map(path, sample())
    content = path.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(1000 if suffix == ".png" else 200):
        damaged = bytearray(content)
        damaged[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
        path.write_bytes(damaged)
        try:
            read_label_map(path)
        except EchoStudioError as error:
            assert "\n" not in str(error)


def test_missing_empty_and_foreign_files_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "map.jpg").write_bytes(b"x")
    (tmp_path / "photo.png").write_bytes(b"GIF89a" + bytes(100))
    for name, says in [
        ("none.png", "no file"),
        ("empty.png", "an empty file"),
        ("map.jpg", "content of another kind"),
        ("photo.png", "GIF content"),
        (".", "no file"),
    ]:
        with pytest.raises(ImageError, match=says):
            read_label_map(tmp_path / name)


def test_a_place_that_cannot_be_written_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a_file").touch()
    (tmp_path / "a_folder.png").mkdir()
    for place in ("none/map.png", "a_file/map.png", "a_folder.png", "map.jpg", "map", "x" * 300 + ".png"):
        with pytest.raises(OutputError):
            write_label_map(tmp_path / place, sample())
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a_file", "a_folder.png"]
    assert not list((tmp_path / "a_folder.png").iterdir())
