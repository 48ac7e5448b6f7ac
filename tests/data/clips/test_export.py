"""Exports come back through the readers that other people use, and say what they are."""

import io
import json
import subprocess
import warnings
import zipfile
from pathlib import Path

import cv2
import imageio.v3 as iio
import imageio_ffmpeg
import nibabel as nib
import numpy as np
import pydicom
import pytest
from PIL import Image, ImageSequence
from pydicom.uid import UltrasoundMultiFrameImageStorage

from echo_studio.data.clips.clip import Clip
from echo_studio.data.clips.export import FORMATS, clip_download, clip_format_of, write_clip
from echo_studio.data.decoding.recordings import read_recording
from echo_studio.data.formats.image_file import read_noted
from echo_studio.data.formats.label_file import read_label_map
from echo_studio.data.formats.media import NOTICE
from echo_studio.errors import EchoStudioError, OutputError, UnknownNameError
from tests.conftest import echo_like

IMAGE, IDS = echo_like(shape=(97, 81))  # odd on purpose
RECORD = {"seed": 7, "generator": "video-spade", "note": "σ = 1; a=b"}
SPACING = (0.4, 1 / 3)


def clip(frames: int = 6, ids: bool = True, spacing: tuple[float, float] | None = SPACING) -> Clip:
    moved = np.stack([np.roll(IMAGE, k, axis=0) for k in range(frames)])
    labels = np.stack([np.roll(IDS, k, axis=0) for k in range(frames)]) if ids else None
    return Clip(moved, 28.0, labels, spacing, RECORD)


def test_nifti_keeps_frames_labels_spacing_and_time(tmp_path: Path) -> None:
    written = write_clip(tmp_path / "beat.nii.gz", clip())
    assert [path.name for path in written] == ["beat.nii.gz", "beat_gt.nii.gz"]
    for path, values in zip(written, (clip().frames, clip().ids), strict=True):
        volume = nib.load(path)
        assert volume.shape == (81, 97, 1, 6)
        assert (np.asarray(volume.dataobj)[:, :, 0].transpose(2, 1, 0) == values).all()
        assert volume.header.get_zooms() == pytest.approx((1 / 3, 0.4, 1.0, 1 / 28))
        assert volume.header.get_xyzt_units() == ("mm", "sec")
        assert NOTICE.encode() in volume.header["descrip"].item()
    note = json.loads(nib.load(written[0]).header.extensions[0].text)
    assert (note["notice"], note["record"], note["spacing_mm"]) == (NOTICE, RECORD, list(SPACING))
    assert note["heart_rate"] == pytest.approx(280)


def test_nifti_is_read_back_as_footage(tmp_path: Path) -> None:
    write_clip(tmp_path / "beat.nii.gz", clip())
    recording = read_recording(tmp_path / "beat.nii.gz")
    assert (recording.frames == clip().frames).all()
    assert recording.seconds_per_frame == pytest.approx(1 / 28)
    assert recording.spacing_mm == pytest.approx(SPACING)


def test_an_unknown_spacing_is_not_told_as_a_millimetre(tmp_path: Path) -> None:
    write_clip(tmp_path / "beat.nii.gz", clip(spacing=None))
    assert nib.load(tmp_path / "beat.nii.gz").header.get_xyzt_units() == ("unknown", "sec")
    assert read_recording(tmp_path / "beat.nii.gz").spacing_mm is None
    write_clip(tmp_path / "beat.dcm", clip(spacing=None))
    assert "SequenceOfUltrasoundRegions" not in pydicom.dcmread(tmp_path / "beat.dcm")
    assert read_recording(tmp_path / "beat.dcm").spacing_mm is None


