"""DICOM as scanners and archives write it: flagged wrongly, without its head, re-encoded. GDCM and Pillow write."""

from io import BytesIO
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import ImplicitVRLittleEndian, JPEGBaseline8Bit

from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.dicom import dicom_bytes, read_note
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.errors import EchoStudioError
from tests.conftest import echo_like
from tests.data.decoding.test_dicom import dicom, saved

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
IMAGE, _ = echo_like(shape=(96, 80))
FRAMES = np.stack([np.roll(IMAGE, k, axis=1) for k in range(3)])
GREY_RGB = np.repeat(FRAMES[..., None], 3, axis=-1)
GREY_YBR = np.stack([FRAMES, np.full_like(FRAMES, 128), np.full_like(FRAMES, 128)], axis=-1)


def tinted() -> np.ndarray:
    """Grey frames with a coloured trace in a corner, as RGB."""
    frames = GREY_RGB.copy()
    frames[:, 80:90, 10:60] = (0, 200, 40)
    return frames


def luminance(rgb: np.ndarray) -> np.ndarray:
    return rgb @ [0.299, 0.587, 0.114]


def jpeg(frames: np.ndarray, model: str, **options: Any) -> pydicom.Dataset:
    """Packed by Pillow, which stores brightness and colour differences, under any flag."""
    packed = []
    for frame in frames:
        buffer = BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG", quality=95, **options)
        packed.append(buffer.getvalue())
    made = dicom(frames, model, PixelData=encapsulate(packed))
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    return made


def recoded(source: Path, syntax: int, path: Path) -> Path:
    """A copy by GDCM in another transfer syntax."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return path


@pytest.mark.parametrize("flag", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("pixels", [GREY_RGB, GREY_YBR], ids=["red, green, blue", "brightness and differences"])
def test_colours_that_are_flagged_wrongly_come_out_as_what_they_are(
    pixels: np.ndarray, flag: str, tmp_path: Path
) -> None:
    frames = read_recording(saved(dicom(pixels, flag), tmp_path / "a.dcm")).frames
    assert np.abs(frames.astype(int) - FRAMES).max() <= 1


def test_full_colours_that_are_flagged_as_shared_are_not_read_as_noise(tmp_path: Path) -> None:
    frames = read_recording(saved(dicom(GREY_YBR, "YBR_FULL_422"), tmp_path / "a.dcm")).frames
    assert np.array_equal(frames, FRAMES)


@pytest.mark.parametrize("flag", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_says_itself_how_its_colours_are_stored(flag: str, subsampling: str, tmp_path: Path) -> None:
    rgb = tinted()
    frames = read_recording(saved(jpeg(rgb, flag, subsampling=subsampling), tmp_path / "a.dcm")).frames
    assert np.abs(frames - luminance(rgb)).mean() < 2


@pytest.mark.parametrize(
    "syntax",
    ["JPEGLosslessProcess14_1", "JPEGLosslessProcess14", "JPEGLSLossless", "JPEG2000Lossless", "RLELossless"],
)
@pytest.mark.parametrize("colour", [False, True])
def test_lossless_frames_of_gdcm_come_back_exactly(syntax: str, colour: bool, tmp_path: Path) -> None:
    rgb = tinted()
    source = saved(dicom(rgb, "RGB") if colour else dicom(FRAMES), tmp_path / "source.dcm")
    path = recoded(source, getattr(gdcm.TransferSyntax, syntax), tmp_path / "a.dcm")
    expected = np.rint(luminance(rgb)) if colour else FRAMES
    assert np.abs(read_recording(path).frames - expected).max() <= colour


def without(content: bytes, part: str) -> bytes:
    if part == "preamble":
        return content[132:]
    length = int.from_bytes(content[140:144], "little")  # of the file meta information
    return content[144 + length :]


@pytest.mark.parametrize("part", ["preamble", "preamble and file meta information"])
@pytest.mark.parametrize("implicit", [False, True])
def test_a_file_without_its_head_is_read(part: str, implicit: bool, tmp_path: Path) -> None:
    made = dicom(FRAMES, FrameTime=20, PixelSpacing=[0.4, 0.3])
    if implicit:
        made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    content = saved(made, tmp_path / "whole.dcm").read_bytes()
    (tmp_path / "a.dcm").write_bytes(without(content, part))
    recording = read_recording(tmp_path / "a.dcm")
    assert np.array_equal(recording.frames, FRAMES)
    assert (recording.spacing_mm, recording.seconds_per_frame) == ((0.4, 0.3), pytest.approx(0.02))


@pytest.mark.parametrize("name", ["ExplVR_LitEndNoMeta.dcm", "ExplVR_BigEndNoMeta.dcm"])
def test_pydicom_s_files_without_a_head_are_taken_for_dicom(name: str) -> None:
    path = Path(pydicom.__file__).parent / "data" / "test_files" / name
    with pytest.raises(EchoStudioError, match="a DICOM file with a picture"):
        read_recording(path)


def test_a_volume_is_refused_by_name(tmp_path: Path) -> None:
    made = dicom(FRAMES)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.6.2"
    with pytest.raises(EchoStudioError, match="Enhanced US Volume"):
        read_recording(saved(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize(("pointer", "seconds"), [("FrameTimeVector", 0.03), ("FrameTime", 0.02), (None, 0.03)])
def test_the_pace_is_that_to_which_the_header_points(pointer: str | None, seconds: float, tmp_path: Path) -> None:
    made = dicom(FRAMES, FrameTime=20, FrameTimeVector=[0, 20, 40], CineRate=99)
    if pointer:
        made.FrameIncrementPointer = pydicom.datadict.tag_for_keyword(pointer)
    assert read_recording(saved(made, tmp_path / "a.dcm")).seconds_per_frame == pytest.approx(seconds)


def test_pixels_that_are_not_square_become_square(tmp_path: Path) -> None:
    made = dicom(FRAMES, PixelAspectRatio=[3, 2])  # height to width
    assert read_recording(saved(made, tmp_path / "a.dcm")).frames.shape == (3, 144, 80)


@pytest.mark.parametrize("syntax", ["ImplicitVRLittleEndian", "JPEG2000Lossless", "JPEGLSLossless"])
def test_our_own_export_keeps_frames_pace_and_record_in_an_archive(syntax: str, tmp_path: Path) -> None:
    clip = Clip(FRAMES, 25.0, spacing_mm=(0.4, 0.3), record={"seed": 7})
    (tmp_path / "ours.dcm").write_bytes(dicom_bytes(clip))
    path = recoded(tmp_path / "ours.dcm", getattr(gdcm.TransferSyntax, syntax), tmp_path / "a.dcm")
    recording = read_recording(path)
    assert np.array_equal(recording.frames, FRAMES)
    assert recording.spacing_mm == pytest.approx((0.4, 0.3))
    assert recording.seconds_per_frame == pytest.approx(0.04)
    assert read_note(pydicom.dcmread(path)) == clip.note_text
