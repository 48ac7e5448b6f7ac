"""Frames come out of foreign files right, or the file is refused in one line, soon and cheaply."""

import gzip
import json
import os
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from echo_studio.data.decoding import grid_file
from echo_studio.data.decoding import recordings as apart
from echo_studio.data.decoding.decoded import MAX_FRAMES, Recording
from echo_studio.data.decoding.recordings import read_recording, without_annotations
from echo_studio.errors import EchoStudioError, ImageError
from tests.conftest import echo_like

IMAGE, _ = echo_like()
SOON = 60.0  # seconds: it does not hang, however busy the machine is


def refused(path: Path, **options: str) -> str:
    """The one line that a bad file is refused with, in time and naming the file."""
    start = time.monotonic()
    with pytest.raises(EchoStudioError) as caught:
        read_recording(path, **options)
    message = str(caught.value)
    assert time.monotonic() - start < SOON
    assert "\n" not in message
    assert "expected" in message
    assert options or path.name in message
    return message


def png_of_black(width: int, height: int) -> bytes:
    """A PNG that announces any size and holds a few rows at most."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(10**6))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def nifti(shape: tuple[int, ...], dtype: type = np.uint8, pixdim: tuple[float, ...] = ()) -> nib.Nifti1Image:
    values = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    volume = nib.Nifti1Image(values, np.diag([0.3, 0.4, 1, 1]))
    volume.header.set_xyzt_units("mm", "sec")
    if pixdim:
        volume.header.set_zooms(pixdim)
    return volume


@pytest.mark.parametrize("suffix", [".png", ".nii", ".nii.gz"])
@pytest.mark.usefixtures("decoder_process")
def test_a_grey_frame_comes_back_byte_for_byte(tmp_path: Path, save_array, suffix: str) -> None:
    save_array(tmp_path / f"a{suffix}", IMAGE)
    recording = read_recording(tmp_path / f"a{suffix}")
    assert np.array_equal(recording.frames[0], IMAGE)
    assert (recording.total, recording.seconds_per_frame, recording.shortened) == (1, None, False)
    assert recording.spacing_mm == (None if suffix == ".png" else pytest.approx((0.4, 0.3)))


def test_footage_cannot_be_written_to_and_holds_nothing_but_what_can_be_seen() -> None:
    recording = Recording(np.zeros((1, 64, 64), np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        recording.frames[0] = 1
    assert set(recording.__dataclass_fields__) == {"frames", "spacing_mm", "seconds_per_frame", "total"}


def test_a_jpeg_keeps_its_grey_and_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(IMAGE).save(tmp_path / "a.jpg", quality=95, exif=exif)
    frame = read_recording(tmp_path / "a.jpg").frames[0]
    assert np.abs(frame.astype(int) - np.rot90(IMAGE, -1)).mean() < 3


def test_colour_becomes_luminance_and_transparent_becomes_black(tmp_path: Path) -> None:
    colour = np.zeros((64, 64, 4), np.uint8)
    colour[:, :32] = (255, 0, 0, 255)
    colour[:, 32:] = (255, 255, 255, 0)
    Image.fromarray(colour).save(tmp_path / "a.png")
    frame = read_recording(tmp_path / "a.png").frames[0]
    assert (frame[:, :32] == 76).all()
    assert (frame[:, 32:] == 0).all()


def test_sixteen_bits_are_stretched_over_eight(tmp_path: Path) -> None:
    wide = np.linspace(1000, 5000, 64 * 64).astype(np.uint16).reshape(64, 64)
    Image.fromarray(wide).save(tmp_path / "a.png")
    frame = read_recording(tmp_path / "a.png").frames[0]
    assert (frame.min(), frame.max()) == (0, 255)
    assert (np.diff(frame.ravel().astype(int)) >= 0).all()


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    (tmp_path / "a.dcm").write_bytes((tmp_path / "a.png").read_bytes())
    assert np.array_equal(read_recording(tmp_path / "a.dcm").frames[0], IMAGE)


def test_a_large_frame_is_reduced_by_area_and_its_spacing_grows(tmp_path: Path) -> None:
    large = np.kron(np.random.default_rng(1).integers(0, 255, (750, 1024)), np.ones((2, 2))).astype(np.uint8)
    volume = nib.Nifti1Image(large.T, np.diag([0.1, 0.2, 1, 1]))
    volume.header.set_xyzt_units("mm")
    nib.save(volume, tmp_path / "a.nii.gz")
    recording = read_recording(tmp_path / "a.nii.gz")
    assert np.array_equal(recording.frames[0], large[::2, ::2])
    assert recording.spacing_mm == pytest.approx((0.4, 0.2))


@pytest.mark.parametrize("shape", [(70, 80, 5), (70, 80, 1, 5)])
def test_a_nifti_sequence_gives_its_frames_in_order(tmp_path: Path, shape: tuple[int, ...]) -> None:
    volume = nifti(shape, np.int16, (0.3, 0.4, 1.0, 0.02)[: len(shape)])
    nib.save(volume, tmp_path / "a.nii.gz")
    recording = read_recording(tmp_path / "a.nii.gz")
    assert np.array_equal(recording.frames, np.asarray(volume.dataobj).reshape(70, 80, 5).T)
    assert recording.spacing_mm == pytest.approx((0.4, 0.3))
    assert recording.seconds_per_frame == (pytest.approx(0.02) if len(shape) == 4 else None)


def test_of_a_long_recording_the_first_frames_are_kept_and_all_are_told(tmp_path: Path) -> None:
    volume = nifti((64, 64, MAX_FRAMES + 88))
    nib.save(volume, tmp_path / "a.nii.gz")
    recording = read_recording(tmp_path / "a.nii.gz")
    assert recording.shortened
    assert (len(recording.frames), recording.total) == (MAX_FRAMES, MAX_FRAMES + 88)
    assert np.array_equal(recording.frames[-1], np.asarray(volume.dataobj)[..., MAX_FRAMES - 1].T)


def test_a_gif_gives_its_frames_and_their_pace(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.roll(IMAGE, k, axis=1)) for k in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=40)
    recording = read_recording(tmp_path / "a.gif")
    assert np.array_equal(recording.frames, np.stack([np.asarray(frame) for frame in frames]))
    assert (recording.total, recording.seconds_per_frame) == (3, pytest.approx(0.04))


def test_damaged_and_foreign_files_are_refused(tmp_path: Path, save_array) -> None:
    for suffix in (".png", ".nii", ".nii.gz"):
        save_array(tmp_path / f"whole{suffix}", IMAGE)
        content = (tmp_path / f"whole{suffix}").read_bytes()
        (tmp_path / f"cut{suffix}").write_bytes(content[: len(content) * 2 // 3])
    Image.fromarray(IMAGE).save(tmp_path / "whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:-400])
    noise = [Image.fromarray(np.random.default_rng(k).integers(0, 255, (80, 80)).astype(np.uint8)) for k in range(3)]
    noise[0].save(tmp_path / "whole.gif", save_all=True, append_images=noise[1:])
    (tmp_path / "cut.gif").write_bytes((tmp_path / "whole.gif").read_bytes()[:-1500])
    for name in ("cut.png", "cut.nii", "cut.nii.gz", "cut.jpg", "cut.gif"):
        refused(tmp_path / name)
    (tmp_path / "empty.png").touch()
    assert "empty" in refused(tmp_path / "empty.png")
    assert "no file" in refused(tmp_path / "missing.png")
    assert "no file" in refused(tmp_path)
    (tmp_path / "text.dcm").write_text("hello")
    assert "another kind" in refused(tmp_path / "text.dcm")
    (tmp_path / "text.gz").write_bytes(gzip.compress(b"hello" * 100))
    assert "another kind" in refused(tmp_path / "text.gz")


@pytest.mark.parametrize("shape", [(63, 200), (70, 1400)])
def test_a_frame_too_small_to_work_on_is_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    Image.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / "a.png")
    assert f"{shape[1]}x{shape[0]}" in refused(tmp_path / "a.png")


@pytest.mark.usefixtures("decoder_process")
def test_a_header_that_announces_gigabytes_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_of_black(50000, 50000))
    assert "4096" in refused(tmp_path / "a.png")
    (tmp_path / "a.gif").write_bytes(b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0" * 3 + b"\x2c" + b"\0" * 50)
    refused(tmp_path / "a.gif")
    for shape in ((30000, 30000), (1000, 1000, 2000), (512, 512, 32000)):
        header = nib.Nifti1Header()
        header.set_data_shape(shape)
        header["magic"], header["vox_offset"] = b"n+1", 352
        (tmp_path / "a.nii").write_bytes(header.binaryblock + b"\0" * 5000)
        refused(tmp_path / "a.nii")
        (tmp_path / "a.nii.gz").write_bytes(gzip.compress(header.binaryblock + b"\0" * 5000))
        refused(tmp_path / "a.nii.gz")


def test_a_packed_bomb_is_unpacked_only_as_far_as_its_frames_go(tmp_path: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_shape((64, 64))
    header["magic"], header["vox_offset"] = b"n+1", 352
    with gzip.open(tmp_path / "a.nii.gz", "wb") as file:
        file.write(header.binaryblock + b"\0" * 4)
        for _ in range(64):
            file.write(bytes(4 << 20))
    tracemalloc.start()
    assert grid_file.read(tmp_path / "a.nii.gz", "nifti-gz").frames.shape == (1, 64, 64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


def test_impossible_nifti_fields_are_refused(tmp_path: Path) -> None:
    assert "volume" in _refused_nifti(tmp_path, nifti((64, 64, 4, 3)))
    assert "NaN" in _refused_nifti(tmp_path, nib.Nifti1Image(np.full((64, 64), np.nan, np.float32), np.eye(4)))
    refused_shape = nifti((64, 64))
    content = bytearray(refused_shape.to_bytes())
    for place, value in ((40, b"\x02\0\0\0"), (42, b"\xff\xff"), (70, b"\x77\x77"), (108, b"\0\0\xc0\x7f")):
        (tmp_path / "a.nii").write_bytes(content[:place] + value + content[place + len(value) :])
        refused(tmp_path / "a.nii")


def test_a_nifti_without_sound_spacing_has_none(tmp_path: Path) -> None:
    content = bytearray(nifti((64, 64)).to_bytes())
    content[80:84] = struct.pack("<f", float("nan"))
    (tmp_path / "a.nii").write_bytes(content)
    assert read_recording(tmp_path / "a.nii").spacing_mm is None


def test_random_damage_is_read_or_refused_but_never_crashes(tmp_path: Path, save_array) -> None:
    random = np.random.default_rng(5)
    for suffix in (".png", ".nii.gz", ".gif", ".jpg"):
        path = tmp_path / f"a{suffix}"
        Image.fromarray(IMAGE).save(path) if suffix in (".gif", ".jpg") else save_array(path, IMAGE)
        content = np.frombuffer(path.read_bytes(), np.uint8)
        for _ in range(3):
            flipped = content.copy()
            flipped[random.integers(10, len(content), 8)] ^= 0x55
            path.write_bytes(flipped.tobytes())
            try:
                read_recording(path)
            except EchoStudioError as error:
                assert "\n" not in str(error)


def test_an_upload_is_named_by_what_the_person_s_file_ends_in(tmp_path: Path) -> None:
    path = tmp_path / "Jane Doe 1950"
    path.write_bytes(b"x" * 1000)
    message = refused(path, suffix=".dcm")
    assert ".dcm" in message
    assert "Jane" not in message


@pytest.mark.usefixtures("decoder_process")
def test_a_decoder_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="within"):
        apart.decode_apart(tmp_path / "a.png", "png", seconds=0.01)


@pytest.mark.usefixtures("decoder_process")
def test_a_decoder_that_dies_is_an_error_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    monkeypatch.setattr(apart.sys, "executable", "/bin/false")
    with pytest.raises(ImageError, match="did not survive"):
        apart.decode_apart(tmp_path / "a.png", "png")


@pytest.mark.usefixtures("decoder_process")
def test_no_temporary_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    Image.fromarray(IMAGE).save(tmp_path / "a.png")
    read_recording(tmp_path / "a.png")
    with pytest.raises(ImageError):
        apart.decode_apart(tmp_path / "a.png", "png", seconds=0.01)
    assert os.listdir(scratch) == []  # noqa: PTH208


def test_the_answer_of_the_decoder_is_json_and_numbers(tmp_path: Path) -> None:
    from io import BytesIO

    from echo_studio.data.decoding.decoded import receive, send

    out = BytesIO()
    send(Recording(np.ones((2, 64, 64), np.uint8), (0.1, 0.2), 0.03, 9), out)
    assert json.loads(out.getvalue().splitlines()[0]) == {
        **{"is": "recording", "dtype": "|u1", "shape": [2, 64, 64]},
        **{"spacing_mm": [0.1, 0.2], "seconds_per_frame": 0.03, "total": 9},
    }
    out.seek(0)
    received = receive(out)
    assert isinstance(received, Recording)
    assert received.spacing_mm == (0.1, 0.2)
    assert (received.frames == 1).all()
    for dtype, shape in (("|O", [1, 2, 2]), ("|u1", [1 << 20, 1 << 20, 1 << 20]), ("|u1", [2, 2])):
        with pytest.raises(ValueError, match="not frames"):
            receive(
                BytesIO(json.dumps({"is": "recording", "dtype": dtype, "shape": shape}).encode() + b"\n" + bytes(8))
            )


def test_annotations_outside_the_sector_turn_black_and_the_sector_stays() -> None:
    image = np.full((64, 64), 9, np.uint8)
    sector = np.zeros((64, 64), bool)
    sector[10:50, 10:50] = True
    clean = without_annotations(image, sector)
    assert (clean[sector] == 9).all()
    assert (clean[~sector] == 0).all()
    with pytest.raises(ImageError, match="fit the sector"):
        without_annotations(image, sector[:32])


def _refused_nifti(folder: Path, volume: nib.Nifti1Image) -> str:
    nib.save(volume, folder / "odd.nii.gz")
    return refused(folder / "odd.nii.gz")