def test_dicom_is_a_synthetic_ultrasound_loop_with_pace_and_pixel_size(tmp_path: Path) -> None:
    write_clip(tmp_path / "beat.dcm", clip())
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pydicom warns of values that break the standard
        data = pydicom.dcmread(tmp_path / "beat.dcm")
        assert (data.pixel_array == clip().frames).all()
        json.loads(data.to_json())  # touches every value
    assert data.SOPClassUID == UltrasoundMultiFrameImageStorage == data.file_meta.MediaStorageSOPClassUID
    assert (data.Modality, data.NumberOfFrames, data.HeartRate) == ("US", 6, 280)
    assert float(data.FrameTime) == pytest.approx(1000 / 28)
    assert data.FrameIncrementPointer == 0x00181063
    (region,) = data.SequenceOfUltrasoundRegions
    assert (region.PhysicalDeltaX, region.PhysicalDeltaY) == pytest.approx((1 / 30, 0.04))
    assert (region.RegionLocationMaxX1, region.RegionLocationMaxY1) == (80, 96)
    assert list(data.ImageType) == ["DERIVED", "SECONDARY"]
    assert data.SyntheticData == "YES"
    assert NOTICE in data.DerivationDescription
    assert (data.ImageComments, data.SeriesDescription) == (NOTICE, NOTICE)
    assert json.loads(data.private_block(0x0011, "ECHO STUDIO")[0x01].value)["record"] == RECORD


def test_dicom_names_nobody_and_no_day(tmp_path: Path) -> None:
    write_clip(tmp_path / "beat.dcm", clip())
    data = pydicom.dcmread(tmp_path / "beat.dcm")
    assert "SYNTHETIC" in str(data.PatientName)
    assert not any(element.value for element in data if element.VR in ("DA", "TM", "DT"))


def test_dicom_is_read_back_as_footage(tmp_path: Path) -> None:
    write_clip(tmp_path / "beat.dcm", clip())
    recording = read_recording(tmp_path / "beat.dcm")
    assert (recording.frames == clip().frames).all()
    assert recording.spacing_mm == pytest.approx(SPACING)
    assert recording.seconds_per_frame == pytest.approx(1 / 28)


def test_another_pixel_or_record_is_another_dicom_instance() -> None:
    def uid(one: Clip) -> str:
        return str(pydicom.dcmread(io.BytesIO(clip_download("dicom", one).content)).SOPInstanceUID)

    frames = clip().frames.copy()
    frames[0, 0, 0] ^= 1
    others = [Clip(frames, 28.0, None, SPACING, RECORD), Clip(clip().frames, 28.0, None, SPACING, {})]
    assert len({uid(one) for one in (clip(), clip(), *others)}) == 3


def test_mp4_plays_at_its_pace_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "beat.mp4"
    write_clip(path, clip())
    # OpenCV reads it: imageio's reader leaves its pipes to the garbage collector.
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(28)
    frames = np.stack([video.read()[1] for _ in range(6)])
    assert not video.read()[0]
    video.release()
    assert frames.shape == (6, 98, 82, 3)  # even sides
    assert np.abs(frames[:, :97, :81, 0].astype(int) - clip().frames).mean() < 6
    told = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", path, "-f", "ffmetadata", "-"],
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert f"comment={NOTICE}" in told
    assert "video-spade" in told
    assert read_recording(path).seconds_per_frame == pytest.approx(1 / 28, rel=1e-3)


def test_gif_keeps_every_grey_value_and_the_length_of_the_cycle(tmp_path: Path) -> None:
    path = tmp_path / "beat.gif"
    write_clip(path, clip(24))
    with Image.open(path) as picture:
        assert picture.info["comment"].startswith(NOTICE.encode())
        assert json.loads(picture.info["comment"].split(b"\n", 1)[1])["record"] == RECORD
        assert picture.info["loop"] == 0
        lengths = [frame.info["duration"] for frame in ImageSequence.Iterator(picture)]
    assert sum(lengths) == pytest.approx(24 / 28 * 1000, abs=10)
    assert (iio.imread(path, plugin="pillow", mode="L") == clip(24).frames).all()


@pytest.mark.parametrize("packed", [True, False])
def test_png_frames_carry_their_notes_and_labels(packed: bool, tmp_path: Path) -> None:
    if packed:
        write_clip(tmp_path / "beat.zip", clip())
        with zipfile.ZipFile(tmp_path / "beat.zip") as content:
            assert content.testzip() is None
            content.extractall(tmp_path)
        folder, stem = tmp_path / "beat", "beat"
    else:
        assert write_clip(tmp_path / "frames", clip()) == [tmp_path / "frames"]
        folder, stem = tmp_path / "frames", "frame"
    assert len(list(folder.iterdir())) == 6 + 6 + 1
    image, spacing, note = read_noted(folder / f"{stem}_003.png")
    assert (image == clip().frames[3]).all()
    assert (spacing, note["notice"], note["frame"], note["record"]) == (SPACING, NOTICE, 3, RECORD)
    labels = read_label_map(folder / f"{stem}_003_gt.png")
    assert (labels.ids == np.roll(IDS, 3, axis=0)).all()
    about = json.loads((folder / f"{stem}.json").read_text())
    assert (about["notice"], about["record"], about["frames"]) == (NOTICE, RECORD, 6)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_one_download_and_the_same_clip_gives_the_same_bytes(name: str) -> None:
    first, second = clip_download(name, clip(), "beat"), clip_download(name, clip(), "beat")
    assert first == second
    assert first.name.startswith("beat.")
    assert len(first.content) > 1000


def test_without_labels_nifti_is_a_file_and_not_a_zip() -> None:
    assert clip_download("nifti", clip(ids=False)).name == "clip.nii.gz"
    assert clip_download("nifti", clip()).name == "clip.zip"


def test_the_name_decides_the_format() -> None:
    for name, path in {"mp4": "a.MP4", "nifti": "a.b.nii.gz", "png": "a.zip", "dicom": "a.dcm"}.items():
        assert clip_format_of(Path(path)) == name
    assert clip_format_of(Path("frames")) == "png"
    with pytest.raises(OutputError, match=r"\.mp4, \.gif"):
        clip_format_of(Path("a.webm"))
    with pytest.raises(UnknownNameError, match="dicom, gif, mp4, nifti, png"):
        clip_download("webm", clip())


@pytest.mark.parametrize("name", ["beat.mp4", "beat.gif", "beat.zip", "beat.nii.gz", "beat.dcm", "beat"])
def test_a_write_that_fails_leaves_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_clip(tmp_path / name, clip())
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echo_studio.data.clips.movie.QUALITY", "no number")
    with pytest.raises(OutputError) as caught:
        write_clip(tmp_path / "beat.mp4", clip())
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


BLACK = np.zeros((1, 16, 16), np.uint8)


@pytest.mark.parametrize(
    "faulty",
    [
        lambda: Clip(BLACK[:0], 28.0),
        lambda: Clip(BLACK, 28.0),
        lambda: Clip(np.broadcast_to(BLACK, (100_000, 16, 16)), 28.0),
        lambda: Clip(np.zeros((4, 16, 16)), 28.0),
        lambda: Clip(BLACK[0], 28.0),
        lambda: Clip(np.zeros((4, 0, 16), np.uint8), 28.0),
        lambda: Clip(np.repeat(BLACK, 4, 0), 0.0),
        lambda: Clip(np.repeat(BLACK, 4, 0), float("nan")),
        lambda: Clip(np.repeat(BLACK, 4, 0), 28.0, spacing_mm=(0.4, -1.0)),
        lambda: Clip(np.repeat(BLACK, 4, 0), 28.0, np.repeat(BLACK, 3, 0)),
        lambda: Clip(np.repeat(BLACK, 4, 0), 28.0, np.full((4, 16, 16), 7, np.uint8)),
    ],
)
def test_what_is_no_clip_is_refused_in_one_line(faulty) -> None:
    with pytest.raises(EchoStudioError) as caught:
        faulty()
    assert "\n" not in str(caught.value)


def test_a_record_that_is_no_json_writes_nothing(tmp_path: Path) -> None:
    broken = Clip(clip().frames, 28.0, record={"ef": float("nan")})
    for name in ("beat.mp4", "beat.gif", "beat", "beat.nii.gz", "beat.dcm"):
        with pytest.raises(ValueError, match="JSON"):
            write_clip(tmp_path / name, broken)
    assert list(tmp_path.iterdir()) == []
